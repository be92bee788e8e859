# Forbidden activities, by ID, type and time. Addresses stay out of the messages: they end
# in logs and comments.

package main

deny contains sprintf("%s  %s  %s", [activity.created_at, activity.type, activity.id]) if {
	some address, _ in required
	some activity in reads[address].values.activities
	activity.type in forbidden
	not by_allowed_actor(activity)
}

# By ID, not by e-mail address. Without an actor it does not hold.
by_allowed_actor(activity) if {
	some name in ["user_id", "api_key_id", "admin_api_key_id", "service_account_id", "directory_id"]
	activity.actor[name] in allowed_actors
}

# Counts, which need no activity in the plan.
deny contains sprintf("%s: %d in %d hours, at most %d allowed.", [type, number, hours, most]) if {
	some address, hours in required
	some type, most in thresholds
	number := reads[address].values.by_type[type]
	number > most
}
