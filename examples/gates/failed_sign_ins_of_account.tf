# Somebody is guessing: five failures of one account in an hour. Look the account up in the
# activity that the message names. Elastic.
data "compliance_activity_summary" "failed_sign_ins_of_account" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
  group_by       = ["account", "hour"]
  min_count      = 5

  lifecycle {
    postcondition {
      condition = length(self.groups) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: An account failed to sign in 5 times or more within an hour."],
        [for g in self.groups : "  ${g.count} failures in ${g.keys.hour}, from ${g.distinct.ip_address} addresses, the last ${g.newest_id}"],
      ))
    }
  }
}
