ephemeral "compliance_activities" "export_addresses" {
  lookback       = "7d"
  activity_types = ["audit_log_export_accessed", "org_data_export_accessed"]
}

resource "terraform_data" "export_addresses" {
  lifecycle {
    precondition {
      condition = length(toset([
        for a in ephemeral.compliance_activities.export_addresses.activities :
        try(coalesce(a.actor.ip_address), a.id) # an unknown one counts as another
      ])) <= 3
      error_message = "In the last 7 days exports were fetched from more than 3 addresses. Look for *_export_accessed in the Activity Feed."
    }
  }
}
