package compliance

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzRetryAfter looks for waits that are negative or without an end.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"7", "0.25", "-1", "0x10", "99999999999999999999", "Sat, 01 Jan 2000 00:00:09 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"} {
		f.Add(seed, "Sat, 01 Jan 2000 00:00:00 GMT")
		f.Add("Sat, 01 Jan 2000 00:00:09 GMT", seed)
	}
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, date string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}}, now)
		if wait < 0 || wait > longestWait || !ok && wait != 0 {
			t.Fatalf("got %v, %t", wait, ok)
		}
		header := http.Header{"Anthropic-Ratelimit-Requests-Reset": {after}, "Date": {date}}
		if reset, ok := resetTime(header, now); ok && reset.Sub(now) > longestWait {
			t.Fatalf("got a reset at %v", reset)
		}
	})
}

// FuzzParseBaseURL looks for a URL that is taken although it could send a key somewhere in
// the clear, or to another host than it shows.
func FuzzParseBaseURL(f *testing.F) {
	for _, seed := range []string{
		DefaultBaseURL, "http://127.0.0.1.evil", "http://localhost:8080/a", "http://[::1]", "https://user:pw@example.com", "https://example.com/?a#b",
		"HTTPS://EXAMPLE.com/", "http://127.0.0.1@evil", "https://example.com:99999", "http:\\\\localhost", "http://localhost%00.evil", "https://a\\@b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		base, err := ParseBaseURL(text)
		if err != nil {
			return
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base.JoinPath(path).String(), nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		target := request.URL
		if target.Host != strings.TrimSuffix(base.Host, ":") || target.User != nil || target.RawQuery+target.Fragment != "" || !strings.HasSuffix(target.Path, "/"+path) {
			t.Fatalf("%q: got a request for %s", text, target)
		}
		address, addressErr := netip.ParseAddr(target.Hostname())
		loopback := strings.EqualFold(target.Hostname(), "localhost") || addressErr == nil && address.IsLoopback()
		if target.Scheme != "https" && (target.Scheme != "http" || !loopback) {
			t.Fatalf("%q: got a request for %s in the clear", text, target)
		}
	})
}

// FuzzClean looks for text that gets through with control characters, too long, or with a
// part of the key.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31mred", "\x1b]0;title\x07", "a\u202eb", "\xff", strings.Repeat("é", 2001), "\x1b[\x1b[0mm", "\u009b1m"} {
		f.Add(seed, 0, uint8(0))
		f.Add(canary, len(seed), uint8(len(seed)))
		f.Add(seed+canary+seed, 20, uint8(7))
	}
	c := newCleaner(canary)
	f.Fuzz(func(t *testing.T, text string, at int, length uint8) {
		if at >= 0 && at <= len(text) { // the fuzzer could hardly guess parts of the key
			text = text[:at] + canary[:int(length)%(len(canary)+1)] + text[at:]
		}
		got := c.Clean(text)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxMessageLength {
			t.Fatalf("%q: got %q", text, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }); i >= 0 {
			t.Fatalf("%q: got %q, with a control character", text, got)
		}
		if part := leak(got); part != "" {
			t.Fatalf("%q: got %q, with %q of the key", text, got, part)
		}
		if again := c.Clean(got); again != got {
			t.Fatalf("%q: got %q, and then %q", text, got, again)
		}
	})
}
