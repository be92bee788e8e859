package provider

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestEqualReadsAreOne lets reads begin side by side, while the fake takes its time.
func TestEqualReadsAreOne(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(5)...), Latency: 300 * time.Millisecond})
	s := reading(t, fake, nil)
	readAll := func(name string, configs ...values) []values {
		results := make([]values, len(configs))
		var wait sync.WaitGroup
		for i, config := range configs {
			wait.Go(func() { results[i], _ = s.read(name, config) })
		}
		wait.Wait()
		return results
	}
	types := []string{"api_key_created", "sso_login_failed"} // engines send sets in an order of their own, always the same
	for _, test := range []struct {
		name     string
		object   string
		configs  []values
		requests int
	}{
		{"lists", listName, []values{{"activity_types": types}, {"activity_types": types}, {"activity_types": types}}, 1},
		{"summaries", summaryName, []values{{"activity_types": types}, {"activity_types": types}, {"activity_types": types}}, 1},
		{"lookbacks", summaryName, []values{{"lookback": "1000w"}, {"lookback": "1000w"}}, 1},
		{"others", listName, []values{{"activity_types": types}, nil, {"order": "asc"}}, 3},
	} {
		fake.ResetRequests()
		results := readAll(test.object, test.configs...)
		if got := len(fake.Requests()); got != test.requests {
			t.Errorf("%s: got %d requests, want %d", test.name, got, test.requests)
		}
		for _, result := range results {
			switch {
			case result == nil:
				t.Errorf("%s: a result is missing", test.name)
			case test.object == listName:
				if got := len(ids(result)); got != 5 {
					t.Errorf("%s: got %d activities, want 5 in each result", test.name, got)
				}
			default:
				requireEqual(t, test.name, result["total"], 5)
			}
		}
	}
	fake.ResetRequests()
	s.list(nil)
	s.list(nil)
	if got := len(fake.Requests()); got != 2 {
		t.Errorf("got %d requests for two reads one after the other, want 2", got)
	}
}

func TestEqualReadsFailTogether(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Latency: 200 * time.Millisecond})
	fake.Inject(fakeapi.Always, fakeapi.ServerError("false"))
	s := reading(t, fake, nil)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			result, diags := s.read(listName, nil)
			if len(diags) != 1 || result["activities"] != nil {
				t.Errorf("got %v and %s, want the error and no activities", result, render(diags))
			}
		})
	}
	wait.Wait()
	if got := len(fake.Requests()); got != 1 {
		t.Errorf("got %d requests, want 1", got)
	}
}

// Others join a read for a while only: what they get must not be older than the feed's own
// delay explains.
func TestSharedForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s service
		var reads atomic.Int32
		slow := func() (outcome, diag.Diagnostics) {
			reads.Add(1)
			time.Sleep(time.Minute)
			return outcome{}, nil
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
			_, diags := s.shared(ctx, "key", func() (outcome, diag.Diagnostics) {
				reads.Add(1)
				select {
				case <-ctx.Done():
					return outcome{}, diag.Diagnostics{diag.NewErrorDiagnostic("cancelled", "")}
				case <-time.After(5 * time.Second):
					return outcome{}, nil
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
