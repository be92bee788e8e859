# The second factor of magic links switched off, and a sign-in by magic link within four
# hours. Sign-ins belong to no organization, so any counts. Elastic.
ephemeral "compliance_activities" "second_factor_off_then_sign_in" {
  lookback       = "24h"
  activity_types = ["magic_link_login_succeeded", "org_magic_link_second_factor_toggled"]
  except         = [{ enabled = ["true"] }] # switched on
}

resource "terraform_data" "second_factor_off_then_sign_in" {
  lifecycle {
    precondition {
      condition = alltrue(flatten([
        for off in ephemeral.compliance_activities.second_factor_off_then_sign_in.activities : [
          for a in ephemeral.compliance_activities.second_factor_off_then_sign_in.activities :
          timecmp(a.created_at, off.created_at) < 0 || timecmp(a.created_at, timeadd(off.created_at, "4h")) > 0
          if a.type == "magic_link_login_succeeded"
        ] if off.type == "org_magic_link_second_factor_toggled"
      ]))
      error_message = "In the last 24 hours the second factor of magic links was switched off, and somebody signed in by magic link within 4 hours. Look for org_magic_link_second_factor_toggled in the Activity Feed, and what followed."
    }
  }
}
