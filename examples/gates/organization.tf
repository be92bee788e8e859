# Whose is the organization, and does it live on? Another owner, another parent, the end of it or
# of a workspace. New workspaces pass. Plan it at least monthly.
data "compliance_activity_summary" "organization" {
  lookback = "31d"
  topics   = ["organization_lifecycle"]
  except = [
    { type = ["managed_organization_setup_completed", "platform_workspace_created"] },
    { type = ["org_join_proposal_decided"], approved = ["false"] },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The organization or a workspace changed hands, or ends:\n${self.listing}"
    }
  }
}
