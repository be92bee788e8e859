# The second factor switched off, and not on again within twelve hours: a gate can look for
# what did not happen, too. Known from rules for comparable services.
ephemeral "compliance_activities" "second_factor_still_off" {
  lookback       = "7d"
  activity_types = ["org_magic_link_second_factor_toggled"]
}

locals {
  second_factor_toggled = [for a in ephemeral.compliance_activities.second_factor_still_off.activities : {
    on    = try(jsondecode(a.extra).enabled == true, false) # not known: off
    at    = a.created_at
    until = timeadd(a.created_at, "12h")
    where = a.organization_id
  }]
}

resource "terraform_data" "second_factor_still_off" {
  lifecycle {
    precondition {
      condition = alltrue([
        for off in local.second_factor_toggled : timecmp(off.until, plantimestamp()) > 0 || anytrue([
          for on in local.second_factor_toggled :
          timecmp(on.at, off.at) > 0 && timecmp(on.at, off.until) <= 0 if on.on && on.where == off.where
        ]) if !off.on
      ])
      error_message = "In the last 7 days the second factor was switched off, and not on again within 12 hours. Look for org_magic_link_second_factor_toggled in the Activity Feed."
    }
  }
}
