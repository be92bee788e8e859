# A key that can read this feed, or more of the Compliance API. One whose only scope is to
# administer cannot; a key that does not say what it may counts. Elastic.
data "compliance_activity_summary" "compliance_key_created" {
  lookback       = "7d"
  activity_types = ["admin_api_key_created", "api_key_created"]
  except = [
    { scopes = ["api:admin"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Keys that may read the Compliance API were made."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
