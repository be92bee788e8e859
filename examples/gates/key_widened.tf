# A key can do more than before: new scopes, or switched on again. Renaming and switching
# off are allowed. claude-audit.
data "compliance_activity_summary" "key_widened" {
  lookback = "24h"
  activity_types = [
    "admin_api_key_updated",
    "platform_api_key_updated",
    "platform_federation_issuer_updated",
    "platform_federation_rule_updated",
    "platform_federation_rule_workspace_added",
    "platform_service_account_updated",
    "platform_service_account_workspace_member_added",
    "scoped_api_key_updated",
  ]
  except = [
    { "updates.type" = ["name"] },
    { "updates.type" = ["status"], "updates.current_value" = ["archived", "expired", "inactive"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Keys were changed in more than their name."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
