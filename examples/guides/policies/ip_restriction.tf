data "compliance_activity_summary" "ip_restriction" {
  lookback       = "24h"
  activity_types = ["org_ip_restriction_deleted", "org_ip_restriction_updated"]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The IP restriction was removed or changed in the last 24 hours, by ${join(", ", keys(self.by_actor))}."
    }
  }
}
