ephemeral "compliance_activities" "roles_by_target" {
  lookback       = "24h"
  activity_types = ["role_assignment_granted"]
}

locals {
  # From each person who got a role to the times. The three dots collect values with the same key.
  roles_by_target = {
    for a in ephemeral.compliance_activities.roles_by_target.activities :
    try(coalesce(jsondecode(a.extra).target_id), "unknown") => a.created_at...
  }
}

resource "terraform_data" "roles_by_target" {
  lifecycle {
    precondition {
      condition     = alltrue([for target, times in local.roles_by_target : length(times) <= 3])
      error_message = "In the last 24 hours somebody was given more than 3 roles. Look for role_assignment_granted in the Activity Feed."
    }
  }
}
