//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// table is a table in Markdown, whose columns are numbers unless their head begins with a
// colon, which is Markdown's own mark for text.
type table struct{ text strings.Builder }

func newTable(heads ...string) *table {
	t := &table{}
	rule := make([]string, len(heads))
	for i, head := range heads {
		var text bool
		rule[i] = "---:"
		if heads[i], text = strings.CutPrefix(head, ":"); text {
			rule[i] = "---"
		}
	}
	t.row(heads...)
	t.text.WriteString("|" + strings.Join(rule, "|") + "|\n")
	return t
}

func (t *table) row(cells ...string) {
	t.text.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (t *table) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s\n", t.text.String())
	return err
}

// seconds has three digits after the point where two would hide a tenth.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.3f s", d.Seconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// megabytes is in powers of ten; 0 is for what was not measured.
func megabytes(bytes int64) string {
	switch {
	case bytes == 0:
		return ""
	case bytes < 100_000:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	case bytes < 10_000_000:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// machine is what the figures depend on.
func machine() string {
	text := fmt.Sprintf("%s/%s with %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	information, _ := os.ReadFile("/proc/meminfo")
	if _, rest, found := strings.Cut(string(information), "MemTotal:"); found {
		rest, _, _ = strings.Cut(rest, "kB")
		if kilobytes, err := strconv.ParseFloat(strings.TrimSpace(rest), 64); err == nil {
			text += fmt.Sprintf(" and %.0f GB of memory", kilobytes*1024/1e9)
		}
	}
	return text
}

// The pages with tables, from the root of the repository.
const (
	contributorsPage = "bench/README.md"
	usersPage        = "templates/guides/performance.md.tmpl"
)

const (
	tablesBegin = "<!-- make bench -->"
	tablesEnd   = "<!-- end -->"
)

// writeTables replaces what is between the two marks of a file.
func writeTables(file, tables string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), tablesBegin)
	_, after, ends := strings.Cut(rest, tablesEnd)
	if !begins || !ends {
		return fmt.Errorf("%s lacks the lines %s and %s", file, tablesBegin, tablesEnd)
	}
	return os.WriteFile(file, []byte(before+tablesBegin+"\n\n"+tables+tablesEnd+after), 0o644)
}
