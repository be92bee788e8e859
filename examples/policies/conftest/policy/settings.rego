# What to change. Every name is needed; a set or an object may be empty.

package settings

# The organization of the API key: key_organization_id of any read. Nothing passes without it.
organization := null

# The reads that the policies rely on, each with the hours that its window must have. In a
# module: module.NAME.data.…, with count or for_each as in the plan: module.NAME["eu"].data.…
required := {
	"data.compliance_activity_summary.sign_in_settings": 24,
	"module.sign_ins.data.compliance_activity_summary.failed": 24,
}

# Those that must find nothing, with the topics and types that each must ask for. What passes
# all the same is up to `except` and `reviewed` in the read.
forbidden := {"data.compliance_activity_summary.sign_in_settings": {"sign_in_settings_changed"}}

# How often a type may occur in the window.
thresholds := {
	"magic_link_login_failed": 50,
	"sso_login_failed": 100,
}

# How many activities a read may leave out. None where it is not named.
most_excepted := {"data.compliance_activity_summary.sign_in_settings": 5}

# Checks that must be in the plan, and must have passed.
required_checks := {"check.no_exports"}

# How old a plan may be when it is judged, in hours. Its reads are as old.
plan_hours := 1
