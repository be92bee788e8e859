# Who decides who can get in? Single sign-on, its second factor, directory sync, domains or
# networks were changed. Switched on passes. Plan it daily.
data "compliance_activity_summary" "sign_in_settings" {
  lookback = "25h"
  topics   = ["sign_in_settings_changed"]
  except = [
    { type = ["org_sso_toggled", "org_magic_link_second_factor_toggled"], enabled = ["true"] }, # switched on
    { type = ["org_sso_seat_tier_assignment_toggled"], enabled = ["false"] },                   # gives out no seats
    { type = ["claude_pubsec_identity_configured"], magic_link_enabled = ["false"], idp_saml_config_updated = ["false"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "How people sign in was changed:\n${self.listing}"
    }
  }
}
