# What was found. The messages name actors by stable ID and never by address: they end in logs
# and comments.

package main

deny contains sprintf("%s found %s what must not be:\n%s", [address, times(read.values.total), read.values.listing]) if {
	some address, _ in settings.forbidden
	read := reads[address]
	read.values.total > 0
}

deny contains sprintf("%s: %d in %d hours, at most %d allowed.", [type, number, hours, most]) if {
	some address, hours in settings.required
	some type, most in settings.thresholds
	number := reads[address].values.by_type[type]
	number > most
}

times(1) := "once"

times(number) := sprintf("%d times", [number]) if number != 1
