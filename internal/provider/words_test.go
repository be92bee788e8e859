package provider

import (
	"strings"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		listed("or"):                 "",
		listed("or", "a"):            "a",
		listed("or", "a", "b"):       "a or b",
		listed("and", "a", "b", "c"): "a, b and c",
		count(1):                     "1 activity",
		count(0):                     "0 activities",
		count(1234567):               "1,234,567 activities",
		thousands(999):               "999",
		thousands(1000):              "1,000",
		brief(20 * time.Minute):      "20m",
		brief(26 * time.Hour):        "26h",
		brief(90 * time.Second):      "1m30s",
		brief(10 * time.Second):      "10s",
		clock(time.Date(2026, 4, 10, 8, 9, 10, 6e8, time.FixedZone("", 7200))): "2026-04-10 06:09:11 UTC",

		quoted("7 days"):                              `"7 days"`,
		quoted("a\nb\u200b"):                          `"a\nb\u200b"`,
		quoted(strings.Repeat("é", 64)):               `"` + strings.Repeat("é", 64) + `"`,
		quoted(strings.Repeat("é", 65)):               `"` + strings.Repeat("é", 64) + `…"`,
		quoted(strings.Repeat("x", 99) + "Sk-Ant-01"): "(not shown, since it looks like a key)",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
