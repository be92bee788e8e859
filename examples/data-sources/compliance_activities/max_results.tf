# The ten newest deletions of API keys.
data "compliance_activities" "deleted_keys" {
  activity_types = ["admin_api_key_deleted", "scoped_api_key_deleted"]
  max_results    = 10
}

output "are_there_more" {
  value = data.compliance_activities.deleted_keys.has_more
}
