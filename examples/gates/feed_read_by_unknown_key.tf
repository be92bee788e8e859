# Somebody else reads this feed. In it every key is an apikey_, Admin keys too. Known from
# the API's reference, which logs each call.
data "compliance_activity_summary" "feed_read_by_unknown_key" {
  lookback       = "24h"
  activity_types = ["compliance_api_accessed"]
  except = [
    { "actor.api_key_id" = ["apikey_01Example"] }, # of this pipeline
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The Compliance API was read with a key that is not on the list."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
