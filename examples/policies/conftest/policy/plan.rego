# Can the plan be judged at all? A policy that finds no activities passes, so everything by
# which activities could be missing is denied here.

package main

# Through object.get, so that an empty setting is no error of types; and a misspelt or missing
# one denies, instead of being taken for empty.
settings := {name: object.get(data.settings, name, null) | some name in setting_names}

setting_names := {"required", "forbidden", "thresholds", "most_excepted", "organization", "required_checks", "plan_hours"}

deny contains sprintf("settings.rego has no %s.", [name]) if {
	some name in setting_names
	settings[name] == null
}

deny contains sprintf("settings.rego has a setting that no policy knows: %s.", [name]) if {
	some name in object.keys(data.settings)
	not name in setting_names
}

deny contains "No read and no check is required in settings.rego, so nothing would be judged." if {
	count(settings.required) + count(settings.required_checks) == 0
}

deny contains "This is no plan. Give conftest what `terraform show -json PLANFILE` prints." if {
	not input.planned_values
}

# A plan that failed is saved too, with what there was until then.
deny contains "The plan has failed, so this is only a part of it." if input.errored

# A plan that failed is not complete either, and that has been said.
deny contains "The plan leaves a part of the configuration out, as with -target." if {
	input.complete == false # only Terraform tells; OpenTofu's is found by the window, below
	not input.errored
}

deny contains "The plan does not say when it was made." if not input.timestamp

# A plan that is applied days later was judged on the feed of days ago.
deny contains sprintf("The plan was made at %s, more than %d hours ago. Make a new one.", [input.timestamp, settings.plan_hours]) if {
	time.now_ns() - time.parse_rfc3339_ns(input.timestamp) > settings.plan_hours * 3600000000000
}

deny contains sprintf("%s is not in the plan, so nobody has looked at the feed.", [address]) if {
	some address, _ in settings.required
	not address in object.keys(reads)
	not address in deferred
}

deny contains sprintf("%s is read only at apply, too late for a policy. Something that it depends on is not known before.", [address]) if {
	some address in deferred
}

deny contains sprintf("%s does not hold what was read.", [address]) if {
	some address, _ in settings.required
	read := reads[address]
	not has_result(read)
}

# With -target the read may be one of an earlier plan, found in the state.
deny contains sprintf("%s has another window than the %d hours until the plan: it is stale, or set to other times.", [address, hours]) if {
	some address, hours in settings.required
	read := reads[address]
	not in_time(read.values.window, hours)
}

deny contains sprintf("%s leaves activities out, by %s.", [address, argument]) if {
	some address, _ in settings.required
	some argument in ["organization_ids", "actor_ids"]
	object.get(reads[address].values, argument, null) != null
}

deny contains sprintf("%s leaves %d activities out by except and reviewed, and %d are agreed.", [address, excepted, most]) if {
	some address, _ in settings.required
	excepted := reads[address].values.excepted
	most := object.get(settings.most_excepted, address, 0)
	excepted > most
}

deny contains sprintf("%s read the organization %v, and not %s.", [address, found, settings.organization]) if {
	some address, _ in settings.required
	found := reads[address].values.key_organization_id
	lower(sprintf("%v", [found])) != lower(settings.organization)
}

deny contains sprintf("%s is forbidden in settings.rego, and not required.", [address]) if {
	some address, _ in settings.forbidden
	not address in object.keys(settings.required)
}

deny contains sprintf("%s does not ask for %s.", [address, name]) if {
	some address, names in settings.forbidden
	read := reads[address]
	some name in names
	not name in asked_for(read.values)
}

deny contains sprintf("No summary in the plan counts %s.", [type]) if {
	some type, _ in settings.thresholds
	not looked_for(type)
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
	resource.type == "compliance_activity_summary"
	resource.provider_name in providers
}

# Whole, since anybody may publish a provider of this name on a host of his own.
providers := {
	"registry.terraform.io/compliance-feed/compliance",
	"registry.opentofu.org/compliance-feed/compliance",
}

has_result(read) if {
	is_number(read.values.total)
	is_string(read.values.listing)
	is_object(read.values.by_type)
}

asked_for(arguments) := {name |
	some argument in ["topics", "activity_types"]
	some name in object.get(arguments, argument, null)
}

in_time(window, hours) if {
	planned := time.parse_rfc3339_ns(input.timestamp)
	abs((planned - time.parse_rfc3339_ns(window.start)) - (hours * 3600000000000)) <= leeway
	ends_now(window, planned)
}

ends_now(window, _) if window.end == null

ends_now(window, planned) if abs(planned - time.parse_rfc3339_ns(window.end)) <= leeway

leeway := 300000000000 # 5 minutes

looked_for(type) if {
	some address, _ in settings.required
	matches(reads[address].values, type)
}

matches(arguments, type) if {
	object.get(arguments, "activity_types", null) == null
	object.get(arguments, "topics", null) == null # which types those are, no policy can know
	not type in exclusions(arguments)
}

matches(arguments, type) if type in arguments.activity_types

exclusions(arguments) := arguments.exclude_activity_types if is_array(arguments.exclude_activity_types)

else := []
