package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// canary has a part that can stand nowhere by chance. The prefix says what kind of key
// it is, and may stand anywhere.
const (
	canaryPrefix = "sk-ant-api03-"
	canarySecret = "Zq9Vx2Lw7Rk4Tn8Bp3Hd6Jf1Gs5Mc0Ya"
	canary       = canaryPrefix + canarySecret
)

// withCanary makes the canary the only key of a fake.
func withCanary(o *fakeapi.Options) {
	o.Keys = map[string]fakeapi.Grant{canary: {}}
}

// leak returns a part of the canary that a text has, or "".
func leak(text string) string {
	const run = 8 // as in package compliance
	for i := range len(canarySecret) - run + 1 {
		if part := canarySecret[i : i+run]; strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

// everyText is all that an error can be asked for, and the errors inside it.
func everyText(err error) string {
	if err == nil {
		return ""
	}
	text := fmt.Sprintf("%v\n%+v\n%#v\n", err, err, err)
	switch wrapped := err.(type) { //nolint:errorlint // one level at a time
	case interface{ Unwrap() error }:
		text += everyText(wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			text += everyText(inner)
		}
	}
	return text
}

// echoes are answers with the key in every place that may end up in an error or a log.
func echoes() map[string]fakeapi.Fault {
	plain := func(status int, body string, header ...string) fakeapi.Fault {
		return func(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	message := func(message string) string {
		text, _ := json.Marshal(message) // of no string is there an error
		return `{"error":{"type":"t","message":` + string(text) + `}}`
	}
	faults := map[string]fakeapi.Fault{
		"message":             plain(400, message("Invalid after_id "+canary)),
		"message, later":      plain(500, message(canary)),
		"type":                fakeapi.Status(400, canary, "m"),
		"text":                plain(502, "no such key: "+canary+"\n"),
		"other JSON":          plain(400, `{"headers":{"x-api-key":"`+canary+`"}}`),
		"HTML":                plain(502, "<p>"+canary+"</p>"),
		"first half":          plain(400, canary[:len(canary)-len(canarySecret)/2]),
		"at the cut":          plain(400, strings.Repeat("m", 2000-20)+canary),
		"cut at 64 KiB":       plain(400, strings.Repeat("m", 64<<10-20)+canary),
		"request-id":          plain(400, "m", "request-id", canary),
		"request-id of 200":   plain(200, feedtest.EmptyPage, "request-id", canary),
		"organization of 200": plain(200, feedtest.EmptyPage, "anthropic-organization-id", canary),
		"body's request_id":   plain(400, `{"error":{"type":"t","message":"m"},"request_id":"`+canary+`"}`),
		"remaining":           plain(200, feedtest.EmptyPage, "anthropic-ratelimit-requests-remaining", canary),
		"retry-after":         plain(503, "m", "retry-after", canary),
		"redirect host":       fakeapi.Status(302, "", "", "location", "https://"+canary+".evil.example.com/"),
		"redirect path":       fakeapi.Status(302, "", "", "location", "https://evil.example.com/?key="+canary),
		"redirect user":       fakeapi.Status(302, "", "", "location", "https://"+canary+"@evil.example.com/"),
		"created_at":          fakeapi.SetField(0, "created_at", `"`+canary+`"`),
		"id":                  fakeapi.SetField(0, "id", `"`+canary+`"`),
		"cursor repeats":      plain(200, feedtest.Page(true, canary, canary)),
		"no JSON":             plain(200, `{"data":`+canary+`}`),
		"member twice":        plain(200, `{"data":[],"data":[],"`+canary+`":1}`),
		"has_more":            fakeapi.SetMembers("has_more", `"`+canary+`"`),
		"record":              fakeapi.SetRecord(0, `"`+canary+`"`),
		"trailing":            plain(200, feedtest.EmptyPage+canary),
	}
	for name, separator := range map[string]string{
		"NUL": "\x00", "colour": "\x1b[31m", "title": "\x1b]0;x\a", "C1 colour": "\u009b31m", "direction": "\u202e", "zero width": "\u200b", "byte order mark": "\ufeff",
	} {
		faults["cut by "+name] = plain(400, message(strings.Join(strings.Split(canary, ""), separator)))
	}
	return faults
}

// TestSecrets reads with every fault there is, at the finest log level: nothing of the
// key is in an error or a log record. Other hosts are not asked at all.
func TestSecrets(t *testing.T) {
	t.Parallel()
	faults := echoes()
	for _, more := range []map[string]fakeapi.Fault{bridgeable, final, harmless} {
		for name, fault := range more {
			faults["fault "+name] = fault
		}
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(6, withCanary)
				api.Inject(fakeapi.Always, fault)
				var log bytes.Buffer
				reader := newReader(t, api.Transport(), func(o *compliance.Options) {
					o.APIKey = canary
					o.MaxRetries = 1
					o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
				})
				got := reader.outcome(feedtest.After(t, 5*time.Minute), Request{PageSize: 2})
				if part := leak(everyText(got.err)); part != "" {
					t.Errorf("got %q of the key in %s", part, everyText(got.err))
				}
				if part := leak(log.String()); part != "" {
					t.Errorf("got %q of the key in the log: %s", part, log.String())
				}
				if log.Len() == 0 {
					t.Error("got no log")
				}
				for _, request := range api.Requests() {
					if request.Host != "feed.example.com" {
						t.Errorf("got a request for %s", request.Host)
					}
				}
			})
		})
	}
}

// TestLog has the records that a read leaves, and no others.
func TestLog(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(3, withCanary)
		api.Inject(fakeapi.Nth(2), fakeapi.TooManyRequests("7"))
		var log bytes.Buffer
		reader := newReader(t, feedtest.Uncompressed(api), func(o *compliance.Options) {
			o.APIKey = canary
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey || a.Key == "bytes" {
					return slog.Attr{}
				}
				return a
			}}))
		})
		if err := reader.outcome(t.Context(), Request{PageSize: 2}).err; err != nil {
			t.Fatal(err)
		}
		requests := api.Requests()
		want := `level=DEBUG msg="request answered" page=1 attempt=1 limit=2 took=0s
level=INFO msg="read a page of activities" page=1 activities=2 last_created_at=2026-04-10T08:00:01Z request_id=` + requests[0].RequestID + ` remaining_requests=599
level=DEBUG msg="request failed" page=2 attempt=1 limit=2 took=0s error="HTTP 429, rate_limit_error, message Compliance API rate limit of 600 requests per minute per parent organization has been exceeded. Please try again later., request-id ` + requests[1].RequestID + `" retry=true wait=7s
level=DEBUG msg="request answered" page=2 attempt=2 limit=2 took=0s
level=INFO msg="read a page of activities" page=2 activities=3 last_created_at=2026-04-10T08:00:00Z request_id=` + requests[2].RequestID + ` remaining_requests=598
`
		if got := log.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}
