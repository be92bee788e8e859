# Who tries many doors? Failed sign-ins of five accounts, or 50 refusals, from one address within
# an hour: strangers can cause both, so they only warn. Plan it daily.
data "compliance_activity_summary" "failures_from_address" {
  lookback  = "25h" # a day between two plans, and an hour
  topics    = ["access_failed", "sign_in_failed"]
  group_by  = ["ip_address"]
  within    = "1h"
  min_count = 5
  reviewed  = var.reviewed
}

check "failures_from_address" {
  assert {
    condition = alltrue([for g in data.compliance_activity_summary.failures_from_address.groups : g.distinct.account < 5 && g.count < 50])
    error_message = "Five accounts failed, or 50 attempts, from one address within an hour:\n${join("\n", [
      for g in data.compliance_activity_summary.failures_from_address.groups : "  ${g.count} of ${g.distinct.account} accounts, newest ${g.newest_id} at ${g.newest_created_at}"
      if g.distinct.account >= 5 || g.count >= 50
    ])}"
  }
}
