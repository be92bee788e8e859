# One user signs in from three addresses within six hours: a session or a password that
# travels. Known from rules for comparable services.
data "compliance_activity_summary" "sign_ins_from_many_addresses" {
  lookback       = "6h"
  activity_types = ["magic_link_login_succeeded", "social_login_succeeded", "sso_login_succeeded"]
  group_by       = ["actor"]
  min_count      = 3

  lifecycle {
    postcondition {
      condition = length([for g in self.groups : g if g.distinct.ip_address >= 3]) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Somebody signed in from 3 addresses or more."],
        [for g in self.groups : "  ${g.keys.actor} from ${g.distinct.ip_address} addresses, the last ${g.newest_id} at ${g.newest_created_at}" if g.distinct.ip_address >= 3],
      ))
    }
  }
}
