package provider

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// A record that the feed cannot be ordered by is kept as it is too.
func TestCreatedAtIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(1)...)})
	fake.Inject(fakeapi.Always, fakeapi.SetField(0, "created_at", `"the other day"`))
	result := reading(t, fake, nil).list(values{})
	requireEqual(t, "created_at", result["activities"].([]any)[0].(values)["created_at"], "the other day")
}

func TestResultHoldsTheArguments(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{}), nil)
	config := values{
		"organization_ids": []any{"org_1"}, "actor_ids": []any{"user_1"}, "activity_types": []any{"sso_login_failed"}, "lookback": "1h",
		"created_at_lte": "2026-04-10T10:00:00+02:00", "order": "asc", "limit": 10, "max_results": 20, "timeouts": values{"read": "1m"},
	}
	for _, result := range []values{s.list(config), s.mustOpen(listName, config)} {
		requireAttributes(t, result, config)
	}
}

// recordIDs are the IDs of n records in an order of the API.
func recordIDs(n int, order string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("a%03d", i)
	}
	if order != "asc" {
		slices.Reverse(all)
	}
	return all
}

// What is read of nothing, from a server that names itself and from one that does not.
func TestNothingMatches(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Organization: "org_1"})
	s := reading(t, fake, nil)
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		want := values{
			"activities": []any{}, "has_more": false, "first_id": nil, "last_id": nil, "excepted": 0, "reviewed_ids": []any{},
			"window": values{"start": nil, "end": nil}, "key_organization_id": "org_1",
		}
		list := read(listName, nil)
		requireAttributes(t, list, want)
		requireEqual(t, "request_id", list["request_id"], fake.Requests()[0].RequestID)
		wantSummary := values{
			"total": 0, "by_type": values{}, "by_actor_type": values{}, "by_organization": values{}, "by_day": values{},
			"oldest_created_at": nil, "newest_created_at": nil, "newest": []any{}, "groups": []any{}, "more_groups": 0, "listing": "", "excepted": 0, "reviewed_ids": []any{},
			"window": values{"start": nil, "end": nil}, "key_organization_id": "org_1",
		}
		requireAttributes(t, read(summaryName, values{"group_by": []string{"type"}}), wantSummary)
		fake.Inject(fakeapi.Times(2, fakeapi.Always), fakeapi.Headers("request-id", "", "anthropic-organization-id", ""))
		for _, name := range []string{listName, summaryName} {
			requireAttributes(t, read(name, nil), values{"request_id": nil, "key_organization_id": nil})
		}
		fake.ResetRequests()
	}
}

// TestCursors reads a feed in two parts, from either end and back, in pages.
func TestCursors(t *testing.T) {
	t.Parallel()
	const n, cut = 9, 4
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(n)...)})
	s := reading(t, fake, nil)
	for _, order := range []string{"desc", "asc"} {
		all := recordIDs(n, order)
		read := func(config values, more bool, want []string) values {
			maps.Copy(config, values{"order": order, "limit": 3})
			result := s.list(config)
			requireEqual(t, "activities", ids(result), want)
			requireEqual(t, "has_more", result["has_more"], more)
			return result
		}
		fake.ResetRequests()
		head := read(values{"max_results": cut}, true, all[:cut])
		requireEqual(t, "limit of the last request", fake.Requests()[1].Query["limit"], []string{"1"})
		tail := read(values{"after_id": head["last_id"]}, false, all[cut:])
		requireEqual(t, "request_id", tail["request_id"], fake.Requests()[3].RequestID)
		back := read(values{"before_id": tail["first_id"]}, false, all[:cut])
		requireEqual(t, "first_id", back["first_id"], head["first_id"])
		requireEqual(t, "last_id", back["last_id"], head["last_id"])
	}
}

// 50,000 activities are a list, one more is an error, and max_results and a summary have no
// such guard.
func TestTooManyActivities(t *testing.T) {
	t.Parallel()
	about := readContext{service: &service{maxResultBytes: maxResultBytes}, what: listName}
	one := decodeRecords(t, records(1)...)
	for name, test := range map[string]struct {
		model   model
		refused bool
	}{
		"list":        {&activitiesModel{}, true},
		"max_results": {&activitiesModel{MaxResults: types.NumberValue(big.NewFloat(50_001))}, false},
		"summary":     {&activitySummaryModel{}, false},
	} {
		request := feed.Request{}
		c := test.model.collect(&request, about)
		requireEqual(t, name+": has each ID once, wherever it comes again", request.Unique, name != "summary")
		c.Begin()
		if err := c.Add(feed.Batch{Activities: slices.Repeat(one, 50_000)}); err != nil {
			t.Fatal(err)
		}
		err := c.Add(feed.Batch{Page: 11, Activities: one})
		if refused, ok := errors.AsType[refusal](err); ok != test.refused || ok && refused.Summary() != "More than 50,000 activities match" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A read that begins anew forgets what came before.
func TestBegin(t *testing.T) {
	t.Parallel()
	about := readContext{service: &service{maxResultBytes: maxResultBytes}}
	list := (&activitiesModel{}).collect(&feed.Request{}, about).(*activitiesCollector)
	counts := (&activitySummaryModel{}).collect(&feed.Request{}, about).(*summaryCollector)
	for _, c := range []collector{list, counts, list, counts} {
		c.Begin()
		must(c.Add(feed.Batch{Activities: decodeRecords(t, records(3)...)}))
	}
	requireEqual(t, "activities", []int{list.list.count, int(counts.counts.Total)}, []int{3, 3})
}

func TestResultTooLarge(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(4)...)})
	p := newTestProvider()
	p.maxResultBytes = 2 * recordBytes(t)
	s := start(t, p)
	s.configure(withFake(fake, nil))
	requireEqual(t, "activities that just fit", len(ids(s.list(values{"max_results": 2}))), 2)
	for _, read := range []func(string, values) (values, []*tfprotov6.Diagnostic){s.read, s.open} {
		result, diags := read(listName, values{"limit": 2})
		requireError(t, diags, "", "too large for Terraform", "256 MiB", "page 2", "4 activities", "compliance_activity_summary")
		requireEqual(t, "activities after an error", result["activities"], nil)
	}
}

// recordBytes is how large one of records is on its way to Terraform.
func recordBytes(t *testing.T) int {
	t.Helper()
	list := newActivityList()
	list.add(feed.Batch{Activities: decodeRecords(t, records(1)...)})
	return list.bytes
}

func TestMaxResultBytesFitsTheProtocol(t *testing.T) {
	t.Parallel()
	requireEqual(t, "limit", newProvider(testVersion).maxResultBytes, maxResultBytes)
	if room := 256<<20 - maxResultBytes; room < 1<<20 {
		t.Errorf("got %d bytes for all but the activities, want 1 MiB at least", room)
	}
}

// What is read in parts is what comes in one piece: its order, cursors, counts and exceptions,
// from a good server and from one whose times are too coarse, where all is read again and what
// came before counts for nothing.
func TestInParts(t *testing.T) {
	t.Parallel()
	window := values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_lt": "2026-09-01T00:00:01Z", "except": []any{values{"type": []string{"claude_*"}}}}
	minutes := regexp.MustCompile(`("created_at":"[^"]*T\d\d):[^"]*"`)
	coarse := fakeapi.EditPage(func(page []byte) []byte { return minutes.ReplaceAll(page, []byte(`$1:00:00Z"`)) })
	for name, breach := range map[string]fakeapi.Fault{"good": fakeapi.NoFault, "coarse": coarse} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed := fakeapi.Generate(fakeapi.Spec{Activities: 3500, Seed: 7})
			feed.Add(feed.All()...) // each comes twice, now and then on two pages
			fake := newFake(t, fakeapi.Options{Feed: feed, RateLimit: 1_000_000})
			fake.Inject(fakeapi.Always, breach)
			inOnePiece, inParts := reading(t, fake, values{"max_concurrent_requests": 1}), reading(t, fake, nil)
			for _, test := range []struct {
				object string
				config values
			}{
				{listName, values{"order": "desc", "limit": 100, "created_at_gte": "2026-08-20T00:00:00Z"}},
				{listName, values{"order": "asc", "limit": 100, "created_at_gte": "2026-08-20T00:00:00Z"}},
				{summaryName, values{"group_by": []string{"account", "ip_address"}, "within": "3h", "max_groups": 50}},
				{summaryName, values{"group_by": []string{"actor", "hour"}, "baseline": "200d", "created_at_gte": "2026-08-21T00:00:00Z", "max_groups": 50}},
			} {
				config := maps.Clone(window)
				maps.Copy(config, test.config)
				want := inOnePiece.mustRead(test.object, config)
				fake.ResetRequests()
				got := inParts.mustRead(test.object, config)
				delete(want, "request_id")
				requireAttributes(t, got, want)
				parts := slices.ContainsFunc(fake.Requests(), func(r fakeapi.Request) bool { return r.Query.Get("created_at.lt") != config["created_at_lt"] })
				if !parts || got["excepted"] == int64(0) {
					t.Errorf("%v: got %v excepted and parts = %t, want some, and parts", test, got["excepted"], parts)
				}
			}
		})
	}
}
