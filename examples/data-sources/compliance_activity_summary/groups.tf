# 50 failed sign-ins of one account within an hour, whoever the account belongs to.
data "compliance_activity_summary" "guessing" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed"]
  group_by       = ["account", "hour"]
  min_count      = 50

  lifecycle {
    postcondition {
      condition = length(self.groups) == 0
      error_message = join("\n", [
        for g in self.groups : "  ${g.keys.hour}: ${g.count} failed sign-ins of one account from ${g.distinct.ip_address} addresses, the last ${g.newest_id}"
      ])
    }
  }
}
