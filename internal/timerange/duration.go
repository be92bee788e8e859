package timerange

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// longUnits are what Go's durations lack, in hours. A day is 24 hours.
var longUnits = map[string]int64{"d": 24, "w": 7 * 24}

// ParseDuration reads a positive duration: numbers with the units of
// [time.ParseDuration], and d and w, joined in any order, such as 90m, 7d or 1d12h.
// Its errors are [ErrNoDuration], [ErrZero], [ErrNegative] and [ErrTooLong].
func ParseDuration(text string) (time.Duration, error) {
	if positive, negative := strings.CutPrefix(text, "-"); negative {
		if _, err := ParseDuration(positive); err == nil {
			return 0, ErrNegative
		}
	}
	if text == "" {
		return 0, ErrNoDuration
	}
	var total time.Duration
	for rest := text; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		unit := rest[digits:]
		if next := strings.IndexAny(unit, "0123456789."); next >= 0 {
			unit = unit[:next]
		}
		part, err := parsePart(rest[:digits], unit)
		if err != nil {
			return 0, err
		}
		if part > math.MaxInt64-total {
			return 0, ErrTooLong
		}
		total += part
		rest = rest[digits+len(unit):]
	}
	if total == 0 {
		return 0, ErrZero
	}
	return total, nil
}

// Why a text is no duration that can be used.
var (
	ErrNoDuration = errors.New("no duration")
	ErrZero       = errors.New("a duration of zero")
	ErrNegative   = errors.New("a negative duration")
	ErrTooLong    = errors.New("a duration of more than about 292 years")
)

func parsePart(number, unit string) (time.Duration, error) {
	factor := int64(1)
	if hours, ok := longUnits[unit]; ok {
		factor, unit = hours, "h"
	}
	// Checked apart, since Go's error does not say that the two are fine, but too much.
	_, numberErr := strconv.ParseFloat(number, 64)
	_, unitErr := time.ParseDuration("1" + unit)
	if numberErr != nil || unitErr != nil {
		return 0, ErrNoDuration
	}
	part, err := time.ParseDuration(number + unit)
	if err != nil || int64(part) > math.MaxInt64/factor {
		return 0, ErrTooLong
	}
	return time.Duration(int64(part) * factor), nil
}
