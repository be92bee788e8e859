# The second factor switched off, and within four hours a sign-in by magic link, in either
# order. Sign-ins have no organization, so that the two cannot be joined by it. Plan it daily.
data "compliance_activity_summary" "second_factor_off_then_sign_in" {
  lookback       = "28h" # a day between two plans, and four hours between the two
  activity_types = ["magic_link_login_succeeded", "org_magic_link_second_factor_toggled"]
  group_by       = ["actor.directory_id"] # neither has one, so that both are in the group of those
  within         = "4h"
  except         = [{ type = ["org_magic_link_second_factor_toggled"], enabled = ["true"] }]
  reviewed       = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([for g in self.groups : g.distinct.type < 2])
      error_message = "The second factor was switched off, and somebody signed in by magic link within four hours:\n${join("\n", [
        for g in self.groups : "  ${g.count}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.distinct.type > 1
      ])}"
    }
  }
}
