# A server by a name that the organization had not seen in 14 days. Names are only in the
# activities, so these are read, and stored nowhere. Elastic.
ephemeral "compliance_activities" "new_mcp_server" {
  lookback       = "15d"
  activity_types = ["mcp_server_created"]
}

locals {
  mcp_servers_created = [for a in ephemeral.compliance_activities.new_mcp_server.activities : {
    today  = timecmp(a.created_at, timeadd(plantimestamp(), "-24h")) >= 0
    server = try("${a.organization_id} ${jsondecode(a.extra).mcp_server_name}", a.id) # without a name it is new
  }]
}

resource "terraform_data" "new_mcp_server" {
  lifecycle {
    precondition {
      condition = length(setsubtract(
        [for c in local.mcp_servers_created : c.server if c.today],
        [for c in local.mcp_servers_created : c.server if !c.today],
      )) == 0
      error_message = "In the last 24 hours an MCP server was created by a name that is new in 14 days. Look for mcp_server_created in the Activity Feed."
    }
  }
}
