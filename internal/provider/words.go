package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// How numbers, times, lists and values stand in messages. No other file writes them.

// clock is a time as people compare it with their watch.
func clock(t time.Time) string { return t.UTC().Round(time.Second).Format("2006-01-02 15:04:05 UTC") }

// brief is a duration without zeros at its end: 20m instead of 20m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// count is a number of activities in words: 12,000 activities.
func count(n int) string {
	if n == 1 {
		return "1 activity"
	}
	return thousands(n) + " activities"
}

// thousands is a number as people read it: 12,000.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// listed is a list with its last comma replaced by a word: listed("or", "a", "b", "c") is
// "a, b or c".
func listed(word string, items ...string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + word + " " + items[last]
}

// allQuoted is a list of values of the configuration.
func allQuoted(word string, values []string) string {
	quotedValues := make([]string, len(values))
	for i, value := range values {
		quotedValues[i] = quoted(value)
	}
	return listed(word, quotedValues...)
}

// maxQuoted is how many characters of a value a message repeats.
const maxQuoted = 64

// quoted is a value of the configuration as a message repeats it: in a set of fifty it could
// not be found otherwise. A key is not repeated.
func quoted(value string) string {
	if isKey(value) {
		return "(not shown, since it looks like a key)"
	}
	return fmt.Sprintf("%q", cut(value, maxQuoted))
}

// cut is at most so many characters of a text.
func cut(text string, most int) string {
	if characters := []rune(text); len(characters) > most {
		return string(characters[:most]) + "…"
	}
	return text
}

// isKey says whether a text has something in it that looks like a key, or is the one of the
// environment.
func isKey(text string) bool {
	return strings.Contains(strings.ToLower(text), "sk-ant-") || slices.ContainsFunc(keyVariables, func(name string) bool {
		key := os.Getenv(name)
		return len(key) >= 8 && strings.Contains(strings.ToLower(text), strings.ToLower(key))
	})
}
