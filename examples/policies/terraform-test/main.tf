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

data "compliance_activity_summary" "roles" {
  lookback       = var.lookback
  activity_types = ["claude_user_role_updated", "rbac_role_assigned", "role_assignment_granted"]
  except         = [{ "actor.user_id" = ["user_01Robin"] }]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Somebody other than Robin granted a role: ${join(", ", [for a in self.newest : "${a.id} by ${coalesce(a.actor_id, a.actor_type, "nobody named")}"])}."
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

output "excepted" {
  value = data.compliance_activity_summary.roles.excepted
}
