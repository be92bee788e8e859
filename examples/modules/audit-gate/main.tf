locals {
  watched = setunion(var.forbidden_activity_types, keys(var.thresholds))
}

# One read, of counts. It looks at every field and keeps none: no e-mail or IP address comes
# into the plan or the state, whether the gate is open or closed.
data "compliance_activity_summary" "watched" {
  activity_types   = local.watched
  organization_ids = var.organization_ids
  lookback         = var.window == null ? var.lookback : null
  created_at_gte   = one(var.window[*].start)
  created_at_lt    = one(var.window[*].end)
  group_by         = ["type"] # so that there is an activity to name for each

  except = concat(
    var.except,
    [{ id = keys(var.reviewed) }],
    # Each kind of actor has its ID in a field of its own. A threshold holds for everybody.
    [
      for field in ["user_id", "api_key_id", "admin_api_key_id", "service_account_id", "directory_id", "external_client_id", "type"] :
      { "type" = var.forbidden_activity_types, "actor.${field}" = var.allowed_actors }
    ],
  )

  lifecycle {
    precondition {
      condition     = length(local.watched) > 0
      error_message = "The audit gate has nothing to look for: set forbidden_activity_types, thresholds or both."
    }
    precondition {
      condition     = length(setintersection(var.forbidden_activity_types, keys(var.thresholds))) == 0
      error_message = "An activity type is either forbidden or has a threshold: ${join(", ", setintersection(var.forbidden_activity_types, keys(var.thresholds)))}."
    }
    # What was found under another name would be in none of the counts below.
    postcondition {
      condition     = self.total == sum(concat([0], [for type in local.watched : lookup(self.by_type, type, 0)]))
      error_message = "The audit gate is closed: of ${self.total} activities that the server sent, some are of none of the types that were asked for: ${join(", ", setsubtract(keys(self.by_type), local.watched))}. Has a type a newer name?"
    }
  }
}

locals {
  by_type = data.compliance_activity_summary.watched.by_type
  reasons = merge(
    { for type in var.forbidden_activity_types : type => "forbidden" if lookup(local.by_type, type, 0) > 0 },
    { for type, most in var.thresholds : type => "${local.by_type[type]} in the window, at most ${most} allowed" if lookup(local.by_type, type, 0) > most },
  )

  newest = data.compliance_activity_summary.watched.newest
  findings = concat(
    # The newest activity of each type that is not among the newest 20 of all: rare ones
    # must not be lost behind many failed sign-ins.
    [
      for g in data.compliance_activity_summary.watched.groups : {
        id         = g.newest_id
        type       = g.keys.type
        created_at = g.newest_created_at
        actor      = "(see the feed)"
        reason     = local.reasons[g.keys.type]
      } if contains(keys(local.reasons), g.keys.type) && !contains(local.newest[*].type, g.keys.type)
    ],
    [
      for a in local.newest : {
        id         = a.id
        type       = a.type
        created_at = a.created_at
        actor      = coalesce(a.actor_id, a.actor_type, "unknown")
        reason     = local.reasons[a.type]
      } if contains(keys(local.reasons), a.type)
    ],
  )

  # A line that begins with spaces is not wrapped.
  lines = [
    for f in slice(local.findings, 0, min(length(local.findings), var.max_listed)) :
    "  ${f.created_at}  ${f.type}  ${f.id}  by ${f.actor}, ${f.reason}"
  ]
  more = sum(concat([0], [for type in keys(local.reasons) : local.by_type[type]])) - length(local.lines)
}

# Makes nothing, ever. But a read that is put off to the apply (an argument that is known
# only then, depends_on on a change) fails the plan here with "Invalid count argument"; a
# condition alone would pass.
resource "terraform_data" "read_at_plan" {
  count = data.compliance_activity_summary.watched.total < 0 ? 1 : 0
}
