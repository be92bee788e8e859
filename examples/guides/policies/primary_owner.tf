data "compliance_activity_summary" "primary_owner" {
  lookback       = "30d"
  activity_types = ["primary_owner_transferred"]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The primary owner changed in the last 30 days, by ${join(", ", keys(self.by_actor))}."
    }
  }
}
