package fakeapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// Key is the API key that is valid where [Options].Keys is nil. It is
	// distinctive, so that tests can search for it where it must not be.
	Key = "fake-compliance-access-key-q7XvZ3mT9w"

	// Scope is what a Compliance Access Key needs to read activities.
	Scope = "read:compliance_activities"

	// Version is the only anthropic-version there is.
	Version = "2023-06-01"

	endpoint         = "/v1/compliance/activities"
	defaultRateLimit = 600
)

// A Grant is what the API knows about a key.
type Grant struct {
	// Scopes of a Compliance Access Key. Without [Scope] it gets a 403.
	Scopes []string
	// Admin says that this is an Admin API key, which needs no scopes.
	Admin bool
	// BeforeAPI says that this Admin API key was made before the Compliance API was
	// enabled for the organization; it gets a 403.
	BeforeAPI bool
	// Revoked keys get a 401, as unknown ones do.
	Revoked bool
}

// Options configure an [API]. The zero value is an empty feed with the real
// API's limits.
type Options struct {
	// Feed holds the activities; nil means an empty one.
	Feed *Feed

	// Keys are the API keys; nil means [Key] with [Scope]. See [API.SetKey].
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

	// Latency is how long each request waits before anything else happens.
	Latency time.Duration

	// Now is the clock; nil means time.Now. In a testing/synctest bubble
	// that begins in 2000, far from the time of most feeds.
	Now func() time.Time
}

// An API is the fake. It is an [http.Handler] and safe for concurrent use. It has no
// goroutines of its own and needs no closing.
type API struct {
	options Options
	feed    *Feed

	mu        sync.Mutex
	keys      map[string]Grant
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
		keys:    maps.Clone(o.Keys),
		limit:   rateLimit{perMinute: o.RateLimit},
		pages:   make(map[string]int),
	}
}

// Add adds activities to the feed, as [Feed.Add] does; also between the pages of a read.
func (a *API) Add(activities ...string) { a.feed.Add(activities...) }

// SetKey makes, changes or revokes a key. To rotate one in the middle of a read, call
// it from a [Fault] or between two pages.
func (a *API) SetKey(key string, g Grant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[key] = g
}

// ServeHTTP answers one request: an injected fault where one matches, and the
// activities otherwise.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logged := a.logRequest(r)
	w = &statusRecorder{ResponseWriter: w, api: a, logged: logged}
	w.Header().Set("request-id", logged.RequestID)
	if a.options.Latency > 0 && !pause(r.Context(), a.options.Latency) {
		return
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, logged) })
	if fault := a.faultFor(r, logged); fault != nil {
		fault(w, r, answer)
		return
	}
	answer.ServeHTTP(w, r)
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, logged *Request) {
	grant, f := a.admit(w.Header(), r)
	if f != nil && grant == nil {
		send(w, r, f.status, f.body())
		return
	}
	var body []byte
	var count int
	if f == nil {
		body, count, f = a.page(r, logged.Page)
	}
	status := http.StatusOK
	if f != nil {
		status, body = f.status, f.body()
	}
	// All is noted before the client can know the answer.
	a.mu.Lock()
	logged.Activities = count
	a.mu.Unlock()
	if !a.options.SkipReadLog {
		a.logRead(r, logged, grant, status)
	}
	send(w, r, status, body)
}

// admit checks all but the query. The grant is nil where the caller is not known, which
// costs nothing and is not logged as an activity.
func (a *API) admit(header http.Header, r *http.Request) (*Grant, *failure) {
	if r.URL.Path != a.options.PathPrefix+endpoint {
		return nil, &failure{http.StatusNotFound, "not_found_error", "Not found"}
	}
	if r.Method != http.MethodGet {
		header.Set("Allow", http.MethodGet)
		return nil, &failure{http.StatusMethodNotAllowed, "invalid_request_error", "Method not allowed"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := r.Header.Values("x-api-key")
	grant, known := a.keys[r.Header.Get("x-api-key")]
	if len(keys) != 1 || !known || grant.Revoked {
		return nil, &failure{http.StatusUnauthorized, "authentication_error", "The API key provided is invalid or has been revoked."}
	}
	if !a.limit.take(a.options.Now(), header) {
		return &grant, &failure{
			http.StatusTooManyRequests, "rate_limit_error",
			fmt.Sprintf("Compliance API rate limit of %d requests per minute per parent organization has been exceeded. Please try again later.", a.limit.perMinute),
		}
	}
	if !grant.mayRead() {
		return &grant, &failure{http.StatusForbidden, "permission_error", grant.missingScopes()}
	}
	if versions := r.Header.Values("anthropic-version"); !slices.Equal(versions, []string{Version}) {
		return &grant, invalid("anthropic-version: %q is not a valid version.", strings.Join(versions, ", "))
	}
	return &grant, nil
}

func (g Grant) mayRead() bool {
	if g.Admin {
		return !g.BeforeAPI
	}
	return slices.Contains(g.Scopes, Scope)
}

func (g Grant) missingScopes() string {
	var got []string
	for _, scope := range g.Scopes {
		got = append(got, "'"+scope+"'")
	}
	return fmt.Sprintf("Missing required scopes. Got: [%s] Needed one of: ['%s']", strings.Join(got, ", "), Scope)
}

// find returns the page that a query string asks for, and its query.
func (a *API) find(raw string) (page, *query, *failure) {
	q, f := parseQuery(raw)
	if f != nil {
		return page{}, nil, f
	}
	sources := a.feed.sources()
	if q.cursor != nil && !contains(sources, *q.cursor) {
		return page{}, nil, invalidCursor(q.cursorName, q.cursorText)
	}
	return selectPage(sources, q), q, nil
}

// page returns a page's JSON and the number of activities in it.
func (a *API) page(r *http.Request, number int) ([]byte, int, *failure) {
	p, q, f := a.find(r.URL.RawQuery)
	if f != nil {
		return nil, 0, f
	}
	body := []byte(`{"data":[`)
	for i, e := range p.entries {
		if i > 0 {
			body = append(body, ',')
		}
		body = e.source.appendJSON(body, e.index)
	}
	if len(p.entries) == 0 {
		return append(body, `],"has_more":false,"first_id":null,"last_id":null}`...), 0, nil
	}
	first := encodeCursor(p.entries[0].position())
	last := encodeCursor(p.entries[len(p.entries)-1].position())
	a.mu.Lock()
	if q.backward() {
		a.pages[first] = number + 1
	} else {
		a.pages[last] = number + 1
	}
	a.mu.Unlock()
	body = fmt.Appendf(body, `],"has_more":%t,"first_id":%q,"last_id":%q}`, p.hasMore, first, last)
	return body, len(p.entries), nil
}
