// Package activitytype knows the activity types of the API's public reference: their
// names and states, those that match a pattern, and the one that somebody who misspelt
// a name is likely to have meant.
//
// New types come every month, so a name that is not in the list is not wrong; only
// the server knows all of them, and it refuses the others. The list is
// activity-types.tsv, which `make update-activity-types` rewrites.
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

// list is the file as it is. Of its four columns (name, fields of the type's own, actor
// types, state) the first and the last are for this package.
//
//go:embed activity-types.tsv
var list string

// State is what the list says of a type.
type State string

// The states, in the words of the list.
const (
	Unknown    State = ""            // not in the list: newer than it, or no type at all
	Listed     State = "listed"      // in the reference's list
	FilterOnly State = "filter-only" // documented as a value of the filters, but in no list
	Retired    State = "retired"     // listed, but not recorded any more
	Removed    State = "removed"     // was listed once; the server may refuse it
)

type activityType struct {
	name  string
	state State
}

func (a activityType) offered() bool { return a.state == Listed || a.state == FilterOnly }

var (
	types = parse(list)
	known = offered(types)
)

func parse(list string) []activityType {
	var all []activityType
	for line := range strings.Lines(list) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(line, "\t")
		all = append(all, activityType{name, State(line[strings.LastIndexByte(line, '\t')+1:])})
	}
	return all // sorted, which a test ensures
}

func offered(all []activityType) []string {
	var names []string
	for _, a := range all {
		if a.offered() {
			names = append(names, a.name)
		}
	}
	return names
}

// Known returns the activity types that can be asked for, sorted: those that are listed
// and those that are filter-only.
func Known() []string { return slices.Clone(known) }

// StateOf returns what the list says of a name.
func StateOf(name string) State {
	i, found := slices.BinarySearchFunc(types, name, func(a activityType, name string) int {
		return strings.Compare(a.name, name)
	})
	if !found {
		return Unknown
	}
	return types[i].state
}

// AsOf is the month of the reference that the list was made from, as in "January 2006".
func AsOf() string {
	date := regexp.MustCompile(`\d{4}-\d{2}-\d{2}`).FindString(list) // in the first line; a test ensures it
	day, _ := time.Parse(time.DateOnly, date)
	return day.Format(asOfLayout)
}

const asOfLayout = "January 2006"

// IsName tells whether a text can be the name of an activity type.
func IsName(text string) bool { return text != "" && strings.Trim(text, nameCharacters) == "" }

const nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_"

// Quotable tells whether a text may be repeated in a message. What somebody wrote may
// be sensitive, which a provider cannot see; short names and patterns of them are not.
func Quotable(text string) bool {
	return text != "" && len(text) < 60 && strings.Trim(text, nameCharacters+"*?[]-") == ""
}

// Match returns the known types that match any of the patterns, sorted. Patterns are
// those of [path.Match], such as sso_* or *_deleted. A pattern that is malformed or
// matches nothing is an error, and so is no pattern at all: a misspelt one would leave
// activities out of a policy without a word. Errors are text for a person; they have no
// full stop or question mark at the end, where Terraform puts one.
func Match(patterns ...string) ([]string, error) {
	if len(patterns) == 0 {
		return nil, errors.New(`at least one pattern is needed, such as "sso_*"`)
	}
	var matches []string
	for i, pattern := range patterns {
		before := len(matches)
		for _, candidate := range known {
			matched, err := path.Match(pattern, candidate)
			if err != nil {
				return nil, fmt.Errorf("%s is malformed", place(i, pattern))
			}
			if matched {
				matches = append(matches, candidate)
			}
		}
		if len(matches) == before {
			return nil, noMatch(i, pattern)
		}
	}
	slices.Sort(matches)
	return slices.Compact(matches), nil
}

// noMatch says that a pattern matches none of the known types, and why that may be.
func noMatch(i int, pattern string) error {
	text := fmt.Sprintf("%s matches none of the %d activity types known in %s", place(i, pattern), len(known), AsOf())
	for _, a := range types {
		if matched, _ := path.Match(pattern, a.name); matched {
			return fmt.Errorf("%s, only %q, which is %s", text, a.name, a.state)
		}
	}
	if nearest, ok := Nearest(pattern); ok {
		return fmt.Errorf("%s; the nearest known name is %q", text, nearest)
	}
	return errors.New(text)
}

// place names a pattern by its place among the arguments, from 1, and by its text where
// that may be repeated.
func place(i int, pattern string) string {
	if Quotable(pattern) {
		return fmt.Sprintf("pattern %d, %q,", i+1, pattern)
	}
	return fmt.Sprintf("pattern %d", i+1)
}

// closeEnough is how many edits a misspelt name is away at most.
const closeEnough = 2

// Nearest returns the known type that is closest to a name that is not in the list
// itself, if it is at most two edits away. An edit is a letter more, less or other, or
// a swap of neighbours.
func Nearest(name string) (nearest string, ok bool) {
	if StateOf(name) != Unknown {
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
