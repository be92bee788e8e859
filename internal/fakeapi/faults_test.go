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

// each runs a test with a new API in process and with one behind a socket.
func each(t *testing.T, o func() fakeapi.Options, test func(t *testing.T, api *fakeapi.API, c caller)) {
	t.Run("in_process", func(t *testing.T) {
		t.Parallel()
		api := fakeapi.New(o())
		test(t, api, inProcess(api))
	})
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		s := fakeapi.NewServer(o())
		t.Cleanup(s.Close)
		test(t, s.API, overSocket(t, s))
	})
}

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
	isStatus := func(status int, kind string) func(result) bool {
		return func(r result) bool {
			var e answer
			return r.err == nil && r.status == status && json.Unmarshal([]byte(r.body), &e) == nil &&
				e.Error.Type == kind && e.Error.Message != "" && e.Type == "error" && e.RequestID != "" && e.RequestID == r.header.Get("request-id")
		}
	}
	header := func(name, value string, more func(result) bool) func(result) bool {
		return func(r result) bool { return r.header.Get(name) == value && more(r) }
	}
	contains := func(parts ...string) func(result) bool {
		return func(r result) bool {
			return r.err == nil && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(r.body, part) })
		}
	}
	lacks := func(part string) func(result) bool {
		return func(r result) bool { return r.err == nil && r.status == 200 && !strings.Contains(r.body, part) }
	}
	html := func(status int) func(result) bool {
		return func(r result) bool {
			return r.status == status && strings.HasPrefix(r.body, "<!DOCTYPE html>") &&
				strings.HasPrefix(r.header.Get("content-type"), "text/html") && r.header.Get("request-id") == ""
		}
	}
	tests := []struct {
		name  string
		fault fakeapi.Fault
		want  func(result) bool
	}{
		{"Status", fakeapi.Status(418, "teapot_error", "short and stout", "x-should-retry", "true"), header("x-should-retry", "true", isStatus(418, "teapot_error"))},
		{"Headers", fakeapi.Headers("age", "3600", "date", "", "anthropic-ratelimit-requests-reset", "2026-05-01T00:00:00Z"), func(r result) bool {
			return isGoodPage(r.body) && r.header.Get("age") == "3600" && r.header.Get("anthropic-ratelimit-requests-reset") == "2026-05-01T00:00:00Z"
		}},
		{"TooManyRequests", fakeapi.TooManyRequests("7"), header("retry-after", "7", isStatus(429, "rate_limit_error"))},
		{"TooManyRequests_without", fakeapi.TooManyRequests(""), header("retry-after", "", isStatus(429, "rate_limit_error"))},
		{"ServerError", fakeapi.ServerError("false"), header("x-should-retry", "false", isStatus(500, "api_error"))},
		{"ServerError_without", fakeapi.ServerError(""), header("x-should-retry", "", isStatus(500, "api_error"))},
		{"Overloaded", fakeapi.Overloaded(), isStatus(529, "overloaded_error")},
		{"EscapeSequences", fakeapi.EscapeSequences(), func(r result) bool {
			var e struct{ Error struct{ Message string } }
			return json.Unmarshal([]byte(r.body), &e) == nil && strings.Contains(e.Error.Message, "\x1b[31m") && strings.Contains(e.Error.Message, "\x00")
		}},
		{"LongMessage", fakeapi.LongMessage(100_000), contains(strings.Repeat("m", 100_000))},
		{"EchoKey", fakeapi.EchoKey(), contains(fakeapi.Key)},
		{"HTML_200", fakeapi.HTML(200), html(200)},
		{"HTML_502", fakeapi.HTML(502), html(502)},
		{"EmptyBody", fakeapi.EmptyBody(200), func(r result) bool { return r.err == nil && r.status == 200 && r.body == "" }},
		{"CloseBeforeHeader", fakeapi.CloseBeforeHeader(), func(r result) bool { return errors.Is(r.err, io.EOF) && r.status == 0 }},
		{"CutBody", fakeapi.CutBody(50), func(r result) bool {
			return errors.Is(r.err, io.ErrUnexpectedEOF) && r.status == 200 && len(r.body) == 50
		}},
		{"TruncateBody", fakeapi.TruncateBody(50), func(r result) bool {
			return r.err == nil && r.status == 200 && len(r.body) == 50 && !json.Valid([]byte(r.body))
		}},
		{"BrokenGzip", fakeapi.BrokenGzip(), func(r result) bool {
			return r.err != nil && r.status == 200 && !isGoodPage(r.body)
		}},
		{"GzipBomb", fakeapi.GzipBomb(3 << 20), func(r result) bool {
			return r.err == nil && json.Valid([]byte(r.body)) && len(r.body) > 3<<20
		}},
		{"HugePage", fakeapi.HugePage(100_000), func(r result) bool {
			var page struct{ Data []struct{ ID, Text string } }
			return r.err == nil && json.Unmarshal([]byte(r.body), &page) == nil && len(page.Data) == 1 && len(page.Data[0].Text) == 100_000
		}},
		{"Drip", fakeapi.Drip(500, time.Millisecond), func(r result) bool { return r.err == nil && isGoodPage(r.body) }},
		{"EditPage", fakeapi.EditPage(func(page []byte) []byte { return append([]byte("x"), page...) }), contains(`x{"data":[`)},
		{"SetMember", fakeapi.SetMember("has_more", `"yes"`), contains(`"has_more":"yes","first_id":"`)},
		{"SetMember_data", fakeapi.SetMember("data", `{}`), contains(`{"data":{},"has_more":false`)},
		{"DropMember", fakeapi.DropMember("has_more"), lacks("has_more")},
		{"DropMember_data", fakeapi.DropMember("data"), contains(`{"has_more":false,`)},
		{"MoreWithoutCursor", fakeapi.MoreWithoutCursor(), contains(`"has_more":true,"first_id":null,"last_id":null}`)},
		{"SetRecord", fakeapi.SetRecord(1, "42"), contains(`"claude_chat_created"},42,{"id":"a07"`)},
		{"SetField", fakeapi.SetField(0, "actor", "[1.0]"), contains(`"actor":[1.0],"type":"claude_chat_created"}`)},
		{"SetField_new", fakeapi.SetField(9, "more", "1"), contains(`"type":"claude_chat_created","more":1}],`)},
		{"SetField_beyond", fakeapi.SetField(10, "more", "1"), lacks("more\":1")},
		{"DropField", fakeapi.DropField(3, "id"), lacks(`"id":"a06"`)},
		{"DeepJSON", fakeapi.DeepJSON(0, 20_000), contains(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			each(t, ten, func(t *testing.T, api *fakeapi.API, c caller) {
				injection := api.Inject(fakeapi.Times(1, fakeapi.Always), test.fault)
				a, err := c.try(c.request(t, ""))
				if got := (result{a, err}); !test.want(got) {
					t.Errorf("got status %d, error %v, headers %v, body %.1000q", a.status, err, a.header, a.body)
				}
				if injection.Fired() != 1 {
					t.Errorf("got %d injections, want 1", injection.Fired())
				}
				// It is over, and did no lasting harm.
				if a, err := c.try(c.request(t, "")); err != nil || !isGoodPage(a.body) {
					t.Errorf("afterwards: got error %v, %.200s", err, a.body)
				}
			})
		})
	}
}

// Errors of the API are not edited.
func TestEditsLeaveErrorsAlone(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(ten())
	api.Inject(fakeapi.Always, fakeapi.SetRecord(0, "42"))
	if a := inProcess(api).get(t, "limit=0"); a.status != 400 || a.Error.Type != "invalid_request_error" {
		t.Errorf("got %d %s, want the 400", a.status, a.body)
	}
}

func TestHangAndEndlessBody(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fakeapi.Fault{
		"Hang":        fakeapi.Hang(),
		"HangBody":    fakeapi.HangBody(20),
		"EndlessBody": fakeapi.EndlessBody(),
		"Drip":        fakeapi.Drip(1, time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, ten, func(t *testing.T, api *fakeapi.API, c caller) {
				left := make(chan struct{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				api.Inject(fakeapi.Always, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					defer close(left)
					time.AfterFunc(50*time.Millisecond, cancel)
					fault(w, r, next)
				})
				if a, err := c.try(c.request(t, "").WithContext(ctx)); !errors.Is(err, context.Canceled) {
					t.Errorf("got error %v after %d bytes, want that of the context", err, len(a.body))
				}
				<-left
			})
		})
	}
}

func TestMatchers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		match fakeapi.Matcher
		want  []int // the pages of five that fail, each page asked for twice
	}{
		{"Always", fakeapi.Always, []int{1, 1, 2, 2, 3, 3, 4, 4, 5, 5}},
		{"Nth", fakeapi.Nth(3), []int{2}},
		{"First", fakeapi.First(3), []int{1, 1, 2}},
		{"From", fakeapi.From(8), []int{4, 5, 5}},
		{"Page", fakeapi.Page(3), []int{3, 3}},
		{"Page_1", fakeapi.Page(1), []int{1, 1}},
		{"Times", fakeapi.Times(3, fakeapi.From(3)), []int{2, 2, 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(ten())
			c := inProcess(api)
			cursors := []string{""}
			for query := "limit=2"; len(cursors) < 5; query = "limit=2&after_id=" + cursors[len(cursors)-1] {
				cursors = append(cursors, url.QueryEscape(*c.get(t, query).LastID))
			}
			api.ResetRequests()
			injection := api.Inject(test.match, fakeapi.Overloaded())
			got := []int{}
			for i, cursor := range cursors {
				query := "limit=2"
				if cursor != "" {
					query += "&after_id=" + cursor
				}
				for range 2 {
					if c.get(t, query).status == 529 {
						got = append(got, i+1)
					}
				}
			}
			if !slices.Equal(got, test.want) || injection.Fired() != len(test.want) {
				t.Errorf("got the pages %v, fired %d, want %v", got, injection.Fired(), test.want)
			}
		})
	}
}

// The earliest injection that matches takes the request; after it has expired the next does.
func TestInjectionsInOrder(t *testing.T) {
	t.Parallel()
	api := fakeapi.New(ten())
	api.Inject(fakeapi.Times(1, fakeapi.Always), fakeapi.Overloaded())
	api.Inject(fakeapi.Times(2, fakeapi.Always), fakeapi.ServerError(""))
	c := inProcess(api)
	var got []int
	for range 4 {
		got = append(got, c.get(t, "").status)
	}
	if want := []int{529, 500, 500, 200}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
