# A role in a project where nobody was given it in 14 days: for those who excuse
# role = ["chat_project:*"] in more_access.tf. Plan it daily.
data "compliance_activity_summary" "new_project_role" {
  lookback       = "25h"
  activity_types = ["role_assignment_granted"]
  group_by       = ["organization", "resource_id", "role"]
  baseline       = "14d"
  except         = [{ type = ["role_assignment_granted"], role = local.ordinary_roles }]
  reviewed       = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([for g in self.groups : g.baseline.count > 0])
      error_message = "A role was given in a project where it is new in 14 days:\n${join("\n", [
        for g in self.groups : "  ${g.count}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.baseline.count == 0
      ])}"
    }
  }
}
