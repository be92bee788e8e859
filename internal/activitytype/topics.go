package activitytype

import (
	"cmp"
	_ "embed"
	"slices"
	"strconv"
)

// topicList is the file as it is; its header says what the columns are.
//
//go:embed topics.tsv
var topicList string

// Unclassified stands, where topics are asked for, for the types that have none: those
// that this list does not know, and those of which nobody has decided yet.
const Unclassified = "unclassified"

// A Topic is a question that a security engineer asks, and the types that answer it.
type Topic struct {
	Name       string
	Part       string // under which the page of all types has it, such as "Who can get in"
	Question   string
	Definition string
	// Everyday is the rank among the topics whose activities are most of a feed, from 1; 0
	// for one of the rare things that policies are about.
	Everyday int
}

// Nobody changes these.
var (
	// Topics are all of them in the order of a security engineer: who can get in, who can do
	// more, what leaves, what is destroyed, what is no longer watched, the everyday.
	// Unclassified is none of them.
	Topics = parseTopics(topicList)
	// TopicNames are those of Topics, and Unclassified at their end.
	TopicNames = namesOf(Topics)
	// InTopic are the types of each topic, sorted: those that are listed, filter-only or
	// retired.
	InTopic = group(Types)
)

func parseTopics(list string) []Topic {
	var all []Topic
	for _, columns := range rows(list) {
		rank, _ := strconv.Atoi(columns[2]) // empty is 0
		all = append(all, Topic{Name: columns[0], Part: columns[1], Everyday: rank, Question: columns[3], Definition: columns[4]})
	}
	return all
}

func namesOf(topics []Topic) []string {
	var all []string
	for _, t := range topics {
		all = append(all, t.Name)
	}
	return append(all, Unclassified)
}

// group has the types that can be asked for of each topic. Retired ones have a past; a
// removed one the server would refuse.
func group(types []Type) map[string][]string {
	groups := make(map[string][]string)
	for _, t := range types {
		if t.Classified() {
			groups[t.Topic] = append(groups[t.Topic], t.Name)
		}
	}
	return groups
}

// Classified tells whether a type is in a topic, and can still be asked for.
func (t Type) Classified() bool { return t.Topic != "" && t.State != Unknown && t.State != Removed }

// Everyday returns the types of the topics whose activities are most of a feed, those
// that come most often first.
func Everyday() []string {
	var all []string
	ranked := slices.SortedFunc(slices.Values(Topics), func(a, b Topic) int { return cmp.Compare(a.Everyday, b.Everyday) })
	for _, topic := range ranked {
		if topic.Everyday > 0 {
			all = append(all, InTopic[topic.Name]...)
		}
	}
	return all
}
