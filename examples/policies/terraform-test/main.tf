# Two policies to be tested: a postcondition that fails the plan, a check that warns.
terraform {
  required_version = ">= 1.7" # for mock_provider; OpenTofu 1.8

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

variable "lookback" {
  type    = string
  default = "24h"
}

data "compliance_activities" "roles" {
  lookback       = var.lookback
  activity_types = ["claude_user_role_updated", "rbac_role_assigned", "role_assignment_granted"]

  lifecycle {
    postcondition {
      condition = alltrue([
        for a in self.activities : try(contains(["user_01Robin"], a.actor.user_id), false)
      ])
      error_message = "Somebody else than Robin granted a role."
    }
  }
}

data "compliance_activity_summary" "sign_ins" {
  lookback       = var.lookback
  activity_types = ["sso_login_failed"]
}

check "sign_ins" {
  assert {
    condition     = data.compliance_activity_summary.sign_ins.total <= 2
    error_message = "There were ${data.compliance_activity_summary.sign_ins.total} failed sign-ins."
  }
}

output "granted" {
  value = [for a in data.compliance_activities.roles.activities : "${try(jsondecode(a.extra).role_id, "?")} by ${a.actor.user_id}"]
}
