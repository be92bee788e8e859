# Which secrets can do more, work again, or are gone? A new name passes. A Claude API key ends
# by an update to archived, so that the same activity can be either. Plan it daily.
data "compliance_activity_summary" "secret_changed" {
  lookback = "25h"
  topics   = ["credential_changed", "credential_removed"]
  except = [
    {
      type = [
        "admin_api_key_updated", "platform_api_key_updated", "platform_federation_issuer_updated", "platform_federation_rule_updated",
        "platform_oauth_app_updated", "platform_service_account_updated", "scoped_api_key_updated",
      ]
      "updates.type" = ["name", "description"]
    },
    { type = ["ccr_agent_proxy_credential_updated"], updated_fields = ["display_name"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "A secret was changed or removed:\n${self.listing}"
    }
  }
}
