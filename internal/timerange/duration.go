package timerange

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// days and weeks are what Go's durations lack. A day is 24 hours.
var longUnits = map[string]time.Duration{
	"d": 24 * time.Hour,
	"w": 7 * 24 * time.Hour,
}

// ParseDuration reads a positive duration: numbers with the units of
// [time.ParseDuration], and d and w, joined in any order, such as 90m, 7d or 1d12h.
// Errors are text for a person.
func ParseDuration(text string) (time.Duration, error) {
	invalid := errors.New(`must be a duration such as "90m", "24h", "7d" or "1d12h"`)
	if text == "" {
		return 0, invalid
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
			return 0, invalid
		}
		if part > math.MaxInt64-total {
			return 0, errors.New("is longer than about 292 years")
		}
		total += part
		rest = rest[digits+len(unit):]
	}
	if total <= 0 {
		return 0, errors.New("must be longer than zero")
	}
	return total, nil
}

func parsePart(number, unit string) (time.Duration, error) {
	long, ok := longUnits[unit]
	if !ok || number == "" {
		return time.ParseDuration(number + unit)
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value*float64(long) >= math.MaxInt64 {
		return 0, errors.New("out of range")
	}
	// Whole numbers, which nearly all are, without a float's rounding.
	if whole, err := strconv.ParseInt(number, 10, 64); err == nil {
		return time.Duration(whole) * long, nil
	}
	return time.Duration(value * float64(long)), nil
}
