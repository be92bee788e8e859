package compliance

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter paces all requests of a client: so many at once, so many a minute, and
// never more than the server's own anthropic-ratelimit-* headers leave. It is safe
// for use by several reads at once.
type limiter struct {
	slots  chan struct{} // one for each request in flight
	minute *rate.Limiter // nil for no ceiling

	mu       sync.Mutex
	inFlight int
	// left is how many more requests the server will take before resumeAt; it
	// means nothing after that. Requests in flight are taken off already.
	left     int
	resumeAt time.Time
	window   string // the reset header that left and resumeAt stem from
}

// newLimiter makes a limiter; zero requests a minute mean no ceiling of our own.
func newLimiter(requestsAtOnce, requestsPerMinute int) *limiter {
	l := &limiter{slots: make(chan struct{}, requestsAtOnce)}
	if requestsPerMinute > 0 {
		// A tenth may go out at once, so that a short read waits for nothing. The
		// refill is so much slower that no span of a minute sees more than allowed.
		burst := max(1, requestsPerMinute/10)
		l.minute = rate.NewLimiter(rate.Limit(float64(requestsPerMinute-burst+1)/60), burst)
	}
	return l
}

// acquire waits until one more request may be sent. What it returns must be called
// when the answer is there, with its header, or with nil if there was none. Errors
// are the context's, or a [WaitError] where the wait would outlast the context.
func (l *limiter) acquire(ctx context.Context) (release func(http.Header), err error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := l.wait(ctx); err != nil {
		<-l.slots
		return nil, err
	}
	return func(header http.Header) {
		l.observe(header, time.Now())
		<-l.slots
	}, nil
}

func (l *limiter) wait(ctx context.Context) error {
	if l.minute != nil {
		reservation := l.minute.Reserve()
		if err := sleep(ctx, reservation.Delay()); err != nil {
			reservation.Cancel()
			return err
		}
	}
	for {
		until, ok := l.take(time.Now())
		if ok {
			return nil
		}
		if err := sleep(ctx, time.Until(until)); err != nil {
			return err
		}
	}
}

// take takes one request off what the server has left, or says when it has more.
func (l *limiter) take(now time.Time) (until time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.resumeAt) {
		if l.left <= 0 {
			return l.resumeAt, false
		}
		l.left--
	}
	l.inFlight++
	return time.Time{}, true
}

// observe learns from the header of an answer, nil where none came.
func (l *limiter) observe(header http.Header, now time.Time) {
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
	if window == l.window {
		// Answers overtake each other, and others share the limit: the smaller
		// number is the newer one.
		l.left = min(l.left, remaining)
		return
	}
	l.window = window
	l.left = remaining - l.inFlight // which the server may not have seen yet
	l.resumeAt = reset
}

// pause holds all requests back, as after a 429 that says for how long.
func (l *limiter) pause(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = 0
	l.window = ""
	if until.After(l.resumeAt) {
		l.resumeAt = until
	}
}

// sleep waits, unless the context ends first. A wait that the context cannot
// outlast is not begun: the [WaitError] comes at once.
func sleep(ctx context.Context, wait time.Duration) error {
	if err := ctx.Err(); err != nil || wait <= 0 {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return &WaitError{Until: time.Now().Add(wait)}
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
