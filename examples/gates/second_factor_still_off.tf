# The second factor switched off in some organization, and not on again within twelve hours,
# however long ago. Only a list can tell which toggle is the newest, and of what value; an
# ephemeral one stores nothing. Plan it at any time.
ephemeral "compliance_activities" "second_factor_still_off" {
  activity_types = ["org_magic_link_second_factor_toggled"]
  reviewed       = var.reviewed
}

locals {
  newest_second_factor = { # newest first, so the first of each organization
    for a in ephemeral.compliance_activities.second_factor_still_off.activities :
    coalesce(a.organization_id, a.organization_uuid, "unknown") => a...
  }
}

resource "terraform_data" "second_factor_still_off" {
  lifecycle {
    precondition {
      condition = alltrue([
        for toggles in local.newest_second_factor :
        try(jsondecode(toggles[0].extra).enabled == true, false) || timecmp(timeadd(toggles[0].created_at, "12h"), plantimestamp()) > 0
      ])
      error_message = "The second factor is off, and has been for twelve hours or more. Look for org_magic_link_second_factor_toggled in the Activity Feed."
    }
  }
}
