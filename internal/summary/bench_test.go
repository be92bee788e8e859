package summary

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/except"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// A page of activities of 100 types by 500 users.
func BenchmarkAdd(b *testing.B) {
	activities := make([]activity.Activity, 5000)
	start := time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC)
	for i := range activities {
		activities[i] = activity.Activity{
			ID:             fmt.Sprintf("activity_%d", i),
			CreatedAt:      start.Add(time.Duration(i) * time.Minute).Format(time.RFC3339),
			Type:           fmt.Sprintf("type_%d", i%100),
			OrganizationID: new("org_1"),
			Actor:          &activity.Actor{Type: new("user_actor"), UserID: new(fmt.Sprintf("user_%d", i%500))},
		}
	}
	var by []Grouping
	for _, name := range []string{"actor", "account"} {
		g, err := NewGrouping(name)
		if err != nil {
			b.Fatal(err)
		}
		by = append(by, g)
	}
	half := start.Add(2500 * time.Minute)
	for name, options := range map[string]Options{
		"no_groups": {}, "groups": {GroupBy: by}, "within": {GroupBy: by, Within: time.Hour},
		"baseline": {GroupBy: by, Start: half, Baseline: 2500 * time.Minute}, "within_and_baseline": {GroupBy: by, Within: time.Hour, Start: half, Baseline: 2500 * time.Minute},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := New(options)
				for i := range activities {
					if err := s.Add(&activities[i]); err != nil {
						b.Fatal(err)
					}
				}
				if _, _, err := s.Groups(2, 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(activities))/b.Elapsed().Seconds(), "activities/s")
		})
	}
}

// What exceptions add to a summary of 100,000 activities, from the text of their pages: of
// cheap conditions first and of those that look at an activity's own fields alone.
func BenchmarkExcept(b *testing.B) {
	var pages [][]byte
	for page := range 20 {
		texts := fakeapi.Generate(fakeapi.Spec{Activities: 5000, Seed: uint64(page)}).All()
		pages = append(pages, fmt.Appendf(nil, `{"has_more":true,"data":[%s]}`, strings.Join(texts, ",")))
	}
	office := map[string][]string{"actor.ip_address": {"192.0.2.0/24", "2001:db8::/32"}, "actor.user_id": {"user_1", "user_2"}, "role": {"admin"}}
	reviewed := map[string][]string{"id": {"activity_1", "activity_2"}}
	for name, maps := range map[string][]map[string][]string{
		"none":      nil,
		"three":     {{"enabled": {"true"}}, office, reviewed},
		"own_field": {{"enabled": {"true"}}, {"role": {"*admin*"}}, {"audience.type": {"user", "group"}}},
	} {
		b.Run(name, func(b *testing.B) {
			var exceptions except.Exceptions
			for _, entries := range maps {
				var conditions []*except.Condition
				for field, values := range entries {
					path, err := activity.NewPath(field)
					if err != nil {
						b.Fatal(err)
					}
					c, faults := except.NewCondition(path, values)
					if len(faults) > 0 {
						b.Fatal(*faults[0])
					}
					conditions = append(conditions, c)
				}
				exceptions.Add(conditions)
			}
			excepted := 0
			for b.Loop() {
				s := New(Options{})
				for _, text := range pages {
					page, err := activity.Decode(text)
					if err != nil {
						b.Fatal(err)
					}
					for i := range page.Activities {
						if exceptions.Match(&page.Activities[i]) {
							excepted++
						} else if err := s.Add(&page.Activities[i]); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			b.ReportMetric(float64(excepted)/float64(b.N), "excepted")
		})
	}
}
