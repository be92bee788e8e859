# What leaves in bulk? An export by somebody who exports nothing, or a kind of export that its
# actor had not made in 90 days. Plan it daily.
data "compliance_activity_summary" "data_export" {
  lookback = "25h"
  topics   = ["data_export"]
  group_by = ["actor", "type"]
  baseline = "90d"
  except = [
    { type = ["org_data_export_completed"], "actor.type" = ["anthropic_actor"] }, # started and accessed count
    { type = ["claude_file_exported"], export_destination = ["google_drive"] },   # if the Drive is yours
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([for g in self.groups : contains(local.exporters, g.keys.actor)])
      error_message = "Data was exported by somebody who exports none:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if !contains(local.exporters, g.keys.actor)
      ])}"
    }
    postcondition {
      condition = alltrue([for g in self.groups : g.baseline.count > 0])
      error_message = "Data was exported in a way that is new in 90 days:\n${join("\n", [
        for g in self.groups : "  ${g.keys.type} by ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.baseline.count == 0
      ])}"
    }
  }
}
