# Twenty failed sign-ins in total. It only warns: otherwise anybody who can make sign-ins
# fail could stop your deployments. claude-audit; Panther with a threshold of one.
data "compliance_activity_summary" "failed_sign_ins" {
  lookback       = "24h"
  activity_types = ["magic_link_login_failed", "sso_login_failed", "step_up_authentication_failed"]
}

check "failed_sign_ins" {
  assert {
    condition = data.compliance_activity_summary.failed_sign_ins.total < 20
    error_message = join("\n", concat(
      ["Since ${data.compliance_activity_summary.failed_sign_ins.window.start}: ${data.compliance_activity_summary.failed_sign_ins.total} sign-ins failed. The newest:"],
      [for a in data.compliance_activity_summary.failed_sign_ins.newest : "  ${a.created_at}  ${a.type}  ${a.id}  by ${coalesce(a.actor_id, a.actor_type, "unknown")}"],
    ))
  }
}
