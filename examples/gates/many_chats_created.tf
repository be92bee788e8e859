# A script at work, or an account that is shared. Elastic: 20 chats of one person in a day.
data "compliance_activity_summary" "many_chats_created" {
  lookback       = "24h"
  activity_types = ["claude_chat_created"]
  group_by       = ["actor"]
  min_count      = 20

  lifecycle {
    postcondition {
      condition = length(self.groups) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: 20 chats or more were created by one actor."],
        [for g in self.groups : "  ${g.count} by ${g.keys.actor}, the last ${g.newest_id} at ${g.newest_created_at}"],
      ))
    }
  }
}
