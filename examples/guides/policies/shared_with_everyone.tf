ephemeral "compliance_activities" "shared" {
  lookback       = "24h"
  activity_types = ["claude_artifact_sharing_updated", "claude_project_sharing_updated", "design_project_published"]
}

resource "terraform_data" "shared" {
  lifecycle {
    precondition {
      # Good is only what says whom it is shared with, and that these are users and groups.
      condition = alltrue([for a in ephemeral.compliance_activities.shared.activities : try(
        alltrue([for whom in jsondecode(a.extra).audience : contains(["user", "group"], whom.type)])
      , false)])
      error_message = "In the last 24 hours something was published, or shared with more than users and groups."
    }
  }
}
