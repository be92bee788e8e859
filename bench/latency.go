//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// answerTime is how long the server takes for any answer in the table of latencies. The
// real one takes 0.9 to 5 seconds.
const answerTime = 2 * time.Second

// latencies measures what users wait for, since answers are slow: one plan each, since the
// waits do not vary.
func latencies(ctx context.Context, w io.Writer, e *engine) error {
	const activities = 40_000
	atOnce := []int{1, 4, 8}
	heads := []string{":a plan with", "requests"}
	for _, n := range atOnce {
		heads = append(heads, strconv.Itoa(n)+" at once")
	}
	t := newTable(heads...)
	for _, plan := range []struct {
		name, configuration string
	}{
		{"one gate", gates(1)},
		{"ten gates", gates(10)},
		{"a list of " + thousands(activities) + " activities", wholeFeed("compliance_activities", "")},
		{"the same, oldest first", wholeFeed("compliance_activities", `order = "asc"`)},
		{"a summary of " + thousands(activities) + " activities", wholeFeed("compliance_activity_summary", "")},
	} {
		var cells []string
		var requests int // which differ by a few
		for _, n := range atOnce {
			wall, sent, err := waitFor(ctx, e, activities, n, plan.configuration)
			if err != nil {
				return err
			}
			progress("%s, %d requests at once: wall %s", plan.name, n, seconds(wall))
			cells, requests = append(cells, seconds(wall)), max(requests, sent)
		}
		t.row(append([]string{plan.name, strconv.Itoa(requests)}, cells...)...)
	}
	return t.write(w)
}

// waitFor plans once.
func waitFor(ctx context.Context, e *engine, activities, atOnce int, configuration string) (time.Duration, int, error) {
	provider := fmt.Sprintf("\nprovider \"compliance\" {\n  max_concurrent_requests = %d\n}\n", atOnce)
	made, err := e.workspace(ctx, requiring(thisSource)+provider+configuration)
	if err != nil {
		return 0, 0, err
	}
	f, err := newFeed(ctx, fakeapi.Options{Latency: answerTime}, activities, "")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	u, err := made.run(ctx, f.variables, "plan", "-input=false", "-no-color")
	if err != nil {
		return 0, 0, err
	}
	return u.wall, len(f.Requests()), nil
}

// gates are policies of which each looks at an hour of its own.
func gates(n int) string {
	var text strings.Builder
	for i := range n {
		begin := time.Date(2026, 8, 20, i, 0, 0, 0, time.UTC)
		fmt.Fprintf(&text, `
data "compliance_activity_summary" "gate_%[1]d" {
  created_at_gte = %[2]q
  created_at_lt  = %[3]q

  lifecycle {
    postcondition {
      condition     = self.total < 5000
      error_message = "Too much has happened."
    }
  }
}
`, i, begin.Format(time.RFC3339), begin.Add(time.Hour).Format(time.RFC3339))
	}
	return text.String()
}

// wholeFeed reads all that the fake has.
func wholeFeed(object, argument string) string {
	return fmt.Sprintf(`
data %q "all" {
  created_at_gte = "2026-08-01T00:00:00Z"
  created_at_lt  = "2026-09-02T00:00:00Z"
  %s
}
`, object, argument)
}
