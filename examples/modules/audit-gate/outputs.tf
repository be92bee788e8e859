output "by_type" {
  description = "How often each of the types occurred, exceptions apart."
  value       = merge(local.reads[*].by_type...)

  precondition {
    condition     = local.forbids || local.counts
    error_message = "The audit gate has nothing to look for: set forbidden_activity_types, forbidden_topics or thresholds."
  }
}

output "listing" {
  description = "What was found, a line each: for a report while enforce is false."
  value       = join("\n", compact(local.reads[*].listing))
}

output "excepted" {
  description = "How many activities allowed_actors, except and reviewed let through."
  value       = sum(concat([0], local.reads[*].excepted))
}

output "reviewed_ids" {
  description = "The IDs of reviewed that were met: the others can be taken off the list."
  value       = sort(distinct(flatten(local.reads[*].reviewed_ids)))
}
