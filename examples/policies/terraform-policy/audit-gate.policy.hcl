# Terraform Policy (Terraform 1.17): no resource is changed while the last 24 hours hold something that
# somebody has to look at first. Not run by the tests of this repository; see README.md.

policy {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

locals {
  # Read once, here and not in resource_policy, which would read for every resource.
  #
  # Do not wrap this in core::try. It would turn a read that failed (no key, no network, a refused
  # page) into a value, and the policy into an all-clear.
  sign_on = core::getdatasource("compliance_activity_summary", {
    lookback       = "24h"
    activity_types = ["org_sso_connection_deactivated", "org_sso_connection_deleted", "org_sso_toggled"]
    except         = [{ enabled = ["true"] }] # switched on
  })
}

resource_policy "*" "single_sign_on_stays_on" {
  operations        = ["create", "update", "delete"]
  enforcement_level = "mandatory"

  enforce {
    condition     = local.sign_on.total == 0
    error_message = "Single sign-on was switched off ${local.sign_on.total} times in the last 24 hours. The newest: ${core::join(", ", [for a in local.sign_on.newest : "${a.type} at ${a.created_at} (${a.id})"])}."
  }
}
