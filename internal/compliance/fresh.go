package compliance

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshFor is how old an answer may be. It leaves room for clocks that differ a little, and
// for the whole seconds of the headers.
const freshFor = time.Minute

// staleness is the error for an answer that is older than [freshFor], given its Date and when
// its request was sent; nil for one that is fresh as far as its headers tell. An answer without
// a Date passes; so does every answer where this machine's clock is behind, which makes a
// window longer and never shorter.
func staleness(header http.Header, date, sent time.Time) *StaleError {
	if age := ageOf(header); age > freshFor {
		return &StaleError{ByAge: true, Behind: age}
	}
	if behind := sent.Sub(date); behind > freshFor && !date.IsZero() {
		return &StaleError{Behind: behind}
	}
	return nil
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
