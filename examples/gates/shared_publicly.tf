# Open to anybody who has the link. Users, groups and the organization pass, if nobody else
# is among them; an audience that is empty or missing counts. Saving an artifact shares
# nothing, so claude_artifact_published is not read. Elastic, Panther.
data "compliance_activity_summary" "shared_publicly" {
  lookback       = "24h"
  activity_types = ["claude_artifact_sharing_updated", "claude_project_sharing_updated", "design_project_published"]
  except = [
    { "audience.type" = ["group", "organization", "user"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Something was shared with others than users, groups and the organization."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
