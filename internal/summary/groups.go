package summary

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// MaxGroups is how many groups a summary shows at most.
const MaxGroups = 1000

// MaxValues bounds the memory for groups: counting ends when the groups have this many
// different values (actors, accounts and so on), added up over all groups.
const MaxValues = 1_000_000

// ErrTooManyValues says that the groups have [MaxValues] different values.
var ErrTooManyValues = errors.New("too many different values")

// ErrTooManyGroups says that there are more than [MaxGroups].
var ErrTooManyGroups = errors.New("too many groups")

// Group is the activities that are alike in what they are grouped by.
type Group struct {
	Count int64

	// Keys are what the activities have in common, by the name of the grouping. Groupings
	// that name a person or an address are left out.
	Keys map[string]string

	// Distinct is how many different actors, accounts, addresses, user agents, types and
	// organizations the activities have, by the name of the grouping.
	Distinct map[string]int64

	// NewestID and NewestCreatedAt are those of the newest activity, as sent.
	NewestID, NewestCreatedAt string
}

// grouping is one thing that activities can be grouped by. The value is "" where an
// activity has none.
type grouping struct {
	name     string
	shown    bool // in Keys: it names no person or address
	distinct bool // counted in Distinct
	value    func(a *activity.Activity, actorID string, createdAt time.Time) string
}

var groupings = [8]grouping{
	{"actor", true, true, func(_ *activity.Activity, actorID string, _ time.Time) string { return actorID }},
	{"account", false, true, func(a *activity.Activity, _ string, _ time.Time) string { return account(a.Actor) }},
	{"ip_address", false, true, func(a *activity.Activity, _ string, _ time.Time) string { return address(a.Actor) }},
	{"user_agent", false, true, func(a *activity.Activity, _ string, _ time.Time) string {
		if a.Actor == nil {
			return ""
		}
		return text(a.Actor.UserAgent)
	}},
	{"type", true, true, func(a *activity.Activity, _ string, _ time.Time) string { return normal(a.Type) }},
	{"organization", true, true, func(a *activity.Activity, _ string, _ time.Time) string { return text(a.OrganizationID) }},
	{"hour", true, false, func(_ *activity.Activity, _ string, at time.Time) string { return at.Format("2006-01-02T15") }},
	{"day", true, false, func(_ *activity.Activity, _ string, at time.Time) string { return at.Format(time.DateOnly) }},
}

// Groupings are the names of what activities can be grouped by: actor, account, ip_address,
// user_agent, type, organization, hour and day.
func Groupings() (names []string) {
	for _, g := range groupings {
		names = append(names, g.name)
	}
	return names
}

// text is "" for null, too: an empty string is no value.
func text(field *string) string {
	if field == nil {
		return ""
	}
	return normal(*field)
}

// account is the e-mail address, of two the one that is signed in. Upper and lower case
// are one, also where a letter has two forms of one of them.
func account(actor *activity.Actor) string {
	if actor == nil {
		return ""
	}
	mail := cmp.Or(text(actor.EmailAddress), text(actor.UnauthenticatedEmailAddress))
	return activity.FoldMail(mail)
}

// address is the IP address in its usual form, or the text as it was sent if it is not one.
func address(actor *activity.Actor) string {
	if actor == nil {
		return ""
	}
	sent := text(actor.IPAddress)
	if ip, err := netip.ParseAddr(sent); err == nil {
		return ip.Unmap().String()
	}
	return sent
}

// groups counts them. Values are numbered, so that what is kept of an activity is small.
type groups struct {
	by        uint8 // the bits of the groupings that the groups are made by
	all       map[groupKey]*group
	values    map[string]int32
	members   map[member]bool
	maxValues int
}

// groupKey is the numbers of the values in which the activities of a group are alike.
type groupKey [8]int32

type group struct {
	number    int32
	count     int64
	keys      [8]string
	distinct  [8]int64
	newest    place
	id        string // of the newest, as sent; its place may have another
	createdAt string
}

// member says that a group has a value.
type member struct {
	group, value int32
	grouping     uint8
}

func newGroups(by []string) groups {
	g := groups{all: map[groupKey]*group{}, values: map[string]int32{}, members: map[member]bool{}, maxValues: MaxValues}
	for i, grouping := range groupings {
		if slices.Contains(by, grouping.name) {
			g.by |= 1 << i
		}
	}
	return g
}

func (g *groups) isBy(grouping int) bool { return g.by&(1<<grouping) != 0 }

func (g *groups) add(a *activity.Activity, actorID string, at place) error {
	if g.by == 0 {
		return nil
	}
	var texts [8]string
	for i, grouping := range groupings {
		texts[i] = grouping.value(a, actorID, at.createdAt)
		if g.isBy(i) && texts[i] == "" {
			return nil
		}
	}
	var key groupKey
	for i, text := range texts {
		if g.isBy(i) {
			key[i] = g.number(text)
		}
	}
	same := g.all[key]
	if same == nil {
		same = &group{number: int32(len(g.all))}
		g.all[key] = same
		for i, grouping := range groupings {
			if g.isBy(i) && grouping.shown {
				same.keys[i] = texts[i]
			}
		}
	}
	if same.count++; same.count == 1 || at.compare(same.newest) > 0 {
		same.newest, same.id, same.createdAt = at, a.ID, a.CreatedAt
	}
	for i, grouping := range groupings {
		if !grouping.distinct || texts[i] == "" {
			continue
		}
		m := member{group: same.number, value: g.number(texts[i]), grouping: uint8(i)}
		if !g.members[m] {
			g.members[m] = true
			same.distinct[i]++
		}
	}
	if len(g.members) >= g.maxValues {
		return ErrTooManyValues
	}
	return nil
}

// number tells values apart. Of a long one only the hash is kept, so that the memory does
// not grow with the length of what clients call themselves.
func (g *groups) number(value string) int32 {
	if len(value) > 2*sha256.Size {
		hash := sha256.Sum256([]byte(value))
		value = string(hash[:])
	}
	number, known := g.values[value]
	if !known {
		number = int32(len(g.values)) + 1
		g.values[value] = number
	}
	return number
}

// Groups returns the groups of at least minCount activities: the largest first, and of
// equally large ones the one with the newest activity, in the API's order. Its error is
// [ErrTooManyGroups].
func (s *Summary) Groups(minCount int64) ([]Group, error) {
	var large []*group
	for _, g := range s.groups.all {
		if g.count >= minCount {
			large = append(large, g)
		}
	}
	if len(large) > MaxGroups {
		return nil, ErrTooManyGroups
	}
	slices.SortFunc(large, func(a, b *group) int { return cmp.Or(cmp.Compare(b.count, a.count), b.newest.compare(a.newest)) })
	all := make([]Group, len(large))
	for i, g := range large {
		all[i] = Group{Count: g.count, Keys: map[string]string{}, Distinct: map[string]int64{}, NewestID: g.id, NewestCreatedAt: g.createdAt}
		for j, grouping := range groupings {
			if s.groups.isBy(j) && grouping.shown {
				all[i].Keys[grouping.name] = g.keys[j]
			}
			if grouping.distinct {
				all[i].Distinct[grouping.name] = g.distinct[j]
			}
		}
	}
	return all, nil
}
