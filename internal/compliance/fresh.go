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

// staleness is the sign that a page is older than [freshFor], and by how much, for a
// request that was sent at the given time. It says false for one that is fresh, as far as
// its headers tell: one without Date is let through, and a clock that is behind, which makes
// a window longer and never shorter.
func staleness(header http.Header, sent time.Time) (sign StaleSign, behind time.Duration, stale bool) {
	if age := ageOf(header); age > freshFor {
		return StaleAge, age, true
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return "", 0, false
	}
	reset, err := time.Parse(time.RFC3339, header.Get("anthropic-ratelimit-requests-reset"))
	if behind := date.Sub(reset); err == nil && behind > freshFor {
		return StaleReset, behind, true
	}
	if behind := sent.Sub(date); behind > freshFor {
		return StaleDate, behind, true
	}
	return "", 0, false
}

// ageOf is how long a cache has had an answer, 0 where none says so.
func ageOf(header http.Header) time.Duration {
	text, _, _ := strings.Cut(header.Get("Age"), ",") // a chain of caches may add to it
	seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil && seconds == 0 {
		return 0 // no number; one that is too large comes as the largest
	}
	if seconds > uint64(longestWait/time.Second) {
		return longestWait
	}
	return time.Duration(seconds) * time.Second
}
