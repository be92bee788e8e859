package compliance

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// TestFresh has answers of any age, on clocks that differ. Those that are not of now are
// errors at once, and say what gave them away.
func TestFresh(t *testing.T) {
	date := func(behind time.Duration) []string {
		return []string{"date", bubble.Add(-behind).Format(http.TimeFormat)}
	}
	reset := func(behind time.Duration) []string {
		return []string{"anthropic-ratelimit-requests-remaining", "9", "anthropic-ratelimit-requests-reset", bubble.Add(-behind).Format(time.RFC3339)}
	}
	both := func(headers ...[]string) (all []string) {
		for _, header := range headers {
			all = append(all, header...)
		}
		return all
	}
	type test struct {
		header []string
		ahead  time.Duration // this machine's clock
		byAge  bool
		behind time.Duration // 0 for a fresh answer
		old    time.Duration // its OldReset, where it is taken
	}
	inBubbles(t, map[string]test{
		"no headers":                       {},
		"now":                              {header: both(date(0), reset(-time.Minute), []string{"age", "0"})},
		"a minute":                         {header: both(date(time.Minute), []string{"age", "60"})},
		"age":                              {header: []string{"age", "61"}, byAge: true, behind: 61 * time.Second},
		"age, in a chain":                  {header: []string{"age", "3600, 2"}, byAge: true, behind: time.Hour},
		"age, in a chain that begins new":  {header: []string{"age", "0, 3600"}, byAge: true, behind: time.Hour},
		"age, absurd":                      {header: []string{"age", strings.Repeat("9", 30)}, byAge: true, behind: longestWait},
		"age is no number":                 {header: []string{"age", "old"}},
		"old date":                         {header: date(61 * time.Second), behind: 61 * time.Second},
		"old date, with the reset of then": {header: both(date(time.Hour), reset(time.Hour-time.Minute)), behind: time.Hour},
		"clock is ahead":                   {header: date(0), ahead: 10 * time.Minute, behind: 10 * time.Minute},
		"clock is a little ahead":          {header: date(0), ahead: time.Minute},
		"clock is behind":                  {header: both(date(0), reset(-time.Minute)), ahead: -time.Hour},
		"clock is ahead, no date":          {ahead: time.Hour},
		"date is none":                     {header: []string{"date", "noon"}, ahead: time.Hour},
		"reset, with a new date":           {header: both(date(0), reset(time.Hour)), old: time.Hour},
		"reset a minute ago":               {header: both(date(0), reset(time.Minute))},
		"reset is the zero time":           {header: both(date(0), []string{"anthropic-ratelimit-requests-reset", "0001-01-01T00:00:00Z"})},
	}, func(t *testing.T, _ string, test test) {
		s := &feedtest.Script{Steps: []feedtest.Step{{Header: test.header, Body: feedtest.EmptyPage}}}
		got := followScript(t, s, func(o *Options) {
			o.Now = func() time.Time { return time.Now().Add(test.ahead) }
		})
		if test.behind == 0 {
			got.mustBe(t, nil)
			if old := got.pages[0].OldReset; old != test.old {
				t.Errorf("got an old reset of %v, want %v", old, test.old)
			}
			return
		}
		want := StaleError{ByAge: test.byAge, Behind: test.behind, RequestID: "req_test"}
		if stale := feedtest.ErrorAs[*StaleError](t, got.err); *stale != want {
			t.Errorf("got %+v, want %+v", *stale, want)
		}
		if len(s.Requests) != 1 {
			t.Errorf("got %d requests, want 1", len(s.Requests))
		}
	})
}

// TestDate has the clocks of both sides on an answer. The request counts from when it was
// sent, and not from when it had to wait.
func TestDate(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		s := &feedtest.Script{Steps: []feedtest.Step{
			{Status: 429, Header: []string{"retry-after", "600"}},
			{Header: []string{"date", "Sat, 01 Jan 2000 00:09:30 GMT"}, Body: feedtest.Page(true, "1", "1")},
			{Body: feedtest.EmptyPage},
		}}
		got := followScript(t, s)
		got.mustBe(t, nil)
		if page := got.pages[0]; !page.Sent.Equal(s.Times[1]) || !page.Date.Equal(page.Sent.Add(-30*time.Second)) {
			t.Errorf("got an answer of %v to a request of %v, want it of 30s before %v", page.Date, page.Sent, s.Times[1])
		}
		if page := got.pages[1]; !page.Date.IsZero() {
			t.Errorf("got %v for an answer without a date", page.Date)
		}
	})
}
