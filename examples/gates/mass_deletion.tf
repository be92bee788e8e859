# Thirty deletions by one actor in a day: somebody covers their tracks. Elastic for chats,
# Sumo Logic for resources.
data "compliance_activity_summary" "mass_deletion" {
  lookback = "24h"
  activity_types = [
    "claude_chat_deleted",
    "claude_chat_snapshot_deleted",
    "claude_file_deleted",
    "claude_project_deleted",
    "claude_project_document_deleted",
    "claude_project_file_deleted",
    "claude_published_artifact_deleted",
    "claude_skill_deleted",
    "platform_file_deleted",
    "platform_memory_deleted",
  ]
  group_by  = ["actor"]
  min_count = 30

  lifecycle {
    postcondition {
      condition = length(self.groups) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: 30 deletions or more by one actor."],
        [for g in self.groups : "  ${g.count} by ${g.keys.actor}, the last ${g.newest_id} at ${g.newest_created_at}"],
      ))
    }
  }
}
