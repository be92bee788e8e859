data "compliance_activity_summary" "key_made" {
  lookback = "24h"
  topics   = ["credential_created"]

  except = [
    { "actor.user_id" = ["user_01Robin"], "actor.ip_address" = ["192.0.2.0/24"] }, # Robin, in the office
    { type = ["service_key_created"], scopes = ["read"] },                         # a service key that only reads
  ]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "A key was made by somebody else, or elsewhere:\n${self.listing}"
    }
  }
}

output "excepted" {
  value = data.compliance_activity_summary.key_made.excepted
}
