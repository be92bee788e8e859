terraform {
  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

# The key comes from the environment: ANTHROPIC_COMPLIANCE_API_KEY.
provider "compliance" {}

variable "reviewed" {
  description = "Activities that somebody has looked at: their IDs, and why they are fine."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id, why in var.reviewed : can(regex("^[A-Za-z0-9_]+$", id)) && try(trimspace(why) != "", false)])
    error_message = "A reviewed activity needs its ID, such as activity_01AbC, which is no pattern, and a reason."
  }
}

# The gate: was single sign-on switched off this week? It stops the plan until somebody has looked at it.
data "compliance_activity_summary" "sso_switched_off" {
  lookback       = "7d"
  activity_types = ["org_sso_connection_deactivated", "org_sso_connection_deleted", "org_sso_toggled"]
  except = [
    { enabled = ["true"] }, # switched on
    { id = keys(var.reviewed) },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Single sign-on was switched off in the last 7 days:"],
        [for a in self.newest : "  ${a.created_at}  by ${coalesce(a.actor_id, a.actor_type, "nobody named")}  ${a.id}"],
      ))
    }
  }
}

# How often did sign-ins fail since yesterday? Counts, and no address.
data "compliance_activity_summary" "failed_sign_ins" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
}

# Who made API keys this week?
data "compliance_activity_summary" "api_keys" {
  lookback       = "7d"
  activity_types = ["admin_api_key_created", "api_key_created", "platform_api_key_created", "service_key_created"]
}

# What happened in the last 30 days? However many activities there are, these are only counts.
data "compliance_activity_summary" "month" {
  lookback               = "30d"
  exclude_activity_types = ["compliance_api_accessed"]
}

output "activities_in_30_days" {
  value = data.compliance_activity_summary.month.total
}

output "failed_sign_ins_since_yesterday" {
  value = data.compliance_activity_summary.failed_sign_ins.by_type
}

output "api_keys_made_this_week" {
  value = [for a in data.compliance_activity_summary.api_keys.newest : "${a.created_at}  ${a.type}  by ${coalesce(a.actor_id, a.actor_type, "nobody named")}"]
}

output "reviewed" {
  value = var.reviewed
}
