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

// Bounds are time bounds as their user wrote them.
type Bounds struct {
	GTE, GT, LTE, LT string // RFC 3339; "" means open

	// Lookback is the lower bound as a distance: from the tightest upper bound, or
	// from now where there is none. Zero means none. Not together with GTE or GT.
	Lookback time.Duration
}

// Window is the time that bounds leave: the tightest bound on each side, nil where open.
type Window struct {
	Start, End *time.Time
}

// EmptyError means that no instant is within the bounds.
type EmptyError struct {
	Lower, Upper string // the bounds that exclude each other: "gte" or "gt", "lte" or "lt"
}

func (e *EmptyError) Error() string {
	return fmt.Sprintf("no instant is within both %s and %s", e.Lower, e.Upper)
}

// Resolve returns the bounds to send, in which Lookback has become GTE, and their
// window. A lookback from now is rounded down to a whole second, which makes the
// window a little longer and never shorter. Its error is an [*EmptyError], or about
// a bound that is not RFC 3339.
func (b Bounds) Resolve(now time.Time) (Bounds, Window, error) {
	upper, err := tightest(bound{name: "lte", text: b.LTE}, bound{name: "lt", text: b.LT, exclusive: true}, time.Time.Before)
	if err != nil {
		return b, Window{}, err
	}
	if b.Lookback > 0 {
		start := now.Add(-b.Lookback).Truncate(time.Second)
		if upper != nil {
			start = upper.time.Add(-b.Lookback)
		}
		b.GTE, b.Lookback = Format(start), 0
	}
	lower, err := tightest(bound{name: "gte", text: b.GTE}, bound{name: "gt", text: b.GT, exclusive: true}, time.Time.After)
	if err != nil {
		return b, Window{}, err
	}
	var window Window
	if lower != nil {
		window.Start = &lower.time
	}
	if upper != nil {
		window.End = &upper.time
	}
	if lower != nil && upper != nil {
		order := lower.time.Compare(upper.time)
		if order > 0 || order == 0 && (lower.exclusive || upper.exclusive) {
			return b, window, &EmptyError{Lower: lower.name, Upper: upper.name}
		}
	}
	return b, window, nil
}

type bound struct {
	name      string
	text      string
	exclusive bool
	time      time.Time
}

// tightest returns the bound that leaves less, nil where both are open. At the same
// instant the exclusive one does.
func tightest(inclusive, exclusive bound, tighter func(a, b time.Time) bool) (*bound, error) {
	for _, b := range []*bound{&inclusive, &exclusive} {
		if b.text == "" {
			continue
		}
		var err error
		if b.time, err = Parse(b.text); err != nil {
			return nil, fmt.Errorf("%q: %w", b.text, err)
		}
	}
	switch {
	case inclusive.text == "" && exclusive.text == "":
		return nil, nil
	case exclusive.text == "", inclusive.text != "" && tighter(inclusive.time, exclusive.time):
		return &inclusive, nil
	}
	return &exclusive, nil
}

// ErrNoTime says that a text is no RFC 3339 timestamp.
var ErrNoTime = errors.New("not an RFC 3339 timestamp")

// Parse reads an RFC 3339 timestamp. Its error is [ErrNoTime].
//
// time.Parse lets two other forms through, an hour of one digit and a comma for the
// point (https://go.dev/issue/54580), and its own error shows the layout of Go's parser.
func Parse(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || text[len("2026-04-10T8")] == ':' || text[len("2026-04-10T08:00:00")] == ',' {
		return time.Time{}, ErrNoTime
	}
	return t, nil
}

// Format writes a time as the API takes it: RFC 3339 in UTC, with as many decimals
// as it has.
func Format(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
