# So much was deleted at once that the feed has only part of it. mass_deletion would count
# it as one. Known from the API's reference.
data "compliance_activity_summary" "bulk_deletion" {
  lookback = "24h"
  activity_types = [
    "claude_project_document_bulk_deletion_audit_truncated",
    "claude_project_file_bulk_deletion_audit_truncated",
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: More was deleted at once than the feed records."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
