# What the policies in ../policy look at. Its plan file and its JSON hold e-mail and IP
# addresses: keep neither longer than the policies run.
terraform {
  required_version = ">= 1.5"

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

# Everything that it depends on is known during plan, so that it is read during plan.
data "compliance_activities" "admin_changes" {
  lookback = "24h"
  activity_types = [
    "admin_api_key_created",
    "org_sso_connection_deactivated",
    "org_sso_connection_deleted",
    "primary_owner_transferred",
  ]
}

# A policy finds it in a module too.
module "sign_ins" {
  source = "./sign-ins"
}

# A check needs no policy of its own, and no activity in the plan: its status is there.
ephemeral "compliance_activity_summary" "exports" {
  lookback       = "24h"
  activity_types = ["audit_log_export_started", "org_data_export_started", "org_members_exported"]
}

check "no_exports" {
  assert {
    condition     = ephemeral.compliance_activity_summary.exports.total == 0
    error_message = "Data of the organization was exported in the last 24 hours."
  }
}
