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
	`{"id":"a7","created_at":"2026-04-11T04:00:00Z","type":"org_icon","organization_id":"org_1","canary":"leak","actor":{"type":"federated_identity_actor","email_address":"leak@example.com",` +
		`"unauthenticated_email_address":"leak","ip_address":"leak","user_agent":"leak","idp_connection_type":"leak","workos_event_id":"leak","issuer":"leak","subject":"leak","kid_hash":"leak"}}`,
	`{"id":"a8","created_at":"2026-04-11T05:00:00Z","type":"org_icon","organization_id":"org_1","actor":{"type":"attested_device_actor","external_client_id":"client_1","ip_address":"192.0.2.9","user_agent":"leak"}}`,
}

func TestSummary(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)}), nil)
	config := values{"created_at_lt": "2027-01-01T00:00:00Z", "group_by": []string{"actor", "account"}, "max_groups": 2}
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		got := read(summaryName, config)
		for name, want := range (values{
			"total":             8,
			"excepted":          0,
			"by_type":           values{"sso_login_failed": 1, "api_key_created": 3, "scim_user_created": 1, "org_icon": 3},
			"by_actor_type":     values{"unauthenticated_user_actor": 1, "user_actor": 2, "anthropic_actor": 1, "scim_directory_sync_actor": 1, "federated_identity_actor": 1, "attested_device_actor": 1, "none": 1},
			"by_organization":   values{"none": 1, "org_1": 6, "org_2": 1},
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
			"groups": []any{
				values{
					"count": 1, "keys": values{"actor": "client_1", "account": "none"}, "by_type": values{"org_icon": 1}, "newest_id": "a8", "newest_created_at": "2026-04-11T05:00:00Z",
					"distinct": values{"actor": 1, "account": 0, "ip_address": 1, "user_agent": 1, "type": 1, "organization": 1}, "baseline": nil,
				},
				values{
					"count": 1, "keys": values{"actor": "federated_identity_actor"}, "by_type": values{"org_icon": 1}, "newest_id": "a7", "newest_created_at": "2026-04-11T04:00:00Z",
					"distinct": values{"actor": 0, "account": 1, "ip_address": 1, "user_agent": 1, "type": 1, "organization": 1}, "baseline": nil,
				},
			},
			"more_groups": 6,
			"listing": "  1 activity  account none  actor client_1  newest a8 at 2026-04-11T05:00:00Z\n" +
				"  1 activity  actor federated_identity_actor  newest a7 at 2026-04-11T04:00:00Z\n  and 6 more groups",
			"window": values{"start": nil, "end": "2027-01-01T00:00:00Z"},
		}) {
			requireEqual(t, name, got[name], want)
		}
		if id, _ := got["request_id"].(string); !strings.HasPrefix(id, "req_") {
			t.Errorf("got the request_id %v, want that of the last page", got["request_id"])
		}
	}
	for _, name := range append(summary.Groupings(), "canary", "actor.subject", "actor.email_address", "") {
		config := values{}
		if name != "" {
			config["group_by"] = []string{name}
		}
		got := s.mustRead(summaryName, config)
		if groups := got["groups"].([]any); (name == "") != (len(groups) == 0) {
			t.Errorf("got %d groups by %q", len(groups), name)
		}
		for _, personal := range []string{"example.com", "192.0.2.", "leak"} {
			if text := fmt.Sprint(got); strings.Contains(text, personal) {
				t.Errorf("by %q: got %q in %s, want nothing personal", name, personal, text)
			}
		}
	}
}

func latest(id, createdAt, activityType string, organizationID, actorType, actorID any) values {
	return values{"id": id, "created_at": createdAt, "type": activityType, "organization_id": organizationID, "actor_type": actorType, "actor_id": actorID}
}

// What a message says, without groups and with them, of as many as there may be. What an
// outside client calls itself cannot make a line of its own.
func TestSummaryListing(t *testing.T) {
	t.Parallel()
	all := slices.Concat(people[:7], []string{`{"id":"a9","created_at":"2026-04-11T06:00:00Z","type":"org_icon","actor":{"type":"attested_device_actor","external_client_id":"\n  and 0 more\u001b[2J` + strings.Repeat("x", 500) + `"}}`})
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(all...)}), nil)
	listing := func(config values) []string {
		return strings.Split(s.mustRead(summaryName, config)["listing"].(string), "\n")
	}
	got := listing(nil)
	if len(got) != 8 || !strings.Contains(got[0], "and 0 morexxx") || strings.Contains(got[0], "\x1b") || len(got[0]) > 250 {
		t.Errorf("got %q first", got[0])
	}
	requireEqual(t, "lines", got[1:4], []string{
		"  2026-04-11T04:00:00Z  org_icon  a7  by federated_identity_actor",
		"  2026-04-11T03:00:00.5Z  scim_user_created  a5  by directory_1",
		"  2026-04-11T03:00:00Z  org_icon  a6  by nobody named",
	})
	requireEqual(t, "listing of groups", listing(values{"group_by": []string{"type", "day"}, "min_count": 2}), []string{
		"  3 activities  day 2026-04-11  type org_icon  newest a9 at 2026-04-11T06:00:00Z",
		"  2 activities  day 2026-04-11  type api_key_created  2 organizations  newest a4 at 2026-04-11T02:00:00Z",
	})
	s = reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(1234)...)}), nil)
	for config, more := range map[string]string{"id": "  and 1,214 more groups", "": "  and 1,214 more"} {
		arguments := values{}
		if config != "" {
			arguments = values{"group_by": []string{config}, "max_groups": 500}
		}
		got := listing(arguments)
		requireEqual(t, "lines", len(got), 21)
		requireEqual(t, "last line", got[20], more)
	}
}

func TestSummaryArguments(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{}), nil)
	by := []string{"type"}
	for name, test := range map[string]struct {
		config values
		at     string
		says   string
	}{
		"group_by nothing":          {values{"group_by": []string{}}, "group_by", "The set is empty"},
		"group_by a null":           {values{"group_by": []any{nil, unknown}}, "group_by", "The set holds a null"},
		"group_by the actor's":      {values{"group_by": []string{"type", "actor."}}, "group_by", `"actor." has an empty name`},
		"group_by created_at":       {values{"group_by": []string{"created_at"}}, "group_by", "Activities can be grouped by actor, account"},
		"min_count 0":               {values{"group_by": by, "min_count": 0}, "min_count", "a whole number, 1 or more"},
		"min_count 1.5":             {values{"group_by": by, "min_count": 1.5}, "min_count", "a whole number"},
		"min_count alone":           {values{"min_count": 2}, "min_count", "group_by"},
		"max_groups 0":              {values{"group_by": by, "max_groups": 0}, "max_groups", "a whole number from 1 to 1000"},
		"max_groups 1001":           {values{"group_by": by, "max_groups": 1001}, "max_groups", "The value 1001 must be a whole number from 1 to 1000"},
		"max_groups alone":          {values{"max_groups": 2}, "max_groups", "group_by"},
		"within alone":              {values{"within": "10m"}, "within", "group_by"},
		"within an hour":            {values{"within": "10m", "group_by": []any{"hour", unknown}}, "within", `Leave "hour" and "day" out`},
		"within a day":              {values{"within": unknown, "group_by": []string{"day", "type"}}, "within", `Leave "hour" and "day" out`},
		"within nothing":            {values{"within": "999ms", "group_by": by}, "within", "must be at least 1s"},
		"within words":              {values{"within": "ten minutes", "group_by": by}, "within", "must be a duration"},
		"baseline alone":            {values{"baseline": "30d", "lookback": "24h"}, "baseline", "group_by"},
		"baseline without a window": {values{"baseline": "30d", "group_by": by, "created_at_lt": "2026-04-11T00:00:00Z"}, "baseline", "Set lookback"},
		"baseline of months":        {values{"baseline": "1mo", "group_by": by, "lookback": "24h"}, "baseline", "write days"},
	} {
		t.Run(name, func(t *testing.T) {
			requireError(t, s.in(t).validate(summaryName, test.config), test.at, test.says)
		})
	}
	for _, config := range []values{
		{"group_by": unknown, "min_count": unknown, "max_groups": unknown, "within": unknown, "baseline": unknown, "lookback": unknown},
		{"group_by": []any{unknown, "hour"}, "min_count": 1, "max_groups": 1000, "baseline": "1ms", "created_at_gt": unknown},
		{"group_by": []any{"resource_id", "provider.type"}, "within": "1s"},
	} {
		requireNone(t, s.validate(summaryName, config))
	}
}

// Three refused sign-ins around an hour's border, one alike in the days before and one on
// the bound, which is before the window if that is exclusive.
var refused = []string{
	`{"id":"a1","created_at":"2026-04-08T00:00:00Z","type":"sso_login_failed","name":"old","actor":{"unauthenticated_email_address":"a@example.com"}}`,
	`{"id":"a2","created_at":"2026-04-08T01:00:00Z","type":"sso_login_failed","name":"fine"}`,
	`{"id":"a3","created_at":"2026-04-09T00:00:00Z","type":"sso_login_failed","name":"fine"}`,
	`{"id":"a4","created_at":"2026-04-10T00:00:00Z","type":"sso_login_failed","name":"old","actor":{"unauthenticated_email_address":"A@example.com"}}`,
	`{"id":"a5","created_at":"2026-04-10T01:58:00Z","type":"sso_login_failed","name":"old","actor":{"unauthenticated_email_address":"a@example.com"}}`,
	`{"id":"a6","created_at":"2026-04-10T02:02:00Z","type":"magic_link_login_failed","name":"old","actor":{"unauthenticated_email_address":"a@example.com"}}`,
	`{"id":"a7","created_at":"2026-04-10T09:00:00Z","type":"sso_login_failed","name":"new","actor":{"unauthenticated_email_address":"a@example.com"}}`,
	`{"id":"a8","created_at":"2026-04-10T09:00:00Z","type":"sso_login_failed","name":"fine"}`,
}

func TestSummaryWithinAndBaseline(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(refused...)})
	s := reading(t, fake, nil)
	usual := func(count, mean, deviation any) values {
		return values{"count": count, "mean": mean, "deviation": deviation}
	}
	for name, test := range map[string]struct {
		config          values
		total, excepted int
		counts          []any // count, newest and baseline of each group
		gte             string
	}{
		"within": {values{"group_by": []string{"account"}, "within": "10m", "created_at_gte": "2026-04-10T00:00:00Z"}, 4, 1, []any{2, "a6", nil}, "2026-04-10T00:00:00Z"},
		"baseline of a bound that is in the window": {values{"group_by": []string{"account"}, "baseline": "2d", "created_at_gte": "2026-04-10T00:00:00Z"}, 4, 1,
			[]any{4, "a7", usual(1, nil, nil)}, "2026-04-08T00:00:00Z"},
		"baseline of a bound that is not": {values{"group_by": []string{"account"}, "baseline": "2d", "created_at_gt": "2026-04-10T00:00:00Z"}, 3, 1,
			[]any{3, "a7", usual(2, nil, nil)}, "2026-04-08T00:00:00Z"},
		"baseline of two bounds": {values{"group_by": []string{"account"}, "baseline": "1h", "created_at_gt": "2026-04-09T00:00:00Z", "created_at_gte": "2026-04-10T00:00:00Z"}, 4, 1,
			[]any{4, "a7", usual(0, nil, nil)}, "2026-04-09T23:00:00Z"},
		"both": {values{"group_by": []string{"name"}, "within": "5m", "baseline": "3d", "created_at_gte": "2026-04-10T01:00:00Z"}, 3, 1,
			[]any{2, "a6", usual(2, nil, nil), 1, "a7", usual(0, nil, nil)}, "2026-04-07T01:00:00Z"},
		"by hour": {values{"group_by": []string{"name", "hour"}, "baseline": "2d", "created_at_gt": "2026-04-10T00:00:00Z"}, 3, 1,
			[]any{1, "a7", usual(0, 0, 0), 1, "a6", usual(2, 1, 0), 1, "a5", usual(2, 1, 0)}, "2026-04-08T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			fake.ResetRequests()
			test.config["except"] = []any{values{"name": []string{"fine"}}}
			got := s.mustRead(summaryName, test.config)
			requireEqual(t, "total", got["total"], test.total)
			requireEqual(t, "excepted", got["excepted"], test.excepted)
			var counts []any
			for _, group := range got["groups"].([]any) {
				counts = append(counts, group.(values)["count"], group.(values)["newest_id"], group.(values)["baseline"])
			}
			requireEqual(t, "groups", counts, test.counts)
			query := fake.Requests()[0].Query
			requireEqual(t, "created_at.gte", query.Get("created_at.gte"), test.gte)
			if test.config["baseline"] != nil {
				requireEqual(t, "created_at.gt", query.Get("created_at.gt"), "")
			}
			start := test.config["created_at_gte"]
			if start == nil {
				start = test.config["created_at_gt"]
			}
			requireEqual(t, "window", got["window"], values{"start": start, "end": nil})
		})
	}
}

// A window in the future is one of nothing, also where its baseline is not.
func TestSummaryOfTheFutureWithBaseline(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(refused...)}), nil)
	_, diags := s.read(summaryName, values{"group_by": []string{"name"}, "baseline": "20000d", "created_at_gte": time.Now().Add(time.Hour).Format(time.RFC3339)})
	requireError(t, diags, "", "The window begins in the future")
}

func TestSummaryOfTooManyGroups(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(summary.MaxGroups + 1)...)}), nil)
	_, diags := s.read(summaryName, values{"group_by": []string{"id"}})
	requireError(t, diags, "", "More than 1,000 groups", "min_count", "max_groups", "Nothing was returned")
	requireEqual(t, "groups", s.mustRead(summaryName, values{"group_by": []string{"id"}, "min_count": 2})["groups"], []any{})
}

func TestSummaryOfNothing(t *testing.T) {
	t.Parallel()
	got := reading(t, newFake(t, fakeapi.Options{}), nil).mustRead(summaryName, values{"group_by": []string{"type"}})
	for name, want := range (values{
		"total": 0, "by_type": values{}, "by_actor_type": values{}, "by_organization": values{}, "by_day": values{},
		"oldest_created_at": nil, "newest_created_at": nil, "newest": []any{}, "groups": []any{}, "more_groups": 0, "listing": "", "excepted": 0,
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

// What comes in parts is in no order, and some of it twice, which nothing may depend on. From a
// server whose times are too coarse for it, all is read again, and what came before counts for
// nothing.
func TestSummaryInParts(t *testing.T) {
	t.Parallel()
	for name, breach := range map[string]fakeapi.Fault{"good": fakeapi.RepeatActivity(), "coarse": fakeapi.CoarseTimes(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: 12_000}), RateLimit: 1_000_000})
			fake.Inject(fakeapi.Always, breach)
			inOnePiece, inParts := reading(t, fake, values{"max_concurrent_requests": 1}), reading(t, fake, nil)
			configs := []values{
				{"group_by": []string{"organization", "type", "day"}, "min_count": 5},
				{"group_by": []string{"account", "ip_address"}, "within": "3h", "max_groups": 50},
				{"group_by": []string{"actor", "hour"}, "baseline": "20d", "created_at_gt": "2026-08-21T00:00:00Z", "max_groups": 50},
				{"group_by": []string{"actor"}, "within": "1h", "baseline": "20d", "created_at_gte": "2026-08-21T00:00:00Z", "max_groups": 50},
			}
			if name == "coarse" {
				configs = configs[3:]
			}
			for i, config := range configs {
				config["except"] = []any{values{"type": []string{"claude_*"}}}
				if config["baseline"] == nil {
					config["created_at_gte"] = "2026-08-01T00:00:00Z"
				}
				want := inOnePiece.mustRead(summaryName, config)
				fake.ResetRequests()
				got := inParts.mustRead(summaryName, config)
				if !slices.ContainsFunc(fake.Requests(), func(r fakeapi.Request) bool { return r.Query.Has("created_at.lt") }) {
					t.Error("it was not read in parts")
				}
				for _, name := range []string{"total", "excepted", "newest", "groups", "more_groups", "by_actor_type", "listing"} {
					requireEqual(t, fmt.Sprintf("%d: %s", i, name), got[name], want[name])
				}
				if got["excepted"] == 0 || len(got["groups"].([]any)) < 2 {
					t.Errorf("%d: got %v excepted and %d groups, want some", i, got["excepted"], len(got["groups"].([]any)))
				}
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
