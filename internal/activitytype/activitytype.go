// Package activitytype knows the activity types of the API's public reference: their
// names, states, fields and topics, those that match a pattern, and the one that somebody
// who misspelt a name is likely to have meant.
//
// New types come every month, so a name that is not in the list is not wrong; only
// the server knows all of them, and it refuses the others. The list is
// activity-types.tsv, which `make update-activity-types` rewrites; topics.tsv has the topics.
package activitytype

import (
	_ "embed"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// list is the file as it is; its header says what the columns are.
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

// A Type is a row of the list.
type Type struct {
	Name   string
	Fields []string // of its own; nil where it has none, or FieldsKnown is false
	Actors []string // types of actors; nil for any, or where they are not known
	State  State
	Topic  string // "" where nobody has decided yet
	// Meaning is a sentence; Note says what is harmless, or in doubt, and may be empty.
	Meaning, Note string

	FieldsKnown bool
}

// Offered tells whether a type is one to ask for.
func (t Type) Offered() bool { return t.State == Listed || t.State == FilterOnly }

// Types are all of the list, sorted by name, and Known the names of those that can be asked
// for. Nobody changes them.
var (
	Types = parse(list)
	Known = names(Types, Type.Offered)
)

func parse(list string) []Type {
	var all []Type
	for _, columns := range rows(list) {
		t := Type{
			Name: columns[0], State: State(columns[3]), Topic: columns[4], Meaning: columns[5], Note: columns[6],
			FieldsKnown: columns[1] != "" || columns[2] != "", // a row without either is newer than the reference's schema
		}
		if columns[1] != "" {
			t.Fields = strings.Split(strings.NewReplacer("?", "", "~", "").Replace(columns[1]), ",")
		}
		if columns[2] != "" && columns[2] != "any" {
			t.Actors = strings.Split(columns[2], ",")
		}
		all = append(all, t)
	}
	return all // sorted, which a test ensures
}

// rows are the columns of a table's lines; those that begin with # are comments.
func rows(table string) (all [][]string) {
	for line := range strings.Lines(table) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && line[0] != '#' {
			all = append(all, strings.Split(line, "\t"))
		}
	}
	return all
}

func names(all []Type, want func(Type) bool) []string {
	var found []string
	for _, t := range all {
		if want(t) {
			found = append(found, t.Name)
		}
	}
	return found
}

// Of returns what the list has of a name; the State is Unknown where that is nothing.
func Of(name string) Type {
	i, found := slices.BinarySearchFunc(Types, name, func(t Type, name string) int {
		return strings.Compare(t.Name, name)
	})
	if !found {
		return Type{Name: name}
	}
	return Types[i]
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

// MatchError says why patterns match nothing.
type MatchError struct {
	Fault   MatchFault
	Place   int // of the pattern, from 1
	Pattern string
	// Only is the type that matches and cannot be asked for any more; its name may be empty.
	Only Type
}

// MatchFault is what is wrong with patterns.
type MatchFault int

// The faults of patterns.
const (
	NoPattern MatchFault = iota + 1
	Malformed
	NoMatch
)

func (e *MatchError) Error() string { return "no known activity type matches" }

// Match returns the known types that match any of the patterns, sorted. Patterns are
// those of [path.Match], such as sso_* or *_deleted. A pattern that is malformed or
// matches nothing is a [*MatchError], and so is no pattern at all: a misspelt one would leave
// activities out of a policy without a word.
func Match(patterns ...string) ([]string, error) {
	if len(patterns) == 0 {
		return nil, &MatchError{Fault: NoPattern}
	}
	var matches []string
	for i, pattern := range patterns {
		before := len(matches)
		for _, candidate := range Known {
			matched, err := path.Match(pattern, candidate)
			if err != nil {
				return nil, &MatchError{Fault: Malformed, Place: i + 1, Pattern: pattern}
			}
			if matched {
				matches = append(matches, candidate)
			}
		}
		if len(matches) == before {
			fault := &MatchError{Fault: NoMatch, Place: i + 1, Pattern: pattern}
			for _, t := range Types {
				if matched, _ := path.Match(pattern, t.Name); matched {
					fault.Only = t
					break
				}
			}
			return nil, fault
		}
	}
	slices.Sort(matches)
	return slices.Compact(matches), nil
}

// closeEnough is how many edits a misspelt name is away at most.
const closeEnough = 2

// Nearest returns the known type that is closest to a name that is not in the list
// itself, if it is at most two edits away. An edit is a letter more, less or other, or
// a swap of neighbours.
func Nearest(name string) (nearest string, ok bool) {
	if Of(name).State != Unknown {
		return "", false
	}
	return NearestOf(Known, name)
}

// NearestOf is [Nearest] among other names; the name may not be one of them.
func NearestOf(candidates []string, name string) (nearest string, ok bool) {
	best := closeEnough + 1
	for _, candidate := range candidates {
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
