# Somebody is trying doors: more than fifty failures in an hour, of one account, of one actor
# (a key, for instance) or from one address. Panther, in ten minutes.
data "compliance_activity_summary" "access_failures" {
  for_each = toset(["account", "actor", "ip_address"])

  lookback       = "24h"
  activity_types = ["claude_artifact_access_failed", "claude_chat_access_failed", "claude_file_access_failed", "claude_project_document_access_failed", "claude_project_file_access_failed"]
  group_by       = [each.key, "hour"]
  min_count      = 51

  lifecycle {
    postcondition {
      condition = length(self.groups) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: One ${each.key} was refused access more than 50 times in an hour."],
        [for g in self.groups : "  ${g.count} failures in ${g.keys.hour}, by ${g.distinct.actor} actors, the last ${g.newest_id}"],
      ))
    }
  }
}
