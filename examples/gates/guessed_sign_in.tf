# Who tries to get in? Five failed sign-ins of an account within an hour only warn, since
# strangers can cause them; a success beside them closes. Plan it daily.
data "compliance_activity_summary" "guessed_sign_in" {
  lookback  = "25h" # a day between two plans, and an hour
  topics    = ["sign_in", "sign_in_failed"]
  group_by  = ["account"]
  within    = "1h"
  min_count = 5
  reviewed  = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([
        for g in self.groups :
        sum(concat([0], [for type, count in g.by_type : count if endswith(type, "_failed") || type == "abuse_decision_received"])) < 5
        || g.distinct.type < 2 || alltrue([for type in keys(g.by_type) : endswith(type, "_failed") || type == "abuse_decision_received"])
      ])
      error_message = "An account failed to sign in five times or more, and succeeded, within an hour:\n${join("\n", [
        for g in self.groups : "  ${g.count}, newest ${g.newest_id} at ${g.newest_created_at}"
        if sum(concat([0], [for type, count in g.by_type : count if endswith(type, "_failed") || type == "abuse_decision_received"])) >= 5
        && g.distinct.type > 1 && anytrue([for type in keys(g.by_type) : !endswith(type, "_failed") && type != "abuse_decision_received"])
      ])}"
    }
  }
}

check "failed_sign_ins" {
  assert {
    condition = alltrue([
      for g in data.compliance_activity_summary.guessed_sign_in.groups :
      sum(concat([0], [for type, count in g.by_type : count if endswith(type, "_failed") || type == "abuse_decision_received"])) < 5
    ])
    error_message = "Five sign-ins of an account failed within an hour, or more:\n${join("\n", [
      for g in data.compliance_activity_summary.guessed_sign_in.groups : "  ${g.count}, newest ${g.newest_id} at ${g.newest_created_at}"
      if sum(concat([0], [for type, count in g.by_type : count if endswith(type, "_failed") || type == "abuse_decision_received"])) >= 5
    ])}"
  }
  assert {
    condition = sum(concat([0], [
      for type, count in data.compliance_activity_summary.guessed_sign_in.by_type : count if endswith(type, "_failed") || type == "abuse_decision_received"
    ])) < 20
    error_message = "Since ${data.compliance_activity_summary.guessed_sign_in.window.start}, 20 sign-ins failed in all, or more."
  }
}
