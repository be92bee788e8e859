# A sign-in from outside the company's networks. It replaces lists of suspicious addresses,
# such as Datadog's, which a plan cannot query.
data "compliance_activity_summary" "sign_in_outside_network" {
  lookback       = "24h"
  activity_types = ["magic_link_login_succeeded", "social_login_succeeded", "sso_login_succeeded"]
  except = [
    { "actor.ip_address" = ["192.0.2.0/24", "2001:db8::/32"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Sign-ins came from outside the company's networks."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
