# Data that was not kept or shared before now is, or the key that protects it is gone.
# claude-audit.
data "compliance_activity_summary" "data_protection_down" {
  lookback = "24h"
  activity_types = [
    "inference_hooks_config_deleted",
    "org_claude_code_data_sharing_enabled",
    "org_claude_code_zero_data_retention_disabled",
    "org_data_residency_updated",
    "org_external_key_deleted",
    "platform_workspace_inference_data_retention_disabled",
    "platform_workspace_inference_data_retention_enabled",
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The protection of data was switched down."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
