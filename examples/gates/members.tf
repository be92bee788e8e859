# Who is about to get in, and who is gone? Colleagues in an ordinary role pass, and what your
# own directory does. Plan it daily.
data "compliance_activity_summary" "members" {
  lookback = "25h"
  topics   = ["invitation", "member_removed", "directory_synced"]
  except = [
    { type = ["org_user_invite_sent", "org_user_invite_re_sent"], invited_email = local.colleagues, invited_role = local.ordinary_roles },
    { type = ["end_user_invite_requested"], invitee_email = local.colleagues },
    { type = ["admin_request_created", "org_join_request_created"] }, # requests open nothing
    { type = ["org_user_shares_retained"] },                          # comes beside another
    { type = ["org_directory_resync_started", "org_directory_resync_completed"] },
    { type = ["scim_user_created", "scim_user_deleted", "scim_user_updated"], "actor.directory_id" = local.directories },
  ]
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Somebody was invited, let in or removed:\n${self.listing}"
    }
  }
}
