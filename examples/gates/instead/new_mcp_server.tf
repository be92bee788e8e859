# An MCP server by a name that the organization had not seen in 14 days: for those who excuse
# mcp_server_created in integration_connected.tf. Plan it daily.
data "compliance_activity_summary" "new_mcp_server" {
  lookback       = "25h"
  activity_types = ["mcp_server_created"]
  group_by       = ["organization", "mcp_server_name"]
  baseline       = "14d"
  reviewed       = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([for g in self.groups : g.baseline.count > 0])
      error_message = "An MCP server was created by a name that is new in 14 days:\n${join("\n", [
        for g in self.groups : "  ${g.count}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.baseline.count == 0
      ])}"
    }
  }
}
