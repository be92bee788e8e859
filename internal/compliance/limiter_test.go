package compliance

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// mostInAMinute is the largest number of requests in any span of 60 s.
func mostInAMinute(requests []fakeapi.Request) int {
	most, first := 0, 0
	for i, request := range requests {
		for request.Time.Sub(requests[first].Time) >= time.Minute {
			first++
		}
		most = max(most, i+1-first)
	}
	return most
}

// TestRequestsPerMinute reads in parallel: no span of a minute has more requests than
// the ceiling, none of which is given away.
func TestRequestsPerMinute(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		perMinute, reads, pages int
		want                    time.Duration // for all
	}{
		{0, 5, 300, 0},
		{1, 1, 4, 3 * time.Minute},
		{2, 1, 5, 2 * time.Minute},
		{10, 1, 10, 0},
		{10, 3, 10, 2 * time.Minute},
		{10, 7, 5, 3 * time.Minute},
		{600, 20, 30, 0},
		{600, 20, 31, time.Minute},
	} {
		t.Run(fmt.Sprintf("%d_a_minute/%d_reads_of_%d", test.perMinute, test.reads, test.pages), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(test.pages, func(o *fakeapi.Options) { o.RateLimit = 1_000_000 })
				client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsPerMinute = test.perMinute })
				started := time.Now()
				readAll(t, client, test.reads, test.pages)
				if got := time.Since(started); got != test.want {
					t.Errorf("got %v for all, want %v", got, test.want)
				}
				if most := mostInAMinute(api.Requests()); most > test.perMinute && test.perMinute > 0 {
					t.Errorf("got %d requests in a minute, want at most %d", most, test.perMinute)
				}
			})
		})
	}
}

// readAll runs reads in parallel, of a feed of numbered activities on pages of one.
func readAll(t *testing.T, client *Client, reads, activities int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range reads {
		all.Go(func() {
			got := follow(t.Context(), client, 1)
			if got.err != nil || len(got.ids()) != activities {
				t.Errorf("read %d: got %d activities and error %v, want %d", i, len(got.ids()), got.err, activities)
			}
		})
	}
	all.Wait()
}

// TestRequestsPerMinuteWithLatency spreads the requests, so that the minute slides.
func TestRequestsPerMinuteWithLatency(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(40, func(o *fakeapi.Options) { o.Latency, o.RateLimit = 700*time.Millisecond, 1_000_000 })
		client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsPerMinute = 25 })
		readAll(t, client, 5, 40)
		if most := mostInAMinute(api.Requests()); most != 25 {
			t.Errorf("got at most %d requests in a minute, want 25", most)
		}
	})
}

func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{1, 3, 16} {
		t.Run(fmt.Sprint(atOnce), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(3, func(o *fakeapi.Options) { o.Latency = time.Second })
				var now, most atomic.Int64
				transport := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
					most.Store(max(most.Load(), now.Add(1)))
					defer now.Add(-1)
					return feedtest.Uncompressed(api).RoundTrip(request)
				})
				client := newClient(t, transport, func(o *Options) { o.RequestsAtOnce = atOnce })
				started := time.Now()
				readAll(t, client, 32, 3)
				if got := most.Load(); got != int64(atOnce) {
					t.Errorf("got %d at once, want %d", got, atOnce)
				}
				if got, want := time.Since(started), time.Duration(96/atOnce)*time.Second; got != want {
					t.Errorf("got %v for all, want %v", got, want)
				}
			})
		})
	}
}

// TestServersLimit has 30 reads with a server that takes fewer requests a minute than the
// client's own ceiling would let through. None is refused.
func TestServersLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{20, 40, 100} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(5, func(o *fakeapi.Options) { o.RateLimit, o.Latency = limit, 50*time.Millisecond })
				readAll(t, newClient(t, feedtest.Uncompressed(api)), 30, 5)
				requests := api.Requests()
				for _, request := range requests {
					if request.Status != http.StatusOK {
						t.Errorf("request %d: got %d, want 200", request.Number, request.Status)
					}
				}
				if got := len(requests); got != 150 {
					t.Errorf("got %d requests, want 150", got)
				}
				// Not much slower than the limit asks for, either: in each window, three may be
				// taken off that are in flight at its first answer and had been counted.
				if got, most := requests[149].Time.Sub(requests[0].Time), time.Duration(150/(limit-3)+1)*(time.Minute+time.Second); got > most {
					t.Errorf("got %v for all, want at most %v", got, most)
				}
			})
		})
	}
}

// limits are the rate limit headers of an answer.
func limits(remaining string, reset time.Time) []string {
	return []string{"anthropic-ratelimit-requests-remaining", remaining, "anthropic-ratelimit-requests-reset", reset.UTC().Format(time.RFC3339)}
}

// TestReset has the server say when it takes requests again; the second page comes
// that much later.
func TestReset(t *testing.T) {
	t.Parallel()
	bubble := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when it begins
	for name, test := range map[string]struct {
		header []string
		want   time.Duration
	}{
		"some left":            {limits("1", bubble.Add(time.Minute)), 0},
		"none left":            {limits("0", bubble.Add(time.Minute)), time.Minute},
		"fewer than none left": {limits("-3", bubble.Add(time.Minute)), time.Minute},
		"reset in the past":    {limits("0", bubble.Add(-time.Minute)), 0},
		"reset is now":         {limits("0", bubble), 0},
		"clock is fast":        {append(limits("0", bubble.Add(time.Minute/2)), "date", bubble.Add(-time.Minute/2).Format(http.TimeFormat)), time.Minute},
		"clock is slow":        {append(limits("0", bubble.Add(time.Minute+time.Hour)), "date", bubble.Add(time.Hour).Format(http.TimeFormat)), time.Minute},
		"with an offset":       {[]string{"anthropic-ratelimit-requests-remaining", "0", "anthropic-ratelimit-requests-reset", "2000-01-01T01:00:30+01:00"}, 30 * time.Second},
		"with a fraction":      {[]string{"anthropic-ratelimit-requests-remaining", "0", "anthropic-ratelimit-requests-reset", "2000-01-01T00:00:00.5Z"}, 500 * time.Millisecond},
		"no reset":             {limits("0", bubble)[:2], 0},
		"odd reset":            {[]string{"anthropic-ratelimit-requests-remaining", "0", "anthropic-ratelimit-requests-reset", "60"}, 0},
		"odd remaining":        {limits("few", bubble.Add(time.Minute)), 0},
		"no remaining":         {limits("0", bubble.Add(time.Minute))[2:], 0},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				s := &feedtest.Script{Steps: []feedtest.Step{{Header: test.header, Body: feedtest.Page(true, "1", "1")}, {Body: feedtest.EmptyPage}}}
				followScript(t, s).mustBe(t, nil)
				if got := gaps(s)[0]; got != test.want {
					t.Errorf("got a wait of %v, want %v", got, test.want)
				}
			})
		})
	}
}

// TestLimiter follows what is known of the server's limit from answer to answer.
func TestLimiter(t *testing.T) {
	t.Parallel()
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	headerOf := func(pairs []string) http.Header { return feedtest.Step{Header: pairs}.Answer(nil).Header } //nolint:bodyclose // of a string
	window := now.Add(time.Minute)
	take := func(t *testing.T, l *limiter, want bool) {
		t.Helper()
		if until, ok := l.take(now); ok != want {
			t.Fatalf("got %t (until %v), want %t; %d left", ok, until, want, l.left)
		}
	}

	t.Run("answers overtake each other", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 0, time.Now)
		for range 3 {
			take(t, l, true)
		}
		l.observe(headerOf(limits("1", window)), now, now) // the third to be counted
		l.observe(headerOf(limits("3", window)), now, now) // the first
		l.observe(headerOf(limits("2", window)), now, now)
		if l.left > 1 {
			t.Fatalf("got %d left, want at most 1", l.left)
		}
	})
	t.Run("requests in flight are taken off", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 0, time.Now)
		for range 3 {
			take(t, l, true)
		}
		l.observe(headerOf(limits("3", window)), now, now)
		take(t, l, true) // two of the three may not have been counted
		take(t, l, false)
	})
	t.Run("what was not answered may not have been counted", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 0, time.Now)
		take(t, l, true)
		l.observe(headerOf(limits("1", window)), now, now)
		take(t, l, true)
		take(t, l, false)
		l.observe(nil, now, now)
		take(t, l, true)
		take(t, l, false)
	})
	t.Run("an answer of the window before comes late", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 0, time.Now)
		take(t, l, true)
		take(t, l, true)
		l.observe(headerOf(limits("0", window)), now, now.Add(time.Second))
		l.observe(headerOf(limits("500", now)), now, now.Add(time.Second))
		if until, ok := l.take(now.Add(time.Second)); ok || !until.Equal(window) {
			t.Fatalf("got %t until %v, want none until %v", ok, until, window)
		}
	})
	t.Run("an earlier reset is believed if it is news", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 0, time.Now)
		take(t, l, true)
		l.observe(headerOf(limits("1", now.AddDate(9, 0, 0))), now, now)
		take(t, l, true)
		l.observe(headerOf(limits("0", window)), now, now)
		if until, ok := l.take(now); ok || !until.Equal(window) {
			t.Fatalf("got %t until %v, want none until %v", ok, until, window)
		}
	})
	t.Run("a pause outlasts older answers", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 0, time.Now)
		take(t, l, true)
		take(t, l, true)
		l.observe(headerOf(nil), now, now)
		l.pause(now.Add(30 * time.Second))
		l.pause(now.Add(10 * time.Second)) // a shorter one does not shorten it
		l.observe(headerOf(limits("100", window)), now, now)
		if until, ok := l.take(now); ok || !until.Equal(now.Add(30*time.Second)) {
			t.Fatalf("got %t until %v, want none for 30 s", ok, until)
		}
		if _, ok := l.take(now.Add(30 * time.Second)); !ok {
			t.Fatal("after the pause: got none, want one")
		}
	})
	t.Run("the ceiling is not used up by waiting", func(t *testing.T) {
		t.Parallel()
		l := newLimiter(4, 1, time.Now)
		l.pause(now.Add(30 * time.Second))
		take(t, l, false)
		if _, ok := l.take(now.Add(30 * time.Second)); !ok {
			t.Fatal("after the pause: got none, want one")
		}
		if until, ok := l.take(now.Add(31 * time.Second)); ok || !until.Equal(now.Add(90*time.Second)) {
			t.Fatalf("got %t until %v, want none for a minute", ok, until)
		}
	})
}

// TestPause has one read refused; the others wait with it, and do not run into the same.
func TestPause(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(5, func(o *fakeapi.Options) { o.Latency = time.Second })
		api.Inject(fakeapi.Nth(1), fakeapi.TooManyRequests("30"))
		started := time.Now()
		readAll(t, newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsAtOnce = 1 }), 3, 5)
		for i, request := range api.Requests() {
			if at := request.Time.Sub(started); i > 0 && at < 30*time.Second {
				t.Errorf("request %d: got it after %v, want it after the pause", i+1, at)
			}
		}
	})
}

// TestCancel cancels in each of the waits; the read ends without another tick.
func TestCancel(t *testing.T) {
	t.Parallel()
	const at = 10 * time.Second
	for name, test := range map[string]struct {
		fault    fakeapi.Fault
		edit     func(*Options)
		wantLast bool
	}{
		"server's reset": {fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			// Set before, and by next for the real limit again.
			next.ServeHTTP(exhausted{w}, r)
		}},
		"retry-after": {fault: fakeapi.TooManyRequests("60"), wantLast: true},
		"backoff":     {fault: fakeapi.Overloaded(), edit: func(o *Options) { o.MaxRetries = 10 }, wantLast: true},
		"minute":      {edit: func(o *Options) { o.RequestsPerMinute = 2 }},
		"header":      {fault: fakeapi.Hang()},
		"body":        {fault: fakeapi.HangBody(50)},
		"drip":        {fault: fakeapi.Drip(1, time.Second)},
	} {
		for _, deadline := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/deadline_%t", name, deadline), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := newFake(9)
					if test.fault != nil {
						api.Inject(fakeapi.From(2), test.fault)
					}
					edits := []func(*Options){}
					if test.edit != nil {
						edits = append(edits, test.edit)
					}
					client := newClient(t, feedtest.Uncompressed(api), edits...)
					ctx, cancel := context.WithCancel(t.Context())
					if deadline {
						ctx, cancel = context.WithTimeout(t.Context(), at)
					}
					defer cancel()
					if !deadline {
						time.AfterFunc(at, cancel)
					}
					started := time.Now()
					got := follow(ctx, client, 3)
					if ended := time.Since(started); ended > at || !deadline && ended != at {
						t.Errorf("got the end after %v, want it after %v", ended, at)
					}
					var last error
					if ctx.Err() == nil { // a wait that the deadline would have cut
						last = feedtest.ErrorAs[*WaitError](t, got.err).Last
					} else {
						interrupted := feedtest.ErrorAs[*InterruptedError](t, got.err)
						if last = interrupted.Last; interrupted.Err != ctx.Err() { //nolint:errorlint // this very value
							t.Errorf("got %v, want %v", interrupted.Err, ctx.Err())
						}
					}
					if (last != nil) != test.wantLast {
						t.Errorf("got the last attempt %v, want one: %t", last, test.wantLast)
					}
					synctest.Wait() // no handler is left behind
				})
			})
		}
	}
}

// exhausted is an answer whose headers say that nothing is left of the limit.
type exhausted struct{ http.ResponseWriter }

func (w exhausted) WriteHeader(status int) {
	header := w.Header()
	for i, pairs := 0, limits("0", time.Now().Add(time.Minute)); i < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	w.ResponseWriter.WriteHeader(status)
}

// TestCancelWaitingForASlot cancels a read while another holds the only slot.
func TestCancelWaitingForASlot(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(1, func(o *fakeapi.Options) { o.Latency = 20 * time.Second })
		client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsAtOnce = 1 })
		var first sync.WaitGroup
		first.Go(func() {
			if err := follow(t.Context(), client, 0).err; err != nil {
				t.Errorf("the first read: %v", err)
			}
		})
		synctest.Wait()
		started := time.Now()
		got := follow(feedtest.After(t, 5*time.Second), client, 0)
		if waited := time.Since(started); waited != 5*time.Second {
			t.Errorf("got the end after %v, want it after 5s", waited)
		}
		if failed := got.failure(t); failed.Attempts != 0 {
			t.Errorf("got %d attempts, want none", failed.Attempts)
		}
		_ = feedtest.ErrorAs[*InterruptedError](t, got.err)
		first.Wait()
		// The slot of neither is lost.
		if err := follow(t.Context(), client, 0).err; err != nil {
			t.Error(err)
		}
	})
}
