variable "administrators" {
  type        = list(string)
  default     = ["user_01Robin"]
  description = "Who may switch single sign-on off, from the office."
}

variable "reviewed" {
  type        = map(string)
  default     = {}
  description = "Activities that somebody has looked at: their IDs, and why they are harmless."

  validation {
    condition     = alltrue([for id, why in var.reviewed : can(regex("^[A-Za-z0-9_]+$", id)) && try(trimspace(why) != "", false)])
    error_message = "A reviewed activity needs its ID, such as activity_01AbC, which is no pattern, and a reason."
  }
}

data "compliance_activity_summary" "sso_off" {
  lookback       = "24h"
  activity_types = ["org_sso_connection_deleted", "org_sso_toggled"]

  except = [
    { type = ["org_sso_toggled"], enabled = ["true"] },                              # switched on
    { "actor.user_id" = var.administrators, "actor.ip_address" = ["192.0.2.0/24"] }, # an administrator in the office
    { id = keys(var.reviewed) },                                                     # looked at, in a reviewed change
  ]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Single sign-on was switched off:\n${self.listing}"
    }
  }
}

output "excepted" {
  value = data.compliance_activity_summary.sso_off.excepted
}
