# A check on counts: it warns and never stops a plan. To have a pipeline stop on it, let
# conftest look at the plan's checks (../../conftest).
terraform {
  required_version = ">= 1.5"

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

variable "most" {
  description = "How many failed sign-ins in 24 hours are normal."
  type        = number
  default     = 100
}

# It stands outside the check. Inside, a read that fails (no key, no network) would be a
# mere warning, all values would be printed into the plan, and the apply would read it again.
data "compliance_activity_summary" "failed_sign_ins" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
}

check "failed_sign_ins" {
  assert {
    condition     = data.compliance_activity_summary.failed_sign_ins.total <= var.most
    error_message = "${data.compliance_activity_summary.failed_sign_ins.total} failed sign-ins in 24 hours, the last at ${coalesce(data.compliance_activity_summary.failed_sign_ins.newest_created_at, "-")}. Up to ${var.most} are normal."
  }
}
