package timerange

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 4, 10, 8, 9, 10, 987654321, time.FixedZone("", 2*60*60))

// text writes a window as [start, end], with a dash where it is open.
func (w Window) text() string {
	write := func(t *time.Time) string {
		if t == nil {
			return "-"
		}
		return Format(*t)
	}
	return write(w.Start) + " " + write(w.End)
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const early, middle, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"
	tests := map[string]struct {
		bounds     Bounds
		wantGTE    string // what of the bounds can change
		wantWindow string
	}{
		"open":                    {Bounds{}, "", "- -"},
		"gte":                     {Bounds{GTE: early}, early, early + " -"},
		"gt":                      {Bounds{GT: early}, "", early + " -"},
		"lte":                     {Bounds{LTE: late}, "", "- " + late},
		"lt":                      {Bounds{LT: late}, "", "- " + late},
		"both sides":              {Bounds{GTE: early, LT: late}, early, early + " " + late},
		"gt is tighter":           {Bounds{GTE: early, GT: middle, LTE: late}, early, middle + " " + late},
		"gte is tighter":          {Bounds{GTE: middle, GT: early, LTE: late}, middle, middle + " " + late},
		"lt is tighter":           {Bounds{GTE: early, LTE: late, LT: middle}, early, early + " " + middle},
		"lte is tighter":          {Bounds{GTE: early, LTE: middle, LT: late}, early, early + " " + middle},
		"one instant":             {Bounds{GTE: middle, LTE: middle}, middle, middle + " " + middle},
		"one instant, offsets":    {Bounds{GTE: "2026-02-01T02:00:00+02:00", LTE: middle}, "2026-02-01T02:00:00+02:00", middle + " " + middle},
		"fractions are kept":      {Bounds{GTE: "2026-01-01T00:00:00.5Z"}, "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.5Z -"},
		"lookback from now":       {Bounds{Lookback: day}, "2026-04-09T06:09:10Z", "2026-04-09T06:09:10Z -"},
		"lookback below a second": {Bounds{Lookback: time.Millisecond}, "2026-04-10T06:09:10Z", "2026-04-10T06:09:10Z -"},
		"lookback from lte":       {Bounds{LTE: middle, Lookback: day}, "2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z " + middle},
		"lookback from lt":        {Bounds{LT: middle, Lookback: day}, "2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z " + middle},
		"lookback from the tighter": {Bounds{LTE: late, LT: middle, Lookback: day}, "2026-01-31T00:00:00Z",
			"2026-01-31T00:00:00Z " + middle},
		"lookback from a fraction": {Bounds{LT: "2026-02-01T00:00:00.25Z", Lookback: time.Second}, "2026-01-31T23:59:59.25Z",
			"2026-01-31T23:59:59.25Z 2026-02-01T00:00:00.25Z"},
		"lookback from an offset": {Bounds{LT: "2026-02-01T02:00:00+02:00", Lookback: day}, "2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z " + middle},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bounds, window, err := test.bounds.Resolve(now)
			if err != nil {
				t.Fatal(err)
			}
			want := test.bounds
			want.GTE, want.Lookback = test.wantGTE, 0
			if bounds != want {
				t.Errorf("bounds: got %+v, want %+v", bounds, want)
			}
			if got := window.text(); got != test.wantWindow {
				t.Errorf("window: got %s, want %s", got, test.wantWindow)
			}
		})
	}
}

func TestResolveEmpty(t *testing.T) {
	t.Parallel()
	const early, late = "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"
	for name, test := range map[string]struct {
		bounds Bounds
		want   EmptyError
	}{
		"reversed":                        {Bounds{GTE: late, LTE: early}, EmptyError{"gte", "lte"}},
		"gt and lte at one instant":       {Bounds{GT: early, LTE: early}, EmptyError{"gt", "lte"}},
		"gte and lt at one instant":       {Bounds{GTE: early, LT: early}, EmptyError{"gte", "lt"}},
		"gt and lt at one instant":        {Bounds{GT: early, LT: early}, EmptyError{"gt", "lt"}},
		"the exclusive one of two lower":  {Bounds{GTE: early, GT: early, LTE: early}, EmptyError{"gt", "lte"}},
		"the exclusive one of two upper":  {Bounds{GTE: early, LTE: early, LT: early}, EmptyError{"gte", "lt"}},
		"two upper, the tighter is named": {Bounds{LTE: early, LT: late, GTE: late}, EmptyError{"gte", "lte"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := test.bounds.Resolve(now)
			var empty *EmptyError
			if !errors.As(err, &empty) || *empty != test.want {
				t.Fatalf("got %v, want %v", err, &test.want)
			}
			if want := "no instant is within both " + test.want.Lower + " and " + test.want.Upper; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z"} {
		for name, bounds := range map[string]Bounds{"gte": {GTE: text}, "gt": {GT: text}, "lte": {LTE: text}, "lt": {LT: text}} {
			if _, _, err := bounds.Resolve(now); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s %q: got %v, want an error that names it", name, text, err)
			}
		}
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for want, at := range map[string]time.Time{
		"2026-04-10T06:09:10.987654321Z": now,
		"2026-04-10T06:09:10Z":           now.Truncate(time.Second),
		"2026-04-10T06:09:10.5Z":         now.Truncate(time.Second).Add(time.Second / 2),
	} {
		if got := Format(at); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
