package timerange

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90m":        90 * time.Minute,
		"24h":        day,
		"7d":         7 * day,
		"1w":         7 * day,
		"12h1d":      36 * time.Hour,
		"1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second,
		"1d1d":       2 * day,
		"1.5d":       36 * time.Hour,
		".5d":        12 * time.Hour,
		"1.d":        day,
		"0d1s":       time.Second,
		"007d":       7 * day,
		"2us3µs4μs":  9 * time.Microsecond,
		"1.5ms1ns":   1500*time.Microsecond + 1,
		"106751d":    106751 * day, // the most whole days there are
		"15250w":     15250 * 7 * day,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for want, texts := range map[error][]string{
		ErrNoDuration: {
			"", " ", "7", "0", "d", ".", ".d", "1..5d", "1.2.3h", "1h.m", "+1d", "--1d", "1d-1h", "1 d", " 1d", "1d ", "1d\n", "1d5", "1D", "1mo", "1y", "1e3s", "0x1d", "１d",
			"1d\x00", "1d\xff", "P1D", "99999999999999999999",
		},
		ErrNegative: {"-1d", "-1.5h"},
		ErrTooLong:  {"106752d", "15251w", "106751d106751d", "99999999999999999h", "99999999999999999999d"},
		ErrZero:     {"0s", "0w0d", "0.4ns", "-0d"},
	} {
		for _, text := range texts {
			if got, err := ParseDuration(text); !errors.Is(err, want) {
				t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
			}
		}
	}
}

// FuzzParseDuration holds ParseDuration against Go's own, which it must agree with
// wherever neither d nor w stands, signs aside.
func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"90m", "24h", "7d", "1d12h", "1.5w", "0s", "0", "-1d", "1d0", "1h30m", "99999999h", "1µs", "..5h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseDuration(text)
		if err == nil && got <= 0 {
			t.Fatalf("%q: got %v, want a positive duration or an error", text, got)
		}
		if strings.ContainsAny(text, "dw+-") || text == "0" {
			return
		}
		want, wantErr := time.ParseDuration(text)
		if agree := (err == nil) == (wantErr == nil && want > 0); !agree || err == nil && got != want {
			t.Fatalf("%q: got %v, %v; Go has %v, %v", text, got, err, want, wantErr)
		}
	})
}
