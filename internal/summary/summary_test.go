package summary

import (
	"maps"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	s := New()
	for _, a := range []activity.Activity{
		{ID: "1", CreatedAt: "2026-04-10T23:30:00-02:00", Type: "a", OrganizationID: new("org_1"),
			Actor: &activity.Actor{Type: new("user_actor"), UserID: new("user_1"), EmailAddress: new("someone@example.com"), IPAddress: new("192.0.2.1")}},
		{ID: "2", CreatedAt: "2026-04-10T08:00:00.25Z", Type: "a", OrganizationID: new("org_1"),
			Actor: &activity.Actor{Type: new("user_actor"), UserID: new("user_1")}},
		{ID: "3", CreatedAt: "2026-04-09T00:00:00Z", Type: "b"},
	} {
		if err := s.Add(&a); err != nil {
			t.Fatal(err)
		}
	}
	if s.Total != 3 {
		t.Errorf("total: got %d, want 3", s.Total)
	}
	for _, test := range []struct {
		name      string
		got, want map[string]int64
	}{
		{"ByType", s.ByType, map[string]int64{"a": 2, "b": 1}},
		{"ByActorType", s.ByActorType, map[string]int64{"user_actor": 2, "none": 1}},
		{"ByOrganization", s.ByOrganization, map[string]int64{"org_1": 2, "none": 1}},
		{"ByActor", s.ByActor, map[string]int64{"user_1": 2, "none": 1}},
		{"ByDay", s.ByDay, map[string]int64{"2026-04-11": 1, "2026-04-10": 1, "2026-04-09": 1}}, // in UTC
	} {
		if !maps.Equal(test.got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
	if s.Oldest != "2026-04-09T00:00:00Z" || s.Newest != "2026-04-10T23:30:00-02:00" {
		t.Errorf("got oldest %q and newest %q, want them by instant and as sent", s.Oldest, s.Newest)
	}
}

func TestAddWithoutTimestamp(t *testing.T) {
	t.Parallel()
	s := New()
	for _, createdAt := range []string{"yesterday\x1b[31m" + strings.Repeat("x", 1000), "", "2026-04-10T8:00:00Z", "2026-04-10T08:00:00,5Z", "2026-04-10 08:00:00Z"} {
		err := s.Add(&activity.Activity{ID: "activity_1", CreatedAt: createdAt, Type: "a"})
		if err == nil || !strings.Contains(err.Error(), "activity_1") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 300 {
			t.Errorf("%q: got %v, want a short error that names the activity", createdAt, err)
		}
	}
	if s.Total != 0 || len(s.ByType) != 0 {
		t.Errorf("got %+v, want nothing counted", s)
	}
}

func TestActorKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		actor *activity.Actor
		want  string
	}{
		{"user", &activity.Actor{Type: new("user_actor"), UserID: new("user_1")}, "user_1"},
		{"api_key", &activity.Actor{Type: new("api_actor"), APIKeyID: new("key_1")}, "key_1"},
		{"admin_api_key", &activity.Actor{Type: new("admin_api_key_actor"), AdminAPIKeyID: new("admin_1")}, "admin_1"},
		{"directory", &activity.Actor{Type: new("scim_directory_sync_actor"), DirectoryID: new("directory_1"), WorkOSEventID: new("event_1")}, "directory_1"},
		{"first_of_several", &activity.Actor{Type: new("new_actor"), DirectoryID: new("directory_1"), APIKeyID: new("key_1")}, "key_1"},
		{"id_before_type", &activity.Actor{Type: new("anthropic_actor"), UserID: new("user_1")}, "user_1"},
		{"unauthenticated", &activity.Actor{Type: new("unauthenticated_user_actor"), UnauthenticatedEmailAddress: new("someone@example.com")}, "unauthenticated"},
		{"anthropic", &activity.Actor{Type: new("anthropic_actor")}, "anthropic"},
		{"unknown_type", &activity.Actor{Type: new("new_actor"), EmailAddress: new("someone@example.com")}, "none"},
		{"no_type", &activity.Actor{}, "none"},
		{"no_actor", nil, "none"},
	} {
		if got := actor(test.actor); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
