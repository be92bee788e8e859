# A sign-in with something that is no browser and no app of Claude's. Clients can lie, so it
# finds the careless. Elastic.
data "compliance_activity_summary" "unknown_client" {
  lookback       = "24h"
  activity_types = ["magic_link_login_succeeded", "social_login_succeeded", "sso_login_succeeded"]
  except = [
    { "actor.user_agent" = ["Mozilla/5.0*", "Claude/*"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Sign-ins came from unknown clients."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
