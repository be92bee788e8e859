// Package summary counts activities: by type, actor, organization and day, and in groups.
// It does no I/O, and its memory grows with the number of different keys, not of
// activities. The order in which activities are added does not matter.
//
// Nothing that it returns names a person: actors appear by their stable IDs, never by
// e-mail or IP address, user agent or federated subject.
package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// none is the key for activities that have no organization, or no actor that the key
// could be made of.
const none = "none"

// newestActivities is how many of them a summary shows.
const newestActivities = 20

// Summary is the counts of some activities. Make one with [New]; it is not safe for
// concurrent use. The keys of its maps are in NFC, since Terraform normalises them and
// would make one key of two.
type Summary struct {
	Total          int64
	Excepted       int64 // how many were left out, which the caller counts
	ByType         map[string]int64
	ByActorType    map[string]int64 // "none" where there is no actor
	ByOrganization map[string]int64 // by organization_id, or "none"
	ByActor        map[string]int64 // by a stable ID, the actor's type, or "none"
	ByDay          map[string]int64 // by day in UTC, as in 2026-04-10

	// Oldest and Newest are the earliest and the latest created_at as the server sent
	// them, "" if nothing was counted.
	Oldest, Newest string

	oldest, newest time.Time
	latest         []Latest
	groups         groups
}

// Latest is what a summary shows of one of the newest activities.
type Latest struct {
	ID, CreatedAt, Type string
	OrganizationID      *string
	ActorType           *string
	ActorID             *string // the actor's stable ID

	place place
}

// place is where an activity is in the feed: by time, and then by ID.
type place struct {
	createdAt time.Time
	id        string
}

func (p place) compare(q place) int {
	return cmp.Or(p.createdAt.Compare(q.createdAt), strings.Compare(p.id, q.id))
}

// New returns an empty summary that also counts groups by these [Groupings]. Without any,
// it has no groups.
func New(groupBy ...string) *Summary {
	return &Summary{
		ByType:         map[string]int64{},
		ByActorType:    map[string]int64{},
		ByOrganization: map[string]int64{},
		ByActor:        map[string]int64{},
		ByDay:          map[string]int64{},
		groups:         newGroups(groupBy),
	}
}

// Add counts an activity. The caller makes sure that none is added twice. Its error is
// [ErrTooManyValues], or says that created_at is not RFC 3339, so that the day is not known;
// then nothing was counted. It quotes the activity's ID as it was sent.
func (s *Summary) Add(a *activity.Activity) error {
	createdAt, err := timerange.Parse(a.CreatedAt)
	if err != nil {
		return fmt.Errorf("created_at %.64q of the activity %.64q is not an RFC 3339 timestamp", a.CreatedAt, a.ID)
	}
	createdAt = createdAt.UTC()
	actorID := normal(a.Actor.ID())
	s.Total++
	s.ByType[normal(a.Type)]++
	s.ByActorType[actorType(a.Actor)]++
	s.ByOrganization[organization(a)]++
	s.ByActor[cmp.Or(actorID, actorType(a.Actor), none)]++
	s.ByDay[createdAt.Format(time.DateOnly)]++
	if s.Oldest == "" || createdAt.Before(s.oldest) {
		s.Oldest, s.oldest = a.CreatedAt, createdAt
	}
	if s.Newest == "" || createdAt.After(s.newest) {
		s.Newest, s.newest = a.CreatedAt, createdAt
	}
	at := place{createdAt, a.Identity()}
	s.addLatest(a, actorID, at)
	return s.groups.add(a, actorID, at)
}

// addLatest keeps the activity if it is among the newest so far.
func (s *Summary) addLatest(a *activity.Activity, actorID string, at place) {
	full := len(s.latest) == newestActivities
	if full && at.compare(s.latest[newestActivities-1].place) < 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(s.latest, at, func(l Latest, at place) int { return at.compare(l.place) })
	l := Latest{ID: a.ID, CreatedAt: a.CreatedAt, Type: a.Type, OrganizationID: a.OrganizationID, place: at}
	if a.Actor != nil {
		l.ActorType = a.Actor.Type
	}
	if actorID != "" {
		l.ActorID = new(actorID)
	}
	if full {
		s.latest = s.latest[:newestActivities-1]
	}
	s.latest = slices.Insert(s.latest, i, l)
}

// Latest returns the newest 20 activities, newest first, in the API's order where they are
// of the same time.
func (s *Summary) Latest() []Latest { return s.latest }

// normal is a text in NFC.
func normal(text string) string { return norm.NFC.String(text) }

func organization(a *activity.Activity) string {
	if a.OrganizationID == nil {
		return none
	}
	return normal(*a.OrganizationID)
}

func actorType(actor *activity.Actor) string {
	if actor == nil || actor.Type == nil {
		return none
	}
	return normal(*actor.Type)
}
