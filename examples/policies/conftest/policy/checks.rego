# Check blocks, preconditions and postconditions. A failed check is a warning for Terraform,
# and the plan succeeds; here it counts. This file can be used alone, with required_checks.

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
deny contains sprintf("%s has not passed: it is %s.", [name, status]) if {
	some name in required_checks
	status := status_of(name)
	status != "pass"
}

instances contains instance if {
	some checked in input.checks
	some instance in checked.instances
}

# A check in a module is not there if the module has no instance.
status_of(name) := checked.status if {
	some checked in input.checks
	checked.address.to_display == name
	count(checked.instances) > 0
} else := "not in the plan"
