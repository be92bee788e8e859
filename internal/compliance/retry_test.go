package compliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// TestRetryStatus is the table of statuses, each without x-should-retry and with both of
// its values.
func TestRetryStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		201: false, 204: false, 206: false,
		300: false, 302: false, 304: false, 307: false,
		400: false, 401: false, 402: false, 403: false, 404: false, 405: false, 408: true, 409: false, 410: false,
		413: true, 414: false, 418: false, 422: false, 425: false, 429: true, 431: false, 451: false,
		500: true, 501: true, 502: true, 503: true, 504: true, 505: true, 520: true, 529: true, 599: true,
	} {
		for _, header := range []string{"", "true", "false", "TRUE", "False", "maybe"} {
			want := want
			switch strings.ToLower(header) {
			case "true":
				want = true
			case "false":
				want = status == 413 // a smaller page is another request
			}
			t.Run(fmt.Sprintf("%d/x-should-retry_%s", status, header), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					s := &feedtest.Script{Steps: []feedtest.Step{{Status: status, Header: []string{"x-should-retry", header}}, {Body: feedtest.EmptyPage}}}
					got := followScript(t, s)
					if retried := len(s.Requests) == 2; retried != want {
						t.Fatalf("got %d requests and error %v, want another attempt: %t", len(s.Requests), got.err, want)
					}
					if want {
						got.mustBe(t, nil)
						return
					}
					if failed := feedtest.ErrorAs[*StatusError](t, got.err); failed.Status != status || failed.RequestID != "req_test" {
						t.Errorf("got %+v, want status %d of req_test", failed, status)
					}
				})
			})
		}
	}
}

// TestWaits has the exact waits that servers ask for, by the clock of the read.
func TestWaits(t *testing.T) {
	t.Parallel()
	// Bubbles begin at midnight UTC on 2000-01-01.
	const date, now = "Fri, 31 Dec 1999 18:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"
	backoff := time.Duration(-1) // where the server's word does not count
	for name, test := range map[string]struct {
		header []string
		want   time.Duration
	}{
		"nothing":                {nil, backoff},
		"seconds":                {[]string{"retry-after", "7"}, 7 * time.Second},
		"zero":                   {[]string{"retry-after", "0"}, 0},
		"more than a minute":     {[]string{"retry-after", "300"}, 5 * time.Minute},
		"float":                  {[]string{"retry-after", "0.25"}, backoff},
		"date":                   {[]string{"retry-after", "Sat, 01 Jan 2000 00:00:09 GMT"}, 9 * time.Second},
		"date, clock is fast":    {[]string{"retry-after", "Fri, 31 Dec 1999 18:00:04 GMT", "date", date}, 4 * time.Second},
		"date, clock is slow":    {[]string{"retry-after", "Sat, 01 Jan 2000 06:00:04 GMT", "date", "Sat, 01 Jan 2000 06:00:00 GMT"}, 4 * time.Second},
		"date in the past":       {[]string{"retry-after", date}, backoff},
		"date past by its clock": {[]string{"retry-after", now, "date", "Sat, 01 Jan 2000 06:00:00 GMT"}, backoff},
		"negative":               {[]string{"retry-after", "-7"}, backoff},
		"words":                  {[]string{"retry-after", "soon"}, backoff},
		"a year":                 {[]string{"retry-after", "31536000"}, 365 * 24 * time.Hour},
		"overflows int64":        {[]string{"retry-after", "9223372036854775808"}, 365 * 24 * time.Hour},
		"date, absurd":           {[]string{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"}, 365 * 24 * time.Hour},
	} {
		for _, status := range []int{429, 503, 500} {
			t.Run(fmt.Sprintf("%s/%d", name, status), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					s := &feedtest.Script{Steps: []feedtest.Step{{Status: status, Header: test.header}, {Body: feedtest.EmptyPage}}}
					followScript(t, s).mustBe(t, nil)
					got := gaps(s)[0]
					if test.want == backoff && (got < time.Second || got >= 1250*time.Millisecond) {
						t.Errorf("got %v, want the backoff of 1 s to 1.25 s", got)
					}
					if test.want != backoff && got != test.want {
						t.Errorf("got %v, want %v", got, test.want)
					}
				})
			})
		}
	}
}

// TestBackoffSpreads draws many waits through the client: they keep the bounds, and
// clients that failed together do not come back together.
func TestBackoffSpreads(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		drawn := map[time.Duration]bool{}
		for range 50 {
			s := &feedtest.Script{}
			for range 11 {
				s.Steps = append(s.Steps, feedtest.Step{Status: 503})
			}
			started := time.Now()
			got := followScript(t, s, func(o *Options) { o.MaxRetries = 10 })
			if failed := got.failure(t); failed.Attempts != 11 {
				t.Fatalf("got %d attempts, want 11", failed.Attempts)
			}
			total := time.Duration(0)
			for i, gap := range gaps(s) {
				least := min(time.Second<<i, 48*time.Second)
				if gap < least || gap >= least*5/4 || gap > time.Minute {
					t.Errorf("wait %d: got %v, want %v to %v", i+1, gap, least, least*5/4)
				}
				drawn[gap] = true
				total += gap
			}
			if after := time.Since(started); after != total {
				t.Errorf("got %v after the last attempt, want no wait", after-total)
			}
		}
		if len(drawn) < 490 { // of 500
			t.Errorf("got %d different waits of 500", len(drawn))
		}
	})
}

// TestAttempts counts 1 + MaxRetries for each page anew, always at the same cursor.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{0, 1, 3, 10} {
		t.Run(fmt.Sprint(retries), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(6)
				for page := 1; page <= 3; page++ {
					api.Inject(fakeapi.Times(retries, fakeapi.Page(page)), fakeapi.Status(529, "overloaded_error", "Overloaded"))
				}
				client := newClient(t, feedtest.Uncompressed(api), func(o *Options) { o.MaxRetries = retries })
				follow(t.Context(), client, 2).mustBe(t, feedtest.IDs(6))
				requests := api.Requests()
				if got, want := len(requests), 3*(1+retries); got != want {
					t.Fatalf("got %d requests, want %d", got, want)
				}
				for i, request := range requests {
					if first := requests[i-i%(1+retries)]; request.RawQuery != first.RawQuery {
						t.Errorf("request %d: got %s, want the cursor of the first attempt, %s", i+1, request.RawQuery, first.RawQuery)
					}
				}

				api.ClearFaults()
				api.ResetRequests()
				api.Inject(fakeapi.Times(1+retries, fakeapi.Page(2)), fakeapi.Status(529, "overloaded_error", "Overloaded"))
				got := follow(t.Context(), client, 2)
				if failed := got.failure(t); len(got.pages) != 1 || failed.Attempts != 1+retries {
					t.Errorf("got %d pages and %+v, want one and %d attempts", len(got.pages), failed, 1+retries)
				}
				if got, want := len(api.Requests()), 2+retries; got != want {
					t.Errorf("got %d requests, want %d", got, want)
				}
			})
		})
	}
}

// TestWaitError asks for waits on both sides of the read's deadline.
func TestWaitError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header []string
		want   time.Duration // 0 for a read that goes on
	}{
		"within the deadline": {[]string{"retry-after", "59"}, 0},
		"beyond it":           {[]string{"retry-after", "61"}, 61 * time.Second},
		"absurd":              {[]string{"retry-after", strings.Repeat("9", 30)}, 365 * 24 * time.Hour},
		"date beyond it":      {[]string{"retry-after", "Sat, 01 Jan 2000 01:00:00 GMT"}, time.Hour},
		"reset beyond it":     {[]string{"anthropic-ratelimit-requests-remaining", "0", "anthropic-ratelimit-requests-reset", "2000-01-01T00:02:00Z"}, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				s := &feedtest.Script{Steps: []feedtest.Step{{Status: 429, Header: test.header}, {Body: feedtest.EmptyPage}}}
				started := time.Now()
				got := follow(feedtest.After(t, time.Minute), newClient(t, s), 0)
				if test.want == 0 {
					got.mustBe(t, nil)
					return
				}
				wait := feedtest.ErrorAs[*WaitError](t, got.err)
				if want := started.Add(test.want); !wait.Until.Equal(want) {
					t.Errorf("got until %v, want %v", wait.Until, want)
				}
				failed := got.failure(t)
				if status := feedtest.ErrorAs[*StatusError](t, failed.Last); status.Status != 429 || failed.Attempts != 1 || len(s.Requests) != 1 {
					t.Errorf("got %d attempts, the last %v, want the 429 alone", failed.Attempts, failed.Last)
				}
				// A backoff may have been waited for, the wait that was asked for not.
				if waited := time.Since(started); waited > 2*time.Second {
					t.Errorf("got an error after %v, want it at once", waited)
				}
			})
		})
	}
}

// TestRefusalBeforeInterruption ends the context while the answer arrives. What the
// server has refused for good is what the user needs to know; else it is the last attempt.
func TestRefusalBeforeInterruption(t *testing.T) {
	t.Parallel()
	for status, refused := range map[int]bool{401: true, 403: true, 500: false} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				transport := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
					cancel()
					return feedtest.Step{Status: status, Header: []string{"x-should-retry", "true"}}.Answer(request), nil
				})
				failed := follow(ctx, newClient(t, transport), 0).failure(t)
				of := failed.Err
				if !refused {
					of = failed.Last
				}
				if feedtest.ErrorAs[*StatusError](t, of).Status != status || errors.Is(failed, context.Canceled) == refused {
					t.Errorf("got %v after %v, want HTTP %d; interrupted: %t", failed, failed.Last, status, !refused)
				}
			})
		})
	}
}

// TestConnectionErrors has failures as net/http reports them, on every system: a socket of
// Windows has numbers of its own.
func TestConnectionErrors(t *testing.T) {
	t.Parallel()
	socket := func(number syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connectex", number)}
	}
	name := func(err net.DNSError) error {
		err.Name = "feed.example.com"
		return &net.OpError{Op: "dial", Err: &err}
	}
	for name, test := range map[string]struct {
		err  error
		want ConnectionError
	}{
		"no such name":             {name(net.DNSError{IsNotFound: true}), ConnectionError{Stage: AtName, Cause: NoSuchName, Name: "feed.example.com"}},
		"a silent name server":     {name(net.DNSError{IsTimeout: true}), ConnectionError{Stage: AtName, Cause: NameServerSilent, Name: "feed.example.com"}},
		"a name server that fails": {name(net.DNSError{IsTemporary: true, Err: "server misbehaving"}), ConnectionError{Stage: AtName, Cause: NameServerFailed, Name: "feed.example.com"}},
		"refused":                  {socket(syscall.ECONNREFUSED), ConnectionError{Cause: Refused}},
		"refused, Windows":         {socket(10061), ConnectionError{Cause: Refused}},
		"unreachable":              {socket(syscall.ENETUNREACH), ConnectionError{Cause: Unreachable}},
		"no host, Windows":         {socket(10065), ConnectionError{Cause: Unreachable}},
		"no network, Windows":      {socket(10051), ConnectionError{Cause: Unreachable}},
		"reset":                    {socket(syscall.ECONNRESET), ConnectionError{Cause: Closed}},
		"reset, Windows":           {socket(10054), ConnectionError{Cause: Closed}},
		"closed":                   {fmt.Errorf("http: %w", io.EOF), ConnectionError{Cause: Closed}},
		"broken pipe":              {socket(syscall.EPIPE), ConnectionError{Cause: Closed}},
		"timeout":                  {socket(syscall.ETIMEDOUT), ConnectionError{Cause: TimedOut}},
		"timeout, Windows":         {socket(10060), ConnectionError{Cause: TimedOut}},
		"GOAWAY":                   {errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=INTERNAL_ERROR, debug=\"CANCEL\""), ConnectionError{Cause: GoneAway, Code: "INTERNAL_ERROR"}},
		"a new code":               {errors.New("stream error: stream ID 1; unknown error code 0x77; received from peer"), ConnectionError{Cause: GivenUp, Code: "unknown error code 0x77"}},
		"a frame that is none":     {errors.New("http2: frame too large"), ConnectionError{Cause: BrokenHTTP2}},
		"a broken frame":           {errors.New("connection error: PROTOCOL_ERROR"), ConnectionError{Cause: BrokenHTTP2, Code: "PROTOCOL_ERROR"}},
		"anything":                 {&url.Error{Op: "Get", URL: "https://feed.example.com/?x", Err: errors.New("odd")}, ConnectionError{Cause: Unexplained, Detail: "odd"}},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				s := &feedtest.Script{Steps: []feedtest.Step{{Err: test.err}, {Body: feedtest.EmptyPage}}}
				followScript(t, s).mustBe(t, nil)
				if gap := gaps(s)[0]; gap < time.Second || gap >= 1250*time.Millisecond {
					t.Errorf("got a wait of %v, want the backoff", gap)
				}

				s = &feedtest.Script{Steps: slices.Repeat([]feedtest.Step{{Err: test.err}}, 1+testRetries)}
				test.want.Host, test.want.Stage = "feed.example.com", cmp.Or(test.want.Stage, AtRequest)
				if got := feedtest.ErrorAs[*ConnectionError](t, followScript(t, s).err); !reflect.DeepEqual(*got, test.want) {
					t.Errorf("got %+v, want %+v", *got, test.want)
				}
			})
		})
	}
}

// TestRequestTimeout has answers that begin, drip, or stand still. Each attempt ends at
// the timeout, and the read goes on with the next.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fakeapi.Fault{
		"hang":            fakeapi.Hang(),
		"hang in a body":  fakeapi.HangBody(100),
		"hang at the end": fakeapi.HangBody(1 << 20),
		"slow drip":       fakeapi.Drip(1, time.Second),
		"slow header": func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(31 * time.Second)
			next.ServeHTTP(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(5)
				api.Inject(fakeapi.Times(2, fakeapi.Page(2)), fault)
				started := time.Now()
				client := newClient(t, feedtest.Uncompressed(api))
				follow(t.Context(), client, 2).mustBe(t, feedtest.IDs(5))
				if waited := time.Since(started); waited < 63*time.Second || waited > 64*time.Second {
					t.Errorf("got %v, want two timeouts of 30 s and backoffs of 1 s and 2 s", waited)
				}

				api.ResetRequests()
				api.ClearFaults()
				api.Inject(fakeapi.Page(2), fault)
				failed := follow(t.Context(), client, 2).failure(t)
				connection := feedtest.ErrorAs[*ConnectionError](t, failed)
				if connection.Timeout != 30*time.Second || connection.Cause != TimedOut || failed.Attempts != 1+testRetries {
					t.Errorf("got %+v after %d attempts, want the timeout after %d", connection, failed.Attempts, 1+testRetries)
				}
				time.Sleep(time.Minute) // for handlers that do not listen to the client's leaving
			})
		})
	}
}

// TestRequestTimeoutSpares drips within the timeout, and waits between pages longer than it.
func TestRequestTimeoutSpares(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(5)
		api.Inject(fakeapi.Times(1, fakeapi.Page(1)), fakeapi.TooManyRequests("300"))
		api.Inject(fakeapi.Page(2), fakeapi.Drip(100, time.Second))
		follow(t.Context(), newClient(t, feedtest.Uncompressed(api)), 2).mustBe(t, feedtest.IDs(5))
	})
}

func TestResumeAt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		header []string
		want   time.Duration // 0 for none
	}{
		"nothing":                      {429, nil, 0},
		"retry-after":                  {429, []string{"retry-after", "7", "anthropic-ratelimit-requests-reset", "2000-01-01T00:01:00Z"}, 7 * time.Second},
		"reset":                        {429, []string{"anthropic-ratelimit-requests-reset", "2000-01-01T00:01:00Z"}, time.Minute},
		"reset by another clock":       {429, []string{"anthropic-ratelimit-requests-reset", "2000-01-01T06:01:00Z", "date", "Sat, 01 Jan 2000 06:00:00 GMT"}, time.Minute},
		"reset in the past":            {429, []string{"anthropic-ratelimit-requests-reset", "1999-12-31T23:59:00Z"}, 0},
		"odd reset":                    {429, []string{"anthropic-ratelimit-requests-reset", "soon"}, 0},
		"reset of no rate limit":       {503, []string{"anthropic-ratelimit-requests-reset", "2000-01-01T00:01:00Z"}, 0},
		"retry-after of no rate limit": {503, []string{"retry-after", "7"}, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				s := &feedtest.Script{Steps: []feedtest.Step{{Status: test.status, Header: test.header}}}
				status := feedtest.ErrorAs[*StatusError](t, followScript(t, s, func(o *Options) { o.MaxRetries = 0 }).err)
				var want time.Time
				if test.want > 0 {
					want = time.Now().Add(test.want)
				}
				if !status.ResumeAt.Equal(want) {
					t.Errorf("got %v, want %v", status.ResumeAt, want)
				}
			})
		})
	}
}
