# A project role that nobody was given in the 30 days before.
data "compliance_activity_summary" "new_role" {
  lookback       = "24h"
  activity_types = ["role_assignment_granted"]
  group_by       = ["resource_id", "role"]
  baseline       = "30d"

  lifecycle {
    postcondition {
      condition = alltrue([for g in self.groups : g.baseline.count > 0])
      error_message = "A role was given for the first time in 30 days:\n${join("\n", [
        for g in self.groups : "  ${g.count}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.baseline.count == 0
      ])}"
    }
  }
}
