package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/summary"
)

const summaryName = TypeName + "_activity_summary"

// people are activities of each kind of actor, some of them with addresses and the like that
// must not come out.
var people = []string{
	`{"id":"a1","created_at":"2026-04-10T23:59:59Z","type":"sso_login_failed","organization_id":null,"actor":{"type":"unauthenticated_user_actor","unauthenticated_email_address":"someone@example.com","ip_address":"192.0.2.7"}}`,
	`{"id":"a2","created_at":"2026-04-11T00:00:00Z","type":"api_key_created","organization_id":"org_1","actor":{"type":"user_actor","user_id":"user_1","email_address":"user@example.com","ip_address":"192.0.2.8"}}`,
	`{"id":"a3","created_at":"2026-04-11T01:00:00+03:00","type":"api_key_created","organization_id":"org_1","actor":{"type":"user_actor","user_id":"user_1"}}`,
	`{"id":"a4","created_at":"2026-04-11T02:00:00Z","type":"api_key_created","organization_id":"org_2","actor":{"type":"anthropic_actor","email_address":null}}`,
	`{"id":"a5","created_at":"2026-04-11T03:00:00.5Z","type":"scim_user_created","organization_id":"org_1","actor":{"type":"scim_directory_sync_actor","directory_id":"directory_1"}}`,
	`{"id":"a6","created_at":"2026-04-11T03:00:00Z","type":"org_icon","organization_id":"org_1","actor":null}`,
	`{"id":"a7","created_at":"2026-04-11T04:00:00Z","type":"org_icon","organization_id":"org_1","canary":"canary","actor":{"type":"federated_identity_actor","email_address":"canary@example.com",` +
		`"unauthenticated_email_address":"canary","ip_address":"canary","user_agent":"canary","idp_connection_type":"canary","workos_event_id":"canary","issuer":"canary","subject":"canary","kid_hash":"canary"}}`,
	`{"id":"a8","created_at":"2026-04-11T05:00:00Z","type":"org_icon","organization_id":"org_1","actor":{"type":"attested_device_actor","external_client_id":"client_1","ip_address":"192.0.2.9","user_agent":"canary"}}`,
}

func TestSummary(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)}), nil)
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		got := read(summaryName, values{"created_at_lt": "2027-01-01T00:00:00Z", "group_by": summary.Groupings()[:3]})
		for name, want := range (values{
			"total":             8,
			"excepted":          0,
			"by_type":           values{"sso_login_failed": 1, "api_key_created": 3, "scim_user_created": 1, "org_icon": 3},
			"by_actor_type":     values{"unauthenticated_user_actor": 1, "user_actor": 2, "anthropic_actor": 1, "scim_directory_sync_actor": 1, "federated_identity_actor": 1, "attested_device_actor": 1, "none": 1},
			"by_organization":   values{"none": 1, "org_1": 6, "org_2": 1},
			"by_actor":          values{"unauthenticated_user_actor": 1, "user_1": 2, "anthropic_actor": 1, "directory_1": 1, "federated_identity_actor": 1, "client_1": 1, "none": 1},
			"by_day":            values{"2026-04-10": 2, "2026-04-11": 6},
			"oldest_created_at": "2026-04-11T01:00:00+03:00",
			"newest_created_at": "2026-04-11T05:00:00Z",
			"newest": []any{
				latest("a8", "2026-04-11T05:00:00Z", "org_icon", "org_1", "attested_device_actor", "client_1"),
				latest("a7", "2026-04-11T04:00:00Z", "org_icon", "org_1", "federated_identity_actor", nil),
				latest("a5", "2026-04-11T03:00:00.5Z", "scim_user_created", "org_1", "scim_directory_sync_actor", "directory_1"),
				latest("a6", "2026-04-11T03:00:00Z", "org_icon", "org_1", nil, nil),
				latest("a4", "2026-04-11T02:00:00Z", "api_key_created", "org_2", "anthropic_actor", nil),
				latest("a2", "2026-04-11T00:00:00Z", "api_key_created", "org_1", "user_actor", "user_1"),
				latest("a1", "2026-04-10T23:59:59Z", "sso_login_failed", nil, "unauthenticated_user_actor", nil),
				latest("a3", "2026-04-11T01:00:00+03:00", "api_key_created", "org_1", "user_actor", "user_1"),
			},
			"groups": []any{values{
				"count": 1, "keys": values{"actor": "user_1"}, "newest_id": "a2", "newest_created_at": "2026-04-11T00:00:00Z",
				"distinct": values{"actor": 1, "account": 1, "ip_address": 1, "user_agent": 0, "type": 1, "organization": 1},
			}},
			"window": values{"start": nil, "end": "2027-01-01T00:00:00Z"},
		}) {
			requireEqual(t, name, got[name], want)
		}
		if id, _ := got["request_id"].(string); !strings.HasPrefix(id, "req_") {
			t.Errorf("got the request_id %v, want that of the last page", got["request_id"])
		}
	}
	for _, name := range append(summary.Groupings(), "") {
		config := values{}
		if name != "" {
			config["group_by"] = []string{name}
		}
		got := s.mustRead(summaryName, config)
		if groups := got["groups"].([]any); (name == "") != (len(groups) == 0) {
			t.Errorf("got %d groups by %q", len(groups), name)
		}
		for _, personal := range []string{"example.com", "192.0.2.", "canary"} {
			if text := fmt.Sprint(got); strings.Contains(text, personal) {
				t.Errorf("got %q in %s, want nothing personal", personal, text)
			}
		}
	}
}

func latest(id, createdAt, activityType string, organizationID, actorType, actorID any) values {
	return values{"id": id, "created_at": createdAt, "type": activityType, "organization_id": organizationID, "actor_type": actorType, "actor_id": actorID}
}

func TestSummaryGroups(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)}), nil)
	counts := func(config values) (counts []any) {
		for _, group := range s.mustRead(summaryName, config)["groups"].([]any) {
			counts = append(counts, group.(values)["count"], group.(values)["keys"])
		}
		return counts
	}
	requireEqual(t, "groups", counts(values{"group_by": []string{"organization", "type"}, "min_count": 2}),
		[]any{3, values{"organization": "org_1", "type": "org_icon"}, 2, values{"organization": "org_1", "type": "api_key_created"}})
	requireEqual(t, "groups of what is left", counts(values{"group_by": []string{"day"}, "except": []any{values{"actor.user_id": []string{"user_1"}}}}),
		[]any{5, values{"day": "2026-04-11"}, 1, values{"day": "2026-04-10"}})

	for name, test := range map[string]struct {
		config values
		at     string
		says   string
	}{
		"group_by nothing":   {values{"group_by": []string{}}, "group_by", "The set is empty"},
		"group_by a null":    {values{"group_by": []any{nil, unknown}}, "group_by", "cannot be grouped by"},
		"group_by otherwise": {values{"group_by": []string{"type", "user"}}, "group_by", "cannot be grouped by. Use one or more of actor, account"},
		"min_count 0":        {values{"group_by": []string{"type"}, "min_count": 0}, "min_count", "a whole number, 1 or more"},
		"min_count alone":    {values{"min_count": 2}, "min_count", "group_by"},
		"min_count 1.5":      {values{"group_by": []string{"type"}, "min_count": 1.5}, "min_count", "a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			requireError(t, s.in(t).validate(summaryName, test.config), test.at, test.says)
		})
	}
	requireNone(t, s.validate(summaryName, values{"group_by": unknown, "min_count": unknown}))
	requireNone(t, s.validate(summaryName, values{"group_by": []any{unknown}, "min_count": 1}))
}

func TestSummaryOfTooManyGroups(t *testing.T) {
	t.Parallel()
	all := records(summary.MaxGroups + 1)
	for i := range all {
		all[i] = strings.Replace(all[i], `"type":`, fmt.Sprintf(`"organization_id":"org_%d","type":`, i), 1)
	}
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(all...)}), nil)
	_, diags := s.read(summaryName, values{"group_by": []string{"organization"}})
	requireError(t, diags, "", "More than 1,000 groups", "min_count", "Nothing was returned")
	requireEqual(t, "groups", s.mustRead(summaryName, values{"group_by": []string{"organization"}, "min_count": 2})["groups"], []any{})
}

func TestSummaryOfNothing(t *testing.T) {
	t.Parallel()
	got := reading(t, newFake(t, fakeapi.Options{}), nil).mustRead(summaryName, nil)
	for name, want := range (values{
		"total": 0, "by_type": values{}, "by_actor_type": values{}, "by_organization": values{}, "by_actor": values{}, "by_day": values{},
		"oldest_created_at": nil, "newest_created_at": nil, "newest": []any{}, "groups": []any{}, "excepted": 0,
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

// What comes in parts is in no order, which nothing may depend on. From a server whose times
// are too coarse for it, all is read again, and what came before counts for nothing.
func TestSummaryInParts(t *testing.T) {
	t.Parallel()
	for name, breach := range map[string]fakeapi.Fault{"good": nil, "coarse": fakeapi.CoarseTimes(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: 12_000})})
			if breach != nil {
				fake.Inject(fakeapi.Always, breach)
			}
			s := reading(t, fake, nil)
			config := values{"group_by": []string{"organization", "type", "day"}, "min_count": 5, "except": []any{values{"type": []string{"claude_*"}}}}
			inOnePiece := s.mustRead(summaryName, config)
			config["created_at_gte"] = "2026-08-01T00:00:00Z"
			inParts := s.mustRead(summaryName, config)
			if !slices.ContainsFunc(fake.Requests(), func(r fakeapi.Request) bool { return r.Query.Has("created_at.lt") }) {
				t.Error("it was not read in parts")
			}
			for _, name := range []string{"total", "excepted", "newest", "groups", "by_actor"} {
				requireEqual(t, name, inParts[name], inOnePiece[name])
			}
			if inParts["excepted"] == 0 || len(inParts["groups"].([]any)) < 2 {
				t.Errorf("got %v excepted and %d groups, want some", inParts["excepted"], len(inParts["groups"].([]any)))
			}
		})
	}
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
			"created_at_gt", "cover no time")
	})
}

func TestSummaryLookback(t *testing.T) {
	t.Parallel()
	p := newTestProvider()
	p.now = func() time.Time { return time.Date(2026, 4, 11, 1, 0, 0, 0, time.UTC) }
	s := start(t, p)
	s.configure(withFake(newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)}), nil))
	got := s.mustRead(summaryName, values{"lookback": "1h"})
	requireEqual(t, "by_type", got["by_type"], values{"api_key_created": 2, "scim_user_created": 1, "org_icon": 3})
	requireEqual(t, "window", got["window"], values{"start": "2026-04-11T00:00:00Z", "end": nil})
}
