package timerange

import (
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
		"1d12h":      36 * time.Hour,
		"12h1d":      36 * time.Hour,
		"1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second,
		"1d1d":       2 * day,
		"1.5d":       36 * time.Hour,
		".5d":        12 * time.Hour,
		"1.d":        day,
		"0.5w":       84 * time.Hour,
		"0d1s":       time.Second,
		"007d":       7 * day,
		"1ns":        1,
		"2us3µs4μs":  9 * time.Microsecond,
		"1.5ms":      1500 * time.Microsecond,
		"106751d":    106751 * day, // the most whole days there are
		"15250w":     15250 * 7 * day,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := ParseDuration(text)
			if err != nil || got != want {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		})
	}
}

func TestParseDurationRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"":                     ErrNoDuration,
		" ":                    ErrNoDuration,
		"7":                    ErrNoDuration,
		"0":                    ErrNoDuration,
		"d":                    ErrNoDuration,
		".":                    ErrNoDuration,
		".d":                   ErrNoDuration,
		"1..5d":                ErrNoDuration,
		"1.2.3h":               ErrNoDuration,
		"1h.m":                 ErrNoDuration,
		"-1d":                  ErrNegative,
		"+1d":                  ErrNoDuration,
		"1d-1h":                ErrNoDuration,
		"1 d":                  ErrNoDuration,
		" 1d":                  ErrNoDuration,
		"1d ":                  ErrNoDuration,
		"1d0":                  ErrNoDuration,
		"1d5":                  ErrNoDuration,
		"1D":                   ErrNoDuration,
		"1mo":                  ErrNoDuration,
		"1y":                   ErrNoDuration,
		"1e3s":                 ErrNoDuration,
		"0x1d":                 ErrNoDuration,
		"１d":                   ErrNoDuration,
		"1d\x00":               ErrNoDuration,
		"1d\xff":               ErrNoDuration,
		"P1D":                  ErrNoDuration,
		"106752d":              ErrTooLong,
		"15251w":               ErrTooLong,
		"106751d106751d":       ErrTooLong,
		"99999999999999999h":   ErrTooLong,
		"99999999999999999999": ErrNoDuration,
		"--1d":                 ErrNoDuration,
		"-0d":                  ErrNoDuration,
		"0s":                   ErrZero,
		"0w0d":                 ErrZero,
		"0.4ns":                ErrZero,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got, err := ParseDuration(text); err != want { //nolint:errorlint // these very values
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		})
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
