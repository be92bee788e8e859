# The organization changes hands, which happens once in years. Elastic, Panther, Datadog.
data "compliance_activity_summary" "primary_owner_transferred" {
  lookback       = "30d"
  activity_types = ["primary_owner_transferred"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The primary owner changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
