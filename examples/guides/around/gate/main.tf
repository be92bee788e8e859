terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = ">= 0.1"
    }
  }
}

# Checked at plan only. It can say who, and is stored without addresses.
data "compliance_activity_summary" "owner" {
  lookback       = "24h"
  activity_types = ["primary_owner_transferred"]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The primary owner changed:\n${self.listing}"
    }
  }
}

# Checked at plan and again at apply.
ephemeral "compliance_activity_summary" "owner" {
  lookback       = "24h"
  activity_types = ["primary_owner_transferred"]
}

# Not a condition of the ephemeral resource itself: OpenTofu 1.12 does not check that at apply.
resource "terraform_data" "gate" {
  lifecycle {
    precondition {
      condition     = ephemeral.compliance_activity_summary.owner.total == 0
      error_message = "The primary owner changed in the last 24 hours. Look for primary_owner_transferred in the Activity Feed."
    }
  }
}
