variable "newest_seen" {
  type        = string
  nullable    = true
  default     = null
  description = "The first_id of an earlier read, to get only what is newer."
}

data "compliance_activities" "since" {
  before_id      = var.newest_seen
  activity_types = ["org_ip_restriction_deleted", "primary_owner_transferred"]
}

output "newest_seen" {
  value = try(coalesce(data.compliance_activities.since.first_id, var.newest_seen), null)
}
