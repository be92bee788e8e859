# Nothing limits the bill any more. Panther.
data "compliance_activity_summary" "spend_limit_deleted" {
  lookback = "24h"
  activity_types = [
    "extra_usage_spend_limit_deleted",
    "platform_spend_limit_deleted",
    "workspace_member_spend_limit_deleted",
    "workspace_spend_limit_deleted",
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Spend limits were deleted."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
