package summary

import (
	"fmt"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
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
	by := groupBy(b, "actor", "account")
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
