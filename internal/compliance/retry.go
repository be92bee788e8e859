package compliance

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	minBackoff = time.Second
	maxBackoff = time.Minute

	// longestWait keeps absurd waits from overflowing. No read takes that long.
	longestWait = 365 * 24 * time.Hour
)

// shouldRetry says whether a request that failed may be sent again. The server's
// x-should-retry overrules the rule for the failure.
func shouldRetry(err error, header http.Header) bool {
	switch strings.ToLower(header.Get("x-should-retry")) {
	case "true":
		return true
	case "false":
		return false
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return retryStatus(status.Status)
	}
	if connection, ok := errors.AsType[*ConnectionError](err); ok {
		return !connection.final
	}
	page, ok := errors.AsType[*PageError](err)
	return ok && page.Fault == BrokenOff
}

// retryStatus is the rule for a status other than 200.
func retryStatus(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

// retryAfter is how long the server asks to wait before the next attempt: in milliseconds, as
// Anthropic's own clients read it, in seconds, or as an HTTP date. It says false where the server asks for no wait, or for one that makes no sense:
// a negative number, a date in the past, text that is neither.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	for _, asked := range []struct {
		name string
		unit time.Duration
	}{{"retry-after-ms", time.Millisecond}, {"retry-after", time.Second}} {
		number, err := strconv.ParseFloat(header.Get(asked.name), 64)
		if number >= 0 && (err == nil && !math.IsInf(number, 0) || errors.Is(err, strconv.ErrRange)) {
			return time.Duration(min(number*float64(asked.unit), float64(longestWait))), true
		}
	}
	if date, err := http.ParseTime(header.Get("retry-after")); err == nil {
		if wait := date.Sub(serverTime(header, now)); wait > 0 {
			return min(wait, longestWait), true
		}
	}
	return 0, false
}

// serverTime is the time by the server's clock. Dates in its headers are compared
// with that, so that a wrong clock on this machine makes no wait longer or shorter.
func serverTime(header http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(header.Get("date")); err == nil {
		return date
	}
	return now
}

// resetTime is when the server's rate limit starts anew, by this machine's clock,
// from the header anthropic-ratelimit-requests-reset.
func resetTime(header http.Header, now time.Time) (time.Time, bool) {
	reset, err := time.Parse(time.RFC3339, header.Get("anthropic-ratelimit-requests-reset"))
	if err != nil {
		return time.Time{}, false
	}
	return now.Add(min(reset.Sub(serverTime(header, now)), longestWait)), true
}

// backoff is the wait after the given number of failed attempts, where the server
// asks for none: 1 s, doubled each time, at most 60 s. Up to a quarter is added, so
// that clients that failed together do not come back together; random is in [0, 1).
func backoff(failed int, random float64) time.Duration {
	wait := min(maxBackoff*4/5, minBackoff<<min(failed-1, 6)) // 2⁶ s is beyond the maximum
	return wait + time.Duration(random*float64(wait/4))
}
