package summary

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

func add(t *testing.T, s *Summary, activities ...activity.Activity) {
	t.Helper()
	for i := range activities {
		if err := s.Add(&activities[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	add(t, s, []activity.Activity{
		{ID: "1", CreatedAt: "2026-04-10T23:30:00-02:00", Type: "a", OrganizationID: new("org_1"),
			Actor: &activity.Actor{Type: new("user_actor"), UserID: new("user_1"), EmailAddress: new("someone@example.com"), IPAddress: new("192.0.2.1")}},
		{ID: "2", CreatedAt: "2026-04-10T08:00:00.25Z", Type: "a", OrganizationID: new("org_1"),
			Actor: &activity.Actor{Type: new("user_actor"), UserID: new("user_1")}},
		{ID: "3", CreatedAt: "2026-04-09T00:00:00Z", Type: "b"},
	}...)
	fault, ok := errors.AsType[*TimeError](s.Add(&activity.Activity{ID: "a1", CreatedAt: "2026-04-10 08:00:00Z", Type: "a"}))
	if !ok || *fault != (TimeError{"a1", "2026-04-10 08:00:00Z"}) || s.Total != 3 {
		t.Errorf("got %+v and the total %d, want a TimeError, and three counted", fault, s.Total)
	}
	for _, test := range []struct {
		name      string
		got, want map[string]int64
	}{
		{"ByType", s.ByType, map[string]int64{"a": 2, "b": 1}},
		{"ByActorType", s.ByActorType, map[string]int64{"user_actor": 2, "none": 1}},
		{"ByOrganization", s.ByOrganization, map[string]int64{"org_1": 2, "none": 1}},
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

// Terraform would make one key of them, with the count of either.
func TestKeysAreNormalised(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for i, text := range []string{"caf\u00e9", "cafe\u0301"} {
		add(t, s, activity.Activity{ID: fmt.Sprint(i), CreatedAt: "2026-04-10T08:00:00Z", Type: text, OrganizationID: &text, Actor: &activity.Actor{Type: &text}})
	}
	for i, counts := range []map[string]int64{s.ByType, s.ByActorType, s.ByOrganization} {
		if want := map[string]int64{"caf\u00e9": 2}; !maps.Equal(counts, want) {
			t.Errorf("map %d: got %v, want %v", i, counts, want)
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
		s := New(Options{})
		add(t, s, all...)
		var got []string
		for _, l := range s.Latest() {
			got = append(got, l.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if l := s.Latest()[0]; *l.OrganizationID != "org_1" || *l.ActorType != "user_actor" || *l.ActorID != "user_1" {
			t.Fatalf("got %+v", l)
		}
	}
	s := New(Options{})
	add(t, s, activity.Activity{ID: "a1", CreatedAt: "2026-04-10T10:00:00+02:00", Type: "t", Actor: &activity.Actor{UserID: new("a@example.com")}})
	if l := s.Latest()[0]; l.CreatedAt != "2026-04-10T10:00:00+02:00" || l.OrganizationID != nil || l.ActorType != nil || l.ActorID != nil {
		t.Errorf("got %+v, want created_at as sent and nil for what there is not", l)
	}
}

// One budget holds for all that a summary keeps, and its error says what takes the most.
func TestBudget(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC)
	by, organizations := groupBy(t, "user_agent"), groupBy(t, "organization")
	for name, test := range map[string]struct {
		options Options
		vary    func(a *activity.Activity, i int)
		want    Part
		after   int // activities
	}{
		"types":         {Options{}, func(a *activity.Activity, i int) { a.Type = fmt.Sprint(i) }, Maps, 98},
		"long types":    {Options{}, func(a *activity.Activity, i int) { a.Type = fmt.Sprint(i) + strings.Repeat("x", 255) }, Maps, 20},
		"organizations": {Options{}, func(a *activity.Activity, i int) { a.OrganizationID = new(fmt.Sprint(i)) }, Maps, 98},
		"groups":        {Options{GroupBy: by}, func(a *activity.Activity, i int) { a.Actor = &activity.Actor{UserAgent: new(fmt.Sprint(i))} }, Groups, 24},
		"values":        {Options{GroupBy: by}, func(a *activity.Activity, i int) { a.Actor = &activity.Actor{UserID: new(fmt.Sprint(i))} }, Groups, 47},
		"long keys": {Options{GroupBy: organizations}, func(a *activity.Activity, i int) {
			a.OrganizationID = new(fmt.Sprint(i) + strings.Repeat("x", 255))
		}, Groups, 9},
		"a stretch": {Options{GroupBy: by, Within: time.Hour}, func(*activity.Activity, int) {}, Stretch, 95},
		"a baseline": {Options{GroupBy: by, Baseline: time.Hour, Start: start.Add(time.Hour)}, func(a *activity.Activity, i int) {
			a.Actor = &activity.Actor{UserAgent: new(fmt.Sprint(i))}
		}, Baseline, 33},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(test.options)
			s.spent.left = 100
			for i := range 200 {
				a := activity.Activity{ID: fmt.Sprint(i), CreatedAt: "2026-04-10T00:00:00Z", Type: "t"}
				test.vary(&a, i)
				if err := s.Add(&a); err != nil {
					if fault, ok := errors.AsType[*BudgetError](err); !ok || fault.Most != test.want || i+1 < test.after-3 || i+1 > test.after+3 {
						t.Errorf("got %v, %+v after %d activities, want the part %d after about %d", err, fault, i+1, test.want, test.after)
					}
					return
				}
			}
			t.Error("got no error")
		})
	}
}
