# Somebody outside the company's domain was invited or shared with. Known from rules for
# comparable services.
data "compliance_activity_summary" "invited_outsider" {
  lookback = "24h"
  activity_types = [
    "claude_artifact_invite_accepted",
    "end_user_invite_requested",
    "org_user_invite_re_sent",
    "org_user_invite_sent",
    "pending_share_created",
  ]
  except = [
    { invited_email = ["*@example.com"] },
    { invitee_email = ["*@example.com"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Somebody outside the company was invited."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
