terraform {
  required_version = ">= 1.5"

  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

variable "day" {
  description = "The day to export, in UTC, such as 2026-04-10. One that ended at least an hour ago."
  type        = string
}

data "compliance_activities" "day" {
  order          = "asc"
  created_at_gte = "${var.day}T00:00:00Z"
  created_at_lt  = timeadd("${var.day}T00:00:00Z", "24h")

  lifecycle {
    precondition {
      condition     = timecmp(timeadd("${var.day}T00:00:00Z", "25h"), plantimestamp()) <= 0
      error_message = "The day is not over yet, or not for an hour: what comes late would be missing."
    }
  }
}

# A line of JSON for each activity, with every field as the server sent it: extra is spliced in as text,
# since jsondecode would change long numbers.
output "records" {
  description = "Never applied, so it is stored in no state."
  sensitive   = true # so the plan does not print it
  value = [
    for a in data.compliance_activities.day.activities : join("", [
      "{\"id\":${jsonencode(a.id)},\"created_at\":${jsonencode(a.created_at)},\"type\":${jsonencode(a.type)}",
      ",\"organization_id\":${jsonencode(a.organization_id)},\"organization_uuid\":${jsonencode(a.organization_uuid)}",
      ",\"actor\":",
      a.actor == null ? "null" : join("", [
        "{\"type\":${jsonencode(a.actor.type)}",
        join("", [for name, value in a.actor : ",${jsonencode(name)}:${jsonencode(value)}" if value != null && !contains(["type", "extra"], name)]),
        a.actor.extra == "{}" ? "}" : ",${substr(a.actor.extra, 1, -1)}",
      ]),
      a.extra == "{}" ? "}" : ",${substr(a.extra, 1, -1)}",
    ])
  ]
}
