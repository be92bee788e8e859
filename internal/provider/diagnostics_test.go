package provider

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
	"github.com/compliance-feed/terraform-provider-compliance/internal/summary"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

var update = flag.Bool("update", false, "write testdata/diagnostics.golden anew")

// scenario is a way to a diagnostic of a read. The provider, the client and the way
// over a socket are real; the feed is a fake with nine activities.
type scenario struct {
	name     string
	provider values // in place of a working configuration
	object   string // compliance_activities, unless there is another one
	config   values // of the object
	inject   map[string]injection
	keys     map[string]fakeapi.Grant
	fake     fakeapi.Options // besides the feed and the keys
	cancel   bool            // the read while its request is under way
}

type injection struct {
	when  fakeapi.Matcher
	fault fakeapi.Fault
}

func always(fault fakeapi.Fault) map[string]injection {
	return map[string]injection{"": {fakeapi.Always, fault}}
}

func onPage(n int, fault fakeapi.Fault) map[string]injection {
	return map[string]injection{"": {fakeapi.Page(n), fault}}
}

var pages = values{"limit": 4}

// scenarios are new ones each time, since some faults remember the pages they have seen.
func scenarios() []scenario {
	return []scenario{
		// The provider's configuration.
		{name: "no key", provider: values{"api_key": nil}},
		{name: "unknown api_key", provider: values{"api_key": unknown}},
		{name: "unknown base_url", provider: values{"base_url": unknown}},

		// Refusals of the API.
		{name: "400 for a cursor", config: values{"after_id": "activity_invalid123"}},
		{name: "400 in the middle of a read", config: pages, inject: onPage(2, fakeapi.Status(400, "invalid_request_error", "Invalid `after_id`. No activity found."))},
		{name: "400 for an argument", inject: always(fakeapi.Status(400, "invalid_request_error", "The `created_at.gte` parameter contains an invalid timestamp format."))},
		{name: "400 for an activity type", config: values{"activity_types": []string{"sso_login_succeeded", "sso_login_faild", "api_key_created"}}},
		{name: "400 for an activity type that was known", config: values{"activity_types": []string{"sso_login_succeeded"}}, inject: badValue("activity_types[].0")},
		{name: "400 for an activity type that was removed", config: values{"activity_types": []string{"environment_created"}}},
		{name: "400 for an excluded activity type", config: values{"exclude_activity_types": []string{"a_type"}}},
		{name: "400 for two activity types", config: values{"activity_types": []string{"b", "a"}}, inject: badValue("activity_types[].0: Not permitted. activity_types[].1")},
		{name: "400 for an activity type that was not sent", config: values{"activity_types": []string{"a"}}, inject: badValue("activity_types[].1")},
		{name: "400 for an actor", config: values{"actor_ids": []string{"user_b", "user_a"}}, inject: badValue("actor_ids[].1")},
		{name: "400 for the other cursor", config: values{"before_id": "garbage"}},
		{name: "400 for a cursor where none was sent", inject: rejection("Invalid activity_id format: 'garbage'")},
		{name: "400 where the API is not enabled", keys: map[string]fakeapi.Grant{testKey: {Refuse: "not-enabled"}}},
		{name: "400 where the API is not enabled any more", config: pages, inject: onPage(2, fakeapi.Status(400, "invalid_request_error", "Compliance API is not enabled for this organization"))},
		{name: "400 for a parameter", inject: rejection("Unknown query parameter: 'created_at[gte]'. Did you mean 'created_at.gte'?")},
		{name: "400 for a number", inject: rejection("limit: Input should be less than or equal to 5000")},
		{name: "401 for an expired key", keys: map[string]fakeapi.Grant{testKey: {Refuse: "expired"}}},
		{name: "403 for a foreign organization", config: values{"organization_ids": []string{"org_1"}}, keys: map[string]fakeapi.Grant{testKey: {Organizations: []string{"org_2"}}}},
		{name: "403 for scopes with organizations", config: values{"organization_ids": []string{"org_1"}}, inject: forbidden("Missing required scopes. Got: [] Needed one of: ['read:compliance_activities', 'read:org_audit']")},
		{name: "403 in other words, with organizations", config: values{"organization_ids": []string{"org_1"}}, inject: forbidden("No.")},
		{name: "403 in other words", inject: forbidden("No.")},
		{name: "429 of the API", inject: always(fakeapi.Status(429, "rate_limit_error", "Compliance API rate limit of 600 requests per minute per parent organization has been exceeded."))},

		// Refusals of something in between.
		{name: "400 of a proxy", inject: always(fakeapi.HTML(400))},
		{name: "400 of a proxy for a long query", config: values{"activity_types": longList(9000)}, inject: always(fakeapi.HTML(400))},
		{name: "401 of a gateway", inject: always(other(401, `{"message":"Unauthorized"}`))},
		{name: "403 of a firewall", inject: always(fakeapi.HTML(403))},
		{name: "403 of a firewall for a long query", config: values{"activity_types": longList(9000)}, inject: always(fakeapi.HTML(403))},
		{name: "403 of another API", inject: always(fakeapi.Status(403, "auth_error", "No such virtual key."))},
		{name: "404 of another server", inject: always(other(404, "404 page not found\n"))},
		{name: "407", inject: always(other(407, ""))},
		{name: "414", config: values{"activity_types": longList(24000)}, inject: always(fakeapi.HTML(414))},
		{name: "431", config: values{"actor_ids": longList(24000)}, inject: always(other(431, "Request Header Fields Too Large"))},
		{name: "429 of a gateway", inject: always(func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
			w.Header().Set("retry-after", "30")
			other(429, "slow down")(w, r, answer)
		})},

		{name: "401", keys: map[string]fakeapi.Grant{testKey: {Refuse: "invalid"}}},
		{name: "401 in the middle of a read", config: pages, inject: onPage(2, fakeapi.Status(401, "authentication_error", "The API key provided is invalid or has been revoked."))},
		{name: "403 without the scope", keys: map[string]fakeapi.Grant{testKey: {Refuse: "scope"}}},
		{name: "404 for a key of the wrong kind", keys: map[string]fakeapi.Grant{}},
		{name: "400 on AWS", fake: fakeapi.Options{AWS: true}, config: values{"after_id": "garbage"}},
		{name: "409", inject: always(fakeapi.Status(409, "conflict_error", "Conflict"))},
		{name: "413 from a proxy", inject: always(fakeapi.HTML(413))},

		// Those that pass, after the last attempt.
		{name: "408", inject: always(fakeapi.Status(408, "timeout_error", "Request timeout"))},
		{name: "429 with retry-after", inject: always(fakeapi.TooManyRequests("30"))},
		{name: "429 without retry-after", inject: always(fakeapi.TooManyRequests(""))},
		{name: "429 after three attempts", provider: values{"max_retries": 2}, inject: always(fakeapi.Status(429, "rate_limit_error", "Slow down.", "retry-after", "0"))},
		{name: "500", inject: always(fakeapi.Status(500, "api_error", "Internal server error", "x-should-retry", "false"))},
		{name: "500 on a later page, after three attempts", provider: values{"max_retries": 2}, config: pages, inject: onPage(3, fakeapi.Status(500, "api_error", "Internal server error", "retry-after", "0"))},
		{name: "502 from a proxy", inject: always(fakeapi.HTML(502))},
		{name: "503 without a word", inject: always(fakeapi.EmptyBody(503))},
		{name: "529", inject: always(fakeapi.Status(529, "overloaded_error", "Overloaded"))},

		// Waits and ends.
		{name: "429 beyond the read", provider: values{"max_retries": 3}, config: values{"timeouts": values{"read": "1m"}}, inject: always(fakeapi.TooManyRequests("3600"))},
		{name: "503 beyond the read", provider: values{"max_retries": 3}, config: values{"timeouts": values{"read": "1m"}}, inject: always(fakeapi.Status(503, "overloaded_error", "Back in an hour.", "retry-after", "3600"))},
		{name: "rate_limit_rpm beyond the read", provider: values{"rate_limit_rpm": 2}, config: values{"limit": 4, "timeouts": values{"read": "10s"}}},
		{name: "request_timeout", provider: values{"request_timeout": "1s"}, inject: always(fakeapi.Hang)},
		{name: "timeouts.read", config: values{"timeouts": values{"read": "1s"}}, inject: always(fakeapi.Hang)},
		{name: "timeouts.read after a failure", provider: values{"max_retries": 10}, config: values{"timeouts": values{"read": "1s"}}, inject: map[string]injection{
			"first": {fakeapi.Nth(1), fakeapi.Status(503, "overloaded_error", "Overloaded", "retry-after", "0")},
			"then":  {fakeapi.From(2), fakeapi.Hang},
		}},
		{name: "cancelled", inject: always(fakeapi.Hang), cancel: true},

		// The way to the server.
		{name: "a redirect", inject: always(fakeapi.Status(307, "", "", "location", "https://login.example.com/sso?return=1"))},
		{name: "nobody listens", provider: values{"base_url": "http://127.0.0.1:1/"}},
		{name: "closed without an answer", inject: always(fakeapi.CloseBeforeHeader)},
		{name: "closed in the body", config: pages, inject: onPage(2, fakeapi.CutBody(100))},
		{name: "not TLS", provider: values{"base_url": "https"}},
		{name: "a certificate that is not trusted", provider: values{"base_url": "tls"}},

		// Answers that are no pages.
		{name: "HTML with status 200", inject: always(fakeapi.HTML(200))},
		{name: "an empty body", inject: always(fakeapi.EmptyBody(200))},
		{name: "a body that broke off", inject: always(fakeapi.TruncateBody(100))},
		{name: "broken gzip", inject: always(fakeapi.BrokenGzip)},
		{name: "no JSON", inject: always(edit("{data}"))},
		{name: "an array", inject: always(edit("[]"))},
		{name: "two answers in one", inject: always(edit(`{"data":[],"has_more":false} {}`))},
		{name: "no data", inject: always(fakeapi.SetMembers("data", ""))},
		{name: "data is no array", inject: always(fakeapi.SetMembers("data", `{}`))},
		{name: "no has_more", inject: always(fakeapi.SetMembers("has_more", ""))},
		{name: "has_more is no boolean", inject: always(fakeapi.SetMembers("has_more", `"false"`))},
		{name: "a cursor is no string", inject: always(fakeapi.SetMembers("last_id", `17`))},
		{name: "more and not where", config: pages, inject: always(fakeapi.SetMembers("has_more", "true", "last_id", "null"))},
		{name: "more and not where, backward", config: values{"before_id": "+MSBhMDAx"}, inject: always(fakeapi.SetMembers("has_more", "true", "first_id", "null"))},
		{name: "a cursor that does not move", config: pages, inject: onPage(2, fakeapi.IgnoreParameter("after_id"))},
		{name: "cursors that go round", config: pages, inject: onPage(3, fakeapi.IgnoreParameter("after_id"))},
		{name: "more activities than asked for", config: values{"max_results": 1}, inject: always(edit(`{"data":[` + strings.Join(records(2), ",") + `],"has_more":true,"first_id":"a","last_id":"b"}`))},
		{name: "a record that is no object", inject: always(fakeapi.SetRecord(1, `"a"`))},
		{name: "a record without an id", inject: always(fakeapi.SetField(1, "id", ""))},
		{name: "a record without created_at", inject: always(fakeapi.SetField(2, "created_at", "null"))},
		{name: "a record without a type", inject: always(fakeapi.SetField(0, "type", "{}"))},
		{name: "JSON too deep", inject: always(edit(`{"data":[{"id":"a","created_at":"2026-05-01T00:00:00Z","type":"t","deep":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}],"has_more":false}`))},
		{name: "created_at is no time, in a summary", object: summaryName, inject: always(fakeapi.SetField(1, "created_at", `"the other day"`))},
		{name: "pages of two organizations", config: pages, inject: map[string]injection{"first": {fakeapi.Page(1), organization("org_1")}, "then": {fakeapi.Page(2), organization("org_2")}}},
		{name: "a key of another organization", provider: values{"key_organization_id": "org_1"}, config: pages, inject: map[string]injection{"first": {fakeapi.Page(1), organization("ORG_1")}, "then": {fakeapi.Page(2), organization("org_2")}}},
		{name: "a key of who knows whom", provider: values{"key_organization_id": "org_1"}, inject: always(fakeapi.Headers("anthropic-organization-id", ""))},
		{name: "an error with a code", inject: always(other(403, `{"error":{"type":"permission_error","message":"No.","details":{"error_code":"ip_not_allowed"}}}`))},
		{name: "a page too large", inject: always(edit(strings.Repeat(" ", 65<<20)))},

		// Pages that are too heavy, after the last attempt.
		{name: "504, for fewer and fewer activities", provider: values{"max_retries": 2}, config: values{"limit": 300}, inject: always(fakeapi.Status(504, "timeout_error", "Request timed out", "retry-after", "0"))},
		{name: "413, down to 50 activities", provider: values{"max_retries": 9}, config: values{"limit": 120}, inject: always(fakeapi.HTML(413))},
		{name: "request_timeout, for half as many", provider: values{"max_retries": 1, "request_timeout": "1s"}, config: values{"limit": 300}, inject: always(fakeapi.Hang)},

		// Answers that are not of now, and windows that are not yet.
		{name: "an answer of a cache", inject: always(fakeapi.Headers("age", "3600"))},
		{name: "a window that begins in the future", config: values{"created_at_gte": "2999-01-01T00:00:00Z"}},
		{name: "a lookback from the future", object: summaryName, config: values{"created_at_lt": "2999-01-01T00:00:00Z", "lookback": "1d"}},

		// Text that must not reach a terminal as it is.
		{name: "escape sequences", inject: always(fakeapi.Status(400, "invalid_request_error", escapeSequences))},
		{name: "line breaks and quotes", inject: always(fakeapi.Status(400, "invalid_request_error", "one\ntwo \"three\" \\four"))},
		{name: "a long message", inject: always(fakeapi.Status(400, "invalid_request_error", strings.Repeat("m", 3000)))},
		{name: "plain text", inject: always(other(503, "upstream connect error\n"))},
		{name: "the key is echoed", inject: always(fakeapi.Status(401, "authentication_error", "No such key: "+testKey))},
	}
}

// escapeSequences are those of a terminal, other control characters and a change of direction.
const escapeSequences = "\x1b[2J\x1b[31mred\x1b[0m \x1b]0;title\x07 back\bspace\rreturn\x00null \u009b31m \u202egnp.exe"

func rejection(message string) map[string]injection {
	return always(fakeapi.Status(400, "invalid_request_error", message))
}

func badValue(place string) map[string]injection {
	return rejection(place + ": Input is not one of the permitted values.")
}

// organization answers as for a key of one.
func organization(id string) fakeapi.Fault { return fakeapi.Headers("anthropic-organization-id", id) }

func forbidden(message string) map[string]injection {
	return always(fakeapi.Status(403, "permission_error", message))
}

// other answers as no API does.
func other(status int, body string) fakeapi.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// longList has about so many characters in a query.
func longList(length int) []string {
	var list []string
	for i := range length / 50 {
		list = append(list, fmt.Sprintf("type_%05d_%s", i, strings.Repeat("x", 20)))
	}
	return list
}

// edit sends a page of one's own.
func edit(page string) fakeapi.Fault {
	return fakeapi.EditPage(func([]byte) []byte { return []byte(page) })
}

// play reads and returns what is said about it.
func (c scenario) play(t *testing.T) []*tfprotov6.Diagnostic {
	t.Helper()
	// A fake per scenario, so that its request-ids are always the same.
	options := c.fake
	options.Feed, options.Keys = fakeapi.NewFeed(records(9)...), c.keys
	fake := newFake(t, options)
	for _, injection := range c.inject {
		fake.Inject(injection.when, injection.fault)
	}
	config := values{}
	maps.Copy(config, c.provider)
	switch config["base_url"] {
	case "https":
		config["base_url"] = strings.Replace(fake.URL, "http:", "https:", 1)
	case "tls":
		server := httptest.NewUnstartedServer(fake)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		config["base_url"] = server.URL
	}
	s := reading(t, fake, config)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if c.cancel {
		go func() {
			for len(fake.Requests()) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
	}
	_, diags := s.readContext(ctx, cmp.Or(c.object, listName), c.config)
	return diags
}

// What differs from run to run.
var (
	port   = regexp.MustCompile(`127\.0\.0\.1:\d{2,}`)
	moment = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`)
	long   = regexp.MustCompile(`m{100,}`)     // of a long message
	x509   = regexp.MustCompile(`x509: [^(]+`) // which each system words in its own way
)

// Every diagnostic there is, as the person at the terminal reads it.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	add := func(name string, diags []*tfprotov6.Diagnostic) {
		rendered := port.ReplaceAllString(render(diags), "127.0.0.1:8080")
		rendered = moment.ReplaceAllString(rendered, "2026-04-10 08:00:00 UTC")
		rendered = x509.ReplaceAllString(rendered, "x509: certificate signed by unknown authority ")
		rendered = long.ReplaceAllStringFunc(rendered, func(run string) string { return fmt.Sprintf("mmm [%d]", len(run)) })
		fmt.Fprintf(&text, "=== %s\n%s\n", name, rendered)
	}
	s := start(t, newTestProvider())
	for _, name := range sorted(invalidProvider) {
		add("validate the provider: "+name, s.validateProvider(values{invalidProvider[name].at: invalidProvider[name].value}))
	}
	for _, name := range sorted(invalid) {
		config := invalid[name].config
		add("validate: "+name, s.validate(s.objectsWith(config)[0], config))
	}
	for _, name := range sorted(doubtful) {
		add("validate: "+name, s.validate(listName, doubtful[name].config))
	}
	add("validate: many faults of one key", s.validate(listName, exceptBy("actor.ip_address", "a", "b", "c", "d", "e", "f", "g")))
	_, diags := s.read(listName, nil)
	add("read: before the provider is configured", diags)
	for _, variables := range []map[string]string{
		{keyVariables[0]: "two words"}, {keyVariables[0]: "key", baseURLVariable: "example.com"},
		{keyVariables[0]: "key", "HTTPS_PROXY": "http://user:100%@proxy.example.com"}, {keyVariables[0]: "key", "https_proxy": " proxy.example.com"},
		{keyVariables[0]: "key", "HTTPS_PROXY": "socks4://proxy.example.com"},
	} {
		s := withEnvironment(t, variables)
		s.configure(nil)
		_, diags := s.read(listName, nil)
		add(fmt.Sprintf("read: with the environment %v", variables), diags)
	}
	for _, scenario := range scenarios() {
		diags := scenario.play(t)
		if len(diags) != 1 {
			t.Errorf("%s: got %d diagnostics, want 1", scenario.name, len(diags))
		}
		add("read: "+scenario.name, diags)
	}
	about := readContext{service: &service{}, what: listName}
	say := func(name string, d diag.Diagnostic) {
		add("read: "+name, []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: d.Summary(), Detail: d.Detail()}})
	}
	fail := func(name string, err error) {
		say(name, about.readError(&feed.ReadError{Page: 1, RequestError: &compliance.RequestError{Attempts: 1, Err: err}}))
	}
	// What needs a network, a name server, a proxy or a clock. The ways to these are tested
	// in package compliance.
	const api, proxy, second = "api.example.com", "proxy.example.com:3128", time.Second
	ways := func(stage compliance.Stage, failures ...compliance.ConnectionError) {
		for _, failure := range failures {
			failure.Host, failure.Stage = api, stage
			fail(connectionText(&failure), &failure)
		}
	}
	type connection = compliance.ConnectionError
	ways(compliance.AtName,
		connection{Cause: compliance.NoSuchName, Name: api},
		connection{Cause: compliance.NameServerSilent, Name: api},
		connection{Cause: compliance.NameServerFailed, Name: api},
		connection{Cause: compliance.NoSuchName, Proxy: proxy, Name: "proxy.example.com"},
	)
	ways(compliance.AtConnection,
		connection{Cause: compliance.TimedOut},
		connection{Cause: compliance.TimedOut, Timeout: 5 * second},
		connection{Cause: compliance.Unreachable},
		connection{Cause: compliance.Unexplained, Detail: "protocol not available"},
		connection{Cause: compliance.Refused, Proxy: proxy},
	)
	ways(compliance.AtProxy,
		connection{Cause: compliance.ProxyRefused, Proxy: proxy, ProxyStatus: 407},
		connection{Cause: compliance.ProxyRefused, Proxy: proxy, ProxyStatus: 407, ProxySchemes: []string{"Negotiate", "NTLM"}},
		connection{Cause: compliance.ProxyRefused, Proxy: proxy, ProxyStatus: 403},
		connection{Cause: compliance.ProxyRefused, Proxy: proxy, ProxyStatus: 302},
		connection{Cause: compliance.ProxyRefused, Proxy: proxy, ProxyStatus: 503},
		connection{Cause: compliance.ProxyRefused, Proxy: proxy, Detail: "host unreachable"},
		connection{Cause: compliance.TimedOut, Proxy: proxy, Timeout: 60 * second},
		connection{Cause: compliance.Closed, Proxy: proxy},
		connection{Cause: compliance.NotHTTP, Proxy: proxy},
	)
	ways(compliance.AtTLS,
		connection{Cause: compliance.NotTLS, Proxy: proxy},
		connection{Cause: compliance.TimedOut},
		connection{Cause: compliance.Closed},
		connection{Cause: compliance.TLSAlert, Detail: "protocol version not supported"},
	)
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	refused := func(certificate compliance.CertificateError) connection {
		return connection{Cause: compliance.BadCertificate, Certificate: &certificate}
	}
	other := refused(compliance.CertificateError{Fault: compliance.OtherName, Names: []string{"other.example.com", "example.com"}, Name: "proxy.example.com"})
	other.Proxy = proxy
	ways(compliance.AtTLS, other,
		refused(compliance.CertificateError{Fault: compliance.OutsideValidity, NotBefore: day(2025), NotAfter: day(2026)}),
		refused(compliance.CertificateError{Fault: compliance.OtherName, Name: api}),
		refused(compliance.CertificateError{Fault: compliance.OtherName, Names: []string{"a", "b", "c", "d"}, Name: api}),
		refused(compliance.CertificateError{Fault: compliance.OtherFault, Detail: "certificate specifies an incompatible key usage"}),
	)
	for file := compliance.FileNotSet; file <= compliance.FileUnusable; file++ {
		ways(compliance.AtTLS, refused(compliance.CertificateError{Fault: compliance.UnknownIssuer, Issuer: "CN=A Proxy's CA", File: file}))
	}
	ways(compliance.AtRequest,
		connection{Cause: compliance.GoneAway, Code: "ENHANCE_YOUR_CALM", QueryLength: 12_345},
		connection{Cause: compliance.NoPing},
		connection{Cause: compliance.BrokenHTTP2, Code: "PROTOCOL_ERROR"},
		connection{Cause: compliance.NotHTTP},
		connection{Cause: compliance.GivenUp, Code: "INTERNAL_ERROR"},
		connection{Cause: compliance.TimedOut},
		connection{Cause: compliance.Unexplained, Detail: "odd"},
	)
	// Sizes of time that differ from run to run.
	fail("an old Date", &compliance.StaleError{Behind: 10 * time.Minute, RequestID: "req_01A"})
	now := time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC)
	fail("a clock that is behind", &feed.ClockError{UpperBound: now, Now: now.Add(10 * time.Minute), Behind: 10 * time.Minute})
	fail("a future by this machine's clock", &feed.FutureError{LowerBound: now.Add(time.Minute), Now: now})
	say("a rate limit of old", about.oldReset(90*time.Minute))
	say("a name that the server no longer knows", noLongerKnown([]string{"org_members_exported", "claude_file_exported"}))
	say("no name that the server knows", noTypeLeft())
	// Pages that a fake sends only with effort.
	for _, fault := range []activity.PageError{
		{Fault: activity.Twice, Member: "data"}, {Fault: activity.SaysError, Member: "errors"}, {Fault: activity.TooMany, Limit: 100_000},
		{Fault: activity.TooMany, Activity: 3, Limit: 10_000}, {Fault: activity.Empty, Activity: 1, Member: "id"},
	} {
		fail(faultText(&fault), &compliance.PageError{Fault: compliance.NoPage, Body: &fault})
	}
	fail("pages with nothing new", &feed.PageError{Fault: feed.NothingNew})
	// Results that are too large take too long to come by here; see activities_test.go.
	from, to := day(2025), day(2026)
	for _, window := range []timerange.Window{{}, {Start: &from}, {End: &to}, {Start: &from, End: &to}} {
		about.window = window
		for _, refused := range []refusal{about.tooManyActivities(11), about.resultTooLarge(83, 412_345)} {
			say(refused.Summary()+" "+about.windowText(), refused)
		}
	}
	about.what, about.window = summaryName, timerange.Window{Start: &from}
	say("too many groups", about.tooManyGroups())
	for _, part := range []summary.Part{summary.Maps, summary.Groups, summary.Stretch, summary.Baseline} {
		say(fmt.Sprintf("too much to count: %d", part), about.notCounted(7, &summary.BudgetError{Most: part}))
	}

	file := filepath.Join("testdata", "diagnostics.golden")
	if *update {
		must(os.WriteFile(file, []byte(text.String()), 0o644))
	}
	if want := fileText(t, file); text.String() != want {
		t.Errorf("the diagnostics have changed. If that is meant, renew them and read the difference:\n"+
			"  go test ./internal/provider -run '^TestDiagnostics$' -update && git diff internal/provider/%s\n%s", file, firstDifference(text.String(), want))
	}
}

// firstDifference shows the first part of a golden text that is not as it was.
func firstDifference(got, want string) string {
	wantParts := strings.Split(want, "=== ")
	for i, part := range strings.Split(got, "=== ") {
		if i == len(wantParts) || part != wantParts[i] {
			return "got\n\n" + part + "\nwant\n\n" + strings.Join(wantParts[i:min(i+1, len(wantParts))], "")
		}
	}
	return "want more than that"
}

// No text, from wherever it may come, holds what a terminal would obey.
func TestDiagnosticsArePlainText(t *testing.T) {
	t.Parallel()
	for i, line := range strings.Split(fileText(t, filepath.Join("testdata", "diagnostics.golden")), "\n") {
		for _, r := range line {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("line %d has the character %U: %q", i+1, r, line)
			}
		}
		if strings.Contains(line, "<html") || strings.Contains(line, "%!") {
			t.Errorf("line %d: %q", i+1, line)
		}
	}
}

// A rate limit of long ago is a sign of a cache, and a habit of the server's perhaps: a warning
// for a read, however many pages it has.
func TestOldResetIsAWarning(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(9)...)})
	fake.Inject(fakeapi.Always, fakeapi.Headers("anthropic-ratelimit-requests-reset", "2020-01-01T00:00:00Z"))
	result, diags := reading(t, fake, nil).read(listName, pages)
	requireEqual(t, "activities", len(ids(result)), 9)
	requireWarning(t, diags, "", "A cache may have answered instead of the API")
}
