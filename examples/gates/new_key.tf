# Every way to a new key, which outlives its creator's session. A federation rule and a
# service account are keys by another name. Elastic, Panther, Datadog, Sumo Logic.
data "compliance_activity_summary" "new_key" {
  lookback = "7d"
  activity_types = [
    "admin_api_key_created",
    "api_key_created",
    "platform_api_key_created",
    "platform_federation_issuer_created",
    "platform_federation_rule_created",
    "platform_oauth_app_created",
    "platform_service_account_created",
    "platform_signing_key_created",
    "service_key_created",
  ]
  except = [
    { "actor.user_id" = ["user_01Robin", "user_01Kim"] }, # they make keys
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Keys were made by somebody who is not on the list."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
