# Who owns a domain decides who may join. Elastic.
data "compliance_activity_summary" "domain_changed" {
  lookback = "24h"
  activity_types = [
    "domain_claim_initiated",
    "org_domain_add_initiated",
    "org_domain_removed",
    "org_domain_verified",
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: The organization's domains changed."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
