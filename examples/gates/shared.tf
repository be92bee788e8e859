# Who can see what they could not? Shared by link, with outsiders or in public; sharing within
# the organization passes. Plan it daily.
data "compliance_activity_summary" "shared" {
  lookback = "25h"
  topics   = ["sharing_widened"]
  except = [
    { type = ["claude_artifact_sharing_updated", "claude_project_sharing_updated"], "audience.type" = ["organization", "group", "user", "users"] },
    { type = ["claude_artifact_invite_accepted", "pending_share_created"], invitee_email = local.colleagues },
    { type = ["claude_artifact_published"], is_redeploy = ["true"] }, # as public as it was
    { type = ["claude_code_security_scan_project_visibility_updated"], action = ["unshared"] },
    { type = ["design_project_artifact_published"], is_public = ["false"] },
    { type = ["design_project_sharing_updated"], new_scope = ["invited", "org"] },
    { type = ["design_project_published"] }, # never public
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Something was shared further, or may have been:\n${self.listing}"
    }
  }
}
