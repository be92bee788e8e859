data "compliance_activity_summary" "mcp_server" {
  lookback       = "24h"
  activity_types = provider::compliance::activity_types("mcp_server_created", "mcp_server_updated", "mcp_directory_*", "mcp_tool_policy_*")

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "MCP servers, or what their tools may do, changed in the last 24 hours: ${join(", ", keys(self.by_type))}."
    }
  }
}
