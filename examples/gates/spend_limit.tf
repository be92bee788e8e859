# What limits the bill no more? A limit or its warning was removed, raised or changed: no field
# says whether an amount rose. Plan it daily.
data "compliance_activity_summary" "spend_limit" {
  lookback = "25h"
  topics   = ["spend_limit_loosened"]
  except   = [{ type = ["platform_spend_limit_updated"], ignore = ["false"] }]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "A limit of spending was removed or changed:\n${self.listing}"
    }
  }
}
