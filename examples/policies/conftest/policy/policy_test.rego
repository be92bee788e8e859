# Run with `conftest verify --policy policy`. Each test changes one thing in a plan that
# passes. They have settings of their own, so adapt settings.rego as you like.

package main

test_good_plan_passes if count(denied(plan)) == 0

test_forbidden if {
	denied(edited("sign_in_settings", {"total": 1, "listing": "  2026-04-10T07:00:00Z  org_sso_toggled  activity_01  by user_01"})) == {concat("\n", [
		"data.compliance_activity_summary.sign_in_settings found once what must not be:",
		"  2026-04-10T07:00:00Z  org_sso_toggled  activity_01  by user_01",
	])}
}

test_threshold if {
	count(denied(edited("failed", {"by_type": {"sso_login_failed": 100}}))) == 0
	denied(edited("failed", {"by_type": {"sso_login_failed": 101}})) == {"sso_login_failed: 101 in 24 hours, at most 100 allowed."}
}

# The settings.

test_empty_settings if {
	count(denied_with(plan, {"forbidden": {}, "thresholds": {}, "most_excepted": {}, "required_checks": set()})) == 0
}

test_nothing_required if {
	says(denied_with(plan, {"required": {}, "forbidden": {}, "required_checks": set()}), "nothing would be judged")
}

test_missing_setting if {
	messages := deny with input as plan with data.settings as object.remove(agreed, {"forbidden"})
	says(messages, "settings.rego has no forbidden")
}

test_misspelt_setting if says(denied_with(plan, {"treshold": {}}), "no policy knows: treshold")

test_forbidden_where_nothing_is_required if {
	says(denied_with(plan, {"forbidden": {"data.compliance_activity_summary.other": set()}}), "other is forbidden in settings.rego, and not required")
}

test_excepted if {
	count(denied(edited("sign_in_settings", {"excepted": 5}))) == 0
	says(denied(edited("sign_in_settings", {"excepted": 6})), "leaves 6 activities out by except and reviewed, and 5 are agreed")
	says(denied(edited("failed", {"excepted": 1})), "leaves 1 activities out by except and reviewed, and 0 are agreed")
}

test_organization if {
	count(denied_with(plan, {"organization": "ORG_01mine"})) == 0
	says(denied(edited("failed", {"key_organization_id": "org_02Other"})), "read the organization org_02Other, and not org_01Mine")
	says(denied(edited("failed", {"key_organization_id": null})), "read the organization null")
	says(denied_with(plan, {"organization": null}), "settings.rego has no organization")
	says(denied_with(plan, {"organization": ""}), "read the organization org_01Mine, and not")
}

# Every way in which nothing is found because nobody looked.

test_no_plan if {
	says(denied({}), "no plan")
	says(denied({}), "sign_in_settings is not in the plan")
}

test_plan_that_cannot_be_judged if {
	says(denied(object.union(plan, {"errored": true})), "has failed")
	not says(denied(object.union(plan, {"errored": true, "complete": false})), "-target")
	says(denied(object.union(plan, {"complete": false})), "-target")
	says(denied(object.remove(plan, {"timestamp"})), "when it was made")
	old := deny with input as plan with data.settings as agreed with time.now_ns as planned_at + (2 * 3600000000000)
	says(old, "more than 1 hours ago")
}

test_missing if {
	says(denied(without("/prior_state/values/root_module/resources/0")), "sign_in_settings is not in the plan")
	says(denied(without("/prior_state/values/root_module/child_modules")), "module.sign_ins.data.compliance_activity_summary.failed is not in the plan")
}

test_deferred if {
	says(denied(deferred_plan), "sign_in_settings is read only at apply")

	# Though an old read is there.
	says(denied(object.union(plan, {"resource_changes": deferred_plan.resource_changes})), "sign_in_settings is read only at apply")
}

test_other_provider if {
	every name in ["registry.terraform.io/example/lookalike", "evil.example/compliance-feed/compliance", "evil.example/registry.terraform.io/compliance-feed/compliance"] {
		says(denied(patched("/prior_state/values/root_module/resources/0/provider_name", name)), "not in the plan")
	}
	count(denied(patched("/prior_state/values/root_module/resources/0/provider_name", "registry.opentofu.org/compliance-feed/compliance"))) == 0
}

test_value_that_looks_like_a_read if {
	fake := {"mode": "managed", "type": "terraform_data", "values": {"resources": [sign_in_settings]}}
	says(denied(patched("/prior_state/values/root_module/resources/0", fake)), "sign_in_settings is not in the plan")
}

test_no_result if {
	every name in ["total", "listing", "by_type"] {
		says(denied(edited("failed", {name: null})), "failed does not hold what was read")
	}
}

test_window if {
	count(denied(edited("failed", {"window": {"start": hours_ago(24.03), "end": hours_ago(0.03)}}))) == 0
	every window in [
		{"start": hours_ago(25), "end": null}, # stale
		{"start": hours_ago(1), "end": null},
		{"start": hours_ago(24), "end": hours_ago(7)},
		{"start": null, "end": null},
	] {
		says(denied(edited("failed", {"window": window})), "failed has another window")
	}
}

test_filter if {
	says(denied(edited("failed", {"organization_ids": ["org_01"]})), "leaves activities out, by organization_ids")
	says(denied(edited("failed", {"actor_ids": ["user_01Robin"]})), "leaves activities out, by actor_ids")
	says(denied(edited("sign_in_settings", {"topics": null})), "does not ask for sign_in_settings_changed")
	says(denied(edited("sign_in_settings", {"topics": ["sign_in"], "activity_types": null})), "does not ask for primary_owner_transferred")
	says(denied(edited("failed", {"activity_types": ["magic_link_login_failed"]})), "counts sso_login_failed")
	says(denied(edited("failed", {"activity_types": null, "topics": ["sign_in_failed"]})), "counts sso_login_failed")
	says(denied(edited("failed", {"activity_types": null, "exclude_activity_types": ["sso_login_failed"]})), "counts sso_login_failed")
	count(denied(edited("failed", {"activity_types": null}))) == 0
}

# Checks.

test_checks if {
	denied(with_check("fail", [{"message": "Data was exported."}])) == {"check.no_exports failed: Data was exported."}
	says(denied(with_check("error", [])), "has the status error")
	says(denied(with_check("unknown", [])), "it is not known before apply")
	says(denied(object.union(plan, {"checks": []})), "check.no_exports has not passed: it is not in the plan")
	says(denied(patched("/checks/0/instances", [])), "has no instance")
}

test_other_failed_condition if {
	failed_output := {
		"address": {"kind": "output_value", "to_display": "module.audit_gate.output.findings"},
		"status": "fail",
		"instances": [{"address": {"to_display": "module.audit_gate.output.findings"}, "status": "fail", "problems": [{"message": "The audit gate is closed."}]}],
	}
	says(denied(patched("/checks/-", failed_output)), "audit_gate.output.findings failed: The audit gate")
}

denied(candidate) := denied_with(candidate, {})

denied_with(candidate, changed) := messages if {
	# Without its old value, a changed one takes its place and is not merged.
	changed_settings := object.union(object.remove(agreed, object.keys(changed)), changed)
	messages := deny with input as candidate with data.settings as changed_settings
}

says(messages, text) if {
	some message in messages
	contains(message, text)
}

agreed := {
	"organization": "org_01Mine",
	"required": {sign_in_settings.address: 24, failed.address: 24},
	"forbidden": {sign_in_settings.address: {"sign_in_settings_changed", "primary_owner_transferred"}},
	"thresholds": {"magic_link_login_failed": 50, "sso_login_failed": 100},
	"most_excepted": {sign_in_settings.address: 5},
	"required_checks": {"check.no_exports"},
	"plan_hours": 1,
}

# The time of the plan is that of the test, since an old plan is denied.
planned_at := time.now_ns()

hours_ago(hours) := time.format(planned_at - (hours * 3600000000000))

plan := {
	"format_version": "1.2",
	"timestamp": hours_ago(0),
	"errored": false,
	"complete": true,
	"planned_values": {"root_module": {}},
	"prior_state": {"values": {"root_module": {
		"resources": [sign_in_settings],
		"child_modules": [{"address": "module.sign_ins", "resources": [failed]}],
	}}},
	"checks": [{
		"address": {"kind": "check", "name": "no_exports", "to_display": "check.no_exports"},
		"status": "pass",
		"instances": [{"address": {"to_display": "check.no_exports"}, "status": "pass"}],
	}],
}

sign_in_settings := {
	"address": "data.compliance_activity_summary.sign_in_settings",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"values": object.union(nothing_found, {"topics": ["sign_in_settings_changed"], "activity_types": ["primary_owner_transferred"]}),
}

failed := {
	"address": "module.sign_ins.data.compliance_activity_summary.failed",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"values": object.union(nothing_found, {"activity_types": ["magic_link_login_failed", "sso_login_failed"]}),
}

nothing_found := {
	"total": 0,
	"listing": "",
	"by_type": {},
	"excepted": 0,
	"key_organization_id": "org_01Mine",
	"topics": null,
	"exclude_activity_types": null,
	"organization_ids": null,
	"actor_ids": null,
	"window": {"start": hours_ago(24), "end": null},
}

deferred_plan := object.union(without("/prior_state/values/root_module/resources/0"), {"resource_changes": [{
	"address": "data.compliance_activity_summary.sign_in_settings",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"change": {"actions": ["read"], "before": null, "after": {}, "after_unknown": {"by_type": true}},
}]})

# The plan with other values of one of its reads.
edited(name, values) := json.patch(plan, [{"op": "add", "path": concat("", [place[name], "/values/", key]), "value": value} |
	some key, value in values
])

place := {
	"sign_in_settings": "/prior_state/values/root_module/resources/0",
	"failed": "/prior_state/values/root_module/child_modules/0/resources/0",
}

patched(path, value) := json.patch(plan, [{"op": "add", "path": path, "value": value}]) if endswith(path, "/-")

patched(path, value) := json.patch(plan, [{"op": "replace", "path": path, "value": value}]) if not endswith(path, "/-")

without(path) := json.patch(plan, [{"op": "remove", "path": path}])

with_check(status, problems) := patched("/checks/0", {
	"address": {"kind": "check", "name": "no_exports", "to_display": "check.no_exports"},
	"status": status,
	"instances": [{"address": {"to_display": "check.no_exports"}, "status": status, "problems": problems}],
})
