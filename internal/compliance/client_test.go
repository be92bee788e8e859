package compliance

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"runtime"
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
	const aws = "https://aws-external-anthropic.us-east-1.api.aws"
	for text, want := range map[string]OptionError{ // "" for a good one
		"https://api.anthropic.com":                       "",
		aws:                                               "",
		"https://api.anthropic.com.example.com":           "",
		"https://feed.example.com:8443/a/b":               "",
		"https://[2001:db8::1]:8443/":                     "",
		"http://LocalHost:8080/prefix":                    "",
		"http://127.0.0.1:8080":                           "",
		"127.0.0.1:8080":                                  NoURL,
		"https://x.example.com/v1/compliance/activities/": URLOfEndpoint,
		"http://[::ffff:127.0.0.1]":                       "",

		"":                                URLNotHTTPS,
		"api.anthropic.com":               URLNotHTTPS,
		"https:api.anthropic.com":         URLWithoutHost,
		"https://feed.example.com:99999":  URLWithOddPort,
		"http://api.anthropic.com":        URLInTheClear,
		"http://127.0.0.1.evil":           URLInTheClear,
		"http://127.1":                    URLInTheClear,
		"http://0.0.0.0":                  URLInTheClear,
		"http://[::ffff:192.0.2.1]":       URLInTheClear,
		"http://１２７.0.0.1":                URLInTheClear,
		"http://127.0.0.1@evil.com":       URLHasCredentials,
		"https://user:secret@example.com": URLHasCredentials,
		"https://example.com#":            URLHasQuery,
		"https://example.com//":           URLWithOddPath,
		"https://example.com/a/../b":      URLWithOddPath,
		"https://example.com/a/%2e%2E":    URLWithOddPath,
		"https://example.com/./a":         URLWithOddPath,
		"https://example.com/a..b/.c/...": "",
		"https://exa mple.com":            NoURL,
		"https://example.com\n":           NoURL,
		"http://localhost\\@evil.com":     NoURL,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			base, err := ParseBaseURL(text)
			if want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if own := text == DefaultBaseURL || text == aws; OwnHost(base) != own {
					t.Errorf("got the API's own host: %t, want %t", !own, own)
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
		"s3cr3t\n":                 KeyPadded,
		`"s3cr3t"`:                 KeyQuoted,
		"'s3cr3t'":                 KeyQuoted,
		"s3cr3t\r\nx: y":           KeyOddCharacter,
		"s3cr3t\x00":               KeyOddCharacter,
		"s3cr3t\x7f":               KeyOddCharacter,
		"s3cr3té":                  KeyOddCharacter,
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
		api := feedtest.NewFake(5)
		odd := func(o *Options) { o.UserAgent = "provider/1.0\r\nx: y é terraform/1.11" }
		another := func(o *Options) { o.Version = "2099-01-01" }
		for version, edit := range map[string]func(*Options){"2023-06-01": odd, "2099-01-01": another} {
			api.ResetRequests()
			client := newClient(t, api.Transport(), odd, edit)
			follow(t.Context(), client, 2).mustBe(t, feedtest.IDs(5))
			for _, request := range api.Requests() {
				for name, want := range map[string]string{
					"X-Api-Key":         fakeapi.Key,
					"Anthropic-Version": version,
					"User-Agent":        "provider/1.0x: y  terraform/1.11",
					"Accept":            "application/json",
					"Accept-Encoding":   "gzip",
					"Cache-Control":     "no-cache",
				} {
					if got := request.Header.Values(name); len(got) != 1 || got[0] != want {
						t.Errorf("%s: got %q, want %q", name, got, want)
					}
				}
				if request.Method != http.MethodGet || request.Header.Get("Referer") != "" || strings.Contains(request.URL.RawQuery, fakeapi.Key) {
					t.Errorf("got %+v", request)
				}
			}
		}
	})
}

// TestStatusError has bodies as the API sends them, and as others do.
func TestStatusError(t *testing.T) {
	type test struct {
		step feedtest.Step
		want StatusError
	}
	inBubbles(t, map[string]test{
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
		"text": {
			feedtest.Step{Status: 502, Body: "upstream\n  connect error\r\n"},
			StatusError{Status: 502, Message: "upstream   connect error", RequestID: "req_test"},
		},
		"HTML": {
			feedtest.Step{Status: 502, Body: "\n<html><body>Bad gateway"},
			StatusError{Status: 502, HTML: true, RequestID: "req_test"},
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
		"old, as from a cache": {
			feedtest.Step{Status: 403, Header: []string{"age", "3600", "date", "Fri, 31 Dec 1999 00:00:00 GMT"}, Body: "no"},
			StatusError{Status: 403, Message: "no", RequestID: "req_test"},
		},
		"until the reset": {
			feedtest.Step{Status: 429, Header: limits("9", bubble.Add(time.Minute))},
			StatusError{Status: 429, RequestID: "req_test", ResumeAt: bubble.Add(time.Minute)},
		},
		"until the reset, by another clock": {
			feedtest.Step{Status: 429, Header: append(limits("9", bubble.Add(time.Hour)), "date", bubble.Add(59*time.Minute).Format(http.TimeFormat))},
			StatusError{Status: 429, RequestID: "req_test", ResumeAt: bubble.Add(time.Minute)},
		},
		"a reset in the past": {
			feedtest.Step{Status: 429, Header: limits("9", bubble.Add(-time.Minute))},
			StatusError{Status: 429, RequestID: "req_test"},
		},
		"a reset of no rate limit": {
			feedtest.Step{Status: 503, Header: limits("9", bubble.Add(time.Minute))},
			StatusError{Status: 503, RequestID: "req_test"},
		},
		"escape sequences": {
			feedtest.Step{Status: 400, Header: []string{"request-id", "\x1b[1mreq\a"}, Body: `{"error":{"type":"\u001b[31mt","message":"a\u001b]0;title\u0007b\u202ec\r\n\td"}}`},
			StatusError{Status: 400, Type: "t", Message: "abc   d", RequestID: "req"},
		},
	}, func(t *testing.T, _ string, test test) {
		s := &feedtest.Script{Steps: []feedtest.Step{test.step}}
		failed := followScript(t, s, noRetries).err
		test.want.QueryLength, test.want.URL = len(s.Requests[0].URL.RawQuery), "https://feed.example.com/v1/compliance/activities"
		got := feedtest.ErrorAs[*StatusError](t, failed)
		if got.ResumeAt = got.ResumeAt.UTC().Round(0); *got != test.want {
			t.Errorf("got %+v, want %+v", *got, test.want)
		}
	})
}

// TestPageErrors has answers that are no page. One that broke off is asked for again.
func TestPageErrors(t *testing.T) {
	inBubbles(t, map[string]PageError{
		`{"data":[`: {Fault: BrokenOff},
		"\n<html>":  {Fault: HTML},
		"{}":        {Fault: NoPage, Body: &activity.PageError{Fault: activity.Missing, Member: "data"}},
	}, func(t *testing.T, body string, want PageError) {
		s := &feedtest.Script{Steps: []feedtest.Step{{Body: body}, {Body: body}}}
		got := feedtest.ErrorAs[*PageError](t, followScript(t, s, func(o *Options) { o.MaxRetries = 1 }).err)
		if want.RequestID = "req_test"; !reflect.DeepEqual(*got, want) || (len(s.Requests) == 2) != (want.Fault == BrokenOff) {
			t.Errorf("got %+v after %d requests, want %+v", got, len(s.Requests), want)
		}
	})
}

// TestErrorTexts has what the log says of errors.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	const host = "feed.example.com"
	for want, err := range map[string]error{
		"feed.example.com: GOAWAY CANCEL":                                            &ConnectionError{Host: host, Cause: GoneAway, Code: "CANCEL"},
		"feed.example.com, proxy proxy.example.com:80: refused by the proxy: 407":    &ConnectionError{Host: host, Proxy: "proxy.example.com:80", Cause: ProxyRefused, ProxyStatus: 407},
		"HTTP 400, t, code, redirect to feed.example.com, message m, request-id req": &StatusError{Status: 400, Type: "t", Code: "code", RedirectHost: host, Message: "m", RequestID: "req"},
		"broken off":                      &PageError{Fault: BrokenOff},
		"the API key has quotation marks": KeyQuoted,
		"the next request has to wait until 2026-04-10T08:09:10Z": &WaitError{Until: time.Date(2026, 4, 10, 10, 9, 10, 0, time.FixedZone("", 7200))},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
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
			server.ResetRequests()
			server.Inject(fakeapi.Times(1, fakeapi.Always), fakeapi.Status(status, "", "", "location", target))
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

// TestLargeBodies reads bodies far beyond the limit, and some without an end, in memory that
// is a small multiple of it. It is not parallel to others, since it measures.
func TestLargeBodies(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault fakeapi.Fault
	}{
		{"endless", endless},
		{"gzip bomb", func(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.Copy(gzip.NewWriter(w), spaces{})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := feedtest.NewFake(0)
			api.Inject(fakeapi.Always, test.fault)
			client := newClient(t, api.Transport(), noRetries)
			var before, afterwards runtime.MemStats
			runtime.ReadMemStats(&before)
			got := follow(t.Context(), client, 0)
			runtime.ReadMemStats(&afterwards)
			if allocated := afterwards.TotalAlloc - before.TotalAlloc; allocated > 16*MaxPageBytes {
				t.Errorf("got %d MiB allocated in all, want less than 16 times the limit", allocated>>20)
			}
			if failed := feedtest.ErrorAs[*PageError](t, got.err); failed.Fault != TooLarge || failed.RequestID == "" || len(api.Requests()) != 1 {
				t.Errorf("got %+v after %d requests, want it too large after one", failed, len(api.Requests()))
			}
		})
	}
}

// TestPageOfExactlyTheLimit is accepted, and one byte more is not.
func TestPageOfExactlyTheLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("its pages are long")
	}
	for more, refused := range map[int]bool{0: false, 1: true} {
		padding := MaxPageBytes - len(feedtest.EmptyPage) + more
		transport := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
			response := feedtest.Step{}.Answer(request)
			body := io.MultiReader(io.LimitReader(spaces{}, int64(padding)), strings.NewReader(feedtest.EmptyPage))
			response.Body = io.NopCloser(body)
			return response, nil
		})
		got := follow(t.Context(), newClient(t, transport), 0)
		if (got.err != nil) != refused {
			t.Errorf("%d bytes more: got error %v, want one: %t", more, got.err, refused)
		}
	}
}

// endless is a page that is larger than any limit.
func endless(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
	_, _ = io.Copy(w, io.MultiReader(strings.NewReader(`{"data":[{"id":"`), spaces{}))
}

// spaces never ends.
type spaces struct{}

var someSpaces = bytes.Repeat([]byte{' '}, 32<<10)

func (spaces) Read(p []byte) (int, error) { return copy(p, someSpaces), nil }

// TestErrorBodies keeps the status of an answer, and of its body what fits or came.
func TestErrorBodies(t *testing.T) {
	const cut = `{"error":{"type":"permission_error","mess`
	type test struct {
		fault fakeapi.Fault
		want  string
	}
	inBubbles(t, map[string]test{
		"endless": {func(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
			w.WriteHeader(403)
			_, _ = io.CopyN(w, spaces{}, 1<<40) // fails when the client has read enough
		}, ""},
		"broken off": {func(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(403)
			_, _ = io.WriteString(w, cut)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, cut},
	}, func(t *testing.T, _ string, test test) {
		api := feedtest.NewFake(0)
		api.Inject(fakeapi.Always, test.fault)
		failed := feedtest.ErrorAs[*StatusError](t, follow(t.Context(), newClient(t, feedtest.Uncompressed(api)), 0).err)
		if failed.Status != 403 || failed.Message != test.want {
			t.Errorf("got %+v, want status 403 and %q", failed, test.want)
		}
	})
}
