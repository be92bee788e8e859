package fakeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func ten() fakeapi.Options { return quiet(records(10)...) }

// isGoodPage tells if a page is what a good client expects of the feed of ten.
func isGoodPage(body string) bool {
	var page struct{ Data []json.RawMessage }
	return json.Unmarshal([]byte(body), &page) == nil && len(page.Data) == 10
}

func TestFaults(t *testing.T) {
	t.Parallel()
	type result struct {
		answer
		err error
	}
	isStatus := func(status int, kind, header, value string) func(result) bool {
		return func(r result) bool {
			var e answer
			return r.err == nil && r.status == status && json.Unmarshal([]byte(r.body), &e) == nil && r.header.Get(header) == value &&
				e.Error.Type == kind && e.Error.Message != "" && e.Type == "error" && e.RequestID != "" && e.RequestID == r.header.Get("request-id")
		}
	}
	contains := func(part string) func(result) bool {
		return func(r result) bool { return r.err == nil && r.status == 200 && strings.Contains(r.body, part) }
	}
	tests := []struct {
		name  string
		fault fakeapi.Fault
		want  func(result) bool
	}{
		{"Status", fakeapi.Status(418, "teapot_error", "short and stout", "x-should-retry", "true"), isStatus(418, "teapot_error", "x-should-retry", "true")},
		{"TooManyRequests", fakeapi.TooManyRequests("7"), isStatus(429, "rate_limit_error", "retry-after", "7")},
		{"Headers", fakeapi.Headers("age", "3600", "request-id", ""), func(r result) bool {
			return isGoodPage(r.body) && r.header.Get("age") == "3600" && r.header.Get("request-id") == ""
		}},
		{"HTML", fakeapi.HTML(502), func(r result) bool {
			return r.status == 502 && strings.HasPrefix(r.body, "<!DOCTYPE html>") &&
				strings.HasPrefix(r.header.Get("content-type"), "text/html") && r.header.Get("request-id") == ""
		}},
		{"EmptyBody", fakeapi.EmptyBody(200), func(r result) bool { return r.err == nil && r.status == 200 && r.body == "" }},
		{"Heavier", fakeapi.Heavier(9, fakeapi.HTML(504)), func(r result) bool { return r.status == 504 }},
		{"Heavier_not", fakeapi.Heavier(10, fakeapi.HTML(504)), func(r result) bool { return isGoodPage(r.body) }},
		{"CloseBeforeHeader", fakeapi.CloseBeforeHeader, func(r result) bool { return errors.Is(r.err, io.EOF) && r.status == 0 }},
		{"CutBody", fakeapi.CutBody(50), func(r result) bool {
			return errors.Is(r.err, io.ErrUnexpectedEOF) && r.status == 200 && len(r.body) == 50
		}},
		{"BrokenGzip", fakeapi.BrokenGzip, func(r result) bool { return r.err != nil && r.status == 200 }},
		{"Drip", fakeapi.Drip(500, time.Millisecond), func(r result) bool { return r.err == nil && isGoodPage(r.body) }},
		{"TruncateBody", fakeapi.TruncateBody(50), func(r result) bool { return r.err == nil && r.status == 200 && len(r.body) == 50 }},
		{"SetMembers", fakeapi.SetMembers("has_more", `"yes"`, "last_id", "", "more", "1"), func(r result) bool {
			return contains(`"has_more":"yes","more":1}`)(r) && !strings.Contains(r.body, "last_id")
		}},
		{"SetField", fakeapi.SetField(0, "actor", "[1.0]"), contains(`"actor":[1.0],`)},
		{"SetField_left_out", fakeapi.SetField(3, "id", ""), func(r result) bool { return isGoodPage(r.body) && !strings.Contains(r.body, `"a06"`) }},
		{"SetRecord", fakeapi.SetRecord(1, "42"), contains(`"claude_chat_created"},42,{`)},
		{"SetRecord_of_a_longer_page", fakeapi.SetRecord(10, "42"), func(r result) bool { return isGoodPage(r.body) && !strings.Contains(r.body, "42") }},
		{"SetRecord_of_an_error", fakeapi.SetRecord(0, "42"), func(r result) bool {
			return isStatus(400, "invalid_request_error", "x-should-retry", "false")(r) && !strings.Contains(r.body, "data")
		}},
		{"IgnoreParameter", fakeapi.IgnoreParameter("limit"), func(r result) bool { return isGoodPage(r.body) }},
	}
	queries := map[string]string{"IgnoreParameter": "limit=1", "SetRecord_of_an_error": "limit=0"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(ten())
			c := inProcess(api)
			api.Inject(fakeapi.Times(1, fakeapi.Always), test.fault)
			a, err := c.try(c.request(t, queries[test.name]))
			if got := (result{a, err}); !test.want(got) {
				t.Errorf("got status %d, error %v, headers %v, body %.1000q", a.status, err, a.header, a.body)
			}
			// It is over, and did no lasting harm.
			if a, err := c.try(c.request(t, "")); err != nil || !isGoodPage(a.body) {
				t.Errorf("afterwards: got error %v, %.200s", err, a.body)
			}
		})
	}
}

func TestFaultsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fakeapi.Fault{
		"Hang":     fakeapi.Hang,
		"HangBody": fakeapi.HangBody(20),
		"Drip":     fakeapi.Drip(1, time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(ten())
			c := inProcess(api)
			left := make(chan struct{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			api.Inject(fakeapi.Always, func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
				defer close(left)
				time.AfterFunc(50*time.Millisecond, cancel)
				fault(w, r, answer)
			})
			if a, err := c.try(c.request(t, "").WithContext(ctx)); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v after %d bytes, want that of the context", err, len(a.body))
			}
			<-left
		})
	}
}

// The earliest injection that matches takes the request, of two for each of two pages.
func TestMatchers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		match fakeapi.Matcher
		want  []int
	}{
		"Always": {fakeapi.Always, []int{529, 529, 529, 529}},
		"Nth":    {fakeapi.Nth(3), []int{200, 200, 529, 500}},
		"From":   {fakeapi.From(2), []int{200, 529, 529, 529}},
		"Page":   {fakeapi.Page(2), []int{200, 200, 529, 529}},
		"Times":  {fakeapi.Times(1, fakeapi.From(2)), []int{200, 529, 200, 500}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(ten())
			c := inProcess(api)
			second := "limit=5&after_id=" + url.QueryEscape(*c.get(t, "limit=5").LastID)
			api.ResetRequests()
			api.Inject(test.match, fakeapi.Status(529, "overloaded_error", "m"))
			api.Inject(fakeapi.Nth(4), fakeapi.Status(500, "api_error", "m"))
			var got []int
			for _, query := range []string{"limit=5", "limit=5", second, second} {
				got = append(got, c.get(t, query).status)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
