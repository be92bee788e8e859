output "findings" {
  description = "What is wrong: id, type, created_at, actor (an ID or an actor type) and reason. The newest 20 of all, after the newest of each type that is not among them."
  value       = local.findings

  # On an output and not on a resource, so that the module works without any.
  precondition {
    condition = !var.enforce || length(local.reasons) == 0
    error_message = join("\n", concat(
      ["The audit gate is closed. Findings since ${data.compliance_activity_summary.watched.window.start}:"],
      local.lines,
      local.more > 0 ? ["  and ${local.more} more"] : [],
    ))
  }
}

output "by_type" {
  description = "How often each watched activity type occurred, exceptions apart. Those that did not are left out."
  value       = local.by_type
}

output "excepted" {
  description = "How many activities were let through: those of allowed actors, the reviewed ones, and what except names."
  value       = data.compliance_activity_summary.watched.excepted
}

output "window" {
  description = "The time bounds that were read: start and end, the latter null where it is open."
  value       = data.compliance_activity_summary.watched.window
}
