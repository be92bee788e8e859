# Who looks around, and who tries doors? Two kinds of listing, or 20 refusals, by one actor
# within ten minutes; or a forged webhook, of which one is enough. Plan it daily.
data "compliance_activity_summary" "enumeration" {
  lookback       = "25h" # a day between two plans, and ten minutes
  topics         = ["access_failed", "admin_data_viewed"]
  activity_types = ["org_members_exported"]
  group_by       = ["account", "actor"]
  within         = "10m"
  min_count      = 2
  reviewed       = var.reviewed

  lifecycle {
    postcondition {
      condition = alltrue([
        for g in self.groups : g.distinct.type < 2 || length([
          for type in keys(g.by_type) : type if !can(regex("_(blocked|denied|failed|invalid)$", type)) # no refusal, so a listing
        ]) < 2
      ])
      error_message = "An actor listed members, groups, costs or others of two kinds within ten minutes:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.distinct.type > 1 && length([for type in keys(g.by_type) : type if !can(regex("_(blocked|denied|failed|invalid)$", type))]) > 1
      ])}"
    }
    postcondition {
      condition = alltrue([for g in self.groups : g.count < 20])
      error_message = "An actor was refused, or listed something, 20 times or more within ten minutes:\n${join("\n", [
        for g in self.groups : "  ${g.count} of actor ${jsonencode(g.keys.actor)}, newest ${g.newest_id} at ${g.newest_created_at}"
        if g.count >= 20
      ])}"
    }
    postcondition {
      condition     = lookup(self.by_type, "ghe_webhook_signature_invalid", 0) == 0
      error_message = "A webhook came with a wrong signature:\n${join("\n", [for a in self.newest : "  ${a.created_at}  ${a.id}" if a.type == "ghe_webhook_signature_invalid"])}"
    }
  }
}
