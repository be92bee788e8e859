package compliance

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit func(*Options)
		want string // "" for no error
	}{
		"all in order":            {func(*Options) {}, ""},
		"defaults":                {func(o *Options) { o.BaseURL, o.Transport, o.Logger, o.UserAgent = "", nil, nil, "" }, ""},
		"no ceiling, no retries":  {func(o *Options) { o.RequestsPerMinute, o.MaxRetries = 0, 0 }, ""},
		"base URL":                {func(o *Options) { o.BaseURL = "http://feed.example.com" }, "the base URL must begin with https://"},
		"no key":                  {func(o *Options) { o.APIKey = "" }, "the API key is empty"},
		"odd key":                 {func(o *Options) { o.APIKey = "a key" }, "the API key has a space"},
		"no timeout":              {func(o *Options) { o.RequestTimeout = 0 }, "out of range"},
		"negative retries":        {func(o *Options) { o.MaxRetries = -1 }, "out of range"},
		"negative ceiling":        {func(o *Options) { o.RequestsPerMinute = -1 }, "out of range"},
		"nothing at once":         {func(o *Options) { o.RequestsAtOnce = 0 }, "out of range"},
		"version with line break": {func(o *Options) { o.Version = "2023-06-01\r\nx-api-key: other" }, "the API version cannot be sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := Options{APIKey: "key", BaseURL: "https://feed.example.com", RequestTimeout: time.Second, RequestsAtOnce: 1}
			test.edit(&options)
			client, err := New(options)
			if test.want == "" && (err != nil || client == nil) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

func TestParseBaseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // "" for a good one
		"https://api.anthropic.com":                       "",
		"https://api.anthropic.com/":                      "",
		"https://feed.example.com:8443/a/b":               "",
		"https://[2001:db8::1]:8443/":                     "",
		"http://LocalHost:8080/prefix":                    "",
		"http://127.0.0.1:8080":                           "",
		"127.0.0.1:8080":                                  "must begin with https:// and a host",
		"https://x.example.com/v1/compliance/activities/": "must not end with /v1/compliance/activities",
		"http://[::1]:8080":                               "",
		"http://[::ffff:127.0.0.1]":                       "",

		"":                                "must begin with https://",
		"api.anthropic.com":               "must begin with https://",
		"file:///etc/passwd":              "must begin with https://",
		"https:api.anthropic.com":         "has no host",
		"https:///v1":                     "has no host",
		"https://feed.example.com:99999":  "has an invalid port",
		"http://api.anthropic.com":        "only for a loopback host",
		"http://127.0.0.1.evil":           "only for a loopback host",
		"http://localhost.evil":           "only for a loopback host",
		"http://127.1":                    "only for a loopback host",
		"http://0x7f.0.0.1":               "only for a loopback host",
		"http://0.0.0.0":                  "only for a loopback host",
		"http://[::ffff:192.0.2.1]":       "only for a loopback host",
		"http://１２７.0.0.1":                "only for a loopback host",
		"http://127.0.0.1@evil.com":       "must not hold credentials",
		"https://127.0.0.1:80@evil.com":   "must not hold credentials",
		"https://user:secret@example.com": "must not hold credentials",
		"https://example.com?":            "must not have a query or a fragment",
		"https://example.com#":            "must not have a query or a fragment",
		"https://example.com//":           "must not have //",
		"https://example.com//a":          "must not have //",
		"https://example.com/a//b/":       "must not have //",
		"https://example.com/a/../b":      "must not have //",
		"https://example.com/a/%2e%2E":    "must not have //",
		"https://example.com/./a":         "must not have //",
		"https://example.com/a..b/.c/...": "",
		"https://exa mple.com":            "is not a valid URL",
		"https://example.com\n":           "is not a valid URL",
		" https://example.com":            "is not a valid URL",
		"http://localhost\\@evil.com":     "is not a valid URL",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			base, err := ParseBaseURL(text)
			if want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if host := strings.ToLower(text[strings.Index(text, "//")+2:]); !strings.HasPrefix(host, strings.ToLower(base.Host)) {
					t.Errorf("got host %s", base.Host)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v and error %v, want %q", base, err, want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("got %q, which repeats the URL", err)
			}
		})
	}
}

func TestCheckAPIKey(t *testing.T) {
	t.Parallel()
	for key, ok := range map[string]bool{
		"sk-ant-api03-abc_DEF-123": true,
		"!~":                       true,
		"":                         false,
		" ":                        false,
		"s3cr3t ":                  false,
		`"s3cr3t"`:                 false,
		"'s3cr3t'":                 false,
		" s3cr3t":                  false,
		"s3cr3t\n":                 false,
		"s3cr3t\r\nx: y":           false,
		"s3cr3t\x00":               false,
		"s3cr3t\x7f":               false,
		"s3cr3té":                  false,
		"s3cr3t\xff":               false,
		"\u200bs3cr3t":             false,
	} {
		err := CheckAPIKey(key)
		if (err == nil) != ok {
			t.Errorf("%q: got error %v, want one: %t", key, err, !ok)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: got %q, which repeats the key", key, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(5)
		client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.UserAgent = "provider/1.0\r\nx: y é terraform/1.11" })
		if err := follow(t.Context(), client, 2).err; err != nil {
			t.Fatal(err)
		}
		for _, request := range api.Requests() {
			for name, want := range map[string]string{
				"X-Api-Key":         fakeapi.Key,
				"Anthropic-Version": "2023-06-01",
				"User-Agent":        "provider/1.0x: y  terraform/1.11",
				"Accept":            "application/json",
				"Cache-Control":     "no-cache",
			} {
				if got := request.Header.Values(name); len(got) != 1 || got[0] != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if request.Method != http.MethodGet || request.Header.Get("Referer") != "" || strings.Contains(request.RawQuery, fakeapi.Key) {
				t.Errorf("got %+v", request)
			}
		}
		client = newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.Version = "2099-01-01" })
		api.ResetRequests()
		if err := follow(t.Context(), client, 0).err; err != nil {
			t.Fatal(err)
		}
		if got := api.Requests()[0].Header.Get("Anthropic-Version"); got != "2099-01-01" {
			t.Errorf("got version %q, want that of the options", got)
		}
	})
}

// TestStatusError has bodies as the API sends them, and as others do.
func TestStatusError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step feedtest.Step
		want StatusError
	}{
		"the API's": {
			feedtest.Step{Status: 403, Body: `{"error":{"type":"permission_error","message":"Missing required scopes."}}`},
			StatusError{Status: 403, Type: "permission_error", Message: "Missing required scopes.", RequestID: "req_test"},
		},
		"the API's, with more": {
			feedtest.Step{Status: 400, Body: ` {"type":"error","error":{"message":"m","type":"t","more":[1]},"request_id":"x"}`},
			StatusError{Status: 400, Type: "t", Message: "m", RequestID: "req_test"},
		},
		"the API's, with a code": {
			feedtest.Step{Status: 400, Body: `{"error":{"message":"m","type":"t","details":{"error_code":"c\u001b[1mode","more":1}}}`},
			StatusError{Status: 400, Type: "t", Code: "code", Message: "m", RequestID: "req_test"},
		},
		"the API's, with other details": {
			feedtest.Step{Status: 400, Body: `{"error":{"message":"m","type":"t","details":["error_code"]}}`},
			StatusError{Status: 400, Type: "t", Message: "m", RequestID: "req_test"},
		},
		"a request ID in the body alone": {
			feedtest.Step{Status: 401, Header: []string{"request-id", ""}, Body: `{"type":"error","error":{"message":"m","type":"t"},"request_id":"req_\u001b[1mbody"}`},
			StatusError{Status: 401, Type: "t", Message: "m", RequestID: "req_body"},
		},
		"AWS's request ID": {
			feedtest.Step{Status: 400, Header: []string{"request-id", "", "x-amzn-requestid", "aws"}, Body: `{"error":{"message":"m","type":"t"},"request_id":"x"}`},
			StatusError{Status: 400, Type: "t", Message: "m", RequestID: "aws"},
		},
		"a request ID of who knows whom": {
			feedtest.Step{Status: 400, Header: []string{"request-id", ""}, Body: `{"request_id":"x"}`},
			StatusError{Status: 400, Message: `{"request_id":"x"}`},
		},
		"without a message": {
			feedtest.Step{Status: 500, Header: []string{"request-id", ""}, Body: `{"error":{"type":"api_error"}}`},
			StatusError{Status: 500, Type: "api_error"},
		},
		"another's JSON": {
			feedtest.Step{Status: 403, Body: `{"message":"Forbidden"}`},
			StatusError{Status: 403, Message: `{"message":"Forbidden"}`, RequestID: "req_test"},
		},
		"an error of another type": {
			feedtest.Step{Status: 400, Body: `{"error":"bad"}`},
			StatusError{Status: 400, Message: `{"error":"bad"}`, RequestID: "req_test"},
		},
		"text": {
			feedtest.Step{Status: 502, Body: "upstream\n  connect error\r\n"},
			StatusError{Status: 502, Message: "upstream   connect error", RequestID: "req_test"},
		},
		"HTML": {
			feedtest.Step{Status: 502, Body: "\n<html><body>Bad gateway"},
			StatusError{Status: 502, HTML: true, RequestID: "req_test"},
		},
		"nothing": {
			feedtest.Step{Status: 404},
			StatusError{Status: 404, RequestID: "req_test"},
		},
		"redirect": {
			feedtest.Step{Status: 307, Header: []string{"location", "https://user:pw@other.example.com:444/path?query"}},
			StatusError{Status: 307, RedirectHost: "other.example.com:444", RequestID: "req_test"},
		},
		"redirect on the host": {
			feedtest.Step{Status: 301, Header: []string{"location", "/elsewhere"}},
			StatusError{Status: 301, RedirectHost: "feed.example.com", RequestID: "req_test"},
		},
		"redirect to nowhere": {
			feedtest.Step{Status: 302, Header: []string{"location", "https://%zz"}},
			StatusError{Status: 302, RequestID: "req_test"},
		},
		"a location of no redirect": {
			feedtest.Step{Status: 400, Header: []string{"location", "https://other.example.com"}, Body: "no"},
			StatusError{Status: 400, Message: "no", RequestID: "req_test"},
		},
		"escape sequences": {
			feedtest.Step{Status: 400, Header: []string{"request-id", "\x1b[1mreq\a"}, Body: `{"error":{"type":"\u001b[31mt","message":"a\u001b]0;title\u0007b\u009b1mc\u202ed\r\n\te\u0000f\u200bg"}}`},
			StatusError{Status: 400, Type: "t", Message: "abcd   efg", RequestID: "req"},
		},
		"invalid UTF-8": {
			feedtest.Step{Status: 400, Body: "a\xffb"},
			StatusError{Status: 400, Message: "a\ufffdb", RequestID: "req_test"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &feedtest.Script{Steps: []feedtest.Step{test.step}}
			failed := followScript(t, s, noRetries).err
			test.want.QueryLength, test.want.URL = len(s.Requests[0].URL.RawQuery), "https://feed.example.com/v1/compliance/activities"
			if got := feedtest.ErrorAs[*StatusError](t, failed); *got != test.want {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
}

// What is in between refuses a long query for good, so it is sent once.
func TestLongQuery(t *testing.T) {
	t.Parallel()
	request := Request{Parameters: url.Values{"after_id": {strings.Repeat("x", 20_000)}}, PageSize: 1}
	for _, status := range []int{http.StatusBadRequest, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge} {
		s := &feedtest.Script{Steps: []feedtest.Step{{Status: status, Body: "<html>"}}}
		_, err := newClient(t, s).Page(t.Context(), request)
		if got, want := feedtest.ErrorAs[*StatusError](t, err).QueryLength, len(s.Requests[0].URL.RawQuery); got != want || got < 20_000 {
			t.Errorf("%d: got a query of %d bytes, want %d", status, got, want)
		}
		if attempts := feedtest.ErrorAs[*RequestError](t, err).Attempts; attempts != 1 {
			t.Errorf("%d: got %d attempts, want 1", status, attempts)
		}
	}
}

// The API on AWS has another header for the request ID.
func TestRequestIDOnAWS(t *testing.T) {
	t.Parallel()
	s := &feedtest.Script{Steps: []feedtest.Step{{Header: []string{"request-id", "", "x-amzn-requestid", "aws"}, Body: feedtest.EmptyPage}}}
	if got := followScript(t, s).pages[0].RequestID; got != "aws" {
		t.Errorf("got the request ID %q, want %q", got, "aws")
	}
}

// TestErrorTexts has what the log says of errors, and what they wrap.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	connection := &ConnectionError{Host: "feed.example.com", Cause: GoneAway, Code: "CANCEL"}
	for want, err := range map[string]error{
		"feed.example.com: GOAWAY CANCEL":                                         connection,
		"feed.example.com, proxy proxy.example.com:80: refused by the proxy: 407": &ConnectionError{Host: "feed.example.com", Proxy: "proxy.example.com:80", Cause: ProxyRefused, ProxyStatus: 407},
		"HTTP 400, t, code, redirect to example.com, message m, request-id req":   &StatusError{Status: 400, Type: "t", Code: "code", RedirectHost: "example.com", Message: "m", RequestID: "req"},
		"broken off": &PageError{Fault: BrokenOff},
		"context canceled; last attempt: feed.example.com: GOAWAY CANCEL": &InterruptedError{Err: context.Canceled, Last: connection},
		"the next request has to wait until 2026-04-10T08:09:10Z":         &WaitError{Until: time.Date(2026, 4, 10, 10, 9, 10, 0, time.FixedZone("", 7200))},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := (&InterruptedError{Err: context.Canceled}).Unwrap(); len(got) != 1 || got[0] != context.Canceled { //nolint:errorlint // this very value
		t.Errorf("got %v in an interruption without a last attempt, want the context's error alone", got)
	}
	if err := error(&WaitError{Last: connection}); !errors.Is(err, connection) {
		t.Error("got no last attempt in a wait")
	}
}

// TestSocket reads over a socket, gzip and a path prefix included, and from answers that
// break off there.
func TestSocket(t *testing.T) {
	t.Parallel()
	server := fakeapi.NewServer(fakeapi.Options{Feed: fakeapi.NewFeed(feedtest.Records(7)...), SkipReadLog: true, PathPrefix: "/proxy"})
	t.Cleanup(server.Close)
	client := socketClient(t, server.URL+"/", noRetries)
	follow(t.Context(), client, 3).mustBe(t, feedtest.IDs(7))
	for _, request := range server.Requests() {
		if got := request.Header.Get("Accept-Encoding"); got != "gzip" {
			t.Errorf("got Accept-Encoding %q, want gzip", got)
		}
	}
	for name, test := range map[string]struct {
		fault fakeapi.Fault
		want  Cause
	}{
		"cut":         {fakeapi.CutBody(100), Closed},
		"closed":      {fakeapi.CloseBeforeHeader(), Closed},
		"broken gzip": {fakeapi.BrokenGzip(), BrokenGzip},
		"not gzip": {func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			w.Header().Set("Content-Encoding", "gzip")
			fakeapi.HTML(200)(w, r, next)
		}, BrokenGzip},
		"hang":           {fakeapi.Hang(), TimedOut},
		"hang in a body": {fakeapi.HangBody(50), TimedOut},
		"drip":           {fakeapi.Drip(1, 10*time.Millisecond), TimedOut},
	} {
		server.ClearFaults()
		fault := server.Inject(fakeapi.Always, test.fault)
		client := socketClient(t, server.URL, noRetries, func(o *Options) {
			if test.want == TimedOut {
				o.RequestTimeout = 200 * time.Millisecond
			}
		})
		got := feedtest.ErrorAs[*ConnectionError](t, follow(t.Context(), client, 0).err)
		if got.Cause != test.want || (got.Timeout > 0) != (test.want == TimedOut) || fault.Fired() == 0 {
			t.Errorf("%s: got %+v after %d faults, want %s", name, got, fault.Fired(), test.want)
		}
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	const host = "127.0.0.1:1"
	got := feedtest.ErrorAs[*ConnectionError](t, follow(t.Context(), socketClient(t, "http://"+host, noRetries), 0).err)
	if got.Cause != Refused || got.Stage != AtConnection || got.Host != host {
		t.Errorf("got %+v, want %s refused", got, host)
	}
}

// newTLSServer is the fake behind TLS.
func newTLSServer(t *testing.T, edit func(*httptest.Server)) (*httptest.Server, *fakeapi.API) {
	t.Helper()
	api := newFake(3)
	server := httptest.NewUnstartedServer(api)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	edit(server)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, api
}

// TestRedirectsAreNotFollowed has another host wait for the key, which never comes.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	server := fakeapi.NewServer(fakeapi.Options{SkipReadLog: true})
	t.Cleanup(server.Close)
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, target := range []string{other.URL + "/v1/compliance/activities", server.URL + "/v1/compliance/activities?limit=1"} {
			server.ClearFaults()
			server.ResetRequests()
			server.Inject(fakeapi.Always, fakeapi.Redirect(status, target))
			got := feedtest.ErrorAs[*StatusError](t, follow(t.Context(), socketClient(t, server.URL, noRetries), 0).err)
			host, _ := url.Parse(target)
			if got.Status != status || got.RedirectHost != host.Host || len(server.Requests()) != 1 {
				t.Errorf("%d: got %+v after %d requests, want a redirect to %s after one", status, got, len(server.Requests()), host.Host)
			}
		}
	}
	if reached.Load() > 0 {
		t.Errorf("the other host got %d requests", reached.Load())
	}
}
