package fakeapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestInvalidQueries(t *testing.T) {
	t.Parallel()
	const timestamp = ": Input should be a valid datetime or date, "
	const noType = ": Input is not one of the permitted values."
	tests := []struct{ name, query, message string }{
		{"limit_0", "limit=0", "limit: Input should be greater than or equal to 1"},
		{"limit_5001", "limit=5001", "limit: Input should be less than or equal to 5000"},
		{"limit_word", "limit=ten", "limit: Input should be a valid integer, "},
		{"limit_twice", "limit=1&limit=2", "limit: Input should be given only once"},
		{"order", "order=up", "order: Input should be 'asc' or 'desc'"},
		{"gte", "created_at.gte=2026-01-01T00:00:00", "created_at.gte" + timestamp},
		{"gt", "created_at.gt=2026-01-01", "created_at.gt" + timestamp},
		{"lt", "created_at.lt=2026-02-30T00:00:00Z", "created_at.lt" + timestamp},
		{"plus_not_encoded", "created_at.lt=2026-01-01T00:00:00+00:00", "created_at.lt" + timestamp},
		{"one_digit_hour", "created_at.lt=2026-01-01T0:00:00Z", "created_at.lt" + timestamp},
		{"bound_twice", "created_at.lt=2026-01-01T00:00:00Z&created_at.lt=2026-01-01T00:00:00Z", "created_at.lt: Input should be given only once"},
		{"after_id", "after_id=garbage", "Invalid activity_id format: 'garbage'"},
		{"activity_id_as_cursor", "after_id=a01", "Invalid activity_id format: 'a01'"},
		{"cursor_of_another_feed", "after_id=OTHER", "Invalid activity_id format: '+"},
		{"cursors_of_both_kinds", "after_id=CURSOR&before_id=CURSOR", "Cannot specify both 'before_id' and 'after_id' in the same request. "},
		{"types_and_excluded_types", "activity_types[]=claude_chat_created&exclude_activity_types[]=claude_chat_viewed", "Cannot specify both "},
		{"unknown_type_by_its_place", "activity_types[]=claude_chat_viewed&activity_types[]=Claude_Chat_Viewed&activity_types[]=t", "activity_types[].1" + noType},
		{"unknown_excluded_type", "exclude_activity_types[]=sso_*", "exclude_activity_types[].0" + noType},
		{"removed_type", "activity_types[]=environment_created", "activity_types[].0" + noType},
		{"list_with_empty_value", "activity_types[]=claude_chat_viewed&activity_types[]=", "activity_types[]: Input should not be empty"},
		{"unknown", "page=2", "Unknown query parameter: 'page'."},
		{"bad_escape", "limit=%zz", "The query string is malformed"},
	}
	api := fakeapi.New(quiet(records(3)...))
	c := inProcess(api)
	cursor := url.QueryEscape(*c.get(t, "").LastID)
	other := url.QueryEscape(*inProcess(fakeapi.New(quiet(record("elsewhere", "2026-05-01T00:00:00Z", "t")))).get(t, "").LastID)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := c.get(t, strings.NewReplacer("CURSOR", cursor, "OTHER", other).Replace(test.query))
			if a.status != 400 || a.Error.Type != "invalid_request_error" || !strings.HasPrefix(a.Error.Message, test.message) {
				t.Errorf("got %d %s, want 400 invalid_request_error %q", a.status, a.body, test.message)
			}
			if id := a.header.Get("request-id"); !strings.HasPrefix(id, "req_") || a.RequestID != id || a.header.Get("x-should-retry") != "false" {
				t.Errorf("got the headers %v, the request ID %q", a.header, a.RequestID)
			}
		})
	}
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	keys := map[string]fakeapi.Grant{
		"good":   {},
		"narrow": {Organizations: []string{"org_mine", "5f0c4a52-3a4e-4f0e-9d0c-2f6f1c7b8a10"}},
	}
	for _, why := range fakeapi.Refusals() {
		keys[why] = fakeapi.Grant{Refuse: why}
	}
	const missing = "Missing required scopes. Got: ['api:admin'] Needed one of: ['read:compliance_activities', 'read:org_audit']"
	now := time.Date(2026, 5, 1, 12, 0, 0, 5, time.FixedZone("", 7200))
	const foreign = "Cannot query compliance data for organizations outside this API key's scope"
	const notFound, dead = "not_found_error", "authentication_error"
	tests := []struct {
		name          string
		key           string
		change        func(*http.Request)
		status        int
		kind, message string
		cost          int
	}{
		{"good", "good", nil, 200, "", "", 1},
		{"scope", "scope", nil, 403, "permission_error", missing, 1},
		{"not_enabled", "not-enabled", nil, 400, "invalid_request_error", "Compliance API is not enabled for this organization", 1},
		{"own_organizations", "narrow", func(r *http.Request) {
			r.URL.RawQuery = "organization_ids[]=org_mine&organization_ids[]=5f0c4a52-3a4e-4f0e-9d0c-2f6f1c7b8a10"
		}, 200, "", "", 1},
		{"foreign_organization", "narrow", func(r *http.Request) {
			r.URL.RawQuery = "organization_ids[]=org_mine&organization_ids[]=org_other"
		}, 403, "permission_error", foreign, 1},
		{"invalid", "invalid", nil, 401, dead, "API key is invalid.", 0},
		{"deactivated", "deactivated", nil, 401, dead, "API key has been deactivated.", 0},
		{"expired", "expired", nil, 401, dead, "API key has expired.", 0},
		{"wrong_kind", "wrong-kind", nil, 404, notFound, "Not found", 0},
		{"unknown", "unknown", nil, 404, notFound, "Not found", 0},
		{"missing", "", func(r *http.Request) { r.Header.Del("x-api-key") }, 404, notFound, "Not found", 0},
		{"two_keys", "good", func(r *http.Request) { r.Header.Add("x-api-key", "good") }, 404, notFound, "Not found", 0},
		{"post", "good", func(r *http.Request) { r.Method = http.MethodPost }, 404, notFound, "Not found", 0},
		{"no_prefix", "good", func(r *http.Request) { r.URL.Path = "/v1/compliance/activities" }, 404, notFound, "Not found", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := inProcess(fakeapi.New(fakeapi.Options{Keys: keys, PathPrefix: "/prefix", SkipReadLog: true, Now: func() time.Time { return now }}))
			c.base += "/prefix"
			c.key = test.key
			req := c.request(t, "")
			if test.change != nil {
				test.change(req)
			}
			a := c.do(t, req)
			if a.status != test.status || a.Error.Type != test.kind || a.Error.Message != test.message {
				t.Errorf("got %d %s, want %d %s %q", a.status, a.body, test.status, test.kind, test.message)
			}
			wantHeaders := map[string]string{
				"content-type":              "application/json",
				"x-should-retry":            map[bool]string{true: "false"}[test.status >= 400 && test.status != 401],
				"anthropic-organization-id": map[int]string{1: fakeapi.Organization}[test.cost],
				"date":                      "Fri, 01 May 2026 10:00:00 GMT",
			}
			for name, want := range wantHeaders {
				if got := a.header.Get(name); got != want {
					t.Errorf("got %s %q, want %q", name, got, want)
				}
			}
			if id := a.header.Get("request-id"); (id != "") != (test.status != 401) {
				t.Errorf("got request-id %q", id)
			} else if test.status >= 400 && (a.Type != "error" || a.RequestID != id) {
				t.Errorf("got around the error %q and %q, want error and %q", a.Type, a.RequestID, id)
			}
			c.key = "good"
			want := map[int]string{0: "599", 1: "598"}[test.cost]
			if got := c.get(t, "").header.Get("anthropic-ratelimit-requests-remaining"); got != want {
				t.Errorf("afterwards: got %s requests remaining, want %s", got, want)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(fakeapi.Options{RateLimit: 3, SkipReadLog: true, Keys: map[string]fakeapi.Grant{
			fakeapi.Key: {}, "other": {},
		}})
		c := inProcess(api)
		time.Sleep(1500 * time.Millisecond) // into a second
		check := func(status int, remaining, reset, retryAfter string) {
			t.Helper()
			a := c.get(t, "")
			h := a.header
			got := []string{h.Get("anthropic-ratelimit-requests-limit"), h.Get("anthropic-ratelimit-requests-remaining"), h.Get("anthropic-ratelimit-requests-reset"), h.Get("retry-after")}
			want := []string{"3", remaining, reset, retryAfter}
			if a.status != status || !slices.Equal(got, want) {
				t.Errorf("got %d %q, want %d %q", a.status, got, status, want)
			}
			if status == 429 && (h.Get("x-should-retry") != "" || a.Error.Type != "rate_limit_error" || !strings.HasPrefix(a.Error.Message, "Compliance API rate limit of 3 requests per minute per parent organization has been exceeded.")) {
				t.Errorf("got %s", a.body)
			}
		}
		check(200, "2", "2000-01-01T00:01:02Z", "")
		time.Sleep(20 * time.Second)
		c.key = "other"
		check(200, "1", "2000-01-01T00:01:02Z", "")
		c.key = fakeapi.Key
		check(200, "0", "2000-01-01T00:01:02Z", "")
		check(429, "0", "2000-01-01T00:01:02Z", "41")
		time.Sleep(40 * time.Second)
		check(429, "0", "2000-01-01T00:01:02Z", "1")
		time.Sleep(time.Second)
		check(200, "2", "2000-01-01T00:02:03Z", "")
	})
}

// By default each call becomes an activity that the next call can read.
func TestReadsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(fakeapi.Options{Feed: fakeapi.NewFeed(record("a", "1999-12-31T00:00:00Z", "t"))})
		c := inProcess(api)
		c.base = "https://api.example.com"
		if got := c.get(t, "limit=7").ids(t); !slices.Equal(got, []string{"a"}) {
			t.Errorf("first read: got %v, want only what was there", got)
		}
		time.Sleep(time.Minute)
		c.get(t, "limit=0")
		anonymous := c
		anonymous.key = "unknown"
		anonymous.get(t, "")

		a := c.get(t, "order=asc&activity_types[]=compliance_api_accessed")
		requests := api.Requests()
		const want = `"created_at":"2000-01-01T00:0%d:00Z","organization_id":null,"organization_uuid":null,` +
			`"actor":{"type":"api_actor","api_key_id":"apikey_01FakeKeyOfThisFake","ip_address":"192.0.2.1","user_agent":"Go-http-client/1.1"},` +
			`"type":"compliance_api_accessed","request_id":"%s","url":"https://api.example.com/v1/compliance/activities?limit=%d",` +
			`"request_method":"GET","request_body":null,"status_code":%d}`
		first, second := fmt.Sprintf(want, 0, requests[0].RequestID, 7, 200), fmt.Sprintf(want, 1, requests[1].RequestID, 0, 400)
		if len(a.Data) != 2 || !strings.HasSuffix(string(a.Data[0]), first) || !strings.HasSuffix(string(a.Data[1]), second) {
			t.Errorf("got %s\nwant …%s\nand …%s", a.body, first, second)
		}
	})
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := fakeapi.NewServer(fakeapi.Options{Feed: fakeapi.NewFeed(records(5)...), PathPrefix: "/a/b", SkipReadLog: true})
	defer s.Close()
	c := caller{&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, s.URL, fakeapi.Key}
	pages := c.walk(t, "&limit=2&activity_types[]=claude_chat_created", "after_id", "")
	s.Inject(fakeapi.Times(1, fakeapi.Always), fakeapi.CloseBeforeHeader)
	if _, err := c.try(c.request(t, "")); err == nil {
		t.Error("closed connection: got no error")
	}

	log := s.Requests()
	if len(log) != len(pages)+1 {
		t.Fatalf("got %d requests, want %d", len(log), len(pages)+1)
	}
	for i, r := range log[:len(pages)] {
		if r.Number != i+1 || r.Page != i+1 ||
			r.Method != "GET" || r.URL.Path != "/a/b/v1/compliance/activities" || "http://"+r.Host+"/a/b" != s.URL ||
			r.Query.Get("activity_types[]") != "claude_chat_created" || !strings.HasPrefix(r.URL.RawQuery, "limit=2&") ||
			r.Header.Get("x-api-key") != fakeapi.Key || time.Since(r.Time) > time.Minute || r.RequestID == "" {
			t.Errorf("request %d: got %+v", i+1, r)
		}
	}

	s.ResetRequests()
	a := c.get(t, "")
	if log := s.Requests(); len(log) != 1 || log[0].Number != 1 || log[0].RequestID != a.header.Get("request-id") {
		t.Errorf("after a reset: got %+v, want one request, number 1, %s", log, a.header.Get("request-id"))
	}
}

// An answer is compressed for whoever accepts that, as net/http does by itself.
func TestGzip(t *testing.T) {
	t.Parallel()
	c := inProcess(fakeapi.New(quiet(records(3)...))) // which reads what is compressed all the time
	for accepted, want := range map[string]string{"br, gzip": "gzip", "identity": ""} {
		request := c.request(t, "")
		request.Header.Set("Accept-Encoding", accepted)
		if a, err := c.try(request); err != nil || a.header.Get("content-encoding") != want {
			t.Errorf("%s: got %v, %v, want %q", accepted, a.header, err, want)
		}
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const least, most = 900 * time.Millisecond, 5 * time.Second
		for _, o := range []fakeapi.Options{{Latency: least}, {Latency: least, LatencyMax: most}} {
			c := inProcess(fakeapi.New(o))
			waits := make(map[time.Duration]bool)
			for range 20 {
				start := time.Now()
				c.get(t, "")
				waits[time.Since(start)] = true
				if wait := time.Since(start); wait < least || wait > max(least, o.LatencyMax) {
					t.Errorf("got an answer after %s, want %s to %s", wait, least, o.LatencyMax)
				}
			}
			if differ := o.LatencyMax > 0; differ != (len(waits) > 10) {
				t.Errorf("got the waits %v, want many different ones: %t", waits, differ)
			}
		}
	})
}

// Several clients read while the feed grows and logs their reads; no reader misses or
// repeats what was there before.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(fakeapi.Options{
		Feed: fakeapi.Generate(fakeapi.Spec{Activities: 300, Newest: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}),
	})
	api.Inject(fakeapi.Times(2, fakeapi.Page(8)), fakeapi.EditPage(func(page []byte) []byte { return page }))
	t.Run("writer", func(t *testing.T) {
		t.Parallel()
		for _, text := range records(30) { // newer than the window
			api.Add(text)
			api.Requests()
		}
	})
	for range 3 {
		t.Run("reader", func(t *testing.T) {
			t.Parallel()
			got := slices.Concat(inProcess(api).walk(t, "&limit=40&created_at.lte=2026-01-01T00:00:00Z", "after_id", "")...)
			unique := slices.Compact(slices.Sorted(slices.Values(got)))
			if len(got) != 300 || len(unique) != 300 {
				t.Errorf("got %d activities, %d of them different, want 300", len(got), len(unique))
			}
		})
	}
}
