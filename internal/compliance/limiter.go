package compliance

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// limiter paces all requests of a client: so many in flight, so many in any minute, and no
// more than the server's anthropic-ratelimit-* headers leave.
//
// The minute is a sliding one and not a token bucket (x/time/rate): a bucket that keeps
// every minute under 600 requests spreads them, so that 20 reads of 30 pages took 60 s
// on a fake clock and not the 0 s that the server allows; and with latency it let 26
// of 25 through.
type limiter struct {
	slots     *semaphore.Weighted // one for each request in flight
	perMinute int                 // 0 for no ceiling of our own
	now       func() time.Time

	mu       sync.Mutex
	sent     []time.Time // when the requests of the last minute went out; unused without a ceiling
	inFlight int

	// left is how many more requests the server will take before reset; it means
	// nothing after that. Requests in flight are taken off already.
	left    int
	reset   time.Time
	window  string    // the reset header that left and reset come from
	entered time.Time // when the first answer with it came

	pausedUntil time.Time // what the last 429 asked for
}

func newLimiter(requestsAtOnce, requestsPerMinute int, now func() time.Time) *limiter {
	return &limiter{slots: semaphore.NewWeighted(int64(requestsAtOnce)), perMinute: requestsPerMinute, now: now}
}

// acquire waits until one more request may be sent. release must be called with the header of
// its answer, or with nil where none came. Errors are the context's, or a [WaitError].
func (l *limiter) acquire(ctx context.Context) (release func(http.Header), err error) {
	if err := l.slots.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	for {
		sent := l.now()
		until, ok := l.take(sent)
		if ok {
			return func(header http.Header) {
				l.observe(header, sent, l.now())
				l.slots.Release(1)
			}, nil
		}
		if err := l.sleep(ctx, until.Sub(l.now())); err != nil {
			l.slots.Release(1)
			return nil, err
		}
	}
}

// take counts one request that is sent now, or says until when none may be.
func (l *limiter) take(now time.Time) (until time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counted := now.Before(l.reset)
	switch {
	case now.Before(l.pausedUntil):
		return l.pausedUntil, false
	case counted && l.left <= 0:
		return l.reset, false
	}
	if l.perMinute > 0 {
		for len(l.sent) > 0 && now.Sub(l.sent[0]) >= time.Minute {
			l.sent = l.sent[1:]
		}
		if len(l.sent) >= l.perMinute {
			return l.sent[0].Add(time.Minute), false
		}
		l.sent = append(l.sent, now)
	}
	if counted {
		l.left--
	}
	l.inFlight++
	return time.Time{}, true
}

// observe learns from the header of an answer, nil where none came, to a request that
// was sent at the given time.
func (l *limiter) observe(header http.Header, sent, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	window := header.Get("anthropic-ratelimit-requests-reset")
	reset, ok := resetTime(header, now)
	remaining, err := strconv.Atoi(header.Get("anthropic-ratelimit-requests-remaining"))
	if !ok || err != nil {
		l.left++ // it may not have been counted; if it was, a 429 will tell
		return
	}
	// Answers overtake each other, and other programs share the limit. So of two numbers for
	// one window the smaller is the newer, and an answer to a request that was sent before a
	// window was entered may still be about the window before.
	switch {
	case window == l.window:
		l.left = min(l.left, remaining)
		return
	case reset.Before(l.reset) && sent.Before(l.entered):
		return
	}
	l.window, l.entered = window, now
	l.left = remaining - l.inFlight // which the server may not have seen yet
	l.reset = reset
}

// pause holds all requests back, as after a 429 that says for how long. What older
// answers say, which may arrive after it, does not end it.
func (l *limiter) pause(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// sleep waits, unless the context ends first. A wait that the context cannot
// outlast is not begun: the [WaitError] comes at once.
func (l *limiter) sleep(ctx context.Context, wait time.Duration) error {
	if err := ctx.Err(); err != nil || wait <= 0 {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return &WaitError{Until: l.now().Add(wait)}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
