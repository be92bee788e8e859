variable "lookback" {
  description = "How far back the gate looks, from the time of the plan: such as 24h or 7d. Longer than the time between two plans."
  type        = string
  default     = "24h"
  nullable    = false
}

variable "window" {
  description = "Fixed bounds instead of lookback, RFC 3339: from start, included, to end, excluded; without end up to now."
  type = object({
    start = string
    end   = optional(string)
  })
  default = null

  validation {
    condition     = var.window == null || try(length(var.window.start) > 0, false)
    error_message = "The window has no start. Set window.start, or omit window to use lookback."
  }
}

variable "forbidden_activity_types" {
  description = "Activity types that must not occur, unless an allowed actor did it."
  type        = set(string)
  default     = []

  # A name in the wrong form would match nothing, and null would forbid nothing.
  validation {
    condition     = try(alltrue([for type in var.forbidden_activity_types : can(regex("^[a-z0-9_]+$", type))]), false)
    error_message = "Names of activity types are needed, of lower-case letters, digits and underscores. Omit the argument to forbid none by name; null would do that without a word."
  }
}

variable "forbidden_topics" {
  description = "Topics of which no activity type may occur, unless an allowed actor did it: such as credential_created."
  type        = set(string)
  default     = []

  validation {
    condition     = try(alltrue([for topic in var.forbidden_topics : can(regex("^[a-z_]+$", topic))]), false)
    error_message = "Names of topics are needed, such as credential_created. Omit the argument to forbid none; null would do that without a word."
  }
}

variable "thresholds" {
  description = "How often an activity type may occur in the window, whoever did it: sso_login_failed = 100 closes at 101."
  type        = map(number)
  default     = {}

  validation {
    condition     = try(alltrue([for type, most in var.thresholds : can(regex("^[a-z0-9_]+$", type)) && most >= 0]), false)
    error_message = "A threshold has the name of an activity type, and a number from 0 on. Omit the argument to have none."
  }
}

variable "allowed_actors" {
  description = "IDs of those who may do what is forbidden: user_…, apikey_…, admin_api_key_…, svac_…, directory_…; or a type of actors that have no ID, such as anthropic_actor."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for actor in var.allowed_actors : can(regex("^(user|apikey|admin_api_key|svac|directory)_[A-Za-z0-9]+$", actor)) && !endswith(actor, "_actor")
      || contains(["anthropic_actor", "federated_actor", "federated_identity_actor", "system_actor", "unauthenticated_user_actor"], actor)
    ])
    error_message = "An allowed actor is an ID, such as user_01AbC, apikey_01AbC, admin_api_key_01AbC, svac_01AbC or directory_01AbC, or a type of actors that have none, such as anthropic_actor. No pattern, and no e-mail address: they change hands."
  }
}

variable "except" {
  description = "Activities to let through by their fields, as except of compliance_activity_summary."
  type        = list(map(set(string)))
  default     = []
  nullable    = false
}

variable "reviewed" {
  description = "Activities that somebody has looked at: from the ID of each to why it is fine."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "organization_ids" {
  description = "Only activities of these organizations, and those that belong to none, such as sign-ins."
  type        = set(string)
  default     = null
}

variable "enforce" {
  description = "Whether findings fail the plan. With false they are only in the outputs, to try a gate out."
  type        = bool
  default     = true
  nullable    = false
}
