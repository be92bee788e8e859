# Somebody brings a lot in from one place: a hundred files a day by one actor from one address.
# Elastic.
data "compliance_activity_summary" "many_uploads" {
  lookback = "24h"
  activity_types = [
    "claude_file_uploaded",
    "claude_project_document_uploaded",
    "claude_project_file_uploaded",
    "platform_file_uploaded",
  ]
  group_by  = ["actor", "ip_address"]
  min_count = 100

  lifecycle {
    postcondition {
      condition = length(self.groups) == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: 100 uploads or more by one actor from one address."],
        [for g in self.groups : "  ${g.count} by ${g.keys.actor}, the last ${g.newest_id} at ${g.newest_created_at}"],
      ))
    }
  }
}
