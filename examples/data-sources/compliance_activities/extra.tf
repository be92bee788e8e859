data "compliance_activities" "roles" {
  lookback       = "30d"
  activity_types = ["rbac_role_assigned"]
}

output "role_assignments" {
  value = [
    for a in data.compliance_activities.roles.activities : {
      at   = a.created_at
      role = try(jsondecode(a.extra).role_id, null)
      to   = try(jsondecode(a.extra).principal_id, null)
    }
  ]
}
