terraform {
  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

data "compliance_activity_summary" "failed" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed"]
}
