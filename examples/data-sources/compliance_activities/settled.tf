# The last 24 hours, up to two minutes ago. Anything newer may not be in the feed yet.
data "compliance_activities" "settled" {
  created_at_lt          = timeadd(plantimestamp(), "-2m")
  lookback               = "24h"
  exclude_activity_types = ["compliance_api_accessed"]
}

output "number_of_activities" {
  value = length(data.compliance_activities.settled.activities)
}
