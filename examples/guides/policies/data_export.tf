data "compliance_activity_summary" "data_export" {
  lookback       = "24h"
  activity_types = ["audit_log_export_started", "org_data_export_started", "org_members_exported"]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Data was exported in the last 24 hours: ${join(", ", keys(self.by_type))}."
    }
  }
}
