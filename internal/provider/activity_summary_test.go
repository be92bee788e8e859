package provider

import (
	"fmt"
	"maps"
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
		requireAttributes(t, got, values{
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
		})
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
	const start = "2026-04-10T00:00:00Z"
	for name, test := range map[string]struct {
		config values
		bound  string // the window begins there
		total  int
		groups []any // count, newest and baseline of each
		gte    string
	}{
		"within": {values{"group_by": []string{"account"}, "within": "10m"}, "created_at_gte", 4, []any{2, "a6", nil}, start},
		"baseline of a bound that is in the window": {values{"group_by": []string{"account"}, "within": "10m", "baseline": "2d"}, "created_at_gte", 4,
			[]any{2, "a6", usual(1, nil, nil)}, "2026-04-08T00:00:00Z"},
		"baseline of a bound that is not": {values{"group_by": []string{"account"}, "baseline": "2d"}, "created_at_gt", 3,
			[]any{3, "a7", usual(2, nil, nil)}, "2026-04-08T00:00:00Z"},
		"baseline of two bounds": {values{"group_by": []string{"account"}, "baseline": "1h", "created_at_gt": "2026-04-09T00:00:00Z"}, "created_at_gte", 4,
			[]any{4, "a7", usual(0, nil, nil)}, "2026-04-09T23:00:00Z"},
		"by hour": {values{"group_by": []string{"name", "hour"}, "baseline": "2d"}, "created_at_gt", 3,
			[]any{1, "a7", usual(0, 0, 0), 1, "a6", usual(2, 1, 0), 1, "a5", usual(2, 1, 0)}, "2026-04-08T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetRequests()
			maps.Copy(test.config, values{test.bound: start, "except": []any{values{"name": []string{"fine"}}}})
			got := s.in(t).mustRead(summaryName, test.config)
			var groups []any
			for _, group := range got["groups"].([]any) {
				groups = append(groups, group.(values)["count"], group.(values)["newest_id"], group.(values)["baseline"])
			}
			requireEqual(t, "groups", groups, test.groups)
			requireAttributes(t, got, values{"total": test.total, "excepted": 1, "window": values{"start": start, "end": nil}})
			query := fake.Requests()[0].Query
			requireEqual(t, "created_at.gte", query.Get("created_at.gte"), test.gte)
			if test.config["baseline"] != nil {
				requireEqual(t, "created_at.gt", query.Get("created_at.gt"), "")
			}
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
