terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

data "compliance_activities" "sso_changes" {
  lookback       = "7d"
  activity_types = ["org_sso_connection_deactivated", "org_sso_connection_deleted", "org_sso_toggled"]
}

output "sso_changes" {
  value = [
    for a in data.compliance_activities.sso_changes.activities :
    "${a.created_at} ${a.type} by ${try(coalesce(a.actor.user_id, a.actor.type), "unknown")}"
  ]
}
