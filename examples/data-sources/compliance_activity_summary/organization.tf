variable "organization" {
  type        = string
  nullable    = true
  default     = null
  description = "The organization that the API key has to belong to, such as org_01Example. Null for any."
}

# Nothing found in another organization's feed would be a false all-clear.
data "compliance_activity_summary" "owner" {
  lookback       = "30d"
  activity_types = ["primary_owner_transferred"]

  lifecycle {
    postcondition {
      condition     = var.organization == null || try(self.key_organization_id == var.organization, false)
      error_message = "The API key belongs to ${coalesce(self.key_organization_id, "an organization that the server does not name")}."
    }
  }
}
