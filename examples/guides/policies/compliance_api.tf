data "compliance_activity_summary" "compliance_api" {
  lookback       = "30d"
  activity_types = ["org_compliance_api_settings_updated"]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The settings of the Compliance API changed in the last 30 days, by ${join(", ", keys(self.by_actor))}."
    }
  }
}
