# Which new secrets are there? A key, token, certificate or service account, by somebody who
# makes none, or at night or at the weekend. Plan it daily.
data "compliance_activity_summary" "new_secret" {
  lookback = "7d"
  topics   = ["credential_created"]
  group_by = ["actor", "hour"]
  except   = [{ type = ["github_token_import"], result = ["rejected_*", "failed_internal"] }] # nothing was stored
  reviewed = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([for g in self.groups : contains(local.key_makers, g.keys.actor)])
      error_message = "A secret was made by somebody who makes none:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if !contains(local.key_makers, g.keys.actor)
      ])}"
    }
    postcondition { # Monday to Friday, 9:00 to 17:00 UTC
      condition = alltrue([
        for g in self.groups :
        contains(["Mon", "Tue", "Wed", "Thu", "Fri"], formatdate("EEE", "${g.keys.hour}:00:00Z"))
        && contains(range(9, 17), tonumber(formatdate("h", "${g.keys.hour}:00:00Z")))
      ])
      error_message = "A secret was made outside working hours (the hours are in UTC):\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if !contains(["Mon", "Tue", "Wed", "Thu", "Fri"], formatdate("EEE", "${g.keys.hour}:00:00Z"))
        || !contains(range(9, 17), tonumber(formatdate("h", "${g.keys.hour}:00:00Z")))
      ])}"
    }
  }
}
