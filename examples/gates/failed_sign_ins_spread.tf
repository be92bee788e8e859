# One account is tried from many addresses, so that none of them stands out. Known from
# rules for comparable services.
data "compliance_activity_summary" "failed_sign_ins_spread" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
  group_by       = ["account"]
  min_count      = 5

  lifecycle {
    postcondition {
      condition = length([for g in self.groups : g if g.distinct.ip_address >= 5]) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: An account failed to sign in from 5 addresses or more."],
        [for g in self.groups : "  ${g.count} failures from ${g.distinct.ip_address} addresses, the last ${g.newest_id} at ${g.newest_created_at}" if g.distinct.ip_address >= 5],
      ))
    }
  }
}
