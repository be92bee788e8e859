terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

data "compliance_activity_summary" "sign_ins" {
  lookback       = "24h"
  activity_types = ["sso_login_failed", "sso_login_succeeded"]
}

check "sign_in_failures" {
  assert {
    condition     = lookup(data.compliance_activity_summary.sign_ins.by_type, "sso_login_failed", 0) <= 100
    error_message = "There were more than 100 failed sign-ins in the last 24 hours."
  }
}
