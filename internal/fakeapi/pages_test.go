package fakeapi_test

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// check compares the pages of a walk with the IDs that it should pass: all pages are full but
// the last, which is empty where nothing else is there.
func check(t *testing.T, what string, pages [][]string, backward bool, limit int, want []string) {
	t.Helper()
	last := len(pages) - 1
	full := !slices.ContainsFunc(pages[:last], func(page []string) bool { return len(page) != limit })
	if !full || len(pages[last]) > limit || last > 0 && len(pages[last]) == 0 {
		t.Errorf("%s: got %d pages, want each of %d activities", what, len(pages), limit)
	}
	if backward {
		slices.Reverse(pages)
	}
	if got := slices.Concat(pages...); !slices.Equal(got, want) {
		t.Errorf("%s: got %d activities %.300s, want %d %.300s", what, len(got), strings.Join(got, " "), len(want), strings.Join(want, " "))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	const limit = 5
	for _, n := range []int{0, 1, limit - 1, limit, limit + 1, 2 * limit, 3*limit + 2} {
		for _, order := range []string{"", "asc", "desc"} {
			t.Run(fmt.Sprintf("%d_%s", n, order), func(t *testing.T) {
				t.Parallel()
				// Two more than n, whose cursors are the ends that the walks start from.
				c := inProcess(fakeapi.New(quiet(records(n + 2)...)))
				query := fmt.Sprintf("&limit=%d", limit)
				if order != "" {
					query += "&order=" + order
				}
				whole := c.get(t, "limit=5000&order="+cmp.Or(order, "desc"))
				ids := whole.ids(t)
				if order == "asc" != slices.IsSorted(ids) {
					t.Fatalf("order %q: got %v", order, ids)
				}
				check(t, "forward", c.walk(t, query, "after_id", ""), false, limit, ids)
				check(t, "forward from the first", c.walk(t, query, "after_id", *whole.FirstID), false, limit, ids[1:])
				check(t, "backward from the last", c.walk(t, query, "before_id", *whole.LastID), true, limit, ids[:n+1])
			})
		}
	}
}

func TestEmptyAndDefaultPage(t *testing.T) {
	t.Parallel()
	const want = `{"data":[],"has_more":false,"first_id":null,"last_id":null}`
	if a := inProcess(fakeapi.New(quiet())).get(t, ""); a.body != want {
		t.Errorf("got %s, want %s", a.body, want)
	}
	if a := inProcess(fakeapi.New(quiet(records(101)...))).get(t, ""); len(a.Data) != 100 || !a.HasMore {
		t.Errorf("got %d activities, has_more %t, want 100 and more", len(a.Data), a.HasMore)
	}
}

// The feed's order is of instants, whatever their offset, and ties are broken by ID. Each copy of
// an activity is sent. One that is late stands where it was indexed, and its created_at is what bounds look at.
func TestOrder(t *testing.T) {
	t.Parallel()
	o := quiet(
		record("d", "2026-05-01T12:00:00+02:00", "t"), // 10:00
		record("b", "2026-05-01T11:00:00Z", "t"),
		record("a", "2026-05-01T11:00:00.000+00:00", "t"),
		record("c", "2026-05-01T06:30:00-04:30", "t"), // 11:00
		record("e", "2026-05-01T11:00:00.000000001Z", "t"),
		record("f", "2026-05-01T09:00:00Z", "t"),
		record("f", "2026-05-01T09:00:00Z", "t"),
	)
	o.Feed.AddLate(time.Date(2026, 5, 1, 13, 0, 0, 0, time.UTC), record("late", "2026-05-01T08:00:00Z", "t"))
	c := inProcess(fakeapi.New(o))
	if got := c.get(t, "created_at.lt=2026-05-01T09:00:00Z").ids(t); !slices.Equal(got, []string{"late"}) {
		t.Errorf("before all others: got %v", got)
	}
	want := strings.Split("f f d a b c e late", " ")
	if got := c.get(t, "order=asc").ids(t); !slices.Equal(got, want) {
		t.Errorf("asc: got %v, want %v", got, want)
	}
	slices.Reverse(want)
	if got := c.get(t, "").ids(t); !slices.Equal(got, want) {
		t.Errorf("desc: got %v, want %v", got, want)
	}
	if got := slices.Concat(c.walk(t, "limit=1", "after_id", "")...); !slices.Equal(got, want) {
		t.Errorf("in pages: got %v, want %v", got, want)
	}
}

// Every filter against a plain loop over the whole feed, which knows no index.
func TestFilters(t *testing.T) {
	t.Parallel()
	feed := fakeapi.Generate(fakeapi.Spec{Activities: 1000, Seed: 7, Span: 2 * time.Hour})
	feed.Add(records(20)...) // older than all generated ones
	feed.Add(
		record("added-1", "2026-08-31T23:00:00Z", "added"),
		record("added-2", "2026-08-31T23:30:00.5+02:00", "added"),
	)
	c := inProcess(fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true, RateLimit: 1e6}))
	var activities []activity
	for _, text := range feed.All() {
		activities = append(activities, decode(t, []byte(text)))
	}
	middle := activities[len(activities)/2].CreatedAt
	chosen := slices.IndexFunc(activities, func(a activity) bool {
		return a.CreatedAt.After(middle) && a.Type == "claude_chat_created" && a.Actor.UserID != ""
	})
	user := activities[chosen].Actor.UserID
	organization := activities[chosen].OrganizationID
	other := slices.IndexFunc(activities, func(a activity) bool {
		return a.OrganizationID != nil && *a.OrganizationID != *organization
	})
	uuid := activities[other].OrganizationUUID
	later := middle.Add(20 * time.Minute)
	inZone := later.In(time.FixedZone("", 5400)).Format(time.RFC3339Nano)

	isOf := func(a activity, organization *string) bool {
		return a.OrganizationID == nil || *a.OrganizationID == *organization
	}
	excluded := []string{"claude_chat_created", "claude_chat_viewed", "anthropic_access", "design_project_viewed"} // listed, filter-only, retired
	exact := middle.Format(time.RFC3339Nano)
	tests := []struct {
		name  string
		query url.Values
		match func(activity) bool
	}{
		{"none", url.Values{}, func(activity) bool { return true }},
		{
			"organization_id", url.Values{"organization_ids[]": {*organization}},
			func(a activity) bool { return isOf(a, organization) },
		},
		{
			"organizations_of_both_forms", url.Values{"organization_ids[]": {*uuid, *organization, "org_unknown"}},
			func(a activity) bool { return isOf(a, organization) || *a.OrganizationUUID == *uuid },
		},
		{
			"actor_alias_merged", url.Values{"actor_ids[]": {user}, "user_ids[]": {"user_unknown"}},
			func(a activity) bool { return a.Actor.UserID == user },
		},
		{
			"types", url.Values{"activity_types[]": {"claude_chat_created", "added", "claude_chat_access_failed"}},
			func(a activity) bool {
				return slices.Contains([]string{"claude_chat_created", "added", "claude_chat_access_failed"}, a.Type)
			},
		},
		{
			"excluded_types", url.Values{"exclude_activity_types[]": excluded},
			func(a activity) bool { return !slices.Contains(excluded, a.Type) },
		},
		{"gte", url.Values{"created_at.gte": {exact}}, func(a activity) bool { return !a.CreatedAt.Before(middle) }},
		{"gt", url.Values{"created_at.gt": {exact}}, func(a activity) bool { return a.CreatedAt.After(middle) }},
		{"lte", url.Values{"created_at.lte": {exact}}, func(a activity) bool { return !a.CreatedAt.After(middle) }},
		{"lt", url.Values{"created_at.lt": {exact}}, func(a activity) bool { return a.CreatedAt.Before(middle) }},
		{
			"all_bounds", url.Values{
				"created_at.gte": {exact}, "created_at.gt": {middle.Add(-time.Hour).Format(time.RFC3339)},
				"created_at.lte": {inZone}, "created_at.lt": {inZone},
			},
			func(a activity) bool { return !a.CreatedAt.Before(middle) && a.CreatedAt.Before(later) },
		},
		{
			"no_instant", url.Values{"created_at.gt": {inZone}, "created_at.lt": {inZone}},
			func(activity) bool { return false },
		},
		{
			"everything_at_once", url.Values{
				"organization_ids[]": {*organization}, "actor_ids[]": {user},
				"exclude_activity_types[]": {"claude_chat_viewed"}, "created_at.gte": {exact},
			},
			func(a activity) bool {
				return isOf(a, organization) && a.Actor.UserID == user && a.Type != "claude_chat_viewed" && !a.CreatedAt.Before(middle)
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := []string{}
			for _, a := range activities {
				if test.match(a) {
					want = append(want, a.ID)
				}
			}
			if len(want) == 0 && test.name != "no_instant" {
				t.Fatal("the test matches nothing")
			}
			check(t, "ascending", c.walk(t, "&limit=97&order=asc&"+test.query.Encode(), "after_id", ""), false, 97, want)
			slices.Reverse(want)
			query := "&limit=89&" + test.query.Encode()
			check(t, "descending", c.walk(t, query, "after_id", ""), false, 89, want)
			// Back from the end, which is the cursor of another filter.
			end := *c.get(t, "limit=1&order=asc").LastID
			want = slices.DeleteFunc(want, func(id string) bool { return id == activities[0].ID })
			check(t, "backward", c.walk(t, query, "before_id", end), true, 89, want)
		})
	}
}

// Cursors name places: they survive growth, failures, key rotation, another limit and
// another API with the same feed.
func TestCursorsAreStable(t *testing.T) {
	t.Parallel()
	options := quiet(records(10)...)
	options.Keys = map[string]fakeapi.Grant{fakeapi.Key: {}, "another": {}}
	api := fakeapi.New(options)
	c, rotated, restarted := inProcess(api), inProcess(api), inProcess(fakeapi.New(options))
	rotated.key = "another"
	first := c.get(t, "limit=4")
	second := "limit=3&after_id=" + url.QueryEscape(*first.LastID)
	if url.QueryEscape(*first.LastID) == *first.LastID {
		t.Errorf("cursor %q: want one that must be encoded", *first.LastID)
	}
	api.Add(record("new", "2026-05-02T00:00:00Z", "t"), record("old", "2026-04-01T00:00:00Z", "t"),
		record("late", "2026-05-01T00:00:07Z", "t")) // behind the cursor, which skips it
	api.Inject(fakeapi.Times(1, fakeapi.Page(2)), fakeapi.Status(500, "api_error", "m"))
	if a := c.get(t, second); a.status != 500 {
		t.Fatalf("got status %d, want 500", a.status)
	}
	for name, c := range map[string]caller{"after growth and failure": c, "with another key": rotated, "another API": restarted} {
		if got, want := c.get(t, second).ids(t), []string{"a05", "a04", "a03"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got, want := c.get(t, "before_id="+url.QueryEscape(*first.FirstID)).ids(t), []string{"new"}; !slices.Equal(got, want) {
		t.Errorf("what came since: got %v, want %v", got, want)
	}
}

// Text is sent as it was given, whatever it is.
func TestVerbatim(t *testing.T) {
	t.Parallel()
	texts := []string{
		`{ "id" : "x1", "created_at":"2026-05-01T00:00:00.10Z","type":"t", "n":12345678901234567890, "f":1.0, "e":1e400}`,
		`{"type":"t","id":"x2","created_at":"2026-05-01T00:00:01Z","id":"x2","a":1,"a":{"a":2},"ID":"other"}`,
		`{"id":"x3","created_at":"2026-05-01T00:00:02Z","type":"t","s":"\u00e9\/\ud800` + "\xff" + `","actor":[]}`,
		`{"id":"x4","created_at":"2026-05-01T00:00:03Z","type":"t","organization_id":7}`,
	}
	a := inProcess(fakeapi.New(quiet(texts...))).get(t, "order=asc")
	if want := `{"data":[` + strings.Join(texts, ",") + `],"has_more":false`; !strings.HasPrefix(a.body, want) {
		t.Errorf("got %s\nwant it to begin with %s", a.body, want)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 7200))
	feed := fakeapi.NewFeed()
	err := feed.Load(`{"id":"b","type":"t","created_at":"-90m","n":1.0}

  {"id":"a","created_at":"2026-05-01T01:00:00+01:00","type":"t"}
`, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"id":"a","created_at":"2026-05-01T01:00:00+01:00","type":"t"}`,
		`{"id":"b","type":"t","created_at":"2026-05-01T08:30:00Z","n":1.0}`,
	}
	if got := feed.All(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}

	for _, bad := range []string{"{", "[]", `{"id":"a","type":"t","created_at":"-3x"}`, `{"id":"a"}`} {
		if err := feed.Load(record("c", "-1s", "t")+"\n"+bad, now); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: got error %v, want one about line 2", bad, err)
		}
	}
	if got := len(feed.All()); got != 2 {
		t.Errorf("after errors: got %d activities, want 2", got)
	}
}

// A feed whose times are relative to the start has others after a restart, and cursors of before still lead on.
func TestCursorsSurviveARestart(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	serve := func(now time.Time) caller {
		feed := fakeapi.NewFeed()
		if err := feed.Load(`{"id":"old","type":"t","created_at":"-50m"}
{"id":"new","type":"t","created_at":"-10m"}`, now); err != nil {
			t.Fatal(err)
		}
		return inProcess(fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true}))
	}
	cursor := url.QueryEscape(*serve(start).get(t, "limit=1").LastID)
	if got := serve(start.Add(7*time.Minute)).get(t, "after_id="+cursor).ids(t); !slices.Equal(got, []string{"old"}) {
		t.Errorf("got %v, want old", got)
	}
}
