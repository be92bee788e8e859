# Who reads the log? A key or a person that is not listed; more calls in an hour than the mean
# and twice the deviation of 30 days; or nobody, since each plan does. Plan it daily.
data "compliance_activity_summary" "feed_read" {
  lookback = "25h"
  topics   = ["audit_log_read"]
  group_by = ["actor", "hour"]
  baseline = "30d"
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total > 0
      error_message = "Since ${self.window.start} not even reads of the feed are in it. Is its logging on? If this is the first plan, plan again after a minute."
    }
    postcondition {
      condition = alltrue([for g in self.groups : contains(local.feed_readers, g.keys.actor)])
      error_message = "The log was read by somebody who is not in local.feed_readers:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if !contains(local.feed_readers, g.keys.actor)
      ])}"
    }
    postcondition {
      condition = alltrue([for g in self.groups : g.count < max(15, g.baseline.mean + 2 * g.baseline.deviation)])
      error_message = "The log was read much more than usual:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.count >= max(15, g.baseline.mean + 2 * g.baseline.deviation)
      ])}"
    }
  }
}
