# An account is gone, with what it owned. What directory sync removes is scim_user_deleted,
# and passes. Panther.
data "compliance_activity_summary" "user_deleted" {
  lookback       = "24h"
  activity_types = ["org_user_deleted"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Users were deleted."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
