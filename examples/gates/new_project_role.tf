# Somebody may now write to a project in which nobody had been given that in 14 days. The
# project is a field, so activities are read, and stored nowhere. Elastic.
ephemeral "compliance_activities" "new_project_role" {
  lookback       = "15d"
  activity_types = ["role_assignment_granted"]
  except         = [{ role = ["viewer", "*:viewer"] }]
}

locals {
  project_roles_granted = [for a in ephemeral.compliance_activities.new_project_role.activities : {
    today   = timecmp(a.created_at, timeadd(plantimestamp(), "-24h")) >= 0
    project = try("${a.organization_id} ${jsondecode(a.extra).resource_id}", a.id) # not known which: it is new
  } if try(jsondecode(a.extra).resource_type == "chat_project", true)]
}

resource "terraform_data" "new_project_role" {
  lifecycle {
    precondition {
      condition = length(setsubtract(
        [for g in local.project_roles_granted : g.project if g.today],
        [for g in local.project_roles_granted : g.project if !g.today],
      )) == 0
      error_message = "In the last 24 hours somebody was given more than to view a project, where nobody had been in 14 days. Look for role_assignment_granted in the Activity Feed."
    }
  }
}
