package timerange

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 4, 10, 8, 9, 10, 987654321, time.FixedZone("", 2*60*60))

// parsed are the bounds that somebody has written; "" is open.
func parsed(t *testing.T, gte, gt, lte, lt string) Bounds {
	t.Helper()
	at := func(text string) *time.Time {
		if text == "" {
			return nil
		}
		at, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return &at
	}
	return Bounds{at(gte), at(gt), at(lte), at(lt)}
}

// text writes a window as start and end, with a dash where it is open.
func (w Window) text() string {
	write := func(t *time.Time) string {
		if t == nil {
			return "-"
		}
		return Format(*t)
	}
	return write(w.Start) + " " + write(w.End)
}

func TestWindow(t *testing.T) {
	t.Parallel()
	const early, middle, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"
	for name, test := range map[string]struct {
		gte, gt, lte, lt string
		lookback         time.Duration
		want             string
		empty            EmptyError
	}{
		"open":                      {want: "- -"},
		"gte":                       {gte: early, want: early + " -"},
		"gt":                        {gt: early, want: early + " -"},
		"lte":                       {lte: late, want: "- " + late},
		"lt":                        {lt: late, want: "- " + late},
		"both sides":                {gte: early, lt: late, want: early + " " + late},
		"gt leaves less":            {gte: early, gt: middle, lte: late, want: middle + " " + late},
		"gte leaves less":           {gte: middle, gt: early, lte: late, want: middle + " " + late},
		"lt leaves less":            {gte: early, lte: late, lt: middle, want: early + " " + middle},
		"lte leaves less":           {gte: early, lte: middle, lt: late, want: early + " " + middle},
		"one instant":               {gte: middle, lte: middle, want: middle + " " + middle},
		"one instant, offsets":      {gte: "2026-02-01T02:00:00+02:00", lte: middle, want: middle + " " + middle},
		"fractions are kept":        {gte: "2026-01-01T00:00:00.5Z", want: "2026-01-01T00:00:00.5Z -"},
		"lookback from now":         {lookback: day, want: "2026-04-09T06:09:10Z -"},
		"lookback below a second":   {lookback: time.Millisecond, want: "2026-04-10T06:09:10Z -"},
		"lookback from lte":         {lte: middle, lookback: day, want: "2026-01-31T00:00:00Z " + middle},
		"lookback from the earlier": {lte: late, lt: middle, lookback: day, want: "2026-01-31T00:00:00Z " + middle},
		"lookback from a fraction":  {lt: "2026-02-01T00:00:00.25Z", lookback: time.Second, want: "2026-01-31T23:59:59.25Z 2026-02-01T00:00:00.25Z"},
		"lookback from an offset":   {lt: "2026-02-01T02:00:00+02:00", lookback: day, want: "2026-01-31T00:00:00Z " + middle},
		"the last second there is":  {lte: "9999-12-31T23:59:59Z", lookback: time.Second, want: "9999-12-31T23:59:58Z 9999-12-31T23:59:59Z"},

		"reversed":                       {gte: late, lte: early, empty: EmptyError{"gte", "lte"}},
		"gt and lte at one instant":      {gt: early, lte: early, empty: EmptyError{"gt", "lte"}},
		"gte and lt at one instant":      {gte: early, lt: early, empty: EmptyError{"gte", "lt"}},
		"gt and lt at one instant":       {gt: early, lt: early, empty: EmptyError{"gt", "lt"}},
		"the exclusive one of two lower": {gte: early, gt: early, lte: early, empty: EmptyError{"gt", "lte"}},
		"the exclusive one of two upper": {gte: early, lte: early, lt: early, empty: EmptyError{"gte", "lt"}},
		"of two upper the earlier":       {lte: early, lt: late, gte: late, empty: EmptyError{"gte", "lte"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bounds := parsed(t, test.gte, test.gt, test.lte, test.lt)
			if test.lookback > 0 {
				var err error
				if bounds, err = bounds.Since(test.lookback, now); err != nil {
					t.Fatal(err)
				}
			}
			window, err := bounds.Window()
			var empty *EmptyError
			if errors.As(err, &empty) != (test.want == "") || empty != nil && *empty != test.empty {
				t.Fatalf("got error %v, want %+v", err, test.empty)
			}
			if got := window.text(); err == nil && got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestEarly has a lookback lead to a time that nobody can write.
func TestEarly(t *testing.T) {
	t.Parallel()
	_, err := parsed(t, "", "", "0000-01-02T00:00:00Z", "").Since(2*day, now)
	var early *EarlyError
	if !errors.As(err, &early) || early.Upper.Name != "lte" || !strings.Contains(err.Error(), "0000-01-02") {
		t.Errorf("got %v, want an error about the upper bound", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for want, texts := range map[error][]string{
		ErrNoTime: {"yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T8:00:00Z", "2026-01-01T08:00:00,5Z"},
		ErrYear:   {"9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"},
	} {
		for _, text := range texts {
			if at, err := Parse(text); !errors.Is(err, want) {
				t.Errorf("%q: got %v and %v, want %v", text, at, err, want)
			}
		}
	}
}
