terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

# The key comes from ANTHROPIC_COMPLIANCE_API_KEY. A key of another organization would close the gate.
provider "compliance" {
  key_organization_id = "org_01DemoOrganization"
}

variable "reviewed" {
  description = "Findings that somebody has looked at: the activity's ID, and why it is fine."
  type        = map(string)
  default     = {}
}

# The gate: it stops the plan until somebody has looked at what it found.
data "compliance_activity_summary" "sign_in_settings" {
  lookback = "24h"
  topics   = ["sign_in_settings_changed"]
  except   = [{ type = ["org_sso_toggled", "org_magic_link_second_factor_toggled"], enabled = ["true"] }] # switched on
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "How people sign in was changed:\n${self.listing}"
    }
  }
}

# Who made keys this week?
data "compliance_activity_summary" "keys" {
  lookback = "7d"
  topics   = ["credential_created"]
}

# What happened in the last 30 days? However many activities there are, these are only counts.
data "compliance_activity_summary" "month" {
  lookback               = "30d"
  exclude_activity_types = ["compliance_api_accessed"]
}

output "keys_made_this_week" {
  value = [for line in split("\n", data.compliance_activity_summary.keys.listing) : trimspace(line)]
}

output "activities_in_30_days" {
  value = data.compliance_activity_summary.month.total
}

output "reviewed" {
  value = var.reviewed
}
