# What else can Claude reach, or run? A connector, MCP server, repository, webhook or plugin;
# and those removed whose loss is felt. Dismissed and inactive passes. Plan it daily.
data "compliance_activity_summary" "integration_connected" {
  lookback       = "25h"
  topics         = ["integration_connected"]
  activity_types = ["claude_code_security_webhook_deleted", "mcp_server_deleted"]
  except = [
    { type = ["admin_connector_request_resolved"], decision = ["dismissed"] },
    { type = ["claude_chat_sync_source_updated", "claude_project_sync_source_updated"], config_changed = ["false"] },
    { type = ["claude_code_review_repository_updated"], status = ["INACTIVE"] },
    { type = ["claude_code_user_marketplaces_updated", "claude_code_user_plugins_updated"], keys_written_count = ["0"] },
    { type = ["claude_code_user_plugins_updated"], new_value = ["false"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Another system was connected, or one that matters removed:\n${self.listing}"
    }
  }
}
