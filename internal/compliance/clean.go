package compliance

import (
	"cmp"
	"regexp"
	"strings"
	"unicode"
)

// maxMessageLength is how many characters of a server's text are kept.
const maxMessageLength = 2000

// secretRun is how many characters of the key, at least, count as a part of it.
const secretRun = 8

// cleaner makes text from the server fit for a terminal and a log: valid UTF-8, one
// line, no control characters, nothing of the API key, at most 2,000 characters.
type cleaner struct {
	secret string // the key's secret part, in lower case
	run    int    // how many bytes of it count as a part: secretRun, or less for a shorter secret
}

// keyPrefix says what kind of key it is, and is no secret. If it were redacted, a message
// about what keys look like would have holes.
var keyPrefix = regexp.MustCompile(`^sk-[a-z]+-[a-z]+[0-9]+-`)

// ansiSequence is a terminal's escape sequence: colours, cursor movements, titles.
var ansiSequence = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[@-Z\\\\^_])|\u009b[0-?]*[ -/]*[@-~]")

func newCleaner(apiKey string) *cleaner {
	secret := strings.ToLower(cmp.Or(apiKey[len(keyPrefix.FindString(apiKey)):], apiKey))
	return &cleaner{secret: secret, run: min(secretRun, len(secret))}
}

// Clean makes text from the server fit for people, as it is in the client's own errors.
func (c *cleaner) Clean(text string) string {
	text = ansiSequence.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf):
			return -1 // format characters (Cf) are not seen, but can turn the text around
		}
		return r
	}, text)
	// After the control characters, since there may be some inside the key.
	text = c.Redact(strings.TrimSpace(text))
	if runes := []rune(text); len(runes) > maxMessageLength {
		text = string(runes[:maxMessageLength-1]) + "…"
	}
	return text
}

// Redact leaves nothing of the API key in a text, whatever is in it besides. Upper and lower
// case are one: a key comes back otherwise from whatever takes it for a host's name.
func (c *cleaner) Redact(text string) string {
	var kept strings.Builder
	secretEnd := 0 // where the secret bytes end that were found last
	for i := range len(text) {
		if part := strings.ToLower(text[i:min(i+c.run, len(text))]); len(part) == c.run && strings.Contains(c.secret, part) {
			if i >= secretEnd {
				kept.WriteString("[redacted]")
			}
			secretEnd = i + c.run
		}
		if i >= secretEnd {
			kept.WriteByte(text[i])
		}
	}
	return kept.String()
}
