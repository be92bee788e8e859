package fakeapi

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A query is a request's parameters, checked. A list that is nil matches everything.
type query struct {
	organizations, users, types, excludedTypes []string

	bounds    []func(t time.Time) bool
	ascending bool
	limit     int

	cursor   string // "" for none
	backward bool   // against the result order, with before_id
}

func (q *query) matches(r *record) bool {
	for _, inside := range q.bounds {
		if !inside(r.createdAt) {
			return false
		}
	}
	anyOf := func(list []string, values ...string) bool {
		return list == nil || slices.ContainsFunc(values, func(v string) bool { return slices.Contains(list, v) })
	}
	return (r.organizations == nil || anyOf(q.organizations, r.organizations...)) &&
		anyOf(q.users, r.userID) && anyOf(q.types, r.activityType) && !slices.Contains(q.excludedTypes, r.activityType)
}

// Neither time.Parse nor Time.UnmarshalText is strict: both take an hour of one
// digit and a comma.
var timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

// parseTime takes RFC 3339 and nothing else: no missing offset, and no space that
// was a plus sign before a client forgot to encode it.
func parseTime(value string) (time.Time, error) {
	if !timestamp.MatchString(value) {
		return time.Time{}, fmt.Errorf("%q is not in RFC 3339", value)
	}
	return time.Parse(time.RFC3339, value)
}

// parseQuery checks all that does not depend on the feed.
func parseQuery(raw string) (*query, *failure) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("The query string is malformed: %v.", err)
	}
	q := &query{limit: 100}
	// Sorted, so that a request with several mistakes always gets the same answer.
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if f := q.set(name, values[name]); f != nil {
			return nil, f
		}
	}
	if q.types != nil && q.excludedTypes != nil {
		return nil, invalid("Cannot specify both 'activity_types[]' and 'exclude_activity_types[]' in the same request.")
	}
	if values.Has("after_id") && values.Has("before_id") {
		return nil, invalid("Cannot specify both 'before_id' and 'after_id' in the same request. Please use one or the other.")
	}
	return q, nil
}

func (q *query) set(name string, values []string) *failure {
	value := values[0]
	switch name {
	case "organization_ids[]":
		q.organizations = values
	case "actor_ids[]", "user_ids[]":
		q.users = append(q.users, values...)
	case "activity_types[]":
		q.types = values
	case "exclude_activity_types[]":
		q.excludedTypes = values
	case "created_at.gte", "created_at.gt", "created_at.lte", "created_at.lt":
		bound, err := parseTime(value)
		if err != nil {
			return invalid("%s: Input should be a valid datetime or date, invalid character in year", name)
		}
		q.bounds = append(q.bounds, map[string]func(t time.Time) bool{
			"created_at.gte": func(t time.Time) bool { return !t.Before(bound) },
			"created_at.gt":  func(t time.Time) bool { return t.After(bound) },
			"created_at.lte": func(t time.Time) bool { return !t.After(bound) },
			"created_at.lt":  func(t time.Time) bool { return t.Before(bound) },
		}[name])
	case "order":
		if q.ascending = value == "asc"; !q.ascending && value != "desc" {
			return invalid("order: Input should be 'asc' or 'desc'")
		}
	case "limit":
		n, err := strconv.Atoi(value)
		switch q.limit = n; {
		case err != nil:
			return invalid("limit: Input should be a valid integer, unable to parse string as an integer")
		case n < 1:
			return invalid("limit: Input should be greater than or equal to 1")
		case n > 5000:
			return invalid("limit: Input should be less than or equal to 5000")
		}
	case "after_id", "before_id":
		q.cursor, q.backward = value, name == "before_id"
	default:
		return invalid("Unknown query parameter: '%s'.", name)
	}
	if slices.Contains(values, "") {
		return invalid("%s: Input should not be empty", name)
	}
	if len(values) > 1 && !strings.HasSuffix(name, "[]") {
		return invalid("%s: Input should be given only once", name)
	}
	return nil
}
