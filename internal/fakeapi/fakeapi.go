package fakeapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// Key is the API key that is valid where [Options].Keys is nil. It is
	// distinctive, so that tests can search for it where it must not be.
	Key = "sk-ant-fake01-q7XvZ3mT9wK2pLr8"

	// Scope lets a key read activities. A Compliance Access Key was given it or
	// OrganizationScope; an Admin API key has it unless it was made before the
	// Compliance API was enabled.
	Scope = "read:compliance_activities"
	// OrganizationScope lets a key read activities, too.
	OrganizationScope = "read:org_audit"

	// Version is the only anthropic-version there is; the server does not look at it.
	Version = "2023-06-01"

	// Organization is the ID that most activities of a generated feed have, and that of
	// a key's organization where [Options].Organization is empty.
	Organization = "org_01FakeorganizationA1111111"

	endpoint         = "/v1/compliance/activities"
	defaultRateLimit = 600
)

// What a dead key is answered with; see [Grant].Dead.
const (
	Invalid     = "API key is invalid."
	Deactivated = "API key has been deactivated."
	Expired     = "API key has expired."
)

// A Grant is what the API knows about a key. A key without one is of the wrong kind for
// this API, which hides from it: a 404, as for a request without a key.
type Grant struct {
	// Scopes of the key. Without [Scope] and [OrganizationScope] it gets a 403.
	Scopes []string
	// Organizations are the IDs and UUIDs that the key may pass as organization_ids[]; any
	// other gets a 403. Nil means any.
	Organizations []string
	// Dead is the message of the 401 that the key gets, such as [Expired]; empty for a
	// key that is alive.
	Dead string
}

// Options configure an [API]. The zero value is an empty feed with the real
// API's limits.
type Options struct {
	// Feed holds the activities; nil means an empty one.
	Feed *Feed

	// Keys are the API keys; nil means [Key] with [Scope].
	Keys map[string]Grant

	// SkipReadLog switches off what the real API does: to log each authenticated
	// request as an activity of type compliance_api_accessed, at the time Now. With
	// it, an unbounded read in ascending order and with a limit of 1 never ends.
	SkipReadLog bool

	// RateLimit is in requests a minute, for all keys together; 0 means 600. A minute
	// begins with the first request after the last minute.
	RateLimit int

	// PathPrefix comes before /v1 in the path, as in "/proxy/anthropic".
	PathPrefix string

	// Organization is that of the keys, sent as anthropic-organization-id with each
	// authenticated answer; empty means [Organization].
	Organization string

	// NotEnabled has each authenticated request answered with a 400: the Compliance API
	// is not enabled for the organization.
	NotEnabled bool

	// AWS has the request's ID sent as x-amzn-requestid and not as request-id.
	AWS bool

	// Latency is how long each request waits before anything else happens. With a
	// LatencyMax above it the wait is anything from the one to the other; the real
	// server's is 0.9 to 5 s.
	Latency, LatencyMax time.Duration

	// HeaviestPage is the largest number of activities in a page that the server can
	// make; Heavy answers a request for more: nil is a 504, [Hang] no answer at all. 0
	// means no such limit.
	HeaviestPage int
	Heavy        Fault

	// Now is the clock; nil means time.Now. In a testing/synctest bubble
	// that begins in 2000, far from the time of most feeds. The header date follows it.
	Now func() time.Time
}

// An API is the fake. It is an [http.Handler] and safe for concurrent use. It has no
// goroutines of its own and needs no closing.
type API struct {
	options Options
	feed    *Feed

	mu        sync.Mutex
	limit     rateLimit
	requests  []*Request
	served    int            // requests since New
	readsDone int            // activities logged about reads
	pages     map[string]int // by cursor: the number of the page it asks for

	faultsMu sync.Mutex
	faults   []*Injection
}

// New returns an API. The feed is used, not copied.
func New(o Options) *API {
	if o.Feed == nil {
		o.Feed = NewFeed()
	}
	if o.Keys == nil {
		o.Keys = map[string]Grant{Key: {Scopes: []string{Scope}}}
	}
	if o.Organization == "" {
		o.Organization = Organization
	}
	if o.Heavy == nil {
		o.Heavy = Status(http.StatusGatewayTimeout, "timeout_error", "Request timed out")
	}
	if o.RateLimit == 0 {
		o.RateLimit = defaultRateLimit
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.PathPrefix = strings.TrimSuffix(o.PathPrefix, "/")
	return &API{
		options: o,
		feed:    o.Feed,
		limit:   rateLimit{perMinute: o.RateLimit},
		pages:   make(map[string]int),
	}
}

// Add adds activities to the feed, as [Feed.Add] does; also between the pages of a read.
func (a *API) Add(activities ...string) { a.feed.Add(activities...) }

// ServeHTTP answers one request: an injected fault where one matches, and the
// activities otherwise.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logged := a.logRequest(r)
	w = &statusRecorder{ResponseWriter: w, api: a, logged: logged}
	w.Header().Set(a.requestIDHeader(), logged.RequestID)
	w.Header().Set("date", logged.Time.UTC().Format(http.TimeFormat))
	if latency := a.latency(logged.Number); latency > 0 && !pause(r.Context(), latency) {
		return
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, logged) })
	if fault := a.faultFor(r, logged); fault != nil {
		fault(w, r, answer)
		return
	}
	answer.ServeHTTP(w, r)
}

func (a *API) requestIDHeader() string {
	if a.options.AWS {
		return "x-amzn-requestid"
	}
	return "request-id"
}

func (a *API) latency(number int) time.Duration {
	low, high := a.options.Latency, a.options.LatencyMax
	if high <= low {
		return low
	}
	return low + time.Duration(newRandom(uint64(number), 2).Float64()*float64(high-low))
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, logged *Request) {
	grant, f := a.admit(w.Header(), r)
	if f != nil && grant == nil {
		f.send(w, r)
		return
	}
	var body []byte
	var count int
	if f == nil {
		body, count, f = a.page(r, grant, logged.Page)
	}
	status := http.StatusOK
	if f != nil {
		status = f.status
	}
	// All is noted before the client can know the answer.
	a.mu.Lock()
	logged.Activities = count
	a.mu.Unlock()
	if !a.options.SkipReadLog {
		a.logRead(r, logged, status)
	}
	switch heaviest := a.options.HeaviestPage; {
	case f != nil:
		f.send(w, r)
	case heaviest > 0 && count > heaviest:
		a.options.Heavy(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { send(w, r, status, body) }))
	default:
		send(w, r, status, body)
	}
}

// admit checks all but the query. The grant is nil where the caller is not known, which
// costs nothing and is not logged as an activity.
func (a *API) admit(header http.Header, r *http.Request) (*Grant, *failure) {
	notFound := &failure{status: http.StatusNotFound, kind: "not_found_error", message: "Not found"}
	if r.URL.Path != a.options.PathPrefix+endpoint {
		return nil, notFound
	}
	if r.Method != http.MethodGet {
		header.Set("Allow", http.MethodGet)
		return nil, &failure{status: http.StatusMethodNotAllowed, kind: "invalid_request_error", message: "Method not allowed"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := r.Header.Values("x-api-key")
	grant, known := a.options.Keys[r.Header.Get("x-api-key")]
	switch {
	case len(keys) != 1 || !known:
		return nil, notFound
	case grant.Dead != "":
		return nil, &failure{status: http.StatusUnauthorized, kind: "authentication_error", message: grant.Dead}
	}
	header.Set("anthropic-organization-id", a.options.Organization)
	switch {
	case !a.limit.take(a.options.Now(), header):
		return &grant, tooMany(a.limit.perMinute)
	case a.options.NotEnabled:
		return &grant, invalid("Compliance API is not enabled for this organization")
	case !slices.Contains(grant.Scopes, Scope) && !slices.Contains(grant.Scopes, OrganizationScope):
		return &grant, forbidden("Missing required scopes. Got: %s Needed one of: %s", listed(grant.Scopes), listed([]string{Scope, OrganizationScope}))
	}
	return &grant, nil
}

// listed writes a list as the API's messages do: ['a', 'b'].
func listed(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = "'" + value + "'"
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// check refuses what a good query may not ask for with this key.
func (a *API) check(q *query, g *Grant) *failure {
	for name, types := range map[string][]string{"activity_types[]": q.types, "exclude_activity_types[]": q.excludedTypes} {
		if i := slices.IndexFunc(types, func(name string) bool { return !a.feed.knows(name) }); i >= 0 {
			return invalid("%s.%d: Input is not one of the permitted values.", name, i)
		}
	}
	foreign := func(organization string) bool { return !slices.Contains(g.Organizations, organization) }
	if g.Organizations != nil && slices.ContainsFunc(q.organizations, foreign) {
		return forbidden("Cannot query compliance data for organizations outside this API key's scope")
	}
	return nil
}

// page returns a page's JSON and the number of activities in it.
func (a *API) page(r *http.Request, g *Grant, number int) ([]byte, int, *failure) {
	q, f := parseQuery(r.URL.RawQuery)
	if f == nil {
		f = a.check(q, g)
	}
	if f != nil {
		return nil, 0, f
	}
	records, cursor := a.feed.snapshot(), -1
	if q.cursor != nil {
		if cursor = find(records, *q.cursor); cursor < 0 {
			return nil, 0, invalidCursor(q.cursorText)
		}
	}
	page, more := selectPage(records, q, cursor)
	if len(page) == 0 {
		return []byte(`{"data":[],"has_more":false,"first_id":null,"last_id":null}`), 0, nil
	}
	body := []byte(`{"data":[`)
	for i, activity := range page {
		if i > 0 {
			body = append(body, ',')
		}
		body = activity.appendJSON(body)
	}
	first, last := encodeCursor(page[0].position), encodeCursor(page[len(page)-1].position)
	next := last
	if q.backward() {
		next = first
	}
	a.mu.Lock()
	a.pages[next] = number + 1
	a.mu.Unlock()
	return fmt.Appendf(body, `],"has_more":%t,"first_id":%q,"last_id":%q}`, more, first, last), len(page), nil
}
