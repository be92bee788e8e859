# The last full day: both bounds are known at plan, and nothing in it is too new to be in
# the feed.
locals {
  today = formatdate("YYYY-MM-DD'T'00:00:00Z", plantimestamp())
}

data "compliance_activities" "yesterday" {
  created_at_gte         = timeadd(local.today, "-24h")
  created_at_lt          = local.today
  exclude_activity_types = ["compliance_api_accessed"]
}

output "window" {
  value = data.compliance_activities.yesterday.window
}
