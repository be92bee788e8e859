# Single sign-on, its second factor or directory sync was switched off: whoever has left can
# come back. Switching on passes. Elastic, Panther, Datadog, claude-audit.
data "compliance_activity_summary" "sso_off" {
  lookback = "24h"
  activity_types = [
    "org_directory_sync_deleted",
    "org_magic_link_second_factor_toggled",
    "org_sso_connection_deactivated",
    "org_sso_connection_deleted",
    "org_sso_toggled",
  ]
  except = [
    { type = ["org_magic_link_second_factor_toggled", "org_sso_toggled"], enabled = ["true"] }, # switched on
    { type = ["org_sso_toggled"], is_enabled = ["true"] },                                      # the same, as some vendors have it
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Single sign-on, its second factor or directory sync was switched off."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
