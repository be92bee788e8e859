# Run with `conftest verify --policy policy`. Each test changes one thing in a plan that
# passes.

package main

test_good_plan_passes if count(deny) == 0 with input as plan

test_forbidden_activity if {
	deny == {"2026-04-10T07:00:00Z  admin_api_key_created  activity_01"} with input as edited("admin_changes/activities", [by("user_01Somebody")])
}

test_allowed_actor if {
	count(deny) == 0 with input as edited("admin_changes/activities", [by("user_01Robin")])
}

test_no_actor_is_not_allowed if {
	count(deny) == 1 with input as edited("admin_changes/activities", [object.union(by(null), {"actor": null})])
}

test_other_types_pass if {
	count(deny) == 0 with input as edited("admin_changes/activities", [object.union(by(null), {"type": "claude_chat_created"})])
}

test_threshold if {
	count(deny) == 0 with input as edited("failed/by_type", {"sso_login_failed": 100})
	deny == {"sso_login_failed: 101 in 24 hours, at most 100 allowed."} with input as edited("failed/by_type", {"sso_login_failed": 101})
}

# Every way in which nothing is found because nobody looked.

test_no_plan if {
	some_message("no plan") with input as {}
	some_message("not in the plan") with input as {}
}

test_failed_plan if some_message("has failed") with input as object.union(plan, {"errored": true})

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
	fake := {"mode": "managed", "type": "terraform_data", "values": {"resources": [list]}}
	some_message("admin_changes is not in the plan") with input as patched("/prior_state/values/root_module/resources/0", fake)
}

test_no_values if some_message("does not hold") with input as edited("admin_changes/activities", null)

test_no_counts if some_message("does not hold") with input as edited("failed/by_type", null)

test_stale if {
	some_message("stale") with input as edited("admin_changes/window", {"start": "2026-04-09T07:00:00Z", "end": null})
}

test_too_short if {
	some_message("window") with input as edited("admin_changes/window", {"start": "2026-04-10T07:00:00Z", "end": null})
}

test_ends_too_early if {
	some_message("window") with input as edited("admin_changes/window", {"start": "2026-04-09T08:00:00Z", "end": "2026-04-10T01:00:00Z"})
}

test_open_window if some_message("window") with input as edited("admin_changes/window", {"start": null, "end": null})

test_settled_window_passes if {
	count(deny) == 0 with input as edited("admin_changes/window", {"start": "2026-04-09T07:58:00Z", "end": "2026-04-10T07:58:00Z"})
}

test_cut_off if some_message("max_results") with input as edited("admin_changes/has_more", true)

test_one_organization if some_message("organization_ids") with input as edited("admin_changes/organization_ids", ["org_01"])

test_one_actor if some_message("actor_ids") with input as edited("failed/actor_ids", ["user_01Robin"])

test_cursor if some_message("after_id") with input as edited("admin_changes/after_id", "cursor")

test_type_not_read if {
	some_message("would show a primary_owner_transferred") with input as edited("admin_changes/activity_types", ["admin_api_key_created"])
	some_message("counts sso_login_failed") with input as edited("failed/activity_types", ["magic_link_login_failed"])
}

test_all_types_read if count(deny) == 0 with input as edited("admin_changes/activity_types", null)

test_type_excluded if {
	some_message("would show a primary_owner_transferred") with input as json.patch(edited("admin_changes/activity_types", null), [{
		"op": "add",
		"path": "/prior_state/values/root_module/resources/0/values/exclude_activity_types",
		"value": ["primary_owner_transferred"],
	}])
}

# Checks.

test_failed_check if {
	deny == {
		"check.no_exports failed: Data was exported.",
		"check.no_exports has not passed: it is fail.",
	} with input as with_check("fail", [{"message": "Data was exported."}])
}

test_failed_check_without_a_message if some_message("has the status error") with input as with_check("error", [])

test_unknown_check if some_message("it is unknown") with input as with_check("unknown", [])

test_missing_check if some_message("check.no_exports has not passed: it is not in the plan") with input as object.union(plan, {"checks": []})

test_check_without_an_instance if {
	some_message("not in the plan") with input as patched("/checks/0/instances", [])
}

test_other_failed_condition if {
	failed := {
		"address": {"kind": "output_value", "to_display": "module.audit_gate.output.findings"},
		"status": "fail",
		"instances": [{"address": {"to_display": "module.audit_gate.output.findings"}, "status": "fail", "problems": [{"message": "The audit gate is closed."}]}],
	}
	some_message("audit_gate.output.findings failed: The audit gate") with input as patched("/checks/-", failed)
}

some_message(text) if {
	some message in deny
	contains(message, text)
}

plan := {
	"format_version": "1.2",
	"timestamp": "2026-04-10T08:00:00Z",
	"errored": false,
	"complete": true,
	"planned_values": {"root_module": {}},
	"prior_state": {"values": {"root_module": {
		"resources": [list],
		"child_modules": [{"address": "module.sign_ins", "resources": [summary]}],
	}}},
	"checks": [{
		"address": {"kind": "check", "name": "no_exports", "to_display": "check.no_exports"},
		"status": "pass",
		"instances": [{"address": {"to_display": "check.no_exports"}, "status": "pass"}],
	}],
}

list := {
	"address": "data.compliance_activities.admin_changes",
	"mode": "data",
	"type": "compliance_activities",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"values": {
		"activities": [],
		"activity_types": ["admin_api_key_created", "org_sso_connection_deactivated", "org_sso_connection_deleted", "primary_owner_transferred"],
		"exclude_activity_types": null,
		"organization_ids": null,
		"actor_ids": null,
		"after_id": null,
		"before_id": null,
		"has_more": false,
		"window": {"start": "2026-04-09T08:00:01Z", "end": null},
	},
}

summary := {
	"address": "module.sign_ins.data.compliance_activity_summary.failed",
	"mode": "data",
	"type": "compliance_activity_summary",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"values": {
		"by_type": {},
		"total": 0,
		"activity_types": ["magic_link_login_failed", "sso_login_failed"],
		"exclude_activity_types": null,
		"organization_ids": null,
		"actor_ids": null,
		"window": {"start": "2026-04-09T08:00:01Z", "end": null},
	},
}

deferred_plan := object.union(without("/prior_state/values/root_module/resources/0"), {"resource_changes": [{
	"address": "data.compliance_activities.admin_changes",
	"mode": "data",
	"type": "compliance_activities",
	"provider_name": "registry.terraform.io/compliance-feed/compliance",
	"change": {"actions": ["read"], "before": null, "after": {}, "after_unknown": {"activities": true}},
}]})

by(user) := {
	"id": "activity_01",
	"created_at": "2026-04-10T07:00:00Z",
	"type": "admin_api_key_created",
	"actor": {"type": "user_actor", "user_id": user, "email_address": "somebody@example.com"},
}

# The plan with another value: "admin_changes/NAME" of the list, "failed/NAME" of the summary.
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
