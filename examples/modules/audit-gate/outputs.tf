output "findings" {
  description = "What is wrong: id, type, created_at, actor (an ID or an actor type) and reason of each activity. Of a type that occurs too often, the newest max_listed."
  value       = local.findings

  # On an output and not on a resource, so that the module works without any.
  precondition {
    condition = !var.enforce || length(local.findings) + length(local.exceeded) == 0
    error_message = join("\n", concat(
      ["The audit gate is closed. Findings since ${data.compliance_activity_summary.watched.window.start}:"],
      slice(local.lines, 0, min(length(local.lines), var.max_listed)),
      local.more > 0 ? ["  and ${local.more} more"] : [],
    ))
  }
}

output "by_type" {
  description = "How often each watched activity type occurred. Those that did not are left out."
  value       = local.by_type
}

output "window" {
  description = "The time bounds that were read: start and end, the latter null where it is open."
  value       = data.compliance_activity_summary.watched.window
}
