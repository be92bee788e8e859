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
	// longestWait keeps absurd waits from overflowing. No read takes that long.
	longestWait = 365 * 24 * time.Hour

	// freshFor is how old an answer may be. It leaves room for clocks that differ a little, and
	// for the whole seconds of the headers.
	freshFor = time.Minute
)

// retryAfter is how long the server asks to wait before the next attempt: in milliseconds, as
// Anthropic's own clients read it, in seconds, or as an HTTP date. It says false where the server
// asks for no wait, or for one that makes no sense: a negative number, a date in the past, text
// that is neither.
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
	date, _ := http.ParseTime(header.Get("retry-after")) // where it is none, the zero time is in the past
	wait := date.Sub(serverTime(header, now))
	return min(max(wait, 0), longestWait), wait > 0
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

// oldReset is how long before the Date of an answer its rate limit began anew, 0 if that is
// no more than [freshFor]. What the server says there when nothing is asked of it is not
// known, so it shows that a cache may have answered, and no more.
func oldReset(header http.Header, date time.Time) time.Duration {
	reset, err := time.Parse(time.RFC3339, header.Get("anthropic-ratelimit-requests-reset"))
	// The beginning of an era is no time: a server's way to say none.
	if err != nil || reset.Unix() <= 0 || date.Sub(reset) <= freshFor {
		return 0
	}
	return date.Sub(reset)
}

// ageOf is how long caches have had an answer, 0 where none says so. Each in a chain may
// have added what it knows: the oldest counts.
func ageOf(header http.Header) time.Duration {
	var oldest uint64
	for text := range strings.SplitSeq(strings.Join(header.Values("Age"), ","), ",") {
		seconds, _ := strconv.ParseUint(strings.TrimSpace(text), 10, 64) // 0 for no number, and the largest for one that is larger
		oldest = max(oldest, seconds)
	}
	return time.Duration(min(oldest, uint64(longestWait/time.Second))) * time.Second
}
