// Package activitytype knows the names of the activity types that the API's public
// reference lists: it finds those that match a pattern, and the one that somebody
// who misspelt a name is likely to have meant.
//
// New types come every month, so a name that is not in the list is not wrong; only
// the server knows all of them. The list is activity-types.txt, which
// `make update-activity-types` rewrites.
package activitytype

import (
	_ "embed"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed activity-types.txt
var list string

var known = parse(list)

func parse(list string) []string {
	var names []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	slices.Sort(names)
	return names
}

// Known returns all known activity types, sorted.
func Known() []string { return slices.Clone(known) }

// AsOf is the month of the reference that the list was made from, as in "January 2006".
func AsOf() string {
	month, _ := time.Parse("2006-01", regexp.MustCompile(`\d{4}-\d{2}`).FindString(list)) // a test holds the line
	return month.Format(asOfLayout)
}

const asOfLayout = "January 2006"

// Match returns the known types that match any of the patterns, sorted. Patterns are
// those of [path.Match], such as sso_* or *_deleted. A pattern that is malformed or
// matches nothing is an error, and so is no pattern at all: a misspelt one would leave
// activities out of a policy without a word. Errors are text for a person.
func Match(patterns ...string) ([]string, error) {
	if len(patterns) == 0 {
		return nil, errors.New(`at least one pattern is needed, such as "sso_*"`)
	}
	var matches []string
	for _, pattern := range patterns {
		before := len(matches)
		for _, name := range known {
			matched, err := path.Match(pattern, name)
			if err != nil {
				return nil, fmt.Errorf("the pattern %q is malformed", pattern)
			}
			if matched {
				matches = append(matches, name)
			}
		}
		if len(matches) == before {
			err := fmt.Errorf("the pattern %q matches none of the %d activity types known in %s", pattern, len(known), AsOf())
			if nearest, ok := Nearest(pattern); ok {
				err = fmt.Errorf("%w; did you mean %q?", err, nearest)
			}
			return nil, err
		}
	}
	slices.Sort(matches)
	return slices.Compact(matches), nil
}

// closeEnough is how many edits a misspelt name is away at most.
const closeEnough = 2

// Nearest returns the known type that is closest to a name that is not known itself,
// if it is at most two edits away. An edit is a letter more, less or other, or a swap
// of neighbours.
func Nearest(name string) (nearest string, ok bool) {
	if _, found := slices.BinarySearch(known, name); found {
		return "", false
	}
	best := closeEnough + 1
	for _, candidate := range known {
		if difference := len(candidate) - len(name); max(difference, -difference) >= best {
			continue
		}
		if edits := distance(name, candidate); edits < best {
			best, nearest = edits, candidate
		}
	}
	return nearest, nearest != ""
}

// distance is the number of edits between two names (optimal string alignment). It
// keeps the last three rows of the table, since a swap looks back by two.
func distance(a, b string) int {
	beforeLast, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], beforeLast[j-2]+1)
			}
		}
		beforeLast, last, row = last, row, beforeLast
	}
	return last[len(b)]
}
