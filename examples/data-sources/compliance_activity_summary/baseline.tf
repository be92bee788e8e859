# A project role that nobody was given in the 30 days before.
data "compliance_activity_summary" "new_role" {
  lookback       = "24h"
  activity_types = ["role_assignment_granted"]
  group_by       = ["resource_id", "role"]
  baseline       = "30d"

  lifecycle {
    postcondition {
      condition     = alltrue([for g in self.groups : g.baseline.count > 0])
      error_message = "Some of these roles were given for the first time in 30 days:\n${self.listing}"
    }
  }
}
