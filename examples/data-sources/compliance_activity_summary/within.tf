# Five failed sign-ins of one account within any ten minutes, whoever the account belongs to.
data "compliance_activity_summary" "guessing" {
  lookback  = "24h"
  topics    = ["sign_in_failed"]
  group_by  = ["account"]
  within    = "10m"
  min_count = 5

  lifecycle {
    postcondition {
      condition     = length(self.groups) == 0
      error_message = "Somebody may be guessing how to sign in:\n${self.listing}"
    }
  }
}
