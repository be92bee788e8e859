# Five failed sign-ins of an account, and a success within the hour. Whoever fails has only
# claimed an address, which has a field of its own. Elastic has the first half.
ephemeral "compliance_activities" "guessed_sign_in" {
  lookback = "24h"
  activity_types = [
    "magic_link_login_failed",
    "magic_link_login_succeeded",
    "social_login_succeeded",
    "sso_login_failed",
    "sso_login_succeeded",
  ]
}

locals {
  failed_sign_ins_of = {
    for a in ephemeral.compliance_activities.guessed_sign_in.activities :
    try(lower(coalesce(a.actor.unauthenticated_email_address, a.actor.email_address)), "unknown") => a.created_at...
    if endswith(a.type, "_failed")
  }
}

resource "terraform_data" "guessed_sign_in" {
  lifecycle {
    precondition {
      condition = alltrue([
        for a in ephemeral.compliance_activities.guessed_sign_in.activities : length([
          for failure in lookup(local.failed_sign_ins_of, try(lower(a.actor.email_address), "unknown"), []) : failure
          if timecmp(failure, a.created_at) <= 0 && timecmp(failure, timeadd(a.created_at, "-1h")) >= 0
        ]) < 5 if endswith(a.type, "_succeeded")
      ])
      error_message = "In the last 24 hours an account failed to sign in 5 times or more, and then succeeded. Look for *_login_failed in the Activity Feed."
    }
  }
}
