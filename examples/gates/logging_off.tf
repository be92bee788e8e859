# Is somebody still watching? The audit log was switched off, or telemetry sent elsewhere; while
# it was off, nothing is in the feed. Both on passes. Plan it at least monthly.
data "compliance_activity_summary" "logging_off" {
  lookback = "31d"
  topics   = ["logging_changed"]
  except   = [{ type = ["org_compliance_api_settings_updated"], compliance_api_enabled = ["true"], compliance_api_logging_enabled = ["true"] }]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Logging was switched or sent elsewhere:\n${self.listing}"
    }
  }
}
