terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

variable "start" {
  description = "Where the first read begins, in RFC 3339."
  type        = string
}

variable "position" {
  description = "The output of the last apply."
  type = object({
    types    = list(string)
    settled  = string
    reported = map(string)
  })
  default = null
}

variable "overlap" {
  description = "How long an activity is read again, such as 72h."
  type        = string
  default     = null # what the types need
}

locals {
  types = sort(["admin_api_key_created", "mcp_server_created", "primary_owner_transferred"])

  # These come up to two business days late.
  days_late = setintersection(local.types, ["anthropic_access", "cmek_preserve"])
  overlap   = coalesce(var.overlap, length(local.days_late) > 0 ? "168h" : "5m")

  # A position belongs to its types. With others, start over.
  go_on    = try(var.position.types == local.types, false)
  begin    = local.go_on ? var.position.settled : var.start
  reported = local.go_on ? var.position.reported : {}
}

data "compliance_activities" "read" {
  activity_types = local.types
  order          = "asc"
  created_at_gte = local.begin
  max_results    = 10000 + length(local.reported) # any more wait for the next round
}

locals {
  read = data.compliance_activities.read.activities
  more = data.compliance_activities.read.has_more

  # Nothing older than the overlap still comes in. A read that was cut off got no further than its end.
  past    = timeadd(plantimestamp(), "-${local.overlap}")
  end     = local.more ? local.read[length(local.read) - 1].created_at : local.past
  reached = timecmp(local.end, local.past) < 0 ? local.end : local.past
  settled = timecmp(local.reached, local.begin) < 0 ? local.begin : local.reached # it never moves back
}

output "new" {
  value = [
    for a in local.read : { id = a.id, type = a.type, created_at = a.created_at }
    if !contains(keys(local.reported), a.id)
  ]
}

output "position" {
  value = {
    types   = local.types
    settled = local.settled # everything before it has been reported
    reported = {            # and of the rest, these
      for id, at in merge(local.reported, { for a in local.read : a.id => a.created_at }) :
      id => at if timecmp(at, local.settled) >= 0
    }
  }
}

output "more" {
  value = local.more
}
