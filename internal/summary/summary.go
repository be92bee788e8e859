// Package summary counts activities: by type, actor's type, organization and day, and in
// groups. It does no I/O. The order in which activities are added does not matter.
//
// Its memory grows with the number of different keys and not of activities, except where
// groups are counted within a stretch of time; one budget, [MaxEntries], bounds all of it.
//
// Nothing that it returns names a person: actors appear by their stable IDs, never by
// e-mail or IP address, user agent or federated subject.
package summary

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// None is the key for what is not known: no organization, no actor, a field that is missing.
const None = "none"

// ShownActivities is how many of the newest activities a summary shows.
const ShownActivities = 20

// MaxEntries bounds all that a summary keeps: the keys of its maps, groups, their values,
// the activities of groups that are counted within a stretch of time, and baselines. A long
// text counts as several.
const MaxEntries = 1_000_000

// longText is how long a text is that counts as one entry more, so that all keys together stay
// far below what one message to an engine may hold.
const longText = 64

// Options say what a summary counts besides the maps.
type Options struct {
	GroupBy []Grouping

	// Within has a group count the most that any stretch of this length has, instead of
	// the whole window. Zero means the whole.
	Within time.Duration

	// Baseline is how much before Start is counted as what is usual, and as nothing else.
	// Zero means that there is none. Start is where the window begins, and After says that
	// the instant itself is still before it.
	Baseline time.Duration
	Start    time.Time
	After    bool
}

// Summary is the counts of some activities. Make one with [New]; it is not safe for
// concurrent use. The keys of its maps are in NFC, since Terraform normalises them and
// would make one key of two.
type Summary struct {
	Total          int64
	ByType         map[string]int64
	ByActorType    map[string]int64 // None where there is no actor
	ByOrganization map[string]int64 // by organization_id, or None
	ByDay          map[string]int64 // by day in UTC, as in 2026-04-10

	// Oldest and Newest are the earliest and the latest created_at as the server sent
	// them, "" if nothing was counted.
	Oldest, Newest string

	options Options
	oldest  time.Time
	latest  []Latest
	groups  groups
	spent   spent
}

// Latest is what a summary shows of one of the newest activities.
type Latest struct {
	place

	Type           string
	OrganizationID *string
	ActorType      *string
	ActorID        *string // the actor's stable ID
}

// place is where an activity is in the feed: by time, and then by ID.
type place struct {
	ID, CreatedAt string // as sent
	at            time.Time
	identity      string // see [activity.Activity.Identity]
}

func (p place) compare(q place) int {
	return cmp.Or(p.at.Compare(q.at), strings.Compare(p.identity, q.identity))
}

// New returns an empty summary.
func New(options Options) *Summary {
	s := &Summary{
		ByType:         map[string]int64{},
		ByActorType:    map[string]int64{},
		ByOrganization: map[string]int64{},
		ByDay:          map[string]int64{},
		options:        options,
		spent:          spent{left: MaxEntries},
	}
	s.groups = newGroups(options, &s.spent)
	return s
}

// TimeError says that an activity cannot be placed in time.
type TimeError struct{ ID, CreatedAt string } // as sent

func (e *TimeError) Error() string { return "created_at is not an RFC 3339 timestamp" }

// BudgetError says that there is too much to keep, and what takes the most of it.
type BudgetError struct{ Most Part }

func (e *BudgetError) Error() string { return "too many entries" }

// Part is something that a summary keeps.
type Part int

// The parts of a summary.
const (
	Maps     Part = iota // by type, actor's type, organization and day
	Groups               // with their values
	Stretch              // the activities of groups, for Within
	Baseline             // counts of what is usual
	parts
)

// spent is how much of the budget is used, by what.
type spent struct {
	left int
	by   [parts]int
}

func (s *spent) on(part Part, text string) {
	entries := 1 + len(text)/longText
	s.by[part] += entries
	s.left -= entries
}

func (s *spent) err() error {
	if s.left > 0 {
		return nil
	}
	most := Maps
	for part, entries := range s.by {
		if entries > s.by[most] {
			most = Part(part)
		}
	}
	return &BudgetError{most}
}

// InWindow says whether an activity is in the window, and not before it, in the baseline. One
// that cannot be placed in time is in the window.
func (s *Summary) InWindow(a *activity.Activity) bool {
	createdAt, err := timerange.Parse(a.CreatedAt)
	return err != nil || s.inWindow(createdAt)
}

func (s *Summary) inWindow(createdAt time.Time) bool {
	o := &s.options
	return o.Baseline == 0 || createdAt.After(o.Start) || !o.After && createdAt.Equal(o.Start)
}

// Add counts an activity. The caller makes sure that none is added twice. Its error is a
// [*BudgetError], or a [*TimeError], and then nothing was counted.
func (s *Summary) Add(a *activity.Activity) error {
	createdAt, err := timerange.Parse(a.CreatedAt)
	if err != nil {
		return &TimeError{a.ID, a.CreatedAt}
	}
	createdAt = createdAt.UTC()
	v := valuesOf(a, len(s.options.GroupBy) > 0)
	if !s.inWindow(createdAt) {
		s.groups.addUsual(a, &v, createdAt)
		return s.spent.err()
	}
	s.Total++
	s.count(s.ByType, v.texts[ofType])
	s.count(s.ByActorType, cmp.Or(v.actorType, None))
	s.count(s.ByOrganization, cmp.Or(v.texts[ofOrganization], None))
	s.count(s.ByDay, createdAt.Format(time.DateOnly))
	if s.Oldest == "" || createdAt.Before(s.oldest) {
		s.Oldest, s.oldest = a.CreatedAt, createdAt
	}
	at := place{a.ID, a.CreatedAt, createdAt, a.Identity()}
	s.addLatest(a, v.texts[ofActor], at)
	s.Newest = s.latest[0].CreatedAt
	s.groups.add(a, &v, at)
	return s.spent.err()
}

func (s *Summary) count(counts map[string]int64, key string) {
	n := counts[key]
	if n == 0 {
		s.spent.on(Maps, key)
	}
	counts[key] = n + 1
}

// addLatest keeps the activity if it is among the newest so far.
func (s *Summary) addLatest(a *activity.Activity, actorID string, at place) {
	i, _ := slices.BinarySearchFunc(s.latest, at, func(l Latest, at place) int { return at.compare(l.place) })
	if i == ShownActivities {
		return
	}
	l := Latest{place: at, Type: a.Type, OrganizationID: a.OrganizationID}
	if a.Actor != nil {
		l.ActorType = a.Actor.Type
	}
	if actorID != "" {
		l.ActorID = new(actorID)
	}
	s.latest = slices.Insert(s.latest, i, l)
	s.latest = s.latest[:min(len(s.latest), ShownActivities)]
}

// Latest returns the newest [ShownActivities], newest first, in the API's order where they are
// of the same time.
func (s *Summary) Latest() []Latest { return s.latest }

// normal is a text in NFC.
func normal(text string) string { return norm.NFC.String(text) }

// text is "" for null, too: an empty string is no value.
func text(field *string) string {
	if field == nil {
		return ""
	}
	return normal(*field)
}
