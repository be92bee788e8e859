# Claude reaches another system in somebody's name. Panther.
data "compliance_activity_summary" "integration_connected" {
  lookback       = "24h"
  activity_types = ["integration_user_connected"]
  except = [
    { integration_type = ["github"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Integrations were connected."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
