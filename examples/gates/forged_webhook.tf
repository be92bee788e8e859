# Somebody sends webhooks in the name of your GitHub Enterprise server, or its secret is
# wrong. Elastic.
data "compliance_activity_summary" "forged_webhook" {
  lookback       = "24h"
  activity_types = ["ghe_webhook_signature_invalid"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Webhooks came with an invalid signature."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
