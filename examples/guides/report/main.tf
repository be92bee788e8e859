terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

data "compliance_activity_summary" "failed_sign_ins" {
  lookback   = "7d"
  topics     = ["sign_in_failed"]
  group_by   = ["account"]
  max_groups = 11 # one of them may be the failures without an e-mail address
}

locals {
  accounts = [for g in data.compliance_activity_summary.failed_sign_ins.groups : g if lookup(g.keys, "account", "") != "none"]
}

# Which account it is, newest_id tells, to those who may look it up.
output "report" {
  value = {
    since = data.compliance_activity_summary.failed_sign_ins.window.start
    total = data.compliance_activity_summary.failed_sign_ins.total
    accounts = [for g in slice(local.accounts, 0, min(10, length(local.accounts))) : {
      failed    = g.count
      addresses = g.distinct.ip_address
      newest_id = g.newest_id
      newest_at = g.newest_created_at
    }]
  }
}
