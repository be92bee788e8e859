# One address tries many accounts. Look it up in the activity that the message names. Known
# from rules for comparable services.
data "compliance_activity_summary" "failed_sign_ins_from_address" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
  group_by       = ["ip_address"]
  min_count      = 5

  lifecycle {
    postcondition {
      condition = length([for g in self.groups : g if g.distinct.account >= 5]) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: 5 accounts or more failed to sign in from one address."],
        [for g in self.groups : "  ${g.count} failures of ${g.distinct.account} accounts, the last ${g.newest_id} at ${g.newest_created_at}" if g.distinct.account >= 5],
      ))
    }
  }
}
