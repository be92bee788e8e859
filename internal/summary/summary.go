// Package summary counts activities: by type, actor, organization and day. It does no
// I/O, and what it keeps grows with the number of different keys, not of activities.
//
// It keeps nothing that names a person: actors are counted by their stable IDs, never
// by e-mail or IP address.
package summary

import (
	"fmt"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// none is the key for activities that have no organization, or no actor that the key
// could be made of.
const none = "none"

// Summary is the counts of some activities. Make one with [New].
type Summary struct {
	Total          int64
	ByType         map[string]int64
	ByActorType    map[string]int64 // "none" where there is no actor
	ByOrganization map[string]int64 // by organization_id, or "none"
	ByActor        map[string]int64 // by a stable ID, "unauthenticated", "anthropic" or "none"
	ByDay          map[string]int64 // by day in UTC, as in 2026-04-10

	// Oldest and Newest are created_at as the server sent it, "" where nothing was
	// counted.
	Oldest, Newest string

	oldest, newest time.Time
}

// New returns an empty summary.
func New() *Summary {
	return &Summary{
		ByType:         map[string]int64{},
		ByActorType:    map[string]int64{},
		ByOrganization: map[string]int64{},
		ByActor:        map[string]int64{},
		ByDay:          map[string]int64{},
	}
}

// Add counts an activity. Whether it has been counted before is up to the caller. It
// fails, and counts nothing, if created_at is not RFC 3339: then the day is not known.
// The error quotes the activity as it was sent.
func (s *Summary) Add(a *activity.Activity) error {
	createdAt, err := timerange.Parse(a.CreatedAt)
	if err != nil {
		return fmt.Errorf("created_at %.64q of the activity %.64q is not an RFC 3339 timestamp", a.CreatedAt, a.ID)
	}
	s.Total++
	s.ByType[a.Type]++
	s.ByActorType[actorType(a.Actor)]++
	s.ByOrganization[organization(a)]++
	s.ByActor[actor(a.Actor)]++
	s.ByDay[createdAt.UTC().Format(time.DateOnly)]++
	if s.Oldest == "" || createdAt.Before(s.oldest) {
		s.Oldest, s.oldest = a.CreatedAt, createdAt
	}
	if s.Newest == "" || createdAt.After(s.newest) {
		s.Newest, s.newest = a.CreatedAt, createdAt
	}
	return nil
}

func organization(a *activity.Activity) string {
	if a.OrganizationID == nil {
		return none
	}
	return *a.OrganizationID
}

func actorType(actor *activity.Actor) string {
	if actor == nil || actor.Type == nil {
		return none
	}
	return *actor.Type
}

// actor is the first stable ID that the actor has, whatever its type; types that have
// none come under a name of their own.
func actor(actor *activity.Actor) string {
	if actor == nil {
		return none
	}
	for _, id := range []*string{actor.UserID, actor.APIKeyID, actor.AdminAPIKeyID, actor.DirectoryID} {
		if id != nil {
			return *id
		}
	}
	switch actorType(actor) {
	case "unauthenticated_user_actor":
		return "unauthenticated"
	case "anthropic_actor":
		return "anthropic"
	}
	return none
}
