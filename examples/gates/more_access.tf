# Who can do more? Somebody got a role, a seat, a group or a workspace, or a role was changed.
# Ordinary roles and your own directory pass. Plan it daily.
data "compliance_activity_summary" "more_access" {
  lookback = "25h"
  topics   = ["access_granted", "role_definition_changed"]
  except = [
    { type = ["role_assignment_granted"], role = local.ordinary_roles },
    { type = ["design_project_member_added", "design_project_member_role_updated"], role = ["commenter", "viewer"] },
    { type = ["claude_user_role_updated"], current_role = local.ordinary_roles },
    { type = ["platform_workspace_member_updated", "platform_service_account_workspace_member_updated"], "updates.current_value" = local.ordinary_roles },
    { type = ["group_member_added", "group_member_addition_failed", "group_created", "group_updated"], "actor.directory_id" = local.directories },
    { type = ["claude_code_team_memory_acl_updated"], action = ["removed"] },
    { type = ["ccr_role_channel_assignment_updated"], channel_count = ["0"] },
    { type = ["group_visibility_updated"], "policies.audience" = ["none"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Somebody can do more than before:\n${self.listing}"
    }
  }
}
