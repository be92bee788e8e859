# Counts first. Where nothing is wrong this is all that is read, and no e-mail or IP
# address comes into the plan or the state.
data "compliance_activity_summary" "watched" {
  activity_types   = setunion(var.forbidden_activity_types, keys(var.thresholds))
  organization_ids = var.organization_ids
  lookback         = var.window == null ? var.lookback : null
  created_at_gte   = one(var.window[*].start)
  created_at_lt    = one(var.window[*].end)

  lifecycle {
    precondition {
      condition     = length(var.forbidden_activity_types) + length(var.thresholds) > 0
      error_message = "The audit gate has nothing to look for: set forbidden_activity_types, thresholds or both."
    }
  }
}

locals {
  by_type  = data.compliance_activity_summary.watched.by_type
  occurred = [for type in var.forbidden_activity_types : type if lookup(local.by_type, type, 0) > 0]
  exceeded = { for type, most in var.thresholds : type => most if lookup(local.by_type, type, 0) > most }
}

# Then the activities themselves, of those types only. That count and for_each depend on
# the summary is on purpose: if it can't be read during plan (an argument that is known
# only after apply, depends_on on a change), they fail the plan. A condition alone would
# count as passed until the apply.
data "compliance_activities" "forbidden" {
  count = length(local.occurred) > 0 ? 1 : 0

  activity_types   = local.occurred
  organization_ids = var.organization_ids
  created_at_gte   = data.compliance_activity_summary.watched.window.start
  created_at_lt    = one(var.window[*].end)
}

data "compliance_activities" "exceeded" {
  for_each = local.exceeded

  activity_types   = [each.key]
  organization_ids = var.organization_ids
  created_at_gte   = data.compliance_activity_summary.watched.window.start
  created_at_lt    = one(var.window[*].end)
  max_results      = var.max_listed # the newest; how many there are in all is known
}

locals {
  read = concat(
    [for a in flatten(data.compliance_activities.forbidden[*].activities) : {
      activity = a
      allowed  = var.allowed_actors
      reason   = "forbidden"
    }],
    [for a in flatten(values(data.compliance_activities.exceeded)[*].activities) : {
      activity = a
      allowed  = toset([]) # a threshold holds for everybody
      reason   = "${local.by_type[a.type]} in the window, at most ${local.exceeded[a.type]} allowed"
    }],
  )

  # The actor may be null, and so may each of its IDs.
  findings = [
    for r in [
      for r in local.read : merge(r, {
        actor = try(coalesce(
          r.activity.actor.user_id,
          r.activity.actor.api_key_id,
          r.activity.actor.admin_api_key_id,
          r.activity.actor.service_account_id,
          r.activity.actor.directory_id,
          r.activity.actor.type,
        ), "unknown")
      })
      ] : {
      id         = r.activity.id
      type       = r.activity.type
      created_at = r.activity.created_at
      actor      = r.actor
      reason     = r.reason
    } if !contains(r.allowed, r.actor)
  ]

  # A line that begins with spaces is not wrapped.
  lines = [for f in local.findings : "  ${f.created_at}  ${f.type}  ${f.id}  by ${f.actor}, ${f.reason}"]
  more  = length(local.lines) - var.max_listed
}
