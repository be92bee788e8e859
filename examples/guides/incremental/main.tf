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

variable "start" {
  description = "Where the very first read begins, in RFC 3339. Do not change it afterwards."
  type        = string
}

variable "position" {
  description = "The output position of the last apply. Null for the first time."
  # A field that is added later is optional too: the position of the last apply lacks it.
  type = object({
    types   = list(string)
    last_id = optional(string)
    recent  = optional(list(string), [])
    settled = optional(string)
  })
  default = null
}

variable "overlap" {
  description = "How long an activity is read again, in Go's units (72h, not 3d). Null for what the types need."
  type        = string
  default     = null
}

locals {
  types = sort(["admin_api_key_created", "mcp_server_created", "primary_owner_transferred"])

  # An activity takes up to a minute to appear in the feed; the rest of the five is for
  # clocks that differ. These types take up to two business days, and may then change: a
  # week has room for those days and a holiday.
  days_late = setintersection(local.types, ["anthropic_access", "cmek_preserve"])
  overlap   = coalesce(var.overlap, length(local.days_late) > 0 ? "168h" : "5m")

  # A cursor belongs to the filters that it was made with. With other filters, start over.
  # Each field is chosen by itself, so that a new one takes only one line.
  go_on   = try(var.position.types == local.types, false)
  last_id = local.go_on ? var.position.last_id : null
  recent  = local.go_on ? var.position.recent : []
  settled = timeadd(plantimestamp(), "-${local.overlap}")
}

# What can't change any more: nothing older will still come in. So the next read continues
# after its last activity.
data "compliance_activities" "settled" {
  activity_types = local.types
  order          = "asc"
  created_at_gte = var.start
  created_at_lt  = local.settled
  after_id       = local.last_id
  max_results    = 10000 # any more wait for the next round
}

# What is reported now, and read again next time, with what came late.
data "compliance_activities" "recent" {
  activity_types = local.types
  order          = "asc"
  created_at_gte = local.settled
}

locals {
  read = concat(data.compliance_activities.settled.activities, data.compliance_activities.recent.activities)
}

output "new" {
  description = "What has not been reported before."
  value = [
    for a in local.read : { id = a.id, type = a.type, created_at = a.created_at }
    if !contains(local.recent, a.id)
  ]
}

output "position" {
  description = "Pass this to the next round."
  value = {
    types = local.types
    # Null if nothing matched: then the position stays where it was.
    last_id = try(coalesce(data.compliance_activities.settled.last_id, local.last_id), null)
    recent  = data.compliance_activities.recent.activities[*].id
    # Everything before it has been reported. If the server refuses the cursor, begin here.
    settled = data.compliance_activities.settled.has_more ? data.compliance_activities.settled.activities[length(data.compliance_activities.settled.activities) - 1].created_at : local.settled
  }
}

output "more" {
  description = "Whether another round is needed at once."
  value       = data.compliance_activities.settled.has_more
}
