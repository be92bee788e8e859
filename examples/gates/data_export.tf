# The organization's data, its audit log or the list of its people leaves in one file.
# Elastic, claude-audit.
data "compliance_activity_summary" "data_export" {
  lookback = "24h"
  activity_types = [
    "audit_log_export_accessed",
    "audit_log_export_started",
    "org_data_export_accessed",
    "org_data_export_started",
    "org_members_exported",
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Data was exported."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
