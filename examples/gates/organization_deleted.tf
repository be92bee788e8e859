# The end of an organization and of its log. Elastic.
data "compliance_activity_summary" "organization_deleted" {
  lookback       = "30d"
  activity_types = ["org_bulk_delete_initiated", "org_deleted_via_bulk", "org_deletion_requested"]

  lifecycle {
    postcondition {
      condition = self.total == 0
      error_message = join("\n", concat(
        ["Since ${self.window.start}: Organizations were deleted, or are about to be."],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
