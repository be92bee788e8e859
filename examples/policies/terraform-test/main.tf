terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

variable "reviewed" {
  description = "Findings that somebody has looked at: the activity's ID, and why it is fine."
  type        = map(string)
  default     = {}
}

data "compliance_activity_summary" "sign_in_settings" {
  lookback = "24h"
  topics   = ["sign_in_settings_changed"]
  except   = [{ type = ["org_sso_toggled", "org_magic_link_second_factor_toggled"], enabled = ["true"] }] # switched on
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "How people sign in was changed:\n${self.listing}"
    }
  }
}
