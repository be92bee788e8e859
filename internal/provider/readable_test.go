package provider

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestEqualReadsAreOne lets reads begin side by side, while the fake takes its time. Each has
// its own result, or the same error.
func TestEqualReadsAreOne(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(5)...), Latency: 300 * time.Millisecond})
	s := reading(t, fake, nil)
	types := []string{"api_key_created", "sso_login_failed"} // engines send sets in an order of their own, always the same
	same := values{"activity_types": types}
	for _, test := range []struct {
		name     string
		object   string
		configs  []values
		requests int
	}{
		{"lists", listName, []values{same, same, same}, 1},
		{"summaries", summaryName, []values{same, same, same}, 1},
		{"lookbacks", summaryName, []values{{"lookback": "1000w"}, {"lookback": "1000w"}}, 1},
		{"others", listName, []values{same, {"max_results": 1}, {"max_results": 2}, {"max_results": 3}}, 4},
		{"failures", listName, []values{nil, nil, nil}, 1},
	} {
		fake.ResetRequests()
		if test.name == "failures" {
			fake.Inject(fakeapi.Times(1, fakeapi.Always), fakeapi.Status(500, "api_error", "Internal server error", "x-should-retry", "false"))
		}
		var wait sync.WaitGroup
		for _, config := range test.configs {
			wait.Go(func() {
				result, diags := s.read(test.object, config)
				switch most, _ := config["max_results"].(int); {
				case test.name == "failures":
					if len(diags) != 1 || result["activities"] != nil {
						t.Errorf("got %v and %s, want the error and no activities", result, render(diags))
					}
				case test.object == listName:
					requireEqual(t, test.name, ids(result), recordIDs(5, "desc")[:cmp.Or(most, 5)])
				default:
					requireEqual(t, test.name, result["total"], 5)
				}
			})
		}
		wait.Wait()
		requireEqual(t, test.name+": requests", len(fake.Requests()), test.requests)
	}
	fake.ResetRequests()
	s.list(nil)
	s.list(nil)
	requireEqual(t, "requests for two reads one after the other", len(fake.Requests()), 2)
}

// Others join a read for a while only: what they get must not be older than the feed's own
// delay explains.
func TestSharedForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s service
		var reads atomic.Int32
		slow := func() (attributes, diag.Diagnostics) {
			reads.Add(1)
			time.Sleep(time.Minute)
			return nil, nil
		}
		var wait sync.WaitGroup
		for _, after := range []time.Duration{0, time.Second, joinable - time.Second, joinable + time.Second, joinable + 2*time.Second, 2 * time.Minute} {
			wait.Go(func() {
				time.Sleep(after)
				s.shared(t.Context(), "key", slow)
			})
		}
		wait.Wait()
		if got := reads.Load(); got != 3 {
			t.Errorf("got %d reads, want one for each of: the first three, the next two, the last", got)
		}
	})
}

// TestCancelledReadIsReadAnew has the first of equal reads end by its own cancellation,
// which is no result for those that wait for it.
func TestCancelledReadIsReadAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s service
		var reads atomic.Int32
		share := func(ctx context.Context) string {
			_, diags := s.shared(ctx, "key", func() (attributes, diag.Diagnostics) {
				reads.Add(1)
				select {
				case <-ctx.Done():
					return nil, diag.Diagnostics{diag.NewErrorDiagnostic("cancelled", "")}
				case <-time.After(5 * time.Second):
					return nil, nil
				}
			})
			if diags.HasError() {
				return diags[0].Summary()
			}
			return "read"
		}
		first, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() { requireEqual(t, "the first", share(first), "cancelled") })
		synctest.Wait()
		for range 3 {
			wait.Go(func() { requireEqual(t, "another", share(t.Context()), "read") })
		}
		synctest.Wait()
		cancel()
		wait.Wait()
		requireEqual(t, "reads", reads.Load(), 2)
	})
}
