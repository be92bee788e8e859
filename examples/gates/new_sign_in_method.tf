# Somebody signed in by a method that they had not used in 30 days, such as a magic link
# instead of single sign-on. Known from rules for comparable services.
locals {
  sign_in_methods = toset(["magic_link_login_succeeded", "social_login_succeeded", "sso_login_succeeded"])
}

data "compliance_activity_summary" "sign_in_methods_before" {
  for_each = local.sign_in_methods

  lookback       = "30d"
  created_at_lt  = timeadd(plantimestamp(), "-24h")
  activity_types = [each.key]
}

data "compliance_activity_summary" "new_sign_in_method" {
  for_each = local.sign_in_methods

  created_at_gte = timeadd(plantimestamp(), "-24h")
  activity_types = [each.key]

  lifecycle {
    postcondition {
      condition = length(setsubtract(keys(self.by_actor), keys(data.compliance_activity_summary.sign_in_methods_before[each.key].by_actor))) == 0
      error_message = join("\n", concat(
        ["${each.key} for the first time in 30 days by ${join(", ", setsubtract(keys(self.by_actor), keys(data.compliance_activity_summary.sign_in_methods_before[each.key].by_actor)))}. All since ${self.window.start}:"],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
        self.total > 20 ? ["  and ${self.total - 20} more"] : [],
      ))
    }
  }
}
