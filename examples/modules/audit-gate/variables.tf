variable "lookback" {
  description = "How far back the gate looks, from the time of the plan: such as 90m, 24h or 7d."
  type        = string
  default     = "24h"
  nullable    = false
}

variable "window" {
  description = "Fixed bounds instead of lookback: from start, included, to end, excluded. RFC 3339. Without end it goes up to now."
  type = object({
    start = string
    end   = optional(string)
  })
  default = null
}

variable "forbidden_activity_types" {
  description = "Activity types that must not occur, unless an allowed actor did it."
  type        = set(string)
  default     = []
  nullable    = false

  # A name in the wrong form would match nothing, and so never fail.
  validation {
    condition     = alltrue([for type in var.forbidden_activity_types : can(regex("^[a-z0-9_]+$", type))])
    error_message = "An activity type has only lower-case letters, digits and underscores. Patterns go through provider::compliance::activity_types."
  }
}

variable "allowed_actors" {
  description = "IDs of the actors that may do what is forbidden, of every kind: user_…, apikey_…, admin_api_key_…, svac_…, directory_… and so on. A type of actors that have no ID, such as anthropic_actor, lets all of them through. No e-mail addresses: they change hands, and anybody can claim one when signing in."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for actor in var.allowed_actors : can(regex("^[A-Za-z0-9_.:-]+$", actor))])
    error_message = "An allowed actor is an ID, such as user_01AbC, and no e-mail address or pattern."
  }

  validation {
    condition = alltrue([
      for actor in var.allowed_actors : !endswith(actor, "_actor") || contains(
      ["anthropic_actor", "federated_actor", "federated_identity_actor", "system_actor", "unauthenticated_user_actor"], actor)
    ])
    error_message = "A type of actors that have IDs, such as user_actor, would let all of them through. Allow the IDs of those that may."
  }
}

variable "except" {
  description = "Activities to let through by their fields, whatever their type: as except of compliance_activity_summary."
  type        = list(map(set(string)))
  default     = []
  nullable    = false
}

variable "reviewed" {
  description = "Activities that somebody has looked at: from the ID of each to why it is fine."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id, why in var.reviewed : can(regex("^[A-Za-z0-9_.:-]+$", id)) && try(trimspace(why) != "", false)])
    error_message = "A reviewed activity has its ID, such as activity_01AbC, and no pattern, and the reason why it is fine."
  }
}

variable "thresholds" {
  description = "How often an activity type may occur in the window, whoever did it: sso_login_failed = 100 fails at 101. Only except and reviewed take from it."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for type, most in var.thresholds : can(regex("^[a-z0-9_]+$", type)) && try(most >= 0, false)])
    error_message = "A threshold has the name of an activity type, and a number from 0 on."
  }
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

variable "max_listed" {
  description = "How many findings the message lists, up to 20."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.max_listed >= 1 && var.max_listed <= 20
    error_message = "From 1 to 20 findings can be listed."
  }
}
