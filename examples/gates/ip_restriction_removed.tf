# Without it the organization is open to every network, and an update can do the same with a
# wide range. Elastic, Panther, Datadog, claude-audit.
data "compliance_activity_summary" "ip_restriction_removed" {
  lookback       = "24h"
  activity_types = ["org_ip_restriction_deleted", "org_ip_restriction_updated"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The IP restriction was removed or changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
