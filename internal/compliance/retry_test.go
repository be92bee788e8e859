package compliance

import (
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
	"syscall"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// TestRetryStatus is the table of statuses, each without x-should-retry and with both of
// its values.
func TestRetryStatus(t *testing.T) {
	inBubbles(t, map[int]bool{
		201: false, 204: false, 206: false,
		300: false, 302: false, 304: false, 307: false,
		400: false, 401: false, 402: false, 403: false, 404: false, 405: false, 408: true, 409: false, 410: false,
		413: true, 414: false, 418: false, 422: false, 425: false, 429: true, 431: false, 451: false,
		500: true, 501: true, 502: true, 503: true, 504: true, 505: true, 520: true, 529: true, 599: true,
	}, func(t *testing.T, status int, without bool) {
		smaller := status == 413 // is another request, whatever the server says of the one before
		for header, want := range map[string]bool{"": without, "maybe": without, "true": true, "TRUE": true, "false": smaller, "False": smaller} {
			s := &feedtest.Script{Steps: []feedtest.Step{{Status: status, Header: []string{"x-should-retry", header}}, {Body: feedtest.EmptyPage}}}
			got := followScript(t, s)
			if retried := len(s.Requests) == 2; retried != want {
				t.Errorf("x-should-retry %q: got %d requests and error %v, want another attempt: %t", header, len(s.Requests), got.err, want)
			} else if want {
				got.mustBe(t, nil)
			} else if failed := feedtest.ErrorAs[*StatusError](t, got.err); failed.Status != status {
				t.Errorf("x-should-retry %q: got %+v, want status %d", header, failed, status)
			}
		}
	})
}

// TestWaits has the exact waits that servers ask for, by the clock of the read. One that its
// deadline would cut is not begun, and the error says until when it would have been.
func TestWaits(t *testing.T) {
	const date, now = "Fri, 31 Dec 1999 18:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"
	const backoff = time.Duration(-1) // where the server's word does not count
	type test struct {
		header []string
		want   time.Duration
	}
	tests := map[string]test{
		"nothing":                {nil, backoff},
		"seconds":                {[]string{"retry-after", "7"}, 7 * time.Second},
		"zero":                   {[]string{"retry-after", "0"}, 0},
		"date":                   {[]string{"retry-after", "Sat, 01 Jan 2000 00:00:09 GMT"}, 9 * time.Second},
		"date, clock is fast":    {[]string{"retry-after", "Fri, 31 Dec 1999 18:00:04 GMT", "date", date}, 4 * time.Second},
		"date, clock is slow":    {[]string{"retry-after", "Sat, 01 Jan 2000 06:00:04 GMT", "date", "Sat, 01 Jan 2000 06:00:00 GMT"}, 4 * time.Second},
		"date in the past":       {[]string{"retry-after", date}, backoff},
		"date past by its clock": {[]string{"retry-after", now, "date", "Sat, 01 Jan 2000 06:00:00 GMT"}, backoff},
		"float":                  {[]string{"retry-after", "0.25"}, 250 * time.Millisecond},
		"milliseconds win":       {[]string{"retry-after-ms", "20", "retry-after", "7"}, 20 * time.Millisecond},
		"odd milliseconds":       {[]string{"retry-after-ms", "x", "retry-after", "7"}, 7 * time.Second},
		"infinite":               {[]string{"retry-after", "Inf"}, backoff},
		"negative":               {[]string{"retry-after", "-7"}, backoff},
		"words":                  {[]string{"retry-after", "soon"}, backoff},
		"overflows int64":        {[]string{"retry-after", "9223372036854775808"}, 365 * 24 * time.Hour},
		"date, absurd":           {[]string{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"}, 365 * 24 * time.Hour},
	}
	for _, status := range []int{429, 500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inBubbles(t, tests, func(t *testing.T, _ string, test test) {
				steps := []feedtest.Step{{Status: status, Header: test.header}, {Body: feedtest.EmptyPage}}
				if test.want > time.Second {
					s := &feedtest.Script{Steps: steps}
					failed := follow(feedtest.After(t, test.want-time.Second), newClient(t, s), 0).failure(t)
					until, last := feedtest.ErrorAs[*WaitError](t, failed).Until, feedtest.ErrorAs[*StatusError](t, failed.Last)
					if want := bubble.Add(test.want); !until.Equal(want) || !last.ResumeAt.Equal(want) || len(s.Requests) != 1 || time.Since(bubble) > 0 {
						t.Errorf("got %+v after %+v, want one attempt and a wait until %v, not begun", failed, last, want)
					}
				}
				s := &feedtest.Script{Steps: steps}
				follow(feedtest.After(t, test.want+2*time.Second), newClient(t, s), 0).mustBe(t, nil)
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

// TestBackoffSpreads draws many waits through the client: they keep the bounds, and
// clients that failed together do not come back together.
func TestBackoffSpreads(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		drawn := map[time.Duration]bool{}
		for range 50 {
			s := &feedtest.Script{Steps: slices.Repeat([]feedtest.Step{{Status: 503}}, 11)}
			started := time.Now()
			got := followScript(t, s, func(o *Options) { o.MaxRetries = 10 })
			if failed := got.failure(t); failed.Attempts != 11 || time.Since(started) != s.Times[10].Sub(started) {
				t.Fatalf("got %d attempts and the end after %v, want 11 and no wait after them", failed.Attempts, time.Since(started))
			}
			for i, gap := range gaps(s) {
				least := min(time.Second<<i, 48*time.Second)
				if gap < least || gap >= least*5/4 {
					t.Errorf("wait %d: got %v, want %v to %v", i+1, gap, least, least*5/4)
				}
				drawn[gap] = true
			}
		}
		if len(drawn) < 490 { // of 500
			t.Errorf("got %d different waits of 500", len(drawn))
		}
	})
}

// TestAttempts counts 1 + MaxRetries for each page anew, always at the same cursor.
func TestAttempts(t *testing.T) {
	inBubbles(t, map[string]int{"none": 0, "one": 1, "ten": 10}, func(t *testing.T, _ string, retries int) {
		api := feedtest.NewFake(6)
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
			if first := requests[i-i%(1+retries)]; request.URL.RawQuery != first.URL.RawQuery {
				t.Errorf("request %d: got %s, want the cursor of the first attempt, %s", i+1, request.URL.RawQuery, first.URL.RawQuery)
			}
		}
	})
}

// TestRefusalBeforeInterruption ends the context while the answer arrives. What the
// server has refused for good is what the user needs to know; else it is the last attempt.
func TestRefusalBeforeInterruption(t *testing.T) {
	inBubbles(t, map[int]bool{401: true, 403: true, 500: false}, func(t *testing.T, status int, refused bool) {
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
}

// TestConnectionErrors has failures as net/http reports them, on every system: a socket of
// Windows has numbers of its own.
func TestConnectionErrors(t *testing.T) {
	socket := func(number syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connectex", number)}
	}
	name := func(err net.DNSError) error {
		err.Name = "feed.example.com"
		return &net.OpError{Op: "dial", Err: &err}
	}
	type test struct {
		err          error
		cause        Cause
		code, detail string
	}
	inBubbles(t, map[string]test{
		"no such name":             {name(net.DNSError{IsNotFound: true}), NoSuchName, "", ""},
		"a silent name server":     {name(net.DNSError{IsTimeout: true}), NameServerSilent, "", ""},
		"a name server that fails": {name(net.DNSError{IsTemporary: true, Err: "server misbehaving"}), NameServerFailed, "", ""},
		"refused":                  {socket(syscall.ECONNREFUSED), Refused, "", ""},
		"refused, Windows":         {socket(10061), Refused, "", ""},
		"unreachable":              {socket(syscall.ENETUNREACH), Unreachable, "", ""},
		"no host, Windows":         {socket(10065), Unreachable, "", ""},
		"no network, Windows":      {socket(10051), Unreachable, "", ""},
		"reset":                    {socket(syscall.ECONNRESET), Closed, "", ""},
		"reset, Windows":           {socket(10054), Closed, "", ""},
		"closed":                   {fmt.Errorf("http: %w", io.EOF), Closed, "", ""},
		"broken pipe":              {socket(syscall.EPIPE), Closed, "", ""},
		"timeout":                  {socket(syscall.ETIMEDOUT), TimedOut, "", ""},
		"timeout, Windows":         {socket(10060), TimedOut, "", ""},
		"GOAWAY":                   {errors.New("http2: server sent GOAWAY, ErrCode=INTERNAL_ERROR, debug=\"CANCEL\""), GoneAway, "INTERNAL_ERROR", ""},
		"a new code":               {errors.New("stream error: stream ID 1; unknown error code 0x77; received from peer"), GivenUp, "unknown error code 0x77", ""},
		"a frame that is none":     {errors.New("http2: frame too large"), BrokenHTTP2, "", ""},
		"a broken frame":           {errors.New("connection error: PROTOCOL_ERROR"), BrokenHTTP2, "PROTOCOL_ERROR", ""},
		"anything":                 {&url.Error{Op: "Get", URL: "https://feed.example.com/?x", Err: errors.New("\x1b[31modd")}, Unexplained, "", "odd"},
	}, func(t *testing.T, _ string, test test) {
		s := &feedtest.Script{Steps: []feedtest.Step{{Err: test.err}, {Body: feedtest.EmptyPage}}}
		followScript(t, s).mustBe(t, nil)
		if gap := gaps(s)[0]; gap < time.Second || gap >= 1250*time.Millisecond {
			t.Errorf("got a wait of %v, want the backoff", gap)
		}

		s = &feedtest.Script{Steps: slices.Repeat([]feedtest.Step{{Err: test.err}}, 1+testRetries)}
		want := ConnectionError{Host: "feed.example.com", Stage: AtRequest, Cause: test.cause, Code: test.code, Detail: test.detail}
		if name, ok := errors.AsType[*net.DNSError](test.err); ok {
			want.Stage, want.Name = AtName, name.Name
		}
		if got := feedtest.ErrorAs[*ConnectionError](t, followScript(t, s).err); !reflect.DeepEqual(*got, want) {
			t.Errorf("got %+v, want %+v", *got, want)
		}
	})
}

// TestBrokenAnswers has answers that end early, drip, stand still, or are no gzip. Each attempt
// ends with that, or at the timeout, and the read goes on with the next.
func TestBrokenAnswers(t *testing.T) {
	const limit = 30 * time.Second // the timeout of a request
	type test struct {
		fault fakeapi.Fault
		cause Cause
	}
	inBubbles(t, map[string]test{
		"hang":            {fakeapi.Hang, TimedOut},
		"hang in a body":  {fakeapi.HangBody(100), TimedOut},
		"hang at the end": {fakeapi.HangBody(1 << 20), TimedOut},
		"slow drip":       {fakeapi.Drip(1, time.Second), TimedOut},
		"slow header": {func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
			time.Sleep(limit + time.Second)
			fakeapi.NoFault(w, r, answer)
		}, TimedOut},
		"cut":         {fakeapi.CutBody(100), Closed},
		"closed":      {fakeapi.CloseBeforeHeader, Closed},
		"broken gzip": {fakeapi.BrokenGzip, BrokenGzip},
		"no gzip": {func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
			w.Header().Set("Content-Encoding", "gzip")
			fakeapi.HTML(200)(w, r, answer)
		}, BrokenGzip},
	}, func(t *testing.T, _ string, test test) {
		api := feedtest.NewFake(5)
		api.Inject(fakeapi.Times(2, fakeapi.Page(2)), test.fault)
		want := ConnectionError{Host: "feed.example.com", Stage: AtRequest, Cause: test.cause}
		if test.cause == TimedOut {
			want.Timeout = limit
		}
		started := time.Now()
		client := newClient(t, api.Transport())
		follow(t.Context(), client, 2).mustBe(t, feedtest.IDs(5))
		if waited := time.Since(started) - 2*want.Timeout; waited < 3*time.Second || waited > 4*time.Second {
			t.Errorf("got %v and two timeouts, want backoffs of 1 s and 2 s", waited)
		}
		api.Inject(fakeapi.Always, test.fault)
		got, failed := connectionFailure(t, client)
		if !reflect.DeepEqual(*got, want) || failed.Attempts != 1+testRetries {
			t.Errorf("got %+v after %d attempts, want %+v after %d", *got, failed.Attempts, want, 1+testRetries)
		}
		time.Sleep(time.Minute) // for handlers that do not listen to the client's leaving
	})
}

// TestRequestTimeoutSpares drips within the timeout, and waits between pages longer than it.
func TestRequestTimeoutSpares(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := feedtest.NewFake(5)
		api.Inject(fakeapi.Times(1, fakeapi.Page(1)), fakeapi.TooManyRequests("300"))
		api.Inject(fakeapi.Page(2), fakeapi.Drip(100, time.Second))
		follow(t.Context(), newClient(t, feedtest.Uncompressed(api)), 2).mustBe(t, feedtest.IDs(5))
	})
}
