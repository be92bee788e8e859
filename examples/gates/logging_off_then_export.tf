# Logging switched, and within 24 hours, in the same organization, a secret made or data
# exported: in either order, since the feed is blind in between. Plan it daily.
data "compliance_activity_summary" "logging_off_then_export" {
  lookback = "49h" # a day and an hour between two plans, and a day between the two
  topics   = ["logging_changed", "credential_created", "data_export"]
  group_by = ["organization"]
  within   = "24h"
  except   = [{ type = ["org_compliance_api_settings_updated"], compliance_api_enabled = ["true"], compliance_api_logging_enabled = ["true"] }]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([
        for g in self.groups : g.distinct.type < 2 || contains([0, length(g.by_type)], length(setintersection(
          keys(g.by_type), ["org_compliance_api_settings_updated", "org_cowork_otlp_settings_updated"],
        ))) # neither of them, or nothing else
      ])
      error_message = "Logging was switched, and within a day a secret was made or data exported:\n${join("\n", [
        for g in self.groups : "  in ${g.keys.organization}: ${join(", ", keys(g.by_type))}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.distinct.type > 1 && !contains([0, length(g.by_type)], length(setintersection(
          keys(g.by_type), ["org_compliance_api_settings_updated", "org_cowork_otlp_settings_updated"],
        )))
      ])}"
    }
  }
}
