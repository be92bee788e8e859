package fakeapi

import (
	"net/http"
	"strconv"
	"time"
)

// A rateLimit counts requests in minutes that begin with their first request.
type rateLimit struct {
	perMinute int
	used      int
	reset     time.Time // when the minute ends
}

// take counts one request, if it may be, and writes what the response tells about
// the limit. The reset is rounded up to a second, so that waiting for it is enough.
func (l *rateLimit) take(now time.Time, header http.Header) bool {
	if !now.Before(l.reset) {
		l.used = 0
		l.reset = now.Add(time.Minute + time.Second - 1).Truncate(time.Second)
	}
	ok := l.used < l.perMinute
	if ok {
		l.used++
	} else {
		wait := l.reset.Sub(now)
		header.Set("retry-after", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	header.Set("anthropic-ratelimit-requests-limit", strconv.Itoa(l.perMinute))
	header.Set("anthropic-ratelimit-requests-remaining", strconv.Itoa(l.perMinute-l.used))
	header.Set("anthropic-ratelimit-requests-reset", l.reset.UTC().Format(time.RFC3339))
	return ok
}
