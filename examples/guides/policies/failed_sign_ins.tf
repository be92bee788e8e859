data "compliance_activity_summary" "failed_sign_ins" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
}

check "failed_sign_ins" {
  assert {
    condition     = data.compliance_activity_summary.failed_sign_ins.total <= 100
    error_message = "${data.compliance_activity_summary.failed_sign_ins.total} failed sign-ins in the last 24 hours."
  }
}
