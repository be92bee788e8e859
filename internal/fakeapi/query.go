package fakeapi

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
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

	bounds []func(t time.Time) bool
	order  string
	limit  int

	cursor     *position // nil for none
	cursorName string    // after_id or before_id
	cursorText string    // as it was sent
}

// backward says whether the walk goes against the result order.
func (q *query) backward() bool { return q.cursorName == "before_id" }

// upward says whether the walk goes from older to newer activities.
func (q *query) upward() bool { return (q.order == ascending) != q.backward() }

func (q *query) matches(r *record) bool {
	for _, inside := range q.bounds {
		if !inside(r.createdAt) {
			return false
		}
	}
	if q.organizations == nil && q.users == nil && q.types == nil && q.excludedTypes == nil {
		return true
	}
	activityType, of, userID := r.about()
	anyOf := func(list []string, values ...string) bool {
		return list == nil || slices.ContainsFunc(values, func(v string) bool { return v != "" && slices.Contains(list, v) })
	}
	return (of == organization{} || anyOf(q.organizations, of.id, of.uuid)) && anyOf(q.users, userID) &&
		anyOf(q.types, activityType) && !slices.Contains(q.excludedTypes, activityType)
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
		return nil, invalid("Cannot specify both 'activity_types[]' and 'exclude_activity_types[]' in the same request.")
	}
	if values.Has("after_id") && values.Has("before_id") {
		return nil, invalid("Cannot specify both 'before_id' and 'after_id' in the same request. Please use one or the other.")
	}
	return q, nil
}

func (q *query) set(name string, values []string) *failure {
	if slices.Contains(values, "") {
		return invalid("%s: Input should not be empty", name)
	}
	switch name {
	case "organization_ids[]":
		q.organizations = values
	case "actor_ids[]", "user_ids[]":
		q.users = append(q.users, values...)
	case "activity_types[]":
		q.types = values
	case "exclude_activity_types[]":
		q.excludedTypes = values
	case "created_at.gte":
		return q.setBound(name, values, func(t, bound time.Time) bool { return !t.Before(bound) })
	case "created_at.gt":
		return q.setBound(name, values, time.Time.After)
	case "created_at.lte":
		return q.setBound(name, values, func(t, bound time.Time) bool { return !t.After(bound) })
	case "created_at.lt":
		return q.setBound(name, values, time.Time.Before)
	case "order", "limit", "after_id", "before_id":
		if len(values) > 1 {
			return invalid("%s: Input should be given only once", name)
		}
		return q.setOne(name, values[0])
	default:
		return unknownParameter(name)
	}
	return nil
}

func (q *query) setBound(name string, values []string, inside func(t, bound time.Time) bool) *failure {
	bound, err := parseTime(values[0])
	switch {
	case err != nil:
		return invalid("%s: Input should be a valid datetime or date, invalid character in year", name)
	case len(values) > 1:
		return invalid("%s: Input should be given only once", name)
	}
	q.bounds = append(q.bounds, func(t time.Time) bool { return inside(t, bound) })
	return nil
}

func (q *query) setOne(name, value string) *failure {
	switch name {
	case "order":
		if q.order = value; value != ascending && value != descending {
			return invalid("order: Input should be 'asc' or 'desc'")
		}
	case "limit":
		n, err := strconv.Atoi(value)
		switch q.limit = n; {
		case err != nil:
			return invalid("limit: Input should be a valid integer, unable to parse string as an integer")
		case n < 1:
			return invalid("limit: Input should be greater than or equal to 1")
		case n > maxLimit:
			return invalid("limit: Input should be less than or equal to %d", maxLimit)
		}
	default:
		p, err := decodeCursor(value)
		if err != nil {
			return invalidCursor(value)
		}
		q.cursor, q.cursorName, q.cursorText = &p, name, value
	}
	return nil
}

// unknownParameter suggests a name that differs in nothing but case and punctuation.
func unknownParameter(name string) *failure {
	letters := func(s string) string {
		return strings.Map(func(c rune) rune {
			if unicode.IsLetter(c) {
				return unicode.ToLower(c)
			}
			return -1
		}, s)
	}
	for _, known := range []string{
		"organization_ids[]", "actor_ids[]", "user_ids[]", "activity_types[]", "exclude_activity_types[]",
		"created_at.gte", "created_at.gt", "created_at.lte", "created_at.lt", "order", "limit", "after_id", "before_id",
	} {
		if letters(known) == letters(name) {
			return invalid("Unknown query parameter: '%s'. Did you mean '%s'?", name, known)
		}
	}
	return invalid("Unknown query parameter: '%s'.", name)
}

func invalidCursor(value string) *failure { return invalid("Invalid activity_id format: '%s'", value) }

// A failure is an error as the API answers it.
type failure struct {
	status  int
	kind    string // the error's type
	message string
	code    string // details.error_code; empty for none
}

func invalid(format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, "invalid_request_error", fmt.Sprintf(format, args...), ""}
}

func forbidden(format string, args ...any) *failure {
	return &failure{http.StatusForbidden, "permission_error", fmt.Sprintf(format, args...), ""}
}

func tooMany(perMinute int) *failure {
	return &failure{status: http.StatusTooManyRequests, kind: "rate_limit_error", message: fmt.Sprintf(
		"Compliance API rate limit of %d requests per minute per parent organization has been exceeded. Please try again later.", perMinute)}
}

// send answers with the failure. A 401 has no request ID. A 429 is for trying again, so that
// it is the one other 4xx without the header that forbids it.
func (f *failure) send(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.status == http.StatusUnauthorized:
		dropRequestID(w.Header())
	case f.status != http.StatusTooManyRequests:
		w.Header().Set("x-should-retry", "false")
	}
	send(w, r, f.status, f.body(w.Header()))
}

// body returns the JSON of the failure, with the request ID that is in the header.
func (f *failure) body(header http.Header) []byte {
	body := appendString([]byte(`{"type":"error","error":{"type":`), f.kind)
	body = appendString(append(body, `,"message":`...), f.message)
	if f.code != "" {
		body = append(appendString(append(body, `,"details":{"error_code":`...), f.code), '}')
	}
	body = append(body, '}')
	if id := cmp.Or(header.Get("request-id"), header.Get("x-amzn-requestid")); id != "" {
		body = appendString(append(body, `,"request_id":`...), id)
	}
	return append(body, '}')
}

func dropRequestID(header http.Header) {
	header.Del("request-id")
	header.Del("x-amzn-requestid")
}
