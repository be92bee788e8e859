variable "position" {
  type        = string
  nullable    = true
  default     = null
  description = "The last_id of an earlier read."
}

data "compliance_activities" "since" {
  order          = "asc"
  after_id       = var.position
  activity_types = ["org_ip_restriction_deleted", "primary_owner_transferred"]
}

output "position" {
  value = try(coalesce(data.compliance_activities.since.last_id, var.position), null)
}
