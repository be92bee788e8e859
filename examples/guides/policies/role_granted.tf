data "compliance_activity_summary" "role_granted" {
  lookback       = "24h"
  activity_types = ["claude_user_role_updated", "org_sso_group_role_mappings_updated", "rbac_role_assigned", "role_assignment_granted"]

  lifecycle {
    postcondition {
      condition     = length(setsubtract(keys(self.by_actor), ["directory_01Example", "user_01Robin"])) == 0
      error_message = "In the last 24 hours a role was granted by ${join(", ", setsubtract(keys(self.by_actor), ["directory_01Example", "user_01Robin"]))}."
    }
  }
}
