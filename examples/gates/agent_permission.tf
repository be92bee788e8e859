# What can Claude do now, unasked? Agents or tools got more reach, or need less approval. What
# is blocked or asked for passes. Plan it daily.
data "compliance_activity_summary" "agent_permission" {
  lookback = "25h"
  topics   = ["agent_permission_widened"]
  except = [
    { type = ["cli_plugin_exec_policy_updated", "mcp_tool_policy_updated"], max_permission = ["ask", "blocked"] },
    { type = ["ccr_agent_proxy_destination_deleted", "ccr_agent_proxy_rule_deleted"], deleted_with_profile = ["true"] }, # the profile counts
    { type = ["ccr_agent_proxy_profile_updated", "ccr_agent_updated"], updated_fields = ["display_name"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Agents or tools may do more than before:\n${self.listing}"
    }
  }
}
