variable "reviewed" {
  description = "Activities that somebody has looked at: the ID of each, and why it is harmless."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id, why in var.reviewed : can(regex("^[A-Za-z0-9_]+$", id)) && try(trimspace(why) != "", false)])
    error_message = "A reviewed activity needs its ID, such as activity_01AbC, which is no pattern, and a reason."
  }
}

data "compliance_activity_summary" "reviewed_exports" {
  lookback       = "24h"
  activity_types = ["audit_log_export_started", "org_data_export_started"]
  except         = [{ id = keys(var.reviewed) }]

  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "Data was exported: ${join(", ", self.newest[*].id)}."
    }
  }
}
