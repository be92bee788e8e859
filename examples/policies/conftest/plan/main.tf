# What the policies in ../policy look at. Summaries hold no e-mail or IP address, and neither do
# the plan file and its JSON.
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
data "compliance_activity_summary" "admin_changes" {
  lookback = "24h"
  activity_types = [
    "admin_api_key_created",
    "org_sso_connection_deactivated",
    "org_sso_connection_deleted",
    "primary_owner_transferred",
  ]

  # Fine, and counted as excepted. How many may be is a setting of the policies.
  except = [
    { type = ["admin_api_key_created"], "actor.user_id" = ["user_01Robin"] },
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
