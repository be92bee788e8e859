terraform {
  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

# The key comes from the environment: ANTHROPIC_COMPLIANCE_API_KEY.
provider "compliance" {}

# Who failed to sign in since yesterday?
data "compliance_activities" "sign_in_failures" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
}

# Who made API keys this week?
data "compliance_activities" "api_keys_created" {
  lookback       = "7d"
  activity_types = ["admin_api_key_created", "api_key_created", "platform_api_key_created"]
}

# What happened in the last 30 days? However many activities there are, these are only counts.
data "compliance_activity_summary" "month" {
  lookback               = "30d"
  exclude_activity_types = ["compliance_api_accessed"]
}

# Was single sign-on switched off this week?
data "compliance_activity_summary" "sso_switched_off" {
  lookback       = "7d"
  activity_types = ["org_sso_connection_deactivated", "org_sso_connection_deleted"]
}

check "sso_stays_on" {
  assert {
    condition     = data.compliance_activity_summary.sso_switched_off.total == 0
    error_message = "Single sign-on was switched off, last on ${coalesce(data.compliance_activity_summary.sso_switched_off.newest_created_at, "-")}, by ${join(", ", keys(data.compliance_activity_summary.sso_switched_off.by_actor))}."
  }
}

output "activities_in_30_days" {
  value = data.compliance_activity_summary.month.total
}

output "sign_in_failures" {
  value = [for a in data.compliance_activities.sign_in_failures.activities : "${a.created_at} ${a.type}"]
}

output "api_keys_created" {
  value = [for a in data.compliance_activities.api_keys_created.activities : {
    at     = a.created_at
    by     = coalesce(a.actor.user_id, a.actor.admin_api_key_id, "unknown")
    key    = coalesce(try(jsondecode(a.extra).api_key_id, null), try(jsondecode(a.extra).admin_api_key_id, null), "unknown")
    scopes = try(jsondecode(a.extra).scopes, [])
  }]
}
