# What is no longer inspected, limited or encrypted? Retention, residency, keys, hooks and the
# settings of the organization. What is switched on or only renamed passes. Plan it daily.
data "compliance_activity_summary" "data_protection" {
  lookback = "25h"
  topics   = ["data_protection_weakened", "organization_settings_changed"]
  except = [
    { type = ["org_connector_domain_guard_updated"], enforced = ["true"] },
    { type = ["org_external_key_updated"], "updates.type" = ["display_name"] },
    { type = ["org_external_key_validated"], validation_result = ["success"] },
    { type = ["org_security_control_attestation_updated"], status = ["completed"], action = ["attested", "changed", "renewed"] },
    { type = ["platform_workspace_updated"], "updates.type" = ["display_color", "name"] },
    { type = ["claude_organization_settings_updated"], "updates.type" = ["name", "organization_banner_settings"] },
    { type = ["claude_code_review_config_updated"], enabled = ["false"] },
    { type = ["claude_code_security_center_config_updated"], enabled = ["true"] },
    { type = ["org_analytics_api_capability_updated"], current_value = ["false"] },
    { type = ["org_model_default_updated"], action = ["cleared"] },
    { type = ["organization_icon_deleted", "organization_icon_updated", "org_sso_scim_welcome_email_toggled"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Data may be protected less than before:\n${self.listing}"
    }
  }
}
