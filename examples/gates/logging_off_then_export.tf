# Logging of the Compliance API switched off, and within a day a key or an export in the
# same organization. Elastic.
ephemeral "compliance_activities" "logging_off_then_export" {
  lookback = "48h"
  activity_types = [
    "admin_api_key_created",
    "api_key_created",
    "audit_log_export_accessed",
    "audit_log_export_started",
    "org_compliance_api_settings_updated",
    "org_data_export_started",
    "platform_api_key_created",
  ]
  except = [
    { compliance_api_enabled = ["true"], compliance_api_logging_enabled = ["true"] }, # switched on
  ]
}

resource "terraform_data" "logging_off_then_export" {
  lifecycle {
    precondition {
      condition = alltrue(flatten([
        for off in ephemeral.compliance_activities.logging_off_then_export.activities : [
          for a in ephemeral.compliance_activities.logging_off_then_export.activities :
          timecmp(a.created_at, off.created_at) < 0 || timecmp(a.created_at, timeadd(off.created_at, "24h")) > 0
          if a.type != off.type && (a.organization_id == off.organization_id || a.organization_id == null || off.organization_id == null)
        ] if off.type == "org_compliance_api_settings_updated"
      ]))
      error_message = "In the last 48 hours the Compliance API, or its logging, was switched off, and within a day a key was made or data exported. Look for org_compliance_api_settings_updated in the Activity Feed, and what followed."
    }
  }
}
