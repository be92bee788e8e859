# What happens here that this version of the provider does not know? Look at it, or update: a
# newer version may have a topic for it. Plan it daily.
data "compliance_activity_summary" "unclassified" {
  lookback = "25h"
  topics   = ["unclassified"]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Something new happens here:\n${self.listing}"
    }
  }
}
