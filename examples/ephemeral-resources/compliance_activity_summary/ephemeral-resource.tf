terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

ephemeral "compliance_activity_summary" "exports" {
  lookback       = "24h"
  activity_types = ["org_data_export_started", "org_members_exported"]
}

check "no_exports" {
  assert {
    condition     = ephemeral.compliance_activity_summary.exports.total == 0
    error_message = "Data of the organization was exported in the last 24 hours."
  }
}
