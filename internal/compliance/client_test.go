package compliance

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

func TestParseBaseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]OptionError{ // "" for a good one
		"https://api.anthropic.com":                       "",
		"https://api.anthropic.com/":                      "",
		"https://feed.example.com:8443/a/b":               "",
		"https://[2001:db8::1]:8443/":                     "",
		"http://LocalHost:8080/prefix":                    "",
		"http://127.0.0.1:8080":                           "",
		"127.0.0.1:8080":                                  NoURL,
		"https://x.example.com/v1/compliance/activities/": URLOfEndpoint,
		"http://[::1]:8080":                               "",
		"http://[::ffff:127.0.0.1]":                       "",

		"":                                URLNotHTTPS,
		"api.anthropic.com":               URLNotHTTPS,
		"file:///etc/passwd":              URLNotHTTPS,
		"https:api.anthropic.com":         URLWithoutHost,
		"https:///v1":                     URLWithoutHost,
		"https://feed.example.com:99999":  URLWithOddPort,
		"http://api.anthropic.com":        URLInTheClear,
		"http://127.0.0.1.evil":           URLInTheClear,
		"http://localhost.evil":           URLInTheClear,
		"http://127.1":                    URLInTheClear,
		"http://0x7f.0.0.1":               URLInTheClear,
		"http://0.0.0.0":                  URLInTheClear,
		"http://[::ffff:192.0.2.1]":       URLInTheClear,
		"http://１２７.0.0.1":                URLInTheClear,
		"http://127.0.0.1@evil.com":       URLHasCredentials,
		"https://127.0.0.1:80@evil.com":   URLHasCredentials,
		"https://user:secret@example.com": URLHasCredentials,
		"https://example.com?":            URLHasQuery,
		"https://example.com#":            URLHasQuery,
		"https://example.com//":           URLWithOddPath,
		"https://example.com//a":          URLWithOddPath,
		"https://example.com/a//b/":       URLWithOddPath,
		"https://example.com/a/../b":      URLWithOddPath,
		"https://example.com/a/%2e%2E":    URLWithOddPath,
		"https://example.com/./a":         URLWithOddPath,
		"https://example.com/a..b/.c/...": "",
		"https://exa mple.com":            NoURL,
		"https://example.com\n":           NoURL,
		" https://example.com":            NoURL,
		"http://localhost\\@evil.com":     NoURL,
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
			if !errors.Is(err, want) {
				t.Errorf("got %v and error %v, want %v", base, err, want)
			}
			if _, err := New(Options{APIKey: "key", BaseURL: cmp.Or(text, "none")}); !errors.Is(err, want) {
				t.Errorf("got error %v in a client's options, want %v", err, want)
			}
		})
	}
}

func TestCheckAPIKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]OptionError{ // "" for a good one
		"sk-ant-api03-abc_DEF-123": "",
		"!~":                       "",
		"":                         NoKey,
		" ":                        KeyOddCharacter,
		"s3cr3t ":                  KeyPadded,
		" s3cr3t":                  KeyPadded,
		"s3cr3t\n":                 KeyPadded,
		`"s3cr3t"`:                 KeyQuoted,
		"'s3cr3t'":                 KeyQuoted,
		"s3cr3t\r\nx: y":           KeyOddCharacter,
		"s3cr3t\x00":               KeyOddCharacter,
		"s3cr3t\x7f":               KeyOddCharacter,
		"s3cr3té":                  KeyOddCharacter,
		"s3cr3t\xff":               KeyOddCharacter,
		"\u200bs3cr3t":             KeyOddCharacter,
	} {
		_, err := New(Options{APIKey: key, Getenv: os.Getenv})
		if check := CheckAPIKey(key); !errors.Is(check, err) || want == "" != (err == nil) || want != "" && !errors.Is(err, want) {
			t.Errorf("%q: got errors %v and %v, want %v", key, check, err, want)
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

// TestPageErrors has answers that are no page. One that broke off is asked for again.
func TestPageErrors(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]PageError{
		"":          {Fault: BrokenOff},
		`{"data":[`: {Fault: BrokenOff},
		"\n<html>":  {Fault: HTML},
		"{}":        {Fault: NoPage, Body: &activity.PageError{Fault: activity.Missing, Member: "data"}},
	} {
		t.Run(body, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				s := feedtest.Pages(body, body)
				got := feedtest.ErrorAs[*PageError](t, followScript(t, s, func(o *Options) { o.MaxRetries = 1 }).err)
				if want.RequestID = "req_test"; !reflect.DeepEqual(*got, want) || (len(s.Requests) == 2) != (want.Fault == BrokenOff) {
					t.Errorf("got %+v after %d requests, want %+v", got, len(s.Requests), want)
				}
			})
		})
	}
}

// TestErrorTexts has what the log says of errors.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"feed.example.com: GOAWAY CANCEL":                                         &ConnectionError{Host: "feed.example.com", Cause: GoneAway, Code: "CANCEL"},
		"feed.example.com, proxy proxy.example.com:80: refused by the proxy: 407": &ConnectionError{Host: "feed.example.com", Proxy: "proxy.example.com:80", Cause: ProxyRefused, ProxyStatus: 407},
		"HTTP 400, t, code, redirect to example.com, message m, request-id req":   &StatusError{Status: 400, Type: "t", Code: "code", RedirectHost: "example.com", Message: "m", RequestID: "req"},
		"broken off":                      &PageError{Fault: BrokenOff},
		"the API key has quotation marks": KeyQuoted,
		"the next request has to wait until 2026-04-10T08:09:10Z": &WaitError{Until: time.Date(2026, 4, 10, 10, 9, 10, 0, time.FixedZone("", 7200))},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
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
	} {
		server.ClearFaults()
		fault := server.Inject(fakeapi.Always, test.fault)
		got, _ := connectionFailure(t, socketClient(t, server.URL, noRetries))
		if got.Cause != test.want || got.Timeout != 0 || fault.Fired() == 0 {
			t.Errorf("%s: got %+v after %d faults, want %s", name, got, fault.Fired(), test.want)
		}
	}
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
			server.Inject(fakeapi.Always, fakeapi.Status(status, "", "", "location", target))
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
