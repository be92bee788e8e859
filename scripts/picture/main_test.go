package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const terminal = "\x1b[31m│\x1b[0m \x1b[1mError: Closed\x1b[0m <at> 2026-04-10T08:00:00Z\n  by user_01Robin\n"

func TestPicture(t *testing.T) {
	t.Parallel()
	var drawn strings.Builder
	if err := run(strings.NewReader(terminal), &drawn, ""); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`<tspan class="r">│</tspan>`, `<tspan class="b">Error: Closed</tspan> &lt;at&gt; 2026`, `>  by user_01Robin</text>`} {
		if !strings.Contains(drawn.String(), part) {
			t.Errorf("want %s in %s", part, drawn.String())
		}
	}
	file := filepath.Join(t.TempDir(), "picture.svg")
	if err := os.WriteFile(file, []byte(drawn.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	later := strings.ReplaceAll(terminal, "2026-04-10T08:00:00Z", "2026-04-11T09:30:00Z")
	if err := run(strings.NewReader(later), nil, file); err != nil {
		t.Errorf("at another time: %v", err)
	}
	page := filepath.Join(t.TempDir(), "page.md")
	for text, want := range map[string]bool{"Error: Closed": true, "Error: Open": false, "": false} {
		if err := os.WriteFile(page, []byte("# Page\n\n```text\n"+text+"\n```\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(strings.NewReader(terminal), nil, page); (err == nil) != want {
			t.Errorf("a page with %q: got %v", text, err)
		}
	}
	if err := run(strings.NewReader(strings.ReplaceAll(terminal, "Robin", "Kim")), nil, file); err == nil || !strings.Contains(err.Error(), "user_01Kim") {
		t.Errorf("with another actor: got %v, want an error that shows it", err)
	}
}
