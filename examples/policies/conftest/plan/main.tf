# What the policies in ../policy look at. Summaries hold no e-mail or IP address, and neither do
# the plan file and its JSON.
terraform {
  required_version = ">= 1.10" # OpenTofu 1.11

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

variable "compliance_api_key" {
  type      = string
  ephemeral = true # in no saved plan
  default   = null # then it comes from the environment
}

provider "compliance" {
  api_key = var.compliance_api_key
}

# Everything that it depends on is known during plan, so that it is read during plan.
data "compliance_activity_summary" "sign_in_settings" {
  lookback = "24h"
  topics   = ["sign_in_settings_changed"]
  except   = [{ type = ["org_sso_toggled", "org_magic_link_second_factor_toggled"], enabled = ["true"] }] # switched on
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
