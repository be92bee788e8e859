# Check blocks, preconditions and postconditions. A failed check is a warning for Terraform,
# and the plan succeeds; here it counts. This file can be used alone, with settings.rego.

package main

deny contains sprintf("%s failed: %s", [instance.address.to_display, problem.message]) if {
	some instance in instances
	some problem in instance.problems
}

deny contains sprintf("%s has the status %s.", [checked.address.to_display, checked.status]) if {
	some checked in input.checks
	checked.status in {"fail", "error"}
	count([p | some i in checked.instances; some p in i.problems]) == 0
}

# "unknown" is what depends on something that is known only at apply, or was left out with
# -target.
# What failed with a message is said above.
deny contains sprintf("%s has not passed: it %s.", [name, status]) if {
	some name in object.get(data.settings, "required_checks", set())
	status := status_of(name)
	status != "passed"
	not name in {instance.address.to_display | some instance in instances; count(object.get(instance, "problems", [])) > 0}
}

instances contains instance if {
	some checked in input.checks
	some instance in checked.instances
}

status_of(name) := words[checked.status] if {
	some checked in input.checks
	checked.address.to_display == name
	count(checked.instances) > 0
} else := "has no instance, as with an empty for_each, so it judged nothing" if {
	some checked in input.checks
	checked.address.to_display == name
} else := "is not in the plan"

words := {"pass": "passed", "fail": "failed", "error": "ended with an error", "unknown": "is not known before apply"}
