# An export by somebody who had not exported in 90 days. The two windows meet at the same
# second, so that nothing falls between them. Sumo Logic.
data "compliance_activity_summary" "exports_before" {
  lookback      = "90d"
  created_at_lt = timeadd(plantimestamp(), "-24h")
  activity_types = [
    "audit_log_export_accessed",
    "audit_log_export_started",
    "org_data_export_accessed",
    "org_data_export_started",
    "org_members_exported",
  ]
}

data "compliance_activity_summary" "first_export" {
  created_at_gte = timeadd(plantimestamp(), "-24h")
  activity_types = [
    "audit_log_export_accessed",
    "audit_log_export_started",
    "org_data_export_accessed",
    "org_data_export_started",
    "org_members_exported",
  ]

  lifecycle {
    postcondition {
      condition = length(setsubtract(keys(self.by_actor), keys(data.compliance_activity_summary.exports_before.by_actor))) == 0
      error_message = join("\n", concat(
        ["Data was exported for the first time in 90 days by ${join(", ", setsubtract(keys(self.by_actor), keys(data.compliance_activity_summary.exports_before.by_actor)))}. All since ${self.window.start}:"],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
