package compliance

import (
	"strings"
	"testing"
)

// canary has a part that can stand nowhere by chance. The prefix says what kind of key
// it is, and may stand anywhere.
const (
	canaryPrefix = "sk-ant-api03-"
	canarySecret = "Zq9Vx2Lw7Rk4Tn8Bp3Hd6Jf1Gs5Mc0Ya"
	canary       = canaryPrefix + canarySecret
)

// leak returns a part of the canary that a text has, or "".
func leak(text string) string {
	for i := range len(canarySecret) - secretRun + 1 {
		if part := canarySecret[i : i+secretRun]; strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
			return part
		}
	}
	return ""
}

func TestClean(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ key, text, want string }{
		"other scripts":         {canary, "ünï 漢字 🙂 العربية", "ünï 漢字 🙂 العربية"},
		"line breaks":           {canary, "a\nb\r\nc\td\u2028e\u2029f\u0085g", "a b  c d e fg"},
		"control":               {canary, "a\x00b\x07c\x7fd\u0080e\x1bf", "abcdef"},
		"colours":               {canary, "\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mtrue\x1b[K", "red true"},
		"titles":                {canary, "\x1b]0;title\x07a\x1b]2;title\x1b\\b\x1b]8;;https://evil\x07link", "ablink"},
		"unfinished":            {canary, "a\x1b[31", "a[31"},
		"in each other":         {canary, "\x1b[\x1b[31m31mred", "[31mred"},
		"direction":             {canary, "\u202egnp.exe\u2066a\u2069\u200f", "gnp.exea"},
		"invalid UTF-8":         {canary, "a\xff\xc3b", "a\ufffdb"},
		"the prefix":            {canary, "Keys begin with sk-ant-api03- and so on.", "Keys begin with sk-ant-api03- and so on."},
		"the key":               {canary, "<" + canary + ">", "<sk-ant-api03-[redacted]>"},
		"eight of it":           {canary, "<" + canarySecret[3:11] + ">", "<[redacted]>"},
		"in lower case":         {canary, "Get \"https://" + strings.ToLower(canarySecret) + ".example.com\"", "Get \"https://[redacted].example.com\""},
		"in upper case":         {canary, "İ " + strings.ToUpper(canarySecret[3:11]), "İ [redacted]"},
		"seven of it":           {canary, "<" + canarySecret[3:10] + ">", "<" + canarySecret[3:10] + ">"},
		"two parts of it":       {canary, canarySecret[:8] + canarySecret[20:28], "[redacted][redacted]"},
		"two parts that touch":  {canary, canarySecret[:8] + "-" + canarySecret[8:16], "[redacted]-[redacted]"},
		"overlapping":           {"ababababab", "xababababababy", "x[redacted]y"},
		"a short key":           {"s3cret", "key s3cret, not s3cre", "key [redacted], not s3cre"},
		"a short secret":        {"sk-ant-api03-abc", "key sk-ant-api03-abc", "key sk-ant-api03-[redacted]"},
		"a prefix for a key":    {"sk-ant-api03-", "key sk-ant-api03-, word", "key [redacted], word"},
		"exactly the length":    {canary, strings.Repeat("é", 2000), strings.Repeat("é", 2000)},
		"more than the length":  {canary, strings.Repeat("é", 2001), strings.Repeat("é", 1999) + "…"},
		"cut, and shorter then": {canary, strings.Repeat("\x00", 3000) + "a", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newCleaner(test.key).Clean(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
