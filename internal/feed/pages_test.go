package feed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestPages(t *testing.T) {
	t.Parallel()
	for _, order := range []Order{"", NewestFirst, OldestFirst} {
		for _, limit := range []int{1, 2, 3} {
			for _, n := range []int{0, 1, limit - 1, limit, limit + 1, 3*limit - 1, 3 * limit, 3*limit + 1} {
				t.Run(fmt.Sprintf("order_%s/limit_%d/feed_%d", order, limit, n), func(t *testing.T) {
					inBubble(t, func(t *testing.T) {
						api := newFake(n)
						got := read(newReader(t, uncompressed(api)).Pages(t.Context(), Query{Order: order, PageSize: limit}))
						got.mustBe(t, idsOf(order, records(n)))
						want := max(1, (n+limit-1)/limit)
						if requests := len(api.Requests()); requests != want {
							t.Errorf("got %d requests, want %d", requests, want)
						}
						for i, page := range got.pages {
							if page.Number != i+1 {
								t.Errorf("got page number %d, want %d", page.Number, i+1)
							}
							if last := i == len(got.pages)-1; page.HasMore == last {
								t.Errorf("page %d of %d: got HasMore %t", page.Number, len(got.pages), page.HasMore)
							}
							if empty := n == 0; (page.FirstID == "") != empty || (page.LastID == "") != empty {
								t.Errorf("page %d: got cursors %q and %q of %d activities", page.Number, page.FirstID, page.LastID, n)
							}
							if want := api.Requests()[i].RequestID; page.RequestID != want {
								t.Errorf("page %d: got request-id %q, want %q", page.Number, page.RequestID, want)
							}
						}
					})
				})
			}
		}
	}
}

func TestPageSize(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api := newFake(7)
		reader := newReader(t, uncompressed(api))
		for size, want := range map[int]string{0: "5000", 1: "1", 100: "100", compliance.MaxPageSize: "5000"} {
			api.ResetRequests()
			if err := read(reader.Pages(t.Context(), Query{PageSize: size})).err; err != nil {
				t.Fatal(err)
			}
			if got := api.Requests()[0].Query.Get("limit"); got != want {
				t.Errorf("size %d: got limit=%s, want %s", size, got, want)
			}
		}
	})
}

// TestResume cuts a feed at every place and reads what stands on both sides of the cut.
func TestResume(t *testing.T) {
	t.Parallel()
	const n = 11
	for _, order := range []Order{NewestFirst, OldestFirst} {
		for _, limit := range []int{1, 3, 4, 100} {
			t.Run(fmt.Sprintf("%s/limit_%d", order, limit), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					reader := newReader(t, uncompressed(newFake(n)))
					all := idsOf(order, records(n))
					for cut := 1; cut <= n; cut++ {
						start := read(reader.Pages(t.Context(), Query{Order: order, PageSize: limit, MaxActivities: cut}))
						start.mustBe(t, all[:cut])
						query := Query{Order: order, PageSize: limit, AfterID: start.lastPage().LastID}
						read(reader.Pages(t.Context(), query)).mustBe(t, all[cut:])

						// One activity behind the cut, whose cursor has everything else on its two sides.
						if cut == n {
							continue
						}
						query.MaxActivities = 1
						one := read(reader.Pages(t.Context(), query))
						one.mustBe(t, all[cut:cut+1])
						query = Query{Order: order, PageSize: limit, BeforeID: one.pages[0].FirstID}
						before := read(reader.Pages(t.Context(), query))
						if before.err != nil {
							t.Fatal(before.err)
						}
						equal(t, "before", before.ordered(query), all[:cut])
						if got, want := len(before.pages), (cut+limit-1)/limit; got != want {
							t.Errorf("before: got %d requests, want %d", got, want)
						}
					}
				})
			})
		}
	}
}

// TestBeforeIDReadsWhatCame is what before_id is for: a second read, from the first's
// first_id, returns what has happened since and nothing else.
func TestBeforeIDReadsWhatCame(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api := newFake(5)
		reader := newReader(t, uncompressed(api))
		first := read(reader.Pages(t.Context(), Query{PageSize: 2}))
		first.mustBe(t, idsOf(NewestFirst, records(5)))
		query := Query{PageSize: 2, BeforeID: first.pages[0].FirstID}
		read(reader.Pages(t.Context(), query)).mustBe(t, nil)
		api.Add(records(10)[5:]...)
		came := read(reader.Pages(t.Context(), query))
		equal(t, "what came", came.ordered(query), idsOf(NewestFirst, records(10)[5:]))
	})
}

func TestMaxActivities(t *testing.T) {
	t.Parallel()
	const n = 10
	for _, test := range []struct {
		limit, most int
		wantLimits  []string // of the requests
	}{
		{4, 1, []string{"1"}},
		{4, 3, []string{"3"}},
		{4, 4, []string{"4"}},
		{4, 5, []string{"4", "1"}},
		{4, 8, []string{"4", "4"}},
		{4, 9, []string{"4", "4", "1"}},
		{4, 10, []string{"4", "4", "2"}},
		{4, 11, []string{"4", "4", "3"}},
		{4, 100, []string{"4", "4", "4"}},
		{5, 10, []string{"5", "5"}},
		{5, 100, []string{"5", "5"}},
		{0, 7, []string{"7"}},
		{0, 10, []string{"10"}},
		{0, 6000, []string{"5000"}},
	} {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("limit_%d/most_%d/backward_%t", test.limit, test.most, backward), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					api := newFake(n + 1)
					reader := newReader(t, uncompressed(api))
					all := idsOf(NewestFirst, records(n+1))
					query := Query{PageSize: test.limit, MaxActivities: test.most}
					// Forward from the newest, which leaves n; or back from the oldest, which does too.
					edge := read(reader.Pages(t.Context(), Query{PageSize: 1, MaxActivities: 1}))
					query.AfterID = edge.pages[0].LastID
					want := all[1:min(1+test.most, n+1)]
					if backward {
						edge = read(reader.Pages(t.Context(), Query{PageSize: 1, MaxActivities: 1, Order: OldestFirst}))
						query.AfterID, query.BeforeID = "", edge.pages[0].FirstID
						want = all[max(0, n-test.most):n]
					}
					api.ResetRequests()
					got := read(reader.Pages(t.Context(), query))
					if got.err != nil {
						t.Fatal(got.err)
					}
					equal(t, "ids", got.ordered(query), want)
					var limits []string
					for _, request := range api.Requests() {
						limits = append(limits, request.Query.Get("limit"))
					}
					equal(t, "limits", limits, test.wantLimits)
					if want := test.most < n; got.lastPage().HasMore != want {
						t.Errorf("got HasMore %t, want %t", got.lastPage().HasMore, want)
					}
				})
			})
		}
	}
}

// twice are records of which every third is in the feed twice and every seventh three times.
func twice(n int) []string {
	var texts []string
	for i, text := range records(n) {
		texts = append(texts, text)
		if i%3 == 0 {
			texts = append(texts, text)
		}
		if i%7 == 0 {
			texts = append(texts, text, text)
		}
	}
	return texts
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	const n = 20
	for _, order := range []Order{NewestFirst, OldestFirst} {
		for _, limit := range []int{1, 2, 3, 5, 7, 100} {
			for _, lastPageOnly := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/limit_%d/last_page_only_%t", order, limit, lastPageOnly), func(t *testing.T) {
					inBubble(t, func(t *testing.T) {
						api := newFake(0)
						api.Add(twice(n)...)
						reader := newReader(t, uncompressed(api))
						want := idsOf(order, records(n))
						query := Query{Order: order, PageSize: limit, RememberLastPageOnly: lastPageOnly}
						read(reader.Pages(t.Context(), query)).mustBe(t, want)
						for most := 1; most <= n+1; most++ {
							query.MaxActivities = most
							got := read(reader.Pages(t.Context(), query))
							got.mustBe(t, want[:min(most, n)])
							// What stands behind its last cursor is all the rest, and nothing before the last.
							rest := read(reader.Pages(t.Context(), Query{Order: order, AfterID: got.lastPage().LastID}))
							if ids := slices.DeleteFunc(rest.ids(), func(id string) bool { return id == want[min(most, n)-1] }); !slices.Equal(ids, want[min(most, n):]) {
								t.Fatalf("after %d: got %v, want %v", most, ids, want[min(most, n):])
							}
						}
					})
				})
			}
		}
	}
}

// TestRepeatedAcrossBorders has each page begin with what the one before ended with, so
// that it holds one more than was asked for.
func TestRepeatedAcrossBorders(t *testing.T) {
	t.Parallel()
	const n = 10
	for _, most := range []int{0, 1, 2, 3, 4, 9, 10, 11} {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("most_%d/backward_%t", most, backward), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					api := newFake(n)
					reader := newReader(t, uncompressed(api))
					query := Query{PageSize: 3, MaxActivities: most, RememberLastPageOnly: true}
					all := idsOf(NewestFirst, records(n))
					want := all
					if most > 0 {
						want = all[:min(most, n)]
					}
					if backward {
						oldest := read(reader.Pages(t.Context(), Query{Order: OldestFirst, MaxActivities: 1}))
						query.BeforeID = oldest.pages[0].FirstID
						want = all[:n-1]
						if most > 0 {
							want = all[max(0, n-1-most) : n-1]
						}
					}
					fault := api.Inject(fakeapi.Always, fakeapi.RepeatActivity())
					got := read(reader.Pages(t.Context(), query))
					if got.err != nil {
						t.Fatal(got.err)
					}
					equal(t, "ids", got.ordered(query), want)
					if fault.Fired() == 0 {
						t.Error("nothing was repeated")
					}
				})
			})
		}
	}
}

// TestRememberLastPageOnly shows the difference, with a feed that is out of order, as
// the real one is not: only what was on the page before is recognised.
func TestRememberLastPageOnly(t *testing.T) {
	t.Parallel()
	a, b, c := activityText("a", time.Unix(0, 0), ""), activityText("b", time.Unix(0, 0), ""), activityText("c", time.Unix(0, 0), "")
	for lastPageOnly, want := range map[bool][]string{false: {"a", "b", "c"}, true: {"a", "b", "c", "a"}} {
		t.Run(strconv.FormatBool(lastPageOnly), func(t *testing.T) {
			t.Parallel()
			s := &script{steps: []step{
				{body: pageOf(true, "1", "1", a)},
				{body: pageOf(true, "2", "2", a, b, b)},
				{body: pageOf(true, "", "3")}, // an empty page does not make it forget
				{body: pageOf(true, "4", "4", b, c)},
				{body: pageOf(false, "5", "5", c, a)},
			}}
			walkWith(t, s, Query{RememberLastPageOnly: lastPageOnly}).mustBe(t, want)
		})
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query Query
		want  url.Values // and limit
	}{
		"nothing":       {Query{}, url.Values{}},
		"organizations": {Query{OrganizationIDs: []string{"org_1", "0b0b0b0b-0000-4000-8000-000000000000"}}, url.Values{"organization_ids[]": {"org_1", "0b0b0b0b-0000-4000-8000-000000000000"}}},
		"actors":        {Query{ActorIDs: []string{"user_1", "user_2"}}, url.Values{"actor_ids[]": {"user_1", "user_2"}}},
		"types":         {Query{ActivityTypes: []string{"sso_login_failed", "api_key_created"}}, url.Values{"activity_types[]": {"sso_login_failed", "api_key_created"}}},
		"not types":     {Query{ExcludeActivityTypes: []string{"sso_login_failed", "api_key_created"}}, url.Values{"exclude_activity_types[]": {"sso_login_failed", "api_key_created"}}},
		"bounds": {
			Query{CreatedAtGTE: "2026-01-01T00:00:00+00:00", CreatedAtGT: "2026-01-02T00:00:00Z", CreatedAtLTE: "2026-04-11T00:00:00-05:00", CreatedAtLT: "2026-04-10T00:00:00.5Z"},
			url.Values{"created_at.gte": {"2026-01-01T00:00:00+00:00"}, "created_at.gt": {"2026-01-02T00:00:00Z"}, "created_at.lte": {"2026-04-11T00:00:00-05:00"}, "created_at.lt": {"2026-04-10T00:00:00.5Z"}},
		},
		"oldest first":       {Query{Order: OldestFirst}, url.Values{"order": {"asc"}}},
		"newest first":       {Query{Order: NewestFirst}, url.Values{"order": {"desc"}}},
		"odd characters":     {Query{ActorIDs: []string{"a b&c=d+e%f#g;h", "ü\u2028"}}, url.Values{"actor_ids[]": {"a b&c=d+e%f#g;h", "ü\u2028"}}},
		"what does not last": {Query{MaxActivities: 3, RememberLastPageOnly: true}, url.Values{}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				api := newFake(3)
				if err := read(newReader(t, uncompressed(api)).Pages(t.Context(), test.query)).err; err != nil {
					t.Fatal(err) // the fake refuses what the API does not know
				}
				got := api.Requests()[0]
				query := got.Query
				query.Del("limit")
				if query.Encode() != test.want.Encode() {
					t.Errorf("got %v, want %v", query, test.want)
				}
				if strings.Contains(got.RawQuery, "+0") {
					t.Errorf("got %s, want every + of an offset encoded", got.RawQuery)
				}
			})
		})
	}
}

// TestQueryFilters has the fake apply each filter to a feed of all kinds, and compares
// with a selection from the whole.
func TestQueryFilters(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api := fakeapi.New(fakeapi.Options{Now: bubbleNow, Feed: fakeapi.Generate(fakeapi.Spec{Activities: 500, Seed: 1}), SkipReadLog: true})
		reader := newReader(t, uncompressed(api))
		whole := read(reader.Pages(t.Context(), Query{PageSize: 77}))
		var all []activity.Activity
		for _, page := range whole.pages {
			all = append(all, page.Activities...)
		}
		if len(all) != 500 || whole.err != nil {
			t.Fatalf("got %d activities and error %v, want 500", len(all), whole.err)
		}
		activityType, at := all[250].Type, all[250].CreatedAt
		for name, test := range map[string]struct {
			query Query
			keep  func(activity.Activity) bool
		}{
			"type":     {Query{ActivityTypes: []string{activityType}}, func(a activity.Activity) bool { return a.Type == activityType }},
			"not type": {Query{ExcludeActivityTypes: []string{activityType}}, func(a activity.Activity) bool { return a.Type != activityType }},
			"at":       {Query{CreatedAtGTE: at, CreatedAtLTE: at}, func(a activity.Activity) bool { return a.CreatedAt == at }},
		} {
			var want []string
			for _, a := range all {
				if test.keep(a) {
					want = append(want, a.ID)
				}
			}
			if len(want) == 0 || len(want) == len(all) {
				t.Fatalf("%s: the feed cannot tell", name)
			}
			test.query.PageSize = 10
			read(reader.Pages(t.Context(), test.query)).mustBe(t, want)
		}
	})
}

// TestBothCursors shows that the server gets to refuse what the API forbids: leaving one
// of the two cursors out would read something else than was asked for.
func TestBothCursors(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api := newFake(3)
		reader := newReader(t, uncompressed(api))
		cursor := read(reader.Pages(t.Context(), Query{})).pages[0].LastID
		got := read(reader.Pages(t.Context(), Query{AfterID: cursor, BeforeID: cursor}))
		if status := errorAs[*compliance.StatusError](t, got.err); status.Status != 400 {
			t.Errorf("got %v, want HTTP 400", status)
		}
	})
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://feed.example.com":                       "/v1/compliance/activities",
		"https://feed.example.com/":                      "/v1/compliance/activities",
		"https://feed.example.com/proxy/anthropic":       "/proxy/anthropic/v1/compliance/activities",
		"https://feed.example.com:8443/proxy/anthropic/": "/proxy/anthropic/v1/compliance/activities",
	} {
		t.Run(base, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				api := newFake(5, func(o *fakeapi.Options) { o.PathPrefix = strings.TrimSuffix(want, "/v1/compliance/activities") })
				reader := newReader(t, uncompressed(api), func(o *compliance.Options) { o.BaseURL = base })
				read(reader.Pages(t.Context(), Query{PageSize: 2})).mustBe(t, idsOf(NewestFirst, records(5)))
				for _, request := range api.Requests() {
					if request.Path != want {
						t.Errorf("got path %s, want %s", request.Path, want)
					}
				}
			})
		})
	}
}

func TestBreak(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api := newFake(10)
		reader := newReader(t, uncompressed(api))
		for _, err := range reader.Pages(t.Context(), Query{PageSize: 2}) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if got := len(api.Requests()); got != 1 {
			t.Errorf("got %d requests, want 1", got)
		}
	})
}

// TestTwice uses one iterator for two walks, and changes the query in between.
func TestTwice(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		query := Query{PageSize: 3, MaxActivities: 7}
		pages := newReader(t, uncompressed(newFake(10))).Pages(t.Context(), query)
		want := idsOf(NewestFirst, records(10))[:7]
		read(pages).mustBe(t, want)
		query.MaxActivities = 1
		read(pages).mustBe(t, want)
	})
}

func TestSeveralReads(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const n = 40
		api := newFake(n, func(o *fakeapi.Options) { o.Latency = 10 * time.Millisecond })
		reader := newReader(t, uncompressed(api))
		var reads sync.WaitGroup
		for i := range 12 {
			reads.Go(func() {
				order := []Order{NewestFirst, OldestFirst}[i%2]
				got := read(reader.Pages(t.Context(), Query{Order: order, PageSize: i + 1}))
				if got.err != nil || !slices.Equal(got.ids(), idsOf(order, records(n))) {
					t.Errorf("read %d: got %v, %v", i, got.ids(), got.err)
				}
			})
		}
		reads.Wait()
	})
}

// TestGrowingFeed reads while the API logs the reads themselves, as the real one does.
func TestGrowingFeed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const n = 20
		api := newFake(n, func(o *fakeapi.Options) {
			o.SkipReadLog = false
		})
		reader := newReader(t, uncompressed(api))
		first := read(reader.Pages(t.Context(), Query{PageSize: 3}))
		first.mustBe(t, idsOf(NewestFirst, records(n))) // what comes newly stands before the first page
		time.Sleep(2 * time.Second)                     // what happens in the second of an answer is for the next read
		api.ResetRequests()
		query := Query{PageSize: 1, BeforeID: first.pages[0].FirstID}
		if got, want := len(read(reader.Pages(t.Context(), query)).ids()), len(first.pages); got != want || len(api.Requests()) != want {
			t.Errorf("got %d new activities in %d requests, want one for each of the %d requests before", got, len(api.Requests()), want)
		}
		read(reader.Pages(t.Context(), Query{PageSize: 7, ExcludeActivityTypes: []string{"compliance_api_accessed"}})).mustBe(t, idsOf(NewestFirst, records(n)))
	})
}

// TestTowardsNow reads in small pages towards what its own requests write into the feed. It
// ends at the time of its first page, and a later read goes on exactly there.
func TestTowardsNow(t *testing.T) {
	t.Parallel()
	const n = 7
	for name, query := range map[string]Query{
		"oldest first": {Order: OldestFirst, PageSize: 1},
		"in parts":     {Order: OldestFirst, PageSize: 1, CreatedAtGTE: "2026-04-10T08:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				api := newFake(n, func(o *fakeapi.Options) {
					o.SkipReadLog, o.Latency = false, 1500*time.Millisecond
				})
				reader := newReader(t, uncompressed(api))
				want := idsOf(OldestFirst, records(n))
				first := read(reader.Pages(t.Context(), query))
				first.mustBe(t, want)
				requests := len(api.Requests())
				if query.CreatedAtGTE == "" && requests != len(want) {
					t.Errorf("got %d requests for %d activities", requests, len(want))
				}
				if first.lastPage().HasMore {
					t.Error("there is more")
				}
				time.Sleep(time.Minute)
				cursor := first.lastPage().LastID
				next := Query{Order: OldestFirst, PageSize: 100, AfterID: cursor}
				if got := read(reader.Pages(t.Context(), next)); got.err != nil || len(got.ids()) != requests {
					t.Errorf("got %d activities of %d requests, %v", len(got.ids()), requests, got.err)
				}
			})
		})
	}
}

// TestFirstPageOfTheSecond has a first page with something of the second of its answer: it
// is asked for once more, up to that second.
func TestFirstPageOfTheSecond(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api := newFake(3)
		api.Add(activityText("now", bubbleNow(), ""))
		got := read(newReader(t, uncompressed(api)).Pages(t.Context(), Query{Order: OldestFirst}))
		got.mustBe(t, idsOf(OldestFirst, records(3)))
		if requests := api.Requests(); len(requests) != 2 || requests[0].Query.Has("created_at.lt") || !requests[1].Query.Has("created_at.lt") {
			t.Errorf("got the requests %v", requests)
		}
	})
}

// TestSkipped leaves what is not asked for out of all counts.
func TestSkipped(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		isOdd := func(a *activity.Activity) bool { return (a.ID[len(a.ID)-1]-'0')%2 == 1 }
		isFour := func(a *activity.Activity) bool { return a.ID == numbered(4) }
		reader := newReader(t, uncompressed(newFake(9)))
		for most, want := range map[int][]string{0: {numbered(8), numbered(6), numbered(2), numbered(0)}, 3: {numbered(8), numbered(6), numbered(2)}} {
			got := read(reader.Pages(t.Context(), Query{PageSize: 2, MaxActivities: most, Skip: isOdd, Except: isFour}))
			got.mustBe(t, want)
			excepted := 0
			for _, page := range got.pages {
				excepted += page.Excepted
			}
			if excepted != 1 {
				t.Errorf("got %d excepted, want 1", excepted)
			}
		}
	})
}

// TestExpectedOrganization names the organization of the key in another case, wrongly, and not at all.
func TestExpectedOrganization(t *testing.T) {
	t.Parallel()
	page := func(organization string) step {
		return step{header: []string{"anthropic-organization-id", organization}, body: pageOf(organization != "org_LAST", "1", organization)}
	}
	for name, test := range map[string]struct {
		pages []step
		got   *OrganizationError
	}{
		"the same":      {[]step{page("ORG_last"), page("org_LAST")}, nil},
		"another":       {[]step{page("org_Other")}, &OrganizationError{Want: "org_last", Got: "org_Other", RequestID: "req_test"}},
		"another later": {[]step{page("ORG_last"), page("org_Other")}, &OrganizationError{Want: "org_last", Got: "org_Other", RequestID: "req_test"}},
		"none":          {[]step{{body: emptyPage}}, &OrganizationError{Want: "org_last", RequestID: "req_test"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				got := walkWith(t, &script{steps: test.pages}, Query{KeyOrganizationID: "org_last"})
				if test.got == nil {
					got.mustBe(t, nil)
				} else if failed := errorAs[*OrganizationError](t, got.readError(t)); *failed != *test.got {
					t.Errorf("got %+v, want %+v", failed, test.got)
				}
			})
		})
	}
}

// TestClockBehind has an upper bound that was made from a clock which is behind.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		behind time.Duration // this machine's clock
		upper  time.Duration // the bound, as far from that clock
		fails  bool
	}{
		"right":               {0, 0, false},
		"a little behind":     {50 * time.Second, 0, false},
		"behind":              {10 * time.Minute, 0, true},
		"behind, nearly now":  {10 * time.Minute, -50 * time.Second, true},
		"behind, in the past": {10 * time.Minute, -2 * time.Minute, false},
		"behind, but later":   {10 * time.Minute, 12 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				clock := func() time.Time { return bubbleNow().Add(-test.behind) }
				s := &script{steps: []step{{header: []string{"date", ""}, body: emptyPage}}}
				query := Query{CreatedAtLT: clock().Add(test.upper).Format(time.RFC3339), CreatedAtGTE: "2020-01-01T00:00:00Z"}
				slow := roundTripper(func(request *http.Request) (*http.Response, error) {
					time.Sleep(90 * time.Second) // which says nothing about the clocks
					s.steps[0].header[1] = bubbleNow().UTC().Format(http.TimeFormat)
					return s.RoundTrip(request)
				})
				got := read(newReader(t, slow, func(o *compliance.Options) { o.Now, o.RequestTimeout = clock, time.Hour }).Pages(t.Context(), query))
				if !test.fails {
					got.mustBe(t, nil)
				} else if failed := errorAs[*ClockError](t, got.readError(t)); failed.Behind != test.behind {
					t.Errorf("got %+v", failed)
				}
			})
		})
	}
}

// TestNothingNewForever has a server that gives a new cursor with each page, and the same
// activity on all of them.
func TestNothingNewForever(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &script{}
		for i := range 60 {
			s.steps = append(s.steps, step{body: pageOf(true, "f", strconv.Itoa(i), activityText("a", time.Unix(1, 0), ""))})
		}
		failed := errorAs[*PageError](t, walkWith(t, s, Query{}).readError(t))
		if failed.Fault != NothingNew || failed.Came != 50 || len(s.requests) != 51 {
			t.Errorf("got %v after %d requests", failed, len(s.requests))
		}
	})
}

// TestWalkRefuses has pages that are well formed and contradict each other, or themselves.
func TestWalkRefuses(t *testing.T) {
	t.Parallel()
	a, b, c := activityText("a", time.Unix(3, 0), ""), activityText("b", time.Unix(2, 0), ""), activityText("c", time.Unix(1, 0), "")
	for name, test := range map[string]struct {
		query    Query
		pages    []string
		want     PageError
		wantRead int // activities before it
	}{
		"more without cursor":                 {Query{}, []string{pageOf(true, "", "", a)}, PageError{Fault: NoCursor, Cursor: "last_id"}, 0},
		"more with the other cursor only":     {Query{}, []string{pageOf(true, "1", "", a)}, PageError{Fault: NoCursor, Cursor: "last_id"}, 0},
		"backward with the other cursor only": {Query{BeforeID: "x"}, []string{pageOf(true, "", "1", a)}, PageError{Fault: NoCursor, Cursor: "first_id"}, 0},
		"more without cursor later":           {Query{}, []string{pageOf(true, "1", "1", a), pageOf(true, "2", "", b)}, PageError{Fault: NoCursor, Cursor: "last_id"}, 1},
		"empty page without cursor":           {Query{}, []string{pageOf(true, "", "")}, PageError{Fault: NoCursor, Cursor: "last_id"}, 0},
		"cursor does not move":                {Query{}, []string{pageOf(true, "1", "1", a), pageOf(true, "1", "1", b)}, PageError{Fault: SameCursor, Cursor: "last_id"}, 1},
		"start cursor does not move":          {Query{AfterID: "x"}, []string{pageOf(true, "1", "x", a)}, PageError{Fault: SameCursor, Cursor: "last_id"}, 0},
		"backward cursor does not move":       {Query{BeforeID: "x"}, []string{pageOf(true, "x", "1", a)}, PageError{Fault: SameCursor, Cursor: "first_id"}, 0},
		"cycle of two":                        {Query{}, []string{pageOf(true, "1", "1", a), pageOf(true, "2", "2", b), pageOf(true, "1", "1", a)}, PageError{Fault: OldCursor, Cursor: "last_id"}, 2},
		"cycle of three": {Query{}, []string{pageOf(true, "1", "1", a), pageOf(true, "2", "2", b), pageOf(true, "3", "3", c),
			pageOf(true, "1", "1", a)}, PageError{Fault: OldCursor, Cursor: "last_id"}, 3},
		"cycle to the start":   {Query{AfterID: "x"}, []string{pageOf(true, "1", "1", a), pageOf(true, "2", "x", b)}, PageError{Fault: OldCursor, Cursor: "last_id"}, 1},
		"cycle of empty pages": {Query{}, []string{pageOf(true, "", "1"), pageOf(true, "", "2"), pageOf(true, "", "1")}, PageError{Fault: OldCursor, Cursor: "last_id"}, 0},
		"more than was asked":  {Query{MaxActivities: 2}, []string{pageOf(false, "1", "1", a, b, c)}, PageError{Fault: TooMany, Came: 3, Asked: 2}, 0},
		"more than was left":   {Query{MaxActivities: 2}, []string{pageOf(true, "1", "1", a), pageOf(false, "2", "2", b, c)}, PageError{Fault: TooMany, Came: 2, Asked: 1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{}
			for _, page := range test.pages {
				s.steps = append(s.steps, step{body: page})
			}
			got := walkWith(t, s, test.query)
			failed := got.readError(t)
			test.want.RequestID = "req_test"
			if got := errorAs[*PageError](t, failed); *got != test.want {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
			if want := (ReadError{Page: len(test.pages), Activities: test.wantRead, Attempts: 1}); failed.Page != want.Page || failed.Activities != want.Activities || failed.Attempts != want.Attempts {
				t.Errorf("got %+v, want %+v", failed, want)
			}
			if len(s.requests) != len(test.pages) {
				t.Errorf("got %d requests, want %d", len(s.requests), len(test.pages))
			}
		})
	}
}

// TestWalkGoesOn has pages that are odd and yet lead to the end.
func TestWalkGoesOn(t *testing.T) {
	t.Parallel()
	a, b := activityText("a", time.Unix(2, 0), ""), activityText("b", time.Unix(1, 0), "")
	for name, test := range map[string]struct {
		query Query
		pages []string
	}{
		"empty page with a cursor":      {Query{}, []string{pageOf(true, "1", "1", a), pageOf(true, "", "2"), pageOf(false, "3", "3", b)}},
		"empty first page":              {Query{}, []string{pageOf(true, "", "1"), pageOf(false, "2", "2", a, b)}},
		"empty last page":               {Query{}, []string{pageOf(true, "1", "1", a, b), emptyPage}},
		"the end repeats a cursor":      {Query{}, []string{pageOf(true, "1", "1", a), pageOf(false, "1", "1", b)}},
		"the end has no cursor":         {Query{}, []string{pageOf(false, "", "", a, b)}},
		"one cursor on both sides":      {Query{}, []string{pageOf(true, "1", "1", a), pageOf(false, "2", "2", b)}},
		"a page of what was there":      {Query{MaxActivities: 2}, []string{pageOf(true, "1", "1", a), pageOf(true, "2", "2", a), pageOf(false, "3", "3", b)}},
		"one more, which was there":     {Query{MaxActivities: 2}, []string{pageOf(true, "1", "1", a), pageOf(false, "2", "2", a, b)}},
		"more on a page than its limit": {Query{PageSize: 1}, []string{pageOf(false, "1", "1", a, b)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{}
			for _, page := range test.pages {
				s.steps = append(s.steps, step{body: page})
			}
			got := walkWith(t, s, test.query)
			got.mustBe(t, []string{"a", "b"})
			if len(got.pages) != len(test.pages) {
				t.Errorf("got %d pages, want %d", len(got.pages), len(test.pages))
			}
		})
	}
}

// TestCursorsAreOpaque passes each cursor back as it came, whatever it holds.
func TestCursorsAreOpaque(t *testing.T) {
	t.Parallel()
	for _, cursor := range []string{"activity_01", "a b+c&d=e%20f/g?h#i", "ü🙂\u2028", "\x00\x1b", `"\`, strings.Repeat("x", 5000), "null"} {
		s := &script{steps: []step{{body: fmt.Sprintf(`{"data":[],"has_more":true,"first_id":"x","last_id":%s}`, jsonString(cursor))}, {body: emptyPage}}}
		walkWith(t, s, Query{}).mustBe(t, nil)
		if got := s.requests[1].URL.Query().Get("after_id"); got != cursor {
			t.Errorf("got after_id %q, want %q", got, cursor)
		}
	}
}

// TestEndedContext sends nothing for a read that has ended before it began.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &script{}
	for range 20 { // a select could choose to send
		got := read(newReader(t, s).Pages(ctx, Query{}))
		if failed := got.readError(t); failed.Attempts != 0 || failed.Page != 1 {
			t.Errorf("got %+v, want no attempt at page 1", failed)
		}
		if interrupted := errorAs[*compliance.InterruptedError](t, got.err); interrupted.Last != nil {
			t.Errorf("got last attempt %v, want none", interrupted.Last)
		}
	}
	if len(s.requests) > 0 {
		t.Errorf("got %d requests, want none", len(s.requests))
	}
}

// Each page says whose feed it is. Pages of two are no answer to one question.
func TestKeyOrganization(t *testing.T) {
	t.Parallel()
	pageFor := func(header string, i int, more bool) step {
		id := fmt.Sprintf("a%d", i)
		return step{
			header: []string{"anthropic-organization-id", header},
			body:   pageOf(more, id, id, fmt.Sprintf(`{"id":%q,"created_at":"2026-04-10T08:00:0%dZ","type":"t"}`, id, 9-i)),
		}
	}
	for name, test := range map[string]struct {
		headers []string
		want    []string // on the pages that were read; one less than there are is an error
	}{
		"the same":      {[]string{"org_1", "org_1"}, []string{"org_1", "org_1"}},
		"not said":      {[]string{"", ""}, []string{"", ""}},
		"said later":    {[]string{"", "org_1", "", "org_1"}, []string{"", "org_1", "", "org_1"}},
		"another":       {[]string{"org_1", "org_2"}, []string{"org_1"}},
		"another later": {[]string{"", "org_1", "", "org_2"}, []string{"", "org_1", ""}},
		"escapes":       {[]string{"\x1b[1morg_1"}, []string{"org_1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{}
			for i, header := range test.headers {
				s.steps = append(s.steps, pageFor(header, i, i < len(test.headers)-1))
			}
			result := walkWith(t, s, Query{PageSize: 1})
			var got []string
			for _, page := range result.pages {
				got = append(got, page.KeyOrganizationID)
			}
			equal(t, "organizations", got, test.want)
			if len(test.want) == len(test.headers) {
				if result.err != nil {
					t.Fatal(result.err)
				}
				return
			}
			if page := errorAs[*PageError](t, result.readError(t)); page.Fault != OtherOrganization || page.First != "org_1" || page.Then != "org_2" {
				t.Errorf("got %+v, want one that names both organizations", *page)
			}
		})
	}
}
