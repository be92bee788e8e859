package timerange

import (
	"errors"
	"math"
	"regexp"
	"strings"
	"time"
)

// Why a text is no duration that can be used.
var (
	ErrNoDuration = errors.New("no duration")
	ErrZero       = errors.New("a duration of zero")
	ErrNegative   = errors.New("a negative duration")
	ErrTooLong    = errors.New("a duration of more than about 292 years")
)

const part = `(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)`

var (
	aPart    = regexp.MustCompile(part)
	duration = regexp.MustCompile(`^-?(` + part + `)+$`)
)

// longUnits are what Go's durations lack, in hours. A day is 24 hours.
var longUnits = map[string]int64{"d": 24, "w": 7 * 24}

// ParseDuration reads a positive duration: numbers with the units of
// [time.ParseDuration], and d and w, joined in any order, such as 90m, 7d or 1d12h.
// Its errors are [ErrNoDuration], [ErrZero], [ErrNegative] and [ErrTooLong].
func ParseDuration(text string) (time.Duration, error) {
	if !duration.MatchString(text) {
		return 0, ErrNoDuration
	}
	total := int64(0)
	for _, found := range aPart.FindAllStringSubmatch(text, -1) {
		number, unit, factor := found[1], found[2], int64(1)
		if hours, long := longUnits[unit]; long {
			unit, factor = "h", hours
		}
		of, err := time.ParseDuration(number + unit)
		if err != nil || int64(of) > (math.MaxInt64-total)/factor {
			return 0, ErrTooLong // too large is all that may be wrong with it
		}
		total += int64(of) * factor
	}
	switch {
	case total == 0:
		return 0, ErrZero
	case strings.HasPrefix(text, "-"):
		return 0, ErrNegative
	}
	return time.Duration(total), nil
}
