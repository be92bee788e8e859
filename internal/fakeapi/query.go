package fakeapi

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"
)

const (
	ascending    = "asc"
	descending   = "desc"
	defaultLimit = 100
	maxLimit     = 5000
)

// A query is a request's parameters, checked. An empty list matches everything.
type query struct {
	organizations, users, types, excludedTypes []string

	bounds bounds
	order  string
	limit  int

	cursor     *position // nil for none
	cursorName string    // after_id or before_id
	cursorText string    // as it was sent
}

// backward tells if the walk goes against the result order.
func (q *query) backward() bool { return q.cursorName == "before_id" }

// upward tells if the walk goes from older to newer activities.
func (q *query) upward() bool { return (q.order == ascending) != q.backward() }

func (q *query) matches(e entry) bool {
	if q.organizations == nil && q.users == nil && q.types == nil && q.excludedTypes == nil {
		return true
	}
	t := e.source.traits(e.index)
	anyOf := func(list []string, values ...string) bool {
		return list == nil || slices.ContainsFunc(values, func(v string) bool { return v != "" && slices.Contains(list, v) })
	}
	return anyOf(q.organizations, t.organizationID, t.organizationUUID) &&
		anyOf(q.users, t.userID) &&
		anyOf(q.types, t.activityType) &&
		!slices.Contains(q.excludedTypes, t.activityType)
}

// bounds are the time bounds of a query, nil where open.
type bounds struct{ gte, gt, lte, lt *time.Time }

func (b bounds) tooEarly(t time.Time) bool {
	return b.gte != nil && t.Before(*b.gte) || b.gt != nil && !t.After(*b.gt)
}

func (b bounds) tooLate(t time.Time) bool {
	return b.lte != nil && t.After(*b.lte) || b.lt != nil && !t.Before(*b.lt)
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

// parseQuery checks everything but whether the cursor's activity is in the feed.
func parseQuery(raw string) (*query, *failure) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("The query string is malformed: %v.", err)
	}
	q := &query{order: descending, limit: defaultLimit}
	// Sorted, so that a request with several mistakes always gets the same answer.
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if f := q.set(name, values[name]); f != nil {
			return nil, f
		}
	}
	if q.types != nil && q.excludedTypes != nil {
		return nil, invalid("`activity_types[]` and `exclude_activity_types[]` cannot be used together.")
	}
	if values.Has("after_id") && values.Has("before_id") {
		return nil, invalid("`after_id` and `before_id` cannot be used together.")
	}
	return q, nil
}

func (q *query) set(name string, values []string) *failure {
	if slices.Contains(values, "") {
		return invalid("The `%s` parameter must not be empty.", name)
	}
	switch name {
	case "organization_ids[]":
		q.organizations = values
		return nil
	case "actor_ids[]", "user_ids[]":
		q.users = append(q.users, values...)
		return nil
	case "activity_types[]":
		q.types = values
		return nil
	case "exclude_activity_types[]":
		q.excludedTypes = values
		return nil
	}

	value := values[0]
	if len(values) > 1 {
		return invalid("The `%s` parameter may be given only once.", name)
	}
	switch name {
	case "created_at.gte":
		return setBound(&q.bounds.gte, name, value)
	case "created_at.gt":
		return setBound(&q.bounds.gt, name, value)
	case "created_at.lte":
		return setBound(&q.bounds.lte, name, value)
	case "created_at.lt":
		return setBound(&q.bounds.lt, name, value)
	case "order":
		if value != ascending && value != descending {
			return invalid("The order parameter must be `asc` or `desc`. Got %s.", value)
		}
		q.order = value
	case "limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxLimit {
			return invalid("The limit parameter must be between 1 and %d, inclusive. Got %s.", maxLimit, value)
		}
		q.limit = n
	case "after_id", "before_id":
		p, err := decodeCursor(value)
		if err != nil {
			return invalidCursor(name, value)
		}
		q.cursor, q.cursorName, q.cursorText = &p, name, value
	default:
		return invalid("Unknown query parameter `%s`.", name)
	}
	return nil
}

func setBound(bound **time.Time, name, value string) *failure {
	t, err := parseTime(value)
	if err != nil {
		return invalid("The `%s` parameter contains an invalid timestamp format. Use RFC 3339, for example 2026-01-31T12:00:00Z. Got %q.", name, value)
	}
	*bound = &t
	return nil
}

func invalidCursor(name, value string) *failure {
	return invalid("Invalid `%[1]s`. No activity found for `%[1]s` %[2]q", name, value)
}

// A failure is an error as the API answers it.
type failure struct {
	status  int
	kind    string // the error's type
	message string
}

func invalid(format string, args ...any) *failure {
	return &failure{400, "invalid_request_error", fmt.Sprintf(format, args...)}
}

func (f *failure) body() []byte {
	body := appendString([]byte(`{"error":{"type":`), f.kind)
	body = appendString(append(body, `,"message":`...), f.message)
	return append(body, "}}"...)
}
