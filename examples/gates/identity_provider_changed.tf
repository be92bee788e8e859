# A new identity provider, or new groups and roles from it, lets new people in. Directory
# sync itself passes. claude-audit.
data "compliance_activity_summary" "identity_provider_changed" {
  lookback = "24h"
  activity_types = [
    "org_directory_sync_activated",
    "org_directory_sync_add_initiated",
    "org_sso_add_initiated",
    "org_sso_connection_activated",
    "org_sso_group_role_mappings_updated",
    "org_sso_provisioning_mode_changed",
  ]
  except = [
    { "actor.directory_id" = ["directory_01Example"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The identity provider, or what comes from it, changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
