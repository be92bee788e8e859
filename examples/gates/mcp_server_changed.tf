# MCP servers let Claude reach other systems, and their tool policies say what it may do
# there. Panther.
data "compliance_activity_summary" "mcp_server_changed" {
  lookback = "24h"
  activity_types = [
    "mcp_directory_server_published",
    "mcp_server_created",
    "mcp_server_deleted",
    "mcp_server_updated",
    "mcp_tool_policy_updated",
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: MCP servers, or what their tools may do, changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
