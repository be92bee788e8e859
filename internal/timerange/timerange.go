// Package timerange works out the window of a read: durations with days and weeks,
// and RFC 3339 bounds that are combined with a lookback.
//
// It does no I/O and reads no clock; now is an argument. Names and rules of the four
// bounds are those of the Activity Feed's created_at.gte, .gt, .lte and .lt.
package timerange

import (
	"errors"
	"fmt"
	"time"
)

// Bounds limit created_at; nil is open.
type Bounds struct{ GTE, GT, LTE, LT *time.Time }

// Bound is one of them.
type Bound struct {
	Name      string // "gte", "gt", "lte" or "lt"
	At        time.Time
	Exclusive bool
}

// Lower is the lower bound that leaves less, nil where both are open. At the same instant
// the exclusive one does.
func (b Bounds) Lower() *Bound { return stricter("gte", b.GTE, "gt", b.GT, time.Time.After) }

// Upper is the upper bound that leaves less, as for [Bounds.Lower].
func (b Bounds) Upper() *Bound { return stricter("lte", b.LTE, "lt", b.LT, time.Time.Before) }

func stricter(inclusive string, at *time.Time, exclusive string, other *time.Time, leavesLess func(a, b time.Time) bool) *Bound {
	switch {
	case at != nil && (other == nil || leavesLess(*at, *other)):
		return &Bound{Name: inclusive, At: *at}
	case other != nil:
		return &Bound{Name: exclusive, At: *other, Exclusive: true}
	}
	return nil
}

// Window is the time that the bounds leave, nil where open.
type Window struct{ Start, End *time.Time }

// Window returns the window of the bounds. Its error is an [*EmptyError].
func (b Bounds) Window() (Window, error) {
	var window Window
	lower, upper := b.Lower(), b.Upper()
	if lower != nil {
		window.Start = &lower.At
	}
	if upper != nil {
		window.End = &upper.At
	}
	if lower != nil && upper != nil {
		order := lower.At.Compare(upper.At)
		if order > 0 || order == 0 && (lower.Exclusive || upper.Exclusive) {
			return window, &EmptyError{Lower: lower.Name, Upper: upper.Name}
		}
	}
	return window, nil
}

// EmptyError means that no instant is within the bounds.
type EmptyError struct {
	Lower, Upper string // the bounds that exclude each other: "gte" or "gt", "lte" or "lt"
}

func (e *EmptyError) Error() string {
	return fmt.Sprintf("no instant is within both %s and %s", e.Lower, e.Upper)
}

// Since returns the bounds with a lower one at a distance: from the upper bound, or from
// now where there is none. A lookback from now is rounded down to a whole second, which
// makes the window a little longer and never shorter. Its error is an [*EarlyError].
func (b Bounds) Since(lookback time.Duration, now time.Time) (Bounds, error) {
	start := now.Add(-lookback).Truncate(time.Second)
	if upper := b.Upper(); upper != nil {
		if start = upper.At.Add(-lookback); !representable(start) {
			return b, &EarlyError{Upper: *upper}
		}
	}
	b.GTE = &start
	return b, nil
}

// EarlyError means that a lookback from an upper bound leads to a time that RFC 3339
// cannot say.
type EarlyError struct{ Upper Bound }

func (e *EarlyError) Error() string {
	return fmt.Sprintf("the lookback from %s %s leads to before the year 0", e.Upper.Name, Format(e.Upper.At))
}

// Why a text is no time that can be used.
var (
	ErrNoTime = errors.New("not an RFC 3339 timestamp")
	ErrYear   = errors.New("not of the years 0000 to 9999 in UTC")
)

// Parse reads an RFC 3339 timestamp. Its error is [ErrNoTime] or [ErrYear].
//
// time.Parse lets two other forms through, an hour of one digit and a comma for the
// point (https://go.dev/issue/54580), and its own error shows the layout of Go's parser.
func Parse(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || text[len("2026-04-10T8")] == ':' || text[len("2026-04-10T08:00:00")] == ',' {
		return time.Time{}, ErrNoTime
	}
	if !representable(t) {
		return time.Time{}, ErrYear
	}
	return t, nil
}

func representable(t time.Time) bool {
	year := t.UTC().Year()
	return 0 <= year && year <= 9999
}

// Format writes a time as the API takes it: RFC 3339 in UTC, with as many decimals
// as it has.
func Format(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
