# Run with `conftest verify --policy policy`. Each test changes one thing in a plan that
# passes.

package main

test_good_plan_passes if count(deny) == 0 with input as plan

test_forbidden_activity if {
	deny == {concat("\n", [
		"admin_api_key_created is forbidden, and occurred once (data.compliance_activity_summary.admin_changes).",
		"  2026-04-10T07:00:00Z  by user_01Somebody  activity_01",
	])} with input as found({"admin_api_key_created": 1}, [newest("admin_api_key_created")])
}

test_forbidden_activity_without_an_actor if {
	some_message("by nobody named") with input as found({"admin_api_key_created": 1}, [object.union(newest("admin_api_key_created"), {"actor_id": null, "actor_type": null})])
	some_message("by system_actor") with input as found({"admin_api_key_created": 1}, [object.union(newest("admin_api_key_created"), {"actor_id": null, "actor_type": "system_actor"})])
}

test_forbidden_activity_that_is_not_among_the_newest if {
	some_message("occurred 2 times") with input as found({"admin_api_key_created": 2}, [])
}

test_other_types_pass if {
	count(deny) == 0 with input as found({"claude_chat_created": 1}, [newest("claude_chat_created")])
}

test_threshold if {
	count(deny) == 0 with input as edited("failed/by_type", {"sso_login_failed": 100})
	deny == {"sso_login_failed: 101 in 24 hours, at most 100 allowed."} with input as edited("failed/by_type", {"sso_login_failed": 101})
}

# The settings.

test_empty_settings if {
	empty := settings_with({"forbidden": set(), "thresholds": {}, "most_excepted": {}, "required_checks": set()})
	count(deny) == 0 with data.settings as empty with input as plan
}

test_nothing_required if {
	some_message("nothing would be judged") with data.settings as settings_with({"required": {}, "required_checks": set()}) with input as plan
}

test_missing_setting if some_message("settings.rego has no forbidden") with data.settings as object.remove(data.settings, {"forbidden"}) with input as plan

test_misspelt_setting if some_message("no policy knows: treshold") with data.settings as settings_with({"treshold": {}}) with input as plan

test_excepted if {
	count(deny) == 0 with input as edited("admin_changes/excepted", 5)
	some_message("leaves 6 activities out by except, and 5 are agreed") with input as edited("admin_changes/excepted", 6)
	some_message("leaves 1 activities out by except, and 0 are agreed") with input as edited("failed/excepted", 1)
}

test_organization if {
	mine := settings_with({"organization": "org_01Mine"})
	count(deny) == 0 with data.settings as mine with input as of_organization("org_01Mine")
	some_message("read the organization org_02Other, and not org_01Mine") with data.settings as mine with input as of_organization("org_02Other")
	some_message("read the organization null") with data.settings as mine with input as of_organization(null)
}

# Every way in which nothing is found because nobody looked.

test_no_plan if {
	some_message("no plan") with input as {}
	some_message("not in the plan") with input as {}
}

test_failed_plan if some_message("has failed") with input as object.union(plan, {"errored": true})

test_failed_plan_is_not_called_partial if {
	not some_message("-target") with input as object.union(plan, {"errored": true, "complete": false})
}

test_old_plan if some_message("more than 1 hours ago") with time.now_ns as planned_at + (2 * 3600000000000) with input as plan

test_plan_without_a_time if some_message("when it was made") with input as object.remove(plan, {"timestamp"})

test_targeted_plan if some_message("-target") with input as object.union(plan, {"complete": false})

test_missing if some_message("admin_changes is not in the plan") with input as without("/prior_state/values/root_module/resources/0")

test_missing_in_module if {
	some_message("module.sign_ins.data.compliance_activity_summary.failed is not in the plan") with input as without("/prior_state/values/root_module/child_modules")
}

test_deferred if some_message("admin_changes is read only at apply") with input as deferred_plan

test_deferred_though_an_old_read_is_there if {
	some_message("admin_changes is read only at apply") with input as object.union(plan, {"resource_changes": deferred_plan.resource_changes})
}

test_other_provider if {
	some_message("not in the plan") with input as patched("/prior_state/values/root_module/resources/0/provider_name", "registry.terraform.io/example/lookalike")
}

test_value_that_looks_like_a_read if {
	fake := {"mode": "managed", "type": "terraform_data", "values": {"resources": [admin_changes]}}
	some_message("admin_changes is not in the plan") with input as patched("/prior_state/values/root_module/resources/0", fake)
}

test_no_values if some_message("does not hold") with input as edited("admin_changes/newest", null)

test_no_counts if some_message("does not hold") with input as edited("failed/by_type", null)

test_stale if {
	some_message("stale") with input as edited("admin_changes/window", {"start": hours_ago(25), "end": null})
}

test_too_short if {
	some_message("window") with input as edited("admin_changes/window", {"start": hours_ago(1), "end": null})
}

test_ends_too_early if {
	some_message("window") with input as edited("admin_changes/window", {"start": hours_ago(24), "end": hours_ago(7)})
}

test_open_window if some_message("window") with input as edited("admin_changes/window", {"start": null, "end": null})

test_settled_window_passes if {
	count(deny) == 0 with input as edited("admin_changes/window", {"start": hours_ago(24.03), "end": hours_ago(0.03)})
}

test_one_organization if some_message("organization_ids") with input as edited("admin_changes/organization_ids", ["org_01"])

test_one_actor if some_message("actor_ids") with input as edited("failed/actor_ids", ["user_01Robin"])

test_type_not_read if {
	some_message("counts primary_owner_transferred") with input as edited("admin_changes/activity_types", ["admin_api_key_created"])
	some_message("counts sso_login_failed") with input as edited("failed/activity_types", ["magic_link_login_failed"])
}

test_all_types_read if count(deny) == 0 with input as edited("admin_changes/activity_types", null)

test_type_excluded if {
	some_message("counts primary_owner_transferred") with input as json.patch(edited("admin_changes/activity_types", null), [{
		"op": "add",
		"path": "/prior_state/values/root_module/resources/0/values/exclude_activity_types",
		"value": ["primary_owner_transferred"],
	}])
}

# Checks.

test_failed_check if {
	deny == {"check.no_exports failed: Data was exported."} with input as with_check("fail", [{"message": "Data was exported."}])
}

test_failed_check_without_a_message if some_message("has the status error") with input as with_check("error", [])

test_unknown_check if some_message("it is not known before apply") with input as with_check("unknown", [])

test_missing_check if some_message("check.no_exports has not passed: it is not in the plan") with input as object.union(plan, {"checks": []})

test_check_without_an_instance if {
	some_message("has no instance") with input as patched("/checks/0/instances", [])
}

test_other_failed_condition if {
	failed := {
		"address": {"kind": "output_value", "to_display": "module.audit_gate.output.findings"},
		"status": "fail",
		"instances": [{"address": {"to_display": "module.audit_gate.output.findings"}, "status": "fail", "problems": [{"message": "The audit gate is closed."}]}],
	}
	some_message("audit_gate.output.findings failed: The audit gate") with input as patched("/checks/-", failed)
}

settings_with(changed) := object.union(object.remove(data.settings, object.keys(changed)), changed)

some_message(text) if {
	some message in deny
	contains(message, text)
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
		"resources": [admin_changes],
		"child_modules": [{"address": "module.sign_ins", "resources": [failed]}],
	}}},
	"checks": [{
		"address": {"kind": "check", "name": "no_exports", "to_display": "check.no_exports"},
		"status": "pass",
		"instances": [{"address": {"to_display": "check.no_exports"}, "status": "pass"}],
	}],
}

admin_changes := {
	"address": "data.compliance_activity_summary.admin_changes",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"values": object.union(nothing_found, {"activity_types": [
		"admin_api_key_created",
		"org_sso_connection_deactivated",
		"org_sso_connection_deleted",
		"primary_owner_transferred",
	]}),
}

failed := {
	"address": "module.sign_ins.data.compliance_activity_summary.failed",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"values": object.union(nothing_found, {"activity_types": ["magic_link_login_failed", "sso_login_failed"]}),
}

nothing_found := {
	"by_type": {},
	"newest": [],
	"total": 0,
	"excepted": 0,
	"key_organization_id": "org_01Mine",
	"exclude_activity_types": null,
	"organization_ids": null,
	"actor_ids": null,
	"window": {"start": hours_ago(24), "end": null},
}

deferred_plan := object.union(without("/prior_state/values/root_module/resources/0"), {"resource_changes": [{
	"address": "data.compliance_activity_summary.admin_changes",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"change": {"actions": ["read"], "before": null, "after": {}, "after_unknown": {"by_type": true}},
}]})

newest(type) := {
	"id": "activity_01",
	"created_at": "2026-04-10T07:00:00Z",
	"type": type,
	"organization_id": "org_01Mine",
	"actor_type": "user_actor",
	"actor_id": "user_01Somebody",
}

found(by_type, activities) := json.patch(edited("admin_changes/by_type", by_type), [{
	"op": "replace",
	"path": "/prior_state/values/root_module/resources/0/values/newest",
	"value": activities,
}])

of_organization(id) := json.patch(edited("admin_changes/key_organization_id", id), [{
	"op": "replace",
	"path": "/prior_state/values/root_module/child_modules/0/resources/0/values/key_organization_id",
	"value": id,
}])

# The plan with another value of one of its reads.
edited(target, value) := patched(concat("", [place[parts[0]], parts[1]]), value) if {
	parts := split(target, "/")
}

place := {
	"admin_changes": "/prior_state/values/root_module/resources/0/values/",
	"failed": "/prior_state/values/root_module/child_modules/0/resources/0/values/",
}

patched(path, value) := json.patch(plan, [{"op": "add", "path": path, "value": value}]) if endswith(path, "/-")

patched(path, value) := json.patch(plan, [{"op": "replace", "path": path, "value": value}]) if not endswith(path, "/-")

without(path) := json.patch(plan, [{"op": "remove", "path": path}])

with_check(status, problems) := patched("/checks/0", {
	"address": {"kind": "check", "name": "no_exports", "to_display": "check.no_exports"},
	"status": status,
	"instances": [{"address": {"to_display": "check.no_exports"}, "status": status, "problems": problems}],
})
