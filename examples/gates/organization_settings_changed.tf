# Features, retention and connections of the whole organization. Panther.
data "compliance_activity_summary" "organization_settings_changed" {
  lookback       = "24h"
  activity_types = ["claude_organization_settings_updated"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Settings of the organization changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
