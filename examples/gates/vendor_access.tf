# What does Anthropic do with our content? It opened or kept some (Access Transparency), which
# comes up to two business days late. Plan it daily.
data "compliance_activity_summary" "vendor_access" {
  lookback = "7d"
  topics   = ["vendor_access"]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Anthropic opened or kept content; reason_code says why:\n${self.listing}"
    }
  }
}
