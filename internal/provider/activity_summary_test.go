package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

const summaryName = TypeName + "_activity_summary"

// people are activities of each kind of actor, two of them with addresses that must not
// come out.
var people = []string{
	`{"id":"a1","created_at":"2026-04-10T23:59:59Z","type":"sso_login_failed","organization_id":null,"actor":{"type":"unauthenticated_user_actor","unauthenticated_email_address":"someone@example.com","ip_address":"192.0.2.7"}}`,
	`{"id":"a2","created_at":"2026-04-11T00:00:00Z","type":"api_key_created","organization_id":"org_1","actor":{"type":"user_actor","user_id":"user_1","email_address":"user@example.com","ip_address":"192.0.2.8"}}`,
	`{"id":"a3","created_at":"2026-04-11T01:00:00+03:00","type":"api_key_created","organization_id":"org_1","actor":{"type":"user_actor","user_id":"user_1"}}`,
	`{"id":"a4","created_at":"2026-04-11T02:00:00Z","type":"api_key_created","organization_id":"org_2","actor":{"type":"anthropic_actor","email_address":null}}`,
	`{"id":"a5","created_at":"2026-04-11T03:00:00.5Z","type":"scim_user_created","organization_id":"org_1","actor":{"type":"scim_directory_sync_actor","directory_id":"directory_1"}}`,
	`{"id":"a6","created_at":"2026-04-11T03:00:00Z","type":"org_icon","organization_id":"org_1","actor":null}`,
}

func TestSummary(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)}), nil)
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		got := read(summaryName, values{"created_at_lt": "2027-01-01T00:00:00Z"})
		for name, want := range (values{
			"total":             6,
			"by_type":           values{"sso_login_failed": 1, "api_key_created": 3, "scim_user_created": 1, "org_icon": 1},
			"by_actor_type":     values{"unauthenticated_user_actor": 1, "user_actor": 2, "anthropic_actor": 1, "scim_directory_sync_actor": 1, "none": 1},
			"by_organization":   values{"none": 1, "org_1": 4, "org_2": 1},
			"by_actor":          values{"unauthenticated_user_actor": 1, "user_1": 2, "anthropic_actor": 1, "directory_1": 1, "none": 1},
			"by_day":            values{"2026-04-10": 2, "2026-04-11": 4},
			"oldest_created_at": "2026-04-11T01:00:00+03:00",
			"newest_created_at": "2026-04-11T03:00:00.5Z",
			"window":            values{"start": nil, "end": "2027-01-01T00:00:00Z"},
		}) {
			requireEqual(t, name, got[name], want)
		}
		if id, _ := got["request_id"].(string); !strings.HasPrefix(id, "req_") {
			t.Errorf("got the request_id %v, want that of the last page", got["request_id"])
		}
		for _, address := range []string{"example.com", "192.0.2."} {
			if text := fmt.Sprint(got); strings.Contains(text, address) {
				t.Errorf("got %q in %s, want no address", address, text)
			}
		}
	}
}

func TestSummaryOfNothing(t *testing.T) {
	t.Parallel()
	got := reading(t, newFake(t, fakeapi.Options{}), nil).mustRead(summaryName, nil)
	for name, want := range (values{
		"total": 0, "by_type": values{}, "by_actor_type": values{}, "by_organization": values{}, "by_actor": values{}, "by_day": values{},
		"oldest_created_at": nil, "newest_created_at": nil,
	}) {
		requireEqual(t, name, got[name], want)
	}
}

// TestSummaryOfMany reads more than a list may have, in parts, with activities that come
// twice.
func TestSummaryOfMany(t *testing.T) {
	t.Parallel()
	const n = maxActivities + 2500
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: n})})
	s := reading(t, fake, values{"max_concurrent_requests": 8})
	fake.Inject(fakeapi.Always, fakeapi.RepeatActivity())
	requireEqual(t, "total", s.mustRead(summaryName, values{"created_at_gte": "2026-01-01T00:00:00Z"})["total"], n)
}

func TestSummaryErrors(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)})
	s := reading(t, fake, nil)
	t.Run("created_at", func(t *testing.T) {
		fake.Inject(fakeapi.Always, fakeapi.SetField(1, "created_at", `"last week"`))
		defer fake.ClearFaults()
		_, diags := s.in(t).read(summaryName, nil)
		requireError(t, diags, "", "An activity cannot be counted", `"last week"`, "Page 1 of compliance_activity_summary", "compliance_activities")
	})
	t.Run("server", func(t *testing.T) {
		fake.Inject(fakeapi.Always, fakeapi.ServerError("false"))
		defer fake.ClearFaults()
		result, diags := s.in(t).read(summaryName, nil)
		requireError(t, diags, "", "Page 1 of compliance_activity_summary", "HTTP 500")
		if result["total"] != nil {
			t.Errorf("got the total %v, want none", result["total"])
		}
	})
	t.Run("timeout", func(t *testing.T) {
		fake.Inject(fakeapi.Always, fakeapi.Hang())
		defer fake.ClearFaults()
		_, diags := s.in(t).read(summaryName, values{"timeouts": values{"read": "50ms"}})
		requireError(t, diags, "", "The read took too long", "50ms (timeouts.read)")
	})
	t.Run("bounds", func(t *testing.T) {
		requireError(t, s.in(t).validate(summaryName, values{"created_at_gt": "2026-04-10T00:00:00Z", "created_at_lte": "2026-04-10T00:00:00Z"}),
			"created_at_gt", "leave no instant")
	})
}

func TestSummaryLookback(t *testing.T) {
	t.Parallel()
	p := newTestProvider()
	p.now = func() time.Time { return time.Date(2026, 4, 11, 1, 0, 0, 0, time.UTC) }
	s := start(t, p)
	s.configure(withFake(newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)}), nil))
	got := s.mustRead(summaryName, values{"lookback": "1h"})
	requireEqual(t, "by_type", got["by_type"], values{"api_key_created": 2, "scim_user_created": 1, "org_icon": 1})
	requireEqual(t, "window", got["window"], values{"start": "2026-04-11T00:00:00Z", "end": nil})
}
