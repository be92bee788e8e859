# Somebody became an administrator, or was invited as one. Roles come bare or behind a
# namespace, and one that is not listed here counts. Elastic, Datadog, Panther, claude-audit.
locals {
  ordinary_roles = flatten([
    for role in ["claude_code_user", "developer", "member", "user", "viewer"] : [role, "*:${role}"]
  ])
}

data "compliance_activity_summary" "admin_role" {
  lookback = "24h"
  activity_types = [
    "claude_user_role_updated",
    "org_user_invite_re_sent",
    "org_user_invite_sent",
    "role_assignment_granted",
  ]
  except = [
    { role = local.ordinary_roles },
    { current_role = local.ordinary_roles },
    { invited_role = local.ordinary_roles },
    { role = ["chat_project:*"] }, # in one project: new_project_role.tf
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Roles beyond the ordinary were given."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
