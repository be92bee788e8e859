terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

variable "lookback" {
  type    = string
  default = "24h"
}

data "compliance_activity_summary" "sign_in_settings" {
  lookback       = var.lookback
  activity_types = ["org_sso_connection_deleted", "org_sso_toggled"]
  except         = [{ type = ["org_sso_toggled"], enabled = ["true"] }] # switched on

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "How people sign in was changed:\n${self.listing}"
    }
  }
}
