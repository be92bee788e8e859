# What to change. Every name is needed; a set or an object may be empty.

package settings

# The reads that the policies rely on, each with the hours that its window must have. In a
# module: module.NAME.data.…, with count or for_each as in the plan: module.NAME["eu"].data.…
required := {
	"data.compliance_activity_summary.admin_changes": 24,
	"module.sign_ins.data.compliance_activity_summary.failed": 24,
}

# Activity types that must not occur. Who may all the same is up to `except` in the read.
forbidden := {
	"admin_api_key_created",
	"org_sso_connection_deactivated",
	"org_sso_connection_deleted",
	"primary_owner_transferred",
}

# How often a type may occur in the window.
thresholds := {
	"magic_link_login_failed": 50,
	"sso_login_failed": 100,
}

# How many activities `except` may leave out of a read. None where a read is not named.
most_excepted := {"data.compliance_activity_summary.admin_changes": 5}

# The organization that the API key must belong to. With "" any passes, and so does a made-up feed.
organization := ""

# Checks that must be in the plan, and must have passed.
required_checks := {"check.no_exports"}

# How old a plan may be when it is judged, in hours. Its reads are as old.
plan_hours := 1
