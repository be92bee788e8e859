package compliance

import (
	"context"
	"errors"
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

// TestRequestsPerMinute reads in parallel: no span of a minute has more requests than the
// ceiling, none of which is given away, also where answers take their time and the minute
// slides.
func TestRequestsPerMinute(t *testing.T) {
	t.Parallel()
	const slow = 700 * time.Millisecond
	for _, test := range []struct {
		perMinute, reads, pages int
		latency                 time.Duration
		want                    time.Duration // for all, without latency
	}{
		{0, 5, 300, 0, 0},
		{1, 1, 4, 0, 3 * time.Minute},
		{10, 3, 10, 0, 2 * time.Minute},
		{10, 7, 5, 0, 3 * time.Minute},
		{600, 20, 30, 0, 0},
		{600, 20, 31, 0, time.Minute},
		{25, 5, 40, slow, 0},
	} {
		t.Run(fmt.Sprintf("%d_a_minute/%d_reads_of_%d", test.perMinute, test.reads, test.pages), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := feedtest.NewFake(test.pages, func(o *fakeapi.Options) { o.Latency, o.RateLimit = test.latency, 1_000_000 })
				client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsPerMinute = test.perMinute })
				started := time.Now()
				readAll(t, client, test.reads, test.pages)
				if got := time.Since(started); got != test.want && test.latency == 0 {
					t.Errorf("got %v for all, want %v", got, test.want)
				}
				if most := mostInAMinute(api.Requests()); most != test.perMinute && test.perMinute > 0 {
					t.Errorf("got %d requests in a minute, want %d at most", most, test.perMinute)
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

func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{1, 3, 16} {
		t.Run(fmt.Sprint(atOnce), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := feedtest.NewFake(3, func(o *fakeapi.Options) { o.Latency = time.Second })
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
				api := feedtest.NewFake(5, func(o *fakeapi.Options) { o.RateLimit, o.Latency = limit, 50*time.Millisecond })
				readAll(t, newClient(t, feedtest.Uncompressed(api)), 30, 5)
				requests := api.Requests()
				if got := len(requests); got != 150 { // one more for each that was refused
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

// bubble is when bubbles begin.
var bubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// limits are the rate limit headers of an answer.
func limits(remaining string, reset time.Time) []string {
	return limitsUntil(remaining, reset.UTC().Format(time.RFC3339))
}

func limitsUntil(remaining, reset string) []string {
	return []string{"anthropic-ratelimit-requests-remaining", remaining, "anthropic-ratelimit-requests-reset", reset}
}

// TestReset has the server say when it takes requests again; the second page comes
// that much later.
func TestReset(t *testing.T) {
	type test struct {
		header []string
		want   time.Duration
	}
	inBubbles(t, map[string]test{
		"some left":            {limits("1", bubble.Add(time.Minute)), 0},
		"none left":            {limits("0", bubble.Add(time.Minute)), time.Minute},
		"fewer than none left": {limits("-3", bubble.Add(time.Minute)), time.Minute},
		"reset in the past":    {limits("0", bubble.Add(-time.Minute)), 0},
		"clock is fast":        {append(limits("0", bubble.Add(time.Minute/2)), "date", bubble.Add(-time.Minute/2).Format(http.TimeFormat)), time.Minute},
		"clock is slow":        {append(limits("0", bubble.Add(time.Minute+time.Hour)), "date", bubble.Add(time.Hour).Format(http.TimeFormat)), time.Minute},
		"with an offset":       {limitsUntil("0", "2000-01-01T01:00:30+01:00"), 30 * time.Second},
		"with a fraction":      {limitsUntil("0", "2000-01-01T00:00:00.5Z"), 500 * time.Millisecond},
		"odd reset":            {limitsUntil("0", "60"), 0},
		"odd remaining":        {limits("few", bubble.Add(time.Minute)), 0},
		"no remaining":         {limits("0", bubble.Add(time.Minute))[2:], 0},
	}, func(t *testing.T, _ string, test test) {
		s := &feedtest.Script{Steps: []feedtest.Step{{Header: test.header, Body: feedtest.Page(true, "1", "1")}, {Body: feedtest.EmptyPage}}}
		client := newClient(t, s)
		if test.want > 0 { // more than the read has
			failed := follow(feedtest.After(t, test.want-1), newClient(t, &feedtest.Script{Steps: s.Steps}), 0).failure(t)
			if until := feedtest.ErrorAs[*WaitError](t, failed).Until; !until.Equal(bubble.Add(test.want)) || failed.Last != nil {
				t.Errorf("got a wait until %v after %v, want it after %v", until, failed.Last, test.want)
			}
		}
		follow(t.Context(), client, 0).mustBe(t, nil)
		if got := gaps(s)[0]; got != test.want {
			t.Errorf("got a wait of %v, want %v", got, test.want)
		}
	})
}

// paced is a limiter whose times are counted from the beginning of bubbles.
type paced struct {
	*testing.T
	*limiter
}

// goes sends a request at a time, and fails the test unless it may be sent when wanted.
func (p paced) goes(at, want time.Duration) {
	p.Helper()
	until, ok := p.take(bubble.Add(at))
	if ok {
		until = bubble.Add(at)
	}
	if got := until.Sub(bubble); got != want {
		p.Fatalf("a request at %v: got it sent at %v, want %v; %d left", at, got, want, p.left)
	}
}

// answered has the answer to a request of the beginning come at a time, with so many left until
// a reset.
func (p paced) answered(at time.Duration, left string, reset time.Duration) {
	answer := feedtest.Step{Header: limits(left, bubble.Add(reset))}.Answer(nil) //nolint:bodyclose // of a string
	p.observe(answer.Header, bubble, bubble.Add(at))
}

// TestLimiter follows what is known of the server's limit from answer to answer.
func TestLimiter(t *testing.T) {
	t.Parallel()
	const window, second = time.Minute, time.Second
	for name, run := range map[string]func(paced){
		"answers overtake each other": func(p paced) {
			p.goes(0, 0)
			p.goes(0, 0)
			p.goes(0, 0)
			p.answered(0, "1", window) // the third to be counted
			p.answered(0, "3", window) // the first
			p.answered(0, "2", window)
			p.goes(0, window)
		},
		"requests in flight are taken off": func(p paced) {
			p.goes(0, 0)
			p.goes(0, 0)
			p.goes(0, 0)
			p.answered(0, "3", window)
			p.goes(0, 0) // two of the three may not have been counted
			p.goes(0, window)
		},
		"what was not answered may not have been counted": func(p paced) {
			p.goes(0, 0)
			p.answered(0, "1", window)
			p.goes(0, 0)
			p.goes(0, window)
			p.observe(nil, bubble, bubble)
			p.goes(0, 0)
			p.goes(0, window)
		},
		"an answer of the window before comes late": func(p paced) {
			p.goes(0, 0)
			p.goes(0, 0)
			p.answered(second, "0", window)
			p.answered(second, "500", 0)
			p.goes(second, window)
		},
		"an earlier reset is believed if it is news": func(p paced) {
			p.goes(0, 0)
			p.answered(0, "1", 9999*window)
			p.goes(0, 0)
			p.answered(0, "0", window)
			p.goes(0, window)
		},
		"a pause outlasts older answers": func(p paced) {
			p.goes(0, 0)
			p.pause(bubble.Add(30 * second))
			p.pause(bubble.Add(10 * second)) // a shorter one does not shorten it
			p.answered(0, "100", window)
			p.goes(0, 30*second)
			p.goes(30*second, 30*second)
		},
		"the ceiling is not used up by waiting": func(p paced) {
			p.perMinute = 1
			p.pause(bubble.Add(30 * second))
			p.goes(0, 30*second)
			p.goes(30*second, 30*second)
			p.goes(31*second, 90*second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(paced{t, newLimiter(4, 0, time.Now)})
		})
	}
}

// TestPause has one read refused; the others wait with it, and do not run into the same.
func TestPause(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := feedtest.NewFake(5, func(o *fakeapi.Options) { o.Latency = time.Second })
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

// TestCancel ends each of the waits, by a deadline or without one; the read ends without
// another tick.
func TestCancel(t *testing.T) {
	const at = 10 * time.Second
	type test struct {
		fault              fakeapi.Fault // from the second request on
		ceiling, rateLimit int           // of the client and the server
		wantLast           bool
	}
	inBubbles(t, map[string]test{
		"server's reset": {rateLimit: 2},
		"minute":         {ceiling: 2},
		"retry-after":    {fault: fakeapi.TooManyRequests("60"), wantLast: true},
		"backoff":        {fault: fakeapi.Status(529, "overloaded_error", "Overloaded"), wantLast: true},
		"header":         {fault: fakeapi.Hang},
		"body":           {fault: fakeapi.HangBody(50)},
		"drip":           {fault: fakeapi.Drip(1, time.Second)},
	}, func(t *testing.T, _ string, test test) {
		for _, deadline := range []bool{false, true} {
			api := feedtest.NewFake(9, func(o *fakeapi.Options) { o.RateLimit = test.rateLimit })
			if test.fault != nil {
				api.Inject(fakeapi.From(2), test.fault)
			}
			client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsPerMinute, o.MaxRetries = test.ceiling, 10 })
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(at, cancel)
			if deadline {
				ctx = feedtest.After(t, at)
			}
			started := time.Now()
			failed := follow(ctx, client, 3).failure(t)
			if ended := time.Since(started); ended > at || !deadline && ended != at {
				t.Errorf("got the end after %v, want it after %v", ended, at)
			}
			if ctx.Err() == nil { // a wait that the deadline would have cut
				_ = feedtest.ErrorAs[*WaitError](t, failed)
			} else if failed.Err != ctx.Err() { //nolint:errorlint // this very value
				t.Errorf("got %v, want %v", failed.Err, ctx.Err())
			}
			if (failed.Last != nil) != test.wantLast {
				t.Errorf("got the last attempt %v, want one: %t", failed.Last, test.wantLast)
			}
			if !client.limiter.slots.TryAcquire(int64(client.RequestsAtOnce())) {
				t.Error("got a slot that is held by no request")
			}
			synctest.Wait() // no handler is left behind
		}
	})
}

// TestCancelWaitingForASlot ends a read while another holds the only slot, which neither loses.
func TestCancelWaitingForASlot(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := feedtest.NewFake(1, func(o *fakeapi.Options) { o.Latency = 20 * time.Second })
		client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.RequestsAtOnce = 1 })
		var first sync.WaitGroup
		first.Go(func() { readAll(t, client, 1, 1) })
		synctest.Wait()
		started := time.Now()
		failed := follow(feedtest.After(t, 5*time.Second), client, 0).failure(t)
		if waited := time.Since(started); waited != 5*time.Second || failed.Attempts != 0 || !errors.Is(failed, context.DeadlineExceeded) {
			t.Errorf("got %+v after %v, want no attempts, after 5s", failed, waited)
		}
		first.Wait()
		readAll(t, client, 1, 1)
	})
}
