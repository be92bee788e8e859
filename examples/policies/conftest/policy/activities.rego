# Forbidden activities and counts above a threshold. The messages name actors by stable ID and
# never by address: they end in logs and comments.

package main

deny contains concat("\n", array.concat([sentence], details(read, type))) if {
	some address, _ in settings.required
	some type in settings.forbidden
	read := reads[address]
	number := read.values.by_type[type]
	sentence := sprintf("%s is forbidden, and occurred %s (%s).", [type, times(number), address])
}

deny contains concat("\n", array.concat([sentence], details(read, type))) if {
	some address, hours in settings.required
	some type, most in settings.thresholds
	read := reads[address]
	number := read.values.by_type[type]
	number > most
	sentence := sprintf("%s: %d in %d hours, at most %d allowed.", [type, number, hours, most])
}

# Who, when and where to look, for the newest three.
details(read, type) := array.slice(lines, 0, 3) if {
	lines := [line |
		some activity in read.values.newest
		activity.type == type
		line := sprintf("  %s  by %s  %s", [activity.created_at, actor(activity), activity.id])
	]
}

actor(activity) := activity.actor_id if activity.actor_id != null

else := activity.actor_type if activity.actor_type != null

else := "nobody named"

times(1) := "once"

times(number) := sprintf("%d times", [number]) if number != 1
