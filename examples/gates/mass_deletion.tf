# What is destroyed? 30 deletions by one actor within any 24 hours, or one of those of which
# a single one stands for many. Plan it daily.
data "compliance_activity_summary" "mass_deletion" {
  lookback  = "49h" # a day and an hour between two plans, and a day that is counted
  topics    = ["deletion"]
  group_by  = ["actor"]
  within    = "24h"
  min_count = 30
  reviewed  = var.reviewed

  lifecycle {
    postcondition {
      condition     = length(self.groups) == 0
      error_message = "Much was deleted within 24 hours:\n${self.listing}"
    }
    postcondition {
      condition = alltrue([
        for type, count in self.by_type :
        !startswith(type, "org_sync_") && !endswith(type, "_audit_truncated") && type != "platform_memory_store_deleted"
      ])
      error_message = "Many were deleted at once, which the feed records as one:\n${join("\n", [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}"])}"
    }
  }
}
