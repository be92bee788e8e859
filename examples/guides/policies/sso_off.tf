data "compliance_activity_summary" "sso_off" {
  lookback       = "24h"
  activity_types = ["org_directory_sync_deleted", "org_sso_connection_deactivated", "org_sso_connection_deleted", "org_sso_toggled"]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Single sign-on or directory sync was switched in the last 24 hours, by ${join(", ", keys(self.by_actor))}."
    }
  }
}
