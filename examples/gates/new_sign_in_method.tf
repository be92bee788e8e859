# Who came in as never before? Somebody who is known from 30 days signs in by a method that
# they did not use in them, or within six hours from three addresses. Plan it daily.
data "compliance_activity_summary" "sign_in_actors" {
  lookback = "30h" # a day between two plans, and six hours
  topics   = ["sign_in"]
  group_by = ["actor"]
  within   = "6h"
  baseline = "30d"
  reviewed = var.reviewed
}

data "compliance_activity_summary" "sign_in_methods" {
  lookback = "30h"
  topics   = ["sign_in"]
  group_by = ["actor", "type"]
  baseline = "30d"
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([for g in data.compliance_activity_summary.sign_in_actors.groups : g.distinct.ip_address < 3])
      error_message = "Somebody signed in from three addresses or more within six hours:\n${join("\n", [
        for g in data.compliance_activity_summary.sign_in_actors.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.distinct.ip_address > 2
      ])}"
    }
    postcondition {
      condition = alltrue([
        for g in self.groups : g.baseline.count > 0 || !contains(
          [for known in data.compliance_activity_summary.sign_in_actors.groups : known.keys.actor if known.baseline.count > 0], g.keys.actor
        )
      ])
      error_message = "Somebody signed in by a method that is new for them in 30 days:\n${join("\n", [
        for g in self.groups : "  ${g.keys.type} by ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.baseline.count == 0 && contains(
          [for known in data.compliance_activity_summary.sign_in_actors.groups : known.keys.actor if known.baseline.count > 0], g.keys.actor
        )
      ])}"
    }
  }
}
