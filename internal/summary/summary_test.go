package summary

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

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
		name   string
		actor  *activity.Actor
		key    string
		stable bool
	}{
		{"user", &activity.Actor{Type: new("user_actor"), UserID: new("user_1")}, "user_1", true},
		{"api_key", &activity.Actor{Type: new("api_actor"), APIKeyID: new("key_1")}, "key_1", true},
		{"admin_api_key", &activity.Actor{Type: new("admin_api_key_actor"), AdminAPIKeyID: new("admin_1")}, "admin_1", true},
		{"service_account", &activity.Actor{Type: new("service_account_actor"), ServiceAccountID: new("svac_1")}, "svac_1", true},
		{"directory", &activity.Actor{Type: new("scim_directory_sync_actor"), DirectoryID: new("directory_1"), WorkOSEventID: new("event_1")}, "directory_1", true},
		{"device", &activity.Actor{Type: new("attested_device_actor"), Extra: `{"external_client_id":"client_1","kid_hash":"k"}`}, "client_1", true},
		{"device_escaped", &activity.Actor{Type: new("attested_device_actor"), Extra: `{"a":{"external_client_id":"client_2"},"extern\u0061l_client_id":"client_\u0031"}`}, "client_1", true},
		{"device_twice", &activity.Actor{Type: new("attested_device_actor"), Extra: `{"external_client_id":"client_1","external_client_id":"client_2"}`}, "client_2", true},
		{"device_number", &activity.Actor{Type: new("attested_device_actor"), Extra: `{"external_client_id":"client_1","external_client_id":5}`}, "attested_device_actor", false},
		{"first_of_several", &activity.Actor{Type: new("new_actor"), DirectoryID: new("directory_1"), APIKeyID: new("key_1"), Extra: `{"external_client_id":"client_1"}`}, "key_1", true},
		{"empty", &activity.Actor{Type: new("user_actor"), UserID: new(""), APIKeyID: new("key_1")}, "key_1", true},
		{"id_before_type", &activity.Actor{Type: new("anthropic_actor"), UserID: new("user_1")}, "user_1", true},
		{"unauthenticated", &activity.Actor{Type: new("unauthenticated_user_actor"), UnauthenticatedEmailAddress: new("someone@example.com")}, "unauthenticated_user_actor", false},
		{"federated", &activity.Actor{Type: new("federated_identity_actor"), Extra: `{"issuer":"https://issuer.example.com","subject":"someone"}`}, "federated_identity_actor", false},
		{"anthropic", &activity.Actor{Type: new("anthropic_actor")}, "anthropic_actor", false},
		{"unknown_type", &activity.Actor{Type: new("new_actor"), EmailAddress: new("someone@example.com")}, "new_actor", false},
		{"decomposed", &activity.Actor{Type: new("u"), UserID: new("e\u0301")}, "\u00e9", true},
		{"no_type", &activity.Actor{}, "none", false},
		{"no_actor", nil, "none", false},
	} {
		s := New()
		if err := s.Add(&activity.Activity{ID: "a1", CreatedAt: "2026-04-10T08:00:00Z", Type: "t", Actor: test.actor}); err != nil {
			t.Fatal(err)
		}
		if s.ByActor[test.key] != 1 {
			t.Errorf("%s: got %v, want %q", test.name, s.ByActor, test.key)
		}
		id := s.Latest()[0].ActorID
		if test.stable != (id != nil) || id != nil && *id != test.key {
			t.Errorf("%s: got the actor_id %v, want %q only if it is an ID", test.name, id, test.key)
		}
	}
}

// Terraform would make one key of them, with the count of either.
func TestKeysAreNormalised(t *testing.T) {
	t.Parallel()
	s := New()
	for i, text := range []string{"caf\u00e9", "cafe\u0301"} {
		add(t, s, activity.Activity{ID: fmt.Sprint(i), CreatedAt: "2026-04-10T08:00:00Z", Type: text, OrganizationID: &text, Actor: &activity.Actor{Type: &text}})
	}
	for i, counts := range []map[string]int64{s.ByType, s.ByActorType, s.ByOrganization, s.ByActor} {
		if want := map[string]int64{"caf\u00e9": 2}; !maps.Equal(counts, want) {
			t.Errorf("map %d: got %v, want %v", i, counts, want)
		}
	}
}

func add(t *testing.T, s *Summary, activities ...activity.Activity) {
	t.Helper()
	for i := range activities {
		if err := s.Add(&activities[i]); err != nil {
			t.Fatal(err)
		}
	}
}

// Some are of the same time, written in several ways; and they come in any order, as from
// a read in parts.
func TestNewest(t *testing.T) {
	t.Parallel()
	var all []activity.Activity
	for i := range 30 {
		createdAt := time.Date(2026, 4, 10, 8, 0, i/3, 0, time.FixedZone("", i%2*3600)).Add(time.Duration(i%2) * time.Hour)
		all = append(all, activity.Activity{ID: fmt.Sprintf("a%02d", i), CreatedAt: createdAt.Format(time.RFC3339), Type: "t", OrganizationID: new("org_1"),
			Actor: &activity.Actor{Type: new("user_actor"), UserID: new("user_1"), EmailAddress: new("someone@example.com")}})
	}
	want := []string{}
	for i := 29; i >= 10; i-- {
		want = append(want, all[i].ID)
	}
	for range 20 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		s := New()
		add(t, s, all...)
		var got []string
		for _, l := range s.Latest() {
			got = append(got, l.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	s := New()
	add(t, s, activity.Activity{ID: "a1", CreatedAt: "2026-04-10T10:00:00+02:00", Type: "t"})
	if l := s.Latest()[0]; l.CreatedAt != "2026-04-10T10:00:00+02:00" || l.OrganizationID != nil || l.ActorType != nil || l.ActorID != nil {
		t.Errorf("got %+v, want created_at as sent and nil for what there is not", l)
	}
}
