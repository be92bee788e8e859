locals {
  forbids = length(var.forbidden_activity_types) + length(var.forbidden_topics) > 0
  counts  = length(var.thresholds) > 0

  # While a part of what decides is not known, nor is this, and the plan fails at count: an unknown condition would pass.
  # A hash, since engines do know that JSON is not "".
  known = sha256(jsonencode([
    var.lookback, var.window, var.forbidden_activity_types, var.forbidden_topics, var.thresholds,
    var.allowed_actors, var.except, var.reviewed, var.organization_ids, var.enforce,
  ])) != ""

  # Each kind of actor has its ID in a field of its own: a device may call itself user_01Robin.
  kinds = {
    "actor.user_id"            = "user_"
    "actor.api_key_id"         = "apikey_"
    "actor.admin_api_key_id"   = "admin_api_key_"
    "actor.service_account_id" = "svac_"
    "actor.directory_id"       = "directory_"
  }
  allowed = merge(
    { for field, prefix in local.kinds : field => [for actor in var.allowed_actors : actor if startswith(actor, prefix)] },
    { "actor.type" = [for actor in var.allowed_actors : actor if endswith(actor, "_actor")] },
  )
  except = [for exception in var.except : { for field, values in exception : field => tolist(values) }]
}

# What must not occur. Counts, which hold no address. The condition is on the read itself, so that -target takes it along.
data "compliance_activity_summary" "forbidden" {
  count = local.forbids && local.known ? 1 : 0

  activity_types   = length(var.forbidden_activity_types) > 0 ? var.forbidden_activity_types : null
  topics           = length(var.forbidden_topics) > 0 ? var.forbidden_topics : null
  organization_ids = var.organization_ids
  lookback         = var.window == null ? var.lookback : null
  created_at_gte   = one(var.window[*].start)
  created_at_lt    = one(var.window[*].end)
  except           = concat(local.except, [for field, ids in local.allowed : { (field) = ids } if length(ids) > 0])
  reviewed         = var.reviewed

  lifecycle {
    postcondition {
      condition     = !var.enforce || self.total == 0
      error_message = "The audit gate is closed. Since ${self.window.start}, this was forbidden:\n${self.listing}\nIn all: ${join(", ", [for type, count in self.by_type : "${count} ${type}"])}."
    }
  }
}

# What may occur so often, whoever did it.
data "compliance_activity_summary" "counted" {
  count = local.counts && local.known ? 1 : 0

  activity_types   = keys(var.thresholds)
  organization_ids = var.organization_ids
  lookback         = var.window == null ? var.lookback : null
  created_at_gte   = one(var.window[*].start)
  created_at_lt    = one(var.window[*].end)
  group_by         = ["type"]
  except           = local.except
  reviewed         = var.reviewed

  lifecycle {
    postcondition {
      # A type under another name than was asked for has no threshold.
      condition     = !var.enforce || alltrue([for type, count in self.by_type : count <= lookup(var.thresholds, type, 0)])
      error_message = "The audit gate is closed. Since ${self.window.start}, some of this came more often than allowed (${join(", ", [for type, most in var.thresholds : "${type} ${most}"])}):\n${self.listing}"
    }
  }
}

locals {
  reads = concat(data.compliance_activity_summary.forbidden, data.compliance_activity_summary.counted)
}

# Makes nothing, ever. But a read that is put off to the apply (an argument that is known
# only then, depends_on on a change) fails the plan here with "Invalid count argument"; a
# condition alone would pass.
resource "terraform_data" "read_at_plan" {
  count = sum(concat([0], local.reads[*].total)) < 0 ? 1 : 0
}
