package summary

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

func at(id, createdAt string, actor activity.Actor) activity.Activity {
	return activity.Activity{ID: id, CreatedAt: createdAt, Type: "sso_login_failed", Actor: &actor}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	all := []activity.Activity{
		at("a1", "2026-04-10T08:00:00Z", activity.Actor{UnauthenticatedEmailAddress: new("Someone@Example.com"), IPAddress: new("192.0.2.7"), UserAgent: new("curl")}),
		at("a2", "2026-04-10T10:59:59+02:00", activity.Actor{EmailAddress: new("someone@example.com"), UnauthenticatedEmailAddress: new("other@example.com"), IPAddress: new("::ffff:192.0.2.7"), UserID: new("user_1")}),
		at("a3", "2026-04-10T09:00:00Z", activity.Actor{EmailAddress: new("SOMEONE@EXAMPLE.COM"), IPAddress: new("2001:DB8::1"), UserAgent: new("")}),
		at("a4", "2026-04-10T09:00:00Z", activity.Actor{EmailAddress: new(""), UnauthenticatedEmailAddress: new("other@example.com"), IPAddress: new("2001:db8:0::1")}),
		at("a5", "2026-04-11T09:00:00Z", activity.Actor{IPAddress: new("somewhere")}),
		{ID: "a6", CreatedAt: "2026-04-11T09:30:00Z", Type: "org_icon", OrganizationID: new("org_1")},
	}
	distinct := func(counts ...int64) map[string]int64 {
		return map[string]int64{"actor": counts[0], "account": counts[1], "ip_address": counts[2], "user_agent": counts[3], "type": counts[4], "organization": counts[5]}
	}
	for _, test := range []struct {
		by       string
		minCount int64
		want     []Group
	}{
		{"", 0, []Group{}},
		{"account hour", 0, []Group{
			{2, map[string]string{"hour": "2026-04-10T08"}, distinct(1, 1, 1, 1, 1, 0), "a2", "2026-04-10T10:59:59+02:00"},
			{1, map[string]string{"hour": "2026-04-10T09"}, distinct(0, 1, 1, 0, 1, 0), "a4", "2026-04-10T09:00:00Z"}, // of the same time as the next
			{1, map[string]string{"hour": "2026-04-10T09"}, distinct(0, 1, 1, 0, 1, 0), "a3", "2026-04-10T09:00:00Z"},
		}},
		{"account", 2, []Group{{3, map[string]string{}, distinct(1, 1, 2, 1, 1, 0), "a3", "2026-04-10T09:00:00Z"}}},
		{"ip_address", 1, []Group{
			{2, map[string]string{}, distinct(0, 2, 1, 0, 1, 0), "a4", "2026-04-10T09:00:00Z"},
			{2, map[string]string{}, distinct(1, 1, 1, 1, 1, 0), "a2", "2026-04-10T10:59:59+02:00"},
			{1, map[string]string{}, distinct(0, 0, 1, 0, 1, 0), "a5", "2026-04-11T09:00:00Z"},
		}},
		{"user_agent", 1, []Group{{1, map[string]string{}, distinct(0, 1, 1, 1, 1, 0), "a1", "2026-04-10T08:00:00Z"}}},
		{"actor type", 1, []Group{{1, map[string]string{"actor": "user_1", "type": "sso_login_failed"}, distinct(1, 1, 1, 0, 1, 0), "a2", "2026-04-10T10:59:59+02:00"}}},
		{"organization", 1, []Group{{1, map[string]string{"organization": "org_1"}, distinct(0, 0, 0, 0, 1, 1), "a6", "2026-04-11T09:30:00Z"}}},
		{"day", 3, []Group{{4, map[string]string{"day": "2026-04-10"}, distinct(1, 2, 2, 1, 1, 0), "a4", "2026-04-10T09:00:00Z"}}},
	} {
		for range 5 { // in any order, as from a read in parts
			s := New(strings.Fields(test.by)...)
			add(t, s, all...)
			got, err := s.Groups(test.minCount)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Fatalf("by %q: got %+v and error %v, want %+v", test.by, got, err, test.want)
			}
			if s.Total != 6 {
				t.Errorf("got the total %d, want those in no group too", s.Total)
			}
			rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
	}
}

func TestGroupBounds(t *testing.T) {
	t.Parallel()
	s := New("ip_address")
	for i := range MaxGroups + 1 {
		if got, err := s.Groups(0); err != nil || len(got) != i {
			t.Fatalf("got %d groups and error %v, want %d", len(got), err, i)
		}
		add(t, s, at(fmt.Sprint(i), "2026-04-10T08:00:00Z", activity.Actor{IPAddress: new(fmt.Sprint(i))}))
	}
	if _, err := s.Groups(1); !errors.Is(err, ErrTooManyGroups) {
		t.Errorf("got error %v, want that there are too many groups", err)
	}
	if got, err := s.Groups(2); err != nil || len(got) != 0 {
		t.Errorf("got %d groups and error %v, want none that is so large", len(got), err)
	}

	s = New("type")
	s.groups.maxValues = 10
	for i := range 9 {
		a := at(fmt.Sprint(i), "2026-04-10T08:00:00Z", activity.Actor{UserAgent: new(strings.Repeat("x", 1000) + fmt.Sprint(i%8))})
		add(t, s, a, a)
	}
	if err := s.Add(new(at("9", "2026-04-10T08:00:00Z", activity.Actor{UserAgent: new("9")}))); !errors.Is(err, ErrTooManyValues) {
		t.Errorf("got error %v, want that there are too many values", err)
	}
	for value := range maps.Keys(s.groups.values) {
		if len(value) > 64 {
			t.Errorf("a value of %d bytes is kept", len(value))
		}
	}
}

// The groups of every combination, against the plainest way to count them.
func TestGroupsAgainstLists(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	one := func(values ...string) *string {
		if v := values[random.IntN(len(values))]; v != "" {
			return &v
		}
		return nil
	}
	var all []activity.Activity
	for i := range 300 {
		all = append(all, activity.Activity{
			ID: fmt.Sprintf("a%03d", i), CreatedAt: fmt.Sprintf("2026-04-%02dT%02d:00:00Z", 10+random.IntN(2), random.IntN(3)), Type: *one("a", "b"), OrganizationID: one("", "org_1", "org_2"),
			Actor: &activity.Actor{UserID: one("", "u1", "u2"), EmailAddress: one("", "x@example.com", "y@example.com"), IPAddress: one("", "192.0.2.1", "192.0.2.2"), UserAgent: one("", "curl")},
		})
	}
	field := func(a activity.Activity, name string) string {
		value := map[string]*string{"actor": a.Actor.UserID, "account": a.Actor.EmailAddress, "ip_address": a.Actor.IPAddress, "user_agent": a.Actor.UserAgent,
			"type": &a.Type, "organization": a.OrganizationID, "hour": new(a.CreatedAt[:13]), "day": new(a.CreatedAt[:10])}[name]
		if value == nil {
			return ""
		}
		return *value
	}
	names := Groupings()
	for bits := 1; bits < 1<<len(names); bits++ {
		var by []string
		for i, name := range names {
			if bits&(1<<i) != 0 {
				by = append(by, name)
			}
		}
		s := New(by...)
		add(t, s, all...)
		got, err := s.Groups(0)
		if err != nil {
			t.Fatal(err)
		}
		lists := map[string][]activity.Activity{}
		for _, a := range all {
			var key []string
			for _, name := range by {
				key = append(key, field(a, name))
			}
			if !slices.Contains(key, "") {
				lists[strings.Join(key, "|")] = append(lists[strings.Join(key, "|")], a)
			}
		}
		if len(got) != len(lists) {
			t.Fatalf("by %v: got %d groups, want %d", by, len(got), len(lists))
		}
		for _, list := range lists {
			i := slices.IndexFunc(got, func(g Group) bool {
				return slices.ContainsFunc(list, func(a activity.Activity) bool { return a.ID == g.NewestID })
			})
			if i < 0 || got[i].Count != int64(len(list)) {
				t.Fatalf("by %v: no group of the %d activities with %s", by, len(list), list[0].ID)
			}
			for name, n := range got[i].Distinct {
				different := map[string]bool{}
				for _, a := range list {
					different[field(a, name)] = true
				}
				delete(different, "")
				if n != int64(len(different)) {
					t.Errorf("by %v: got %d different %s, want %d", by, n, name, len(different))
				}
			}
		}
	}
}
