# Whoever switches off the Compliance API, or its logging, blinds all other gates. An update
# that does not say that both are on counts. Elastic, Datadog, Sumo Logic.
data "compliance_activity_summary" "compliance_api_off" {
  lookback       = "30d"
  activity_types = ["org_compliance_api_settings_updated"]
  except = [
    { compliance_api_enabled = ["true"], compliance_api_logging_enabled = ["true"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The Compliance API, or its logging, was switched off."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
