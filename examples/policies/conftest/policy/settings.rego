# What to change.

package main

# The reads that the policies rely on, each with the hours that its window must have. In a
# module: module.NAME.data.…, with count or for_each as in the plan: module.NAME["eu"].data.…
required := {
	"data.compliance_activities.admin_changes": 24,
	"module.sign_ins.data.compliance_activity_summary.failed": 24,
}

# Activity types that must not occur, unless one of these did it.
forbidden := {
	"admin_api_key_created",
	"org_sso_connection_deactivated",
	"org_sso_connection_deleted",
	"primary_owner_transferred",
}

allowed_actors := {"user_01Robin"}

# How often a type may occur in the window.
thresholds := {
	"magic_link_login_failed": 50,
	"sso_login_failed": 100,
}

# Checks that must be in the plan, and must have passed.
required_checks := {"check.no_exports"}
