# Who came in? Sign-ins from outside your networks, by a client that people do not use, or
# without a second factor where the feed says so. Plan it daily.
data "compliance_activity_summary" "sign_in_elsewhere" {
  lookback = "25h"
  topics   = ["sign_in"]
  except = [
    { type = ["lti_launch_success", "sso_login_succeeded"], "actor.ip_address" = local.networks, "actor.user_agent" = local.clients },
    {
      type               = ["magic_link_login_succeeded", "social_login_succeeded"]
      "actor.ip_address" = local.networks
      "actor.user_agent" = local.clients
      mfa_method         = local.second_factors
    },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Somebody signed in from elsewhere, with another client or without a second factor:\n${self.listing}"
    }
  }
}
