// Package fakeapi is a fake of Anthropic's Compliance API Activity Feed, for
// tests and for a demo without a key and without a network.
//
// It answers GET {prefix}/v1/compliance/activities as the API's public
// documentation and published captures of it say: keys, filters, cursors, order, errors
// and rate limit. It is strict where a real server may be lenient: a query parameter
// that is empty or repeated without brackets, or a date without a time, is answered with
// 400, so that a mistake in a client fails a test.
//
// What a server should not do, but a client must survive, is injected with
// [API.Inject].
//
// It shares no type and no code with any client, keeps nothing on disk, and knows none of
// the API's other endpoints.
package fakeapi

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// Key is the API key that is valid where [Options].Keys is nil. It is
	// distinctive, so that tests can search for it where it must not be.
	Key = "sk-ant-fake01-q7XvZ3mT9wK2pLr8"

	// Organization is the ID that most activities of a generated feed have, and that of
	// a key's organization where [Options].Organization is empty.
	Organization = "org_01FakeorganizationA1111111"

	defaultRateLimit = 600
)

// A Grant is what the API knows about a key.
type Grant struct {
	// Refuse is why the key may not read, one of [Refusals]; empty for one that may.
	Refuse string
	// Organizations are the IDs and UUIDs that the key may pass as organization_ids[]; any
	// other gets a 403. Nil means any.
	Organizations []string
}

// refusals are the API's answers to keys that may not read. From one of the wrong kind it
// hides, as from a request without a key.
var refusals = map[string]*failure{
	"invalid":     {http.StatusUnauthorized, "authentication_error", "API key is invalid."},
	"deactivated": {http.StatusUnauthorized, "authentication_error", "API key has been deactivated."},
	"expired":     {http.StatusUnauthorized, "authentication_error", "API key has expired."},
	"scope": {
		http.StatusForbidden, "permission_error",
		"Missing required scopes. Got: ['api:admin'] Needed one of: ['read:compliance_activities', 'read:org_audit']",
	},
	"wrong-kind":  {http.StatusNotFound, "not_found_error", "Not found"},
	"not-enabled": invalid("Compliance API is not enabled for this organization"),
}

// Refusals are what [Grant].Refuse may be.
func Refusals() []string { return slices.Sorted(maps.Keys(refusals)) }

// Options configure an [API]. The zero value is an empty feed with the real
// API's limits.
type Options struct {
	// Feed holds the activities; nil means an empty one.
	Feed *Feed

	// Keys are the API keys; nil means [Key]. Any other is of the wrong kind.
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

	// AWS has the request's ID sent as x-amzn-requestid and not as request-id.
	AWS bool

	// Latency is how long each request waits before anything else happens. With a
	// LatencyMax above it the wait is anything from the one to the other; the real
	// server's is 0.9 to 5 s.
	Latency, LatencyMax time.Duration

	// Now is the clock; nil means time.Now. In a testing/synctest bubble
	// that begins in 2000, far from the time of most feeds. The header date follows it.
	Now func() time.Time
}

// An API is the fake. It is an [http.Handler] and safe for concurrent use. It has no
// goroutines of its own and needs no closing.
type API struct {
	options Options

	mu       sync.Mutex
	used     int       // requests in this minute
	reset    time.Time // when the minute ends
	requests []Request
	served   int      // requests since New
	cursors  []string // of all requests, "" for none, in the order of the first with each
	faults   []injection
}

// New returns an API. The feed is used, not copied.
func New(o Options) *API {
	o.Feed = cmp.Or(o.Feed, &Feed{})
	o.Organization = cmp.Or(o.Organization, Organization)
	o.RateLimit = cmp.Or(o.RateLimit, defaultRateLimit)
	if o.Keys == nil {
		o.Keys = map[string]Grant{Key: {}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{options: o}
}

// Add adds activities to the feed, as [Feed.Add] does.
func (a *API) Add(activities ...string) { a.options.Feed.Add(activities...) }

// A Request is what [API.Requests] tells about one request, and what a [Matcher] looks at.
type Request struct {
	*http.Request
	Query url.Values // what of it can be parsed
	// Number counts the requests since [New] or [API.ResetRequests], from 1.
	Number int
	// Page counts the cursors of a read, where none is the first. A request sent again has
	// the same number.
	Page int
	Time time.Time // when it came in
	// RequestID is the header request-id of the response, which a 401 lacks.
	RequestID string
}

// Requests returns the log of requests in the order of their arrival, faulty ones included.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// ResetRequests empties the log of requests and counts anew from 1.
func (a *API) ResetRequests() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = nil
}

// ServeHTTP answers one request: an injected fault where one matches, and the
// activities otherwise.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logged, fault := a.logRequest(r)
	idHeader := "request-id"
	if a.options.AWS {
		idHeader = "x-amzn-requestid"
	}
	w.Header().Set(idHeader, logged.RequestID)
	w.Header().Set("date", logged.Time.UTC().Format(http.TimeFormat))
	latency := a.options.Latency
	if more := a.options.LatencyMax - latency; more > 0 {
		latency += rand.N(more)
	}
	if !pause(r.Context(), latency) {
		return
	}
	fault(w, r, func(r *http.Request) (int, []byte) { return a.answer(w.Header(), r, logged) })
}

// pause waits for d. It is false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// logRequest returns the fault, too, that takes the request; [NoFault] where none does.
func (a *API) logRequest(r *http.Request) (Request, Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served++
	query := r.URL.Query()
	cursor := query.Get("after_id") + query.Get("before_id")
	if !slices.Contains(a.cursors, cursor) {
		a.cursors = append(a.cursors, cursor)
	}
	logged := Request{
		Request:   r,
		Query:     query,
		Number:    len(a.requests) + 1,
		Page:      slices.Index(a.cursors, cursor) + 1,
		Time:      a.options.Now(),
		RequestID: newID(newRandom(uint64(a.served)), "req"),
	}
	a.requests = append(a.requests, logged)
	for _, i := range a.faults {
		if i.when(logged) {
			return logged, i.fault
		}
	}
	return logged, NoFault
}

func (a *API) answer(header http.Header, r *http.Request, logged Request) (status int, body []byte) {
	grant, refused := a.admit(header, r)
	if status = http.StatusOK; refused == nil {
		body, refused = a.page(r.URL.RawQuery, grant)
	}
	if refused != nil {
		switch status = refused.status; status {
		case http.StatusUnauthorized:
			header.Del("request-id")
			header.Del("x-amzn-requestid")
		case http.StatusTooManyRequests: // may be tried again
		default:
			header.Set("x-should-retry", "false")
		}
		body = refused.body(header)
	}
	// It is logged before the client can know the answer.
	if grant != nil && !a.options.SkipReadLog {
		a.logRead(r, logged, status)
	}
	return status, body
}

// admit checks all but the query. The grant is nil where the caller is not known, which
// costs nothing and is not logged as an activity.
func (a *API) admit(header http.Header, r *http.Request) (*Grant, *failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := r.Header.Values("x-api-key")
	grant, known := a.options.Keys[r.Header.Get("x-api-key")]
	refusal := refusals[grant.Refuse]
	switch {
	case r.Method != http.MethodGet || r.URL.Path != a.options.PathPrefix+"/v1/compliance/activities" || len(keys) != 1 || !known:
		return nil, refusals["wrong-kind"]
	case refusal != nil && (refusal.status == http.StatusUnauthorized || refusal.status == http.StatusNotFound):
		return nil, refusal
	}
	header.Set("anthropic-organization-id", a.options.Organization)
	if !a.take(header) {
		return &grant, tooMany(a.options.RateLimit)
	}
	return &grant, refusal
}

// take counts one request, if it may be, and writes what the response tells about
// the limit. The reset is rounded up to a second, so that waiting for it is enough.
func (a *API) take(header http.Header) bool {
	now := a.options.Now()
	if !now.Before(a.reset) {
		a.used = 0
		a.reset = now.Add(time.Minute + time.Second - 1).Truncate(time.Second)
	}
	ok := a.used < a.options.RateLimit
	if ok {
		a.used++
	} else {
		header.Set("retry-after", strconv.Itoa(int((a.reset.Sub(now)+time.Second-1)/time.Second)))
	}
	header.Set("anthropic-ratelimit-requests-limit", strconv.Itoa(a.options.RateLimit))
	header.Set("anthropic-ratelimit-requests-remaining", strconv.Itoa(a.options.RateLimit-a.used))
	header.Set("anthropic-ratelimit-requests-reset", a.reset.UTC().Format(time.RFC3339))
	return ok
}

// page returns the JSON of a page.
func (a *API) page(rawQuery string, g *Grant) ([]byte, *failure) {
	q, f := parseQuery(rawQuery)
	if f != nil {
		return nil, f
	}
	records, cursor := a.options.Feed.snapshot(), -1
	unknown := func(name string) bool {
		return !slices.Contains(permittedTypes, name) && !slices.ContainsFunc(records, func(r record) bool { return r.activityType == name })
	}
	for name, types := range map[string][]string{"activity_types[]": q.types, "exclude_activity_types[]": q.excludedTypes} {
		if i := slices.IndexFunc(types, unknown); i >= 0 {
			return nil, invalid("%s.%d: Input is not one of the permitted values.", name, i)
		}
	}
	foreign := func(organization string) bool { return !slices.Contains(g.Organizations, organization) }
	if g.Organizations != nil && slices.ContainsFunc(q.organizations, foreign) {
		return nil, &failure{http.StatusForbidden, "permission_error", "Cannot query compliance data for organizations outside this API key's scope"}
	}
	if q.cursor != "" {
		if cursor = slices.IndexFunc(records, func(r record) bool { return r.cursor == q.cursor }); cursor < 0 {
			return nil, invalid("Invalid activity_id format: '%s'", q.cursor)
		}
	}
	page, more := selectPage(records, q, cursor)
	if len(page) == 0 {
		return []byte(`{"data":[],"has_more":false,"first_id":null,"last_id":null}`), nil
	}
	texts := make([]string, len(page))
	for i, activity := range page {
		texts[i] = activity.text
	}
	first, last := page[0].cursor, page[len(page)-1].cursor
	return fmt.Appendf(nil, `{"data":[%s],"has_more":%t,"first_id":%q,"last_id":%q}`, strings.Join(texts, ","), more, first, last), nil
}

// logRead adds the activity that the API records for each call of this endpoint, whatever
// kind of key was used.
func (a *API) logRead(r *http.Request, logged Request, status int) {
	a.options.Feed.Add(fmt.Sprintf(`{"id":"activity_01Read%s","created_at":"%s","organization_id":null,"organization_uuid":null,`+
		`"actor":{"type":"api_actor","api_key_id":"apikey_01FakeKeyOfThisFake","ip_address":"192.0.2.1","user_agent":%s},`+
		`"type":"compliance_api_accessed","request_id":"%s","url":%s,"request_method":"GET","request_body":null,"status_code":%d}`,
		strings.TrimPrefix(logged.RequestID, "req_01"), formatTime(a.options.Now()), quote(r.UserAgent()), logged.RequestID, quote("https://"+r.Host+r.URL.RequestURI()), status))
}

// A failure is an error as the API answers it.
type failure struct {
	status        int
	kind, message string
}

func invalid(format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, "invalid_request_error", fmt.Sprintf(format, args...)}
}

func tooMany(perMinute int) *failure {
	return &failure{http.StatusTooManyRequests, "rate_limit_error", fmt.Sprintf(
		"Compliance API rate limit of %d requests per minute per parent organization has been exceeded. Please try again later.", perMinute)}
}

// body returns the JSON of the failure, with the request ID that is in the header.
func (f *failure) body(header http.Header) []byte {
	requestID := ""
	if id := cmp.Or(header.Get("request-id"), header.Get("x-amzn-requestid")); id != "" {
		requestID = `,"request_id":` + quote(id)
	}
	return fmt.Appendf(nil, `{"type":"error","error":{"type":%s,"message":%s}%s}`, quote(f.kind), quote(f.message), requestID)
}

// quote returns s as a JSON string.
func quote(s string) string { return string(encode(s)) }

// send writes a JSON response, compressed where the client accepts that.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that is gone has no use for the error.
	_, _ = w.Write(body)
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // which is a level
	_, _ = z.Write(body)                            // to memory, which does not fail
	_ = z.Close()
	return b.Bytes()
}
