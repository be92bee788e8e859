terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

variable "id" {
  description = "The ID in the message."
  type        = string
}

variable "created_at" {
  description = "The time in the message."
  type        = string
}

data "compliance_activities" "second" {
  created_at_gte = var.created_at
  created_at_lt  = timeadd(var.created_at, "1s")
}

output "activity" {
  value = [
    for a in data.compliance_activities.second.activities : {
      for name, value in merge(a, { actor = try({ for k, v in a.actor : k => v if v != null }, null), extra = jsondecode(a.extra) }) :
      name => value if value != null
    }
    if a.id == var.id
  ]

  precondition {
    condition     = contains(data.compliance_activities.second.activities[*].id, var.id)
    error_message = "${var.id} is not among the activities of that second. Copy ID and time from the message; was the gate's key of the same organization?"
  }
}
