# Every read of the feed is itself in the feed, so a day without one means that logging is
# off, or that this is another organization's feed. The very first plan closes it.
data "compliance_activity_summary" "feed_alive" {
  lookback       = "24h"
  activity_types = ["compliance_api_accessed"]

  lifecycle {
    postcondition {
      condition     = self.total > 0
      error_message = "Since ${self.window.start}: Not even reads of the feed are in it. Is the logging of the Compliance API switched on?"
    }
    postcondition {
      condition     = try(self.key_organization_id == "org_01Example", false)
      error_message = "The key belongs to ${coalesce(self.key_organization_id, "an unknown organization")}, and not to org_01Example."
    }
  }
}
