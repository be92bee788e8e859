# Can the plan be judged at all? A policy that finds no activities passes, so everything by
# which activities could be missing is denied here.

package main

deny contains "This is no plan. Give conftest what `terraform show -json PLANFILE` prints." if {
	not input.planned_values
}

# A plan that failed is saved too, with what there was until then.
deny contains "The plan has failed, so this is only a part of it." if input.errored

deny contains "The plan leaves a part of the configuration out, as with -target." if {
	input.complete == false # only Terraform tells; OpenTofu's is found by the window, below
}

deny contains sprintf("%s is not in the plan, so nobody has looked at the feed.", [address]) if {
	some address, _ in required
	not address in object.keys(reads)
	not address in deferred
}

deny contains sprintf("%s is read only at apply, too late for a policy. Something that it depends on is not known before.", [address]) if {
	some address in deferred
}

deny contains sprintf("%s does not hold what was read.", [address]) if {
	some address, _ in required
	read := reads[address]
	not has_result(read)
}

# With -target the read may be one of an earlier plan, found in the state.
deny contains sprintf("%s has another window than the %d hours until the plan: it is stale, or set to other times.", [address, hours]) if {
	some address, hours in required
	read := reads[address]
	not in_time(read.values.window, hours)
}

deny contains sprintf("%s leaves activities out, by %s.", [address, argument]) if {
	some address, _ in required
	some argument in ["organization_ids", "actor_ids", "after_id", "before_id"]
	object.get(reads[address].values, argument, null) != null
}

deny contains sprintf("%s is cut off by max_results.", [address]) if {
	some address, _ in required
	reads[address].values.has_more
}

deny contains sprintf("No list in the plan would show a %s.", [type]) if {
	some type in forbidden
	not looked_for(type, "compliance_activities")
}

deny contains sprintf("No summary in the plan counts %s.", [type]) if {
	some type, _ in thresholds
	not looked_for(type, "compliance_activity_summary")
}

# Data sources that were read during plan, by address, from all modules. They stand in
# prior_state only. The path is looked at, because a value of any resource could look
# like a data source.
reads[resource.address] := resource if {
	[path, resource] := walk(input.prior_state.values.root_module)
	n := count(path)
	path[n - 2] == "resources"
	every step in array.slice(path, 0, n - 2) {
		step_into_module(step)
	}
	is_feed(resource)
}

step_into_module("child_modules")

step_into_module(step) if is_number(step)

# A data source that is to be read at apply stands here, without values.
deferred contains change.address if {
	some change in input.resource_changes
	is_feed(change)
}

is_feed(resource) if {
	resource.mode == "data"
	resource.type in {"compliance_activities", "compliance_activity_summary"}
	endswith(resource.provider_name, "/compliance-feed/compliance")
}

has_result(read) if {
	read.type == "compliance_activities"
	is_array(read.values.activities)
}

has_result(read) if {
	read.type == "compliance_activity_summary"
	is_object(read.values.by_type)
}

in_time(window, hours) if {
	planned := time.parse_rfc3339_ns(input.timestamp)
	abs((planned - time.parse_rfc3339_ns(window.start)) - (hours * 3600000000000)) <= leeway
	ends_now(window, planned)
}

ends_now(window, _) if window.end == null

ends_now(window, planned) if abs(planned - time.parse_rfc3339_ns(window.end)) <= leeway

leeway := 300000000000 # 5 minutes

looked_for(type, kind) if {
	some address, _ in required
	read := reads[address]
	read.type == kind
	matches(read.values, type)
}

matches(arguments, type) if {
	object.get(arguments, "activity_types", null) == null
	not type in exclusions(arguments)
}

matches(arguments, type) if type in arguments.activity_types

exclusions(arguments) := arguments.exclude_activity_types if is_array(arguments.exclude_activity_types)

else := []
