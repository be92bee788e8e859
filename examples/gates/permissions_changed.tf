# What a role may do, and who has a role of your own making. claude-audit.
data "compliance_activity_summary" "permissions_changed" {
  lookback = "24h"
  activity_types = [
    "org_capability_grant_added",
    "rbac_role_assigned",
    "rbac_role_created",
    "rbac_role_grant_updated",
    "rbac_role_permission_added",
  ]
  except = [
    { "actor.directory_id" = ["directory_01Example"] }, # group membership, by directory sync
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Permissions changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
