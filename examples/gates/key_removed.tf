# Somebody covers their tracks, or stops what depends on the key. Panther, claude-audit.
data "compliance_activity_summary" "key_removed" {
  lookback       = "24h"
  activity_types = ["admin_api_key_deleted", "scoped_api_key_deleted", "service_key_revoked"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Keys were removed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
