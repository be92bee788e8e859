# Who does far more than people do? 20 chats or 100 uploads by one actor within 24 hours. Where
# that is work, raise the numbers. Plan it daily.
data "compliance_activity_summary" "busy_actor" {
  lookback       = "49h" # a day and an hour between two plans, and a day that is counted
  activity_types = ["claude_chat_created", "claude_file_uploaded", "claude_project_document_uploaded", "claude_project_file_uploaded"]
  group_by       = ["actor"]
  within         = "24h"
  min_count      = 20
  reviewed       = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([
        for g in self.groups :
        lookup(g.by_type, "claude_chat_created", 0) < 20
        && sum(concat([0], [for type, count in g.by_type : count if type != "claude_chat_created"])) < 100
      ])
      error_message = "An actor created very many chats, or uploaded very many files, within a day:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if lookup(g.by_type, "claude_chat_created", 0) >= 20
        || sum(concat([0], [for type, count in g.by_type : count if type != "claude_chat_created"])) >= 100
      ])}"
    }
  }
}
