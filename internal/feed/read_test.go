package feed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// TestRead has every size of a feed around the border of a page: all of it comes, in order,
// in as few requests as can be.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, order := range []Order{"", NewestFirst, OldestFirst} {
		for _, limit := range []int{1, 2, 3} {
			for n := range 3*limit + 2 {
				t.Run(fmt.Sprintf("order_%s/limit_%d/feed_%d", order, limit, n), func(t *testing.T) {
					feedtest.InBubble(t, func(t *testing.T) {
						api := newFake(n)
						got := newReader(t, feedtest.Uncompressed(api)).outcome(t.Context(), Request{Order: order, PageSize: limit}).mustBe(t, inOrder(order, n))
						requests := api.Requests()
						if want := max(1, (n+limit-1)/limit); len(requests) != want || got.Pages != want {
							t.Errorf("got %d requests and %d pages, want %d", len(requests), got.Pages, want)
						}
						if empty := n == 0; (got.FirstID == "") != empty || (got.LastID == "") != empty || got.HasMore {
							t.Errorf("got %+v of %d activities", got.Result, n)
						}
						if want := requests[len(requests)-1].RequestID; got.RequestID != want {
							t.Errorf("got request-id %q, want that of the last page, %q", got.RequestID, want)
						}
					})
				})
			}
		}
	}
}

// TestResume cuts a feed at every place and reads what stands on both sides of the cut.
func TestResume(t *testing.T) {
	t.Parallel()
	const n = 11
	for _, order := range bothOrders {
		for _, limit := range []int{1, 3, 4, 100} {
			t.Run(fmt.Sprintf("%s/limit_%d", order, limit), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					reader := newReader(t, feedtest.Uncompressed(newFake(n)))
					all := inOrder(order, n)
					for cut := 1; cut < n; cut++ {
						start := reader.outcome(t.Context(), Request{Order: order, PageSize: limit, MaxActivities: cut}).mustBe(t, all[:cut])
						rest := reader.outcome(t.Context(), Request{Order: order, PageSize: limit, AfterID: start.LastID}).mustBe(t, all[cut:])
						before := reader.outcome(t.Context(), Request{Order: order, PageSize: limit, BeforeID: rest.FirstID}).mustBe(t, all[:cut])
						if want := (cut + limit - 1) / limit; before.Pages != want {
							t.Errorf("before: got %d pages, want %d", before.Pages, want)
						}
						// What came since, and what has gone before, from the cursors of a read backward.
						reader.outcome(t.Context(), Request{Order: order, PageSize: limit, AfterID: before.LastID}).mustBe(t, all[cut:])
						reader.outcome(t.Context(), Request{Order: order, PageSize: limit, BeforeID: before.FirstID}).mustBe(t, nil)
					}
				})
			})
		}
	}
}

func TestMaxActivities(t *testing.T) {
	t.Parallel()
	const n = 10
	for _, test := range []struct {
		limit, most int
		wantLimits  []string // of the requests
	}{
		{4, 1, []string{"1"}},
		{4, 4, []string{"4"}},
		{4, 5, []string{"4", "1"}},
		{4, 9, []string{"4", "4", "1"}},
		{4, 10, []string{"4", "4", "2"}},
		{4, 11, []string{"4", "4", "3"}},
		{4, 100, []string{"4", "4", "4"}},
		{5, 10, []string{"5", "5"}},
		{0, 7, []string{"7"}},
		{0, 6000, []string{"5000"}},
	} {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("limit_%d/most_%d/backward_%t", test.limit, test.most, backward), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := newFake(n + 1)
					reader := newReader(t, feedtest.Uncompressed(api))
					all := feedtest.IDs(n + 1)
					// Forward from the newest, which leaves n; or back from the oldest, which does too.
					request := Request{PageSize: test.limit, MaxActivities: test.most}
					want := all[1:min(1+test.most, n+1)]
					request.AfterID = reader.outcome(t.Context(), Request{MaxActivities: 1}).LastID
					if backward {
						request.AfterID, request.BeforeID = "", reader.outcome(t.Context(), Request{MaxActivities: 1, Order: OldestFirst}).FirstID
						want = all[max(0, n-test.most):n]
					}
					api.ResetRequests()
					got := reader.outcome(t.Context(), request).mustBe(t, want)
					var limits []string
					for _, request := range api.Requests() {
						limits = append(limits, request.Query.Get("limit"))
					}
					feedtest.Equal(t, "limits", limits, test.wantLimits)
					if want := test.most < n; got.HasMore != want {
						t.Errorf("got HasMore %t, want %t", got.HasMore, want)
					}
				})
			})
		}
	}
}

// twice are records of which every third is in the feed twice and every seventh three times.
func twice(n int) []string {
	var texts []string
	for i, text := range feedtest.Records(n) {
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

func newFakeOf(texts []string) *fakeapi.API {
	api := newFake(0, func(o *fakeapi.Options) { o.RateLimit = 1_000_000 })
	api.Add(texts...)
	return api
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	const n = 20
	for _, order := range bothOrders {
		for _, limit := range []int{1, 2, 3, 7, 100} {
			for _, unique := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/limit_%d/unique_%t", order, limit, unique), func(t *testing.T) {
					feedtest.InBubble(t, func(t *testing.T) {
						reader := newReader(t, feedtest.Uncompressed(newFakeOf(twice(n))))
						want := inOrder(order, n)
						request := Request{Order: order, PageSize: limit, Unique: unique}
						reader.outcome(t.Context(), request).mustBe(t, want)
						for most := 1; most <= n+1; most++ {
							request.MaxActivities = most
							got := reader.outcome(t.Context(), request).mustBe(t, want[:min(most, n)])
							// What stands behind its last cursor is all the rest, and nothing before the last.
							rest := reader.outcome(t.Context(), Request{Order: order, AfterID: got.LastID})
							ids := slices.DeleteFunc(rest.ids(), func(id string) bool { return id == want[min(most, n)-1] })
							feedtest.Equal(t, fmt.Sprintf("after %d", most), ids, want[min(most, n):])
						}
					})
				})
			}
		}
	}
}

// TestUnique shows the difference, with a feed that is out of order, as the real one is not:
// without it only what was on the page before is recognised.
func TestUnique(t *testing.T) {
	t.Parallel()
	a, b, c := feedtest.Activity("a", time.Unix(0, 0), ""), feedtest.Activity("b", time.Unix(0, 0), ""), feedtest.Activity("c", time.Unix(0, 0), "")
	for unique, want := range map[bool][]string{true: {"a", "b", "c"}, false: {"a", "b", "c", "a"}} {
		t.Run(fmt.Sprint(unique), func(t *testing.T) {
			t.Parallel()
			readScript(t, scriptOf(
				feedtest.Page(true, "1", "1", a),
				feedtest.Page(true, "2", "2", a, b, b),
				feedtest.Page(true, "", "3"), // an empty page does not make it forget
				feedtest.Page(true, "4", "4", b, c),
				feedtest.Page(false, "5", "5", c, a),
			), Request{Unique: unique}).mustBe(t, want)
		})
	}
}

// TestExcept leaves activities out of a feed with repeats. The result is the rest, in full
// or as much of it as was asked for, and its last cursor goes on exactly where it ended.
// What is skipped is not even counted.
func TestExcept(t *testing.T) {
	t.Parallel()
	const n = 21
	for name, except := range map[string]func(int) bool{
		"none":            func(int) bool { return false },
		"every third":     func(n int) bool { return n%3 == 0 },
		"all but a third": func(n int) bool { return n%3 != 0 },
		"all but one":     func(n int) bool { return n != 11 },
		"all":             func(int) bool { return true },
	} {
		for _, backward := range []bool{false, true} {
			for _, limit := range []int{1, 4, 100} {
				for _, skip := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/backward_%t/limit_%d/skip_%t", name, backward, limit, skip), func(t *testing.T) {
						feedtest.InBubble(t, func(t *testing.T) {
							api := newFakeOf(twice(n))
							reader := newReader(t, feedtest.Uncompressed(api))
							request := Request{PageSize: limit}
							leave := func(a *activity.Activity) bool { return except(numberOf(a.ID)) }
							if skip {
								request.Skip = leave
							} else {
								request.Except = leave
							}
							all := feedtest.IDs(n)
							if backward { // from the oldest, of which there is one
								request.BeforeID = reader.outcome(t.Context(), Request{Order: OldestFirst, PageSize: 4, MaxActivities: 2}).LastID
								all = all[:n-2]
							}
							want := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return except(numberOf(id)) })
							whole := reader.outcome(t.Context(), request).mustBe(t, want)
							if wantExcepted := len(all) - len(want); !skip && whole.Excepted != wantExcepted || skip && whole.Excepted != 0 {
								t.Errorf("got %d excepted, want %d without what is skipped", whole.Excepted, wantExcepted)
							}
							for most := 1; most <= len(want)+1; most++ {
								request := request
								request.MaxActivities = most
								api.ResetRequests()
								first, rest := want[:min(most, len(want))], want[min(most, len(want)):]
								if backward {
									rest, first = want[:max(0, len(want)-most)], want[max(0, len(want)-most):]
								}
								got := reader.outcome(t.Context(), request).mustBe(t, first)
								if requests := len(api.Requests()); requests > whole.Pages+1 {
									t.Errorf("got %d requests, want at most %d", requests, whole.Pages+1)
								}
								if len(rest) > 0 && !got.HasMore {
									t.Error("got no more, want more")
								}
								if request.MaxActivities = 0; backward && got.FirstID != "" {
									request.BeforeID = got.FirstID
								} else if got.LastID != "" {
									request.AfterID = got.LastID
								}
								// A repeat of the last one may follow: a new read cannot know it.
								ids := reader.outcome(t.Context(), request).ids()
								ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(first, id) })
								feedtest.Equal(t, "the rest", ids, rest)
							}
						})
					})
				}
			}
		}
	}
}

// TestExceptOfCopies has activities that come twice with different content: one is left out
// only if every copy may be.
func TestExceptOfCopies(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	for name, test := range map[string]struct {
		first, second string // what is to become of the copies
		want          []string
		excepted      int
	}{
		"both":            {"except", "except", []string{"other"}, 1},
		"the first only":  {"except", "", []string{"twice", "other"}, 0},
		"the second only": {"", "except", []string{"twice", "other"}, 0},
		"one is skipped":  {"skip", "except", []string{"other"}, 1},
	} {
		for _, unique := range []bool{false, true} {
			for _, onePage := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/unique_%t/one_page_%t", name, unique, onePage), func(t *testing.T) {
					t.Parallel()
					fate := func(text string) string { return `,"fate":"` + text + `"` }
					first, second := feedtest.Activity("twice", at, fate(test.first)), feedtest.Activity("twice", at, fate(test.second))
					s := scriptOf(feedtest.Page(true, "1", "1", first), feedtest.Page(false, "2", "2", second, feedtest.Activity("other", at, "")))
					if onePage {
						s = scriptOf(feedtest.Page(false, "1", "1", first, second, feedtest.Activity("other", at, "")))
					}
					got := readScript(t, s, Request{
						Unique: unique,
						Except: func(a *activity.Activity) bool { return strings.Contains(a.Extra, `"except"`) },
						Skip:   func(a *activity.Activity) bool { return strings.Contains(a.Extra, `"skip"`) },
					}).mustBe(t, test.want)
					if got.Excepted != test.excepted {
						t.Errorf("got %d excepted, want %d", got.Excepted, test.excepted)
					}
				})
			}
		}
	}
}

// TestExceptRefuses has a server that sends more than it was asked for: then there is no
// cursor that fits.
func TestExceptRefuses(t *testing.T) {
	t.Parallel()
	page := feedtest.Page(true, "1", "3", feedtest.Activity("a", time.Unix(3, 0), ""), feedtest.Activity("b", time.Unix(2, 0), ""), feedtest.Activity("c", time.Unix(1, 0), ""))
	s := scriptOf(page, page)
	failed := readScript(t, s, Request{MaxActivities: 1, Except: func(a *activity.Activity) bool { return a.ID == "a" }}).mustFail(t)
	if fault := feedtest.ErrorAs[*PageError](t, failed); fault.Fault != TooMany || fault.Came != 3 || fault.Asked != 2 || failed.Page != 1 {
		t.Errorf("got %v, %+v, want the page refused", failed, fault)
	}
	if limits := []string{s.Requests[0].URL.Query().Get("limit"), s.Requests[1].URL.Query().Get("limit")}; !slices.Equal(limits, []string{"5000", "2"}) {
		t.Errorf("got limits %v, want 5000 and 2", limits)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	at := func(text string) *time.Time {
		parsed, err := timerange.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return &parsed
	}
	for name, test := range map[string]struct {
		request Request
		want    url.Values // and limit
	}{
		"nothing":       {Request{}, url.Values{}},
		"organizations": {Request{OrganizationIDs: []string{"org_1", "0b0b0b0b-0000-4000-8000-000000000000"}}, url.Values{"organization_ids[]": {"org_1", "0b0b0b0b-0000-4000-8000-000000000000"}}},
		"actors":        {Request{ActorIDs: []string{"user_1", "user_2"}}, url.Values{"actor_ids[]": {"user_1", "user_2"}}},
		"types":         {Request{ActivityTypes: []string{"sso_login_failed", "api_key_created"}}, url.Values{"activity_types[]": {"sso_login_failed", "api_key_created"}}},
		"not types":     {Request{ExcludeActivityTypes: []string{"sso_login_failed"}}, url.Values{"exclude_activity_types[]": {"sso_login_failed"}}},
		"bounds": {
			Request{Bounds: timerange.Bounds{GTE: at("2026-01-01T00:00:00+00:00"), GT: at("2026-01-02T00:00:00Z"), LTE: at("2026-04-11T00:00:00-05:00"), LT: at("2026-04-10T00:00:00.5Z")}},
			url.Values{"created_at.gte": {"2026-01-01T00:00:00Z"}, "created_at.gt": {"2026-01-02T00:00:00Z"}, "created_at.lte": {"2026-04-11T05:00:00Z"}, "created_at.lt": {"2026-04-10T00:00:00.5Z"}},
		},
		"oldest first":         {Request{Order: OldestFirst}, url.Values{"order": {"asc"}}},
		"odd characters":       {Request{ActorIDs: []string{"a b&c=d+e%f#g;h", "ü\u2028"}}, url.Values{"actor_ids[]": {"a b&c=d+e%f#g;h", "ü\u2028"}}},
		"what is not sent":     {Request{MaxActivities: 3, Unique: true, KeyOrganizationID: ""}, url.Values{}},
		"both cursors, forbid": {Request{AfterID: feedtest.ID(1), BeforeID: feedtest.ID(2)}, url.Values{"after_id": {feedtest.ID(1)}, "before_id": {feedtest.ID(2)}}},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(3)
				got := newReader(t, feedtest.Uncompressed(api)).outcome(t.Context(), test.request)
				// The fake refuses what the API does not know, or forbids: that is not for the reader to do.
				if forbidden := test.want.Has("after_id"); forbidden != (got.err != nil) {
					t.Fatal(got.err)
				}
				query := api.Requests()[0].Query
				query.Del("limit")
				if query.Encode() != test.want.Encode() {
					t.Errorf("got %v, want %v", query, test.want)
				}
			})
		})
	}
}

// TestSinkEndsTheRead sends no further request, and returns the sink's error as it is.
func TestSinkEndsTheRead(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		api := newFake(10)
		s := &sink{enough: 2}
		_, err := Read(t.Context(), newReader(t, feedtest.Uncompressed(api)).Client, Request{PageSize: 2}, s)
		if requests := len(api.Requests()); err != errEnough || requests != 2 || s.batches[1].Page != 2 { //nolint:errorlint // as it is
			t.Errorf("got %v after %d requests, want the sink's error after 2", err, requests)
		}
	})
}

func TestSeveralReads(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		const n = 40
		reader := newReader(t, feedtest.Uncompressed(newFake(n, func(o *fakeapi.Options) { o.Latency = 10 * time.Millisecond })))
		var reads sync.WaitGroup
		for i := range 12 {
			reads.Go(func() {
				order := bothOrders[i%2]
				if got := reader.outcome(t.Context(), Request{Order: order, PageSize: i + 1}); got.err != nil || !slices.Equal(got.ids(), inOrder(order, n)) {
					t.Errorf("read %d: got %v, %v", i, got.ids(), got.err)
				}
			})
		}
		reads.Wait()
	})
}

// TestEndlessReads go towards now, while each of their requests is recorded in the feed. They
// end with what was there when they began, and go on exactly there the next time.
func TestEndlessReads(t *testing.T) {
	t.Parallel()
	const n = 20
	day := time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		request  Request
		want     []string
		requests int // the most
	}{
		"oldest first, page by page":  {Request{Order: OldestFirst, PageSize: 1}, oldestFirst(feedtest.IDs(n)), n + 2},
		"oldest first, by threes":     {Request{Order: OldestFirst, PageSize: 3}, oldestFirst(feedtest.IDs(n)), n/3 + 3},
		"oldest first, one page":      {Request{Order: OldestFirst}, oldestFirst(feedtest.IDs(n)), 1},
		"oldest first, in shards":     {Request{Order: OldestFirst, PageSize: 4, Bounds: since(day)}, oldestFirst(feedtest.IDs(n)), n/4 + 6},
		"oldest first, some of them":  {Request{Order: OldestFirst, PageSize: 2, MaxActivities: 1000}, oldestFirst(feedtest.IDs(n)), n/2 + 3},
		"what came since":             {Request{PageSize: 2, BeforeID: feedtest.ID(4)}, feedtest.IDs(n)[:n-5], n/2 + 3},
		"what came since, in a page":  {Request{PageSize: 5000, BeforeID: feedtest.ID(4)}, feedtest.IDs(n)[:n-5], 1},
		"oldest first after a cursor": {Request{Order: OldestFirst, PageSize: 2, AfterID: feedtest.ID(4)}, oldestFirst(feedtest.IDs(n))[5:], n/2 + 3},
		"nothing since":               {Request{PageSize: 1, BeforeID: feedtest.ID(n - 1)}, nil, 1},
	} {
		for _, silent := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/no_date_%t", name, silent), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := newFake(n, func(o *fakeapi.Options) { o.SkipReadLog = false })
					if silent {
						api.Inject(fakeapi.Always, func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
							w.Header()["Date"] = nil
							fakeapi.NoFault(w, r, answer)
						})
					}
					reader := newReader(t, feedtest.Uncompressed(api))
					request := test.request
					for _, cursor := range []*string{&request.AfterID, &request.BeforeID} {
						if *cursor != "" { // of another fake with the same feed, so that this one has no read of it
							other := newReader(t, feedtest.Uncompressed(newFake(n)))
							*cursor = other.outcome(t.Context(), Request{Order: OldestFirst, MaxActivities: numberOf(*cursor) + 1}).LastID
						}
					}
					got := reader.outcome(t.Context(), request).mustBe(t, test.want)
					if requests := len(api.Requests()); requests > test.requests || got.HasMore {
						t.Errorf("got %d requests and HasMore %t, want at most %d and no more", requests, got.HasMore, test.requests)
					}
					if len(test.want) == 0 {
						return
					}
					next := Request{Order: test.request.Order, AfterID: got.LastID}
					if test.request.Order != OldestFirst {
						next = Request{BeforeID: got.FirstID}
					}
					time.Sleep(time.Minute) // in which what the requests wrote becomes old
					for _, id := range reader.outcome(t.Context(), next).ids() {
						if !strings.Contains(id, "Read") {
							t.Errorf("got %s, which was there before", id)
						}
					}
				})
			})
		}
	}
}

// TestRefuses has pages that are well formed and contradict each other, or themselves.
func TestRefuses(t *testing.T) {
	t.Parallel()
	page := feedtest.Page
	a, b, c := feedtest.Activity("a", time.Unix(3, 0), ""), feedtest.Activity("b", time.Unix(2, 0), ""), feedtest.Activity("c", time.Unix(1, 0), "")
	var same, empty []string
	for i := range MaxIdle + 1 {
		same = append(same, page(true, fmt.Sprint(i), fmt.Sprint(i), a))
		empty = append(empty, page(true, "", fmt.Sprint(i)))
	}
	for name, test := range map[string]struct {
		request  Request
		pages    []string
		want     PageError
		wantRead int // activities before it
	}{
		"more without cursor":                 {Request{}, []string{page(true, "", "", a)}, PageError{Fault: NoCursor}, 0},
		"more with the other cursor only":     {Request{}, []string{page(true, "1", "", a)}, PageError{Fault: NoCursor}, 0},
		"backward with the other cursor only": {Request{BeforeID: "x"}, []string{page(true, "", "1", a)}, PageError{Fault: NoCursor}, 0},
		"more without cursor later":           {Request{}, []string{page(true, "1", "1", a), page(true, "2", "", b)}, PageError{Fault: NoCursor}, 1},
		"empty page without cursor":           {Request{}, []string{page(true, "", "")}, PageError{Fault: NoCursor}, 0},
		"cursor does not move":                {Request{}, []string{page(true, "1", "1", a), page(true, "1", "1", b)}, PageError{Fault: SameCursor}, 1},
		"start cursor does not move":          {Request{AfterID: "x"}, []string{page(true, "1", "x", a)}, PageError{Fault: SameCursor}, 0},
		"backward cursor does not move":       {Request{BeforeID: "x"}, []string{page(true, "x", "1", a)}, PageError{Fault: SameCursor}, 0},
		"cycle of two":                        {Request{}, []string{page(true, "1", "1", a), page(true, "2", "2", b), page(true, "1", "1", a)}, PageError{Fault: OldCursor}, 2},
		"cycle to the start":                  {Request{AfterID: "x"}, []string{page(true, "1", "1", a), page(true, "2", "x", b)}, PageError{Fault: OldCursor}, 1},
		"cycle of empty pages":                {Request{}, []string{page(true, "", "1"), page(true, "", "2"), page(true, "", "1")}, PageError{Fault: OldCursor}, 0},
		"more than was asked":                 {Request{MaxActivities: 2}, []string{page(false, "1", "1", a, b, c)}, PageError{Fault: TooMany, Came: 3, Asked: 2}, 0},
		"more than was left":                  {Request{MaxActivities: 2}, []string{page(true, "1", "1", a), page(false, "2", "2", b, c)}, PageError{Fault: TooMany, Came: 2, Asked: 1}, 1},
		"the same again and again":            {Request{}, same, PageError{Fault: NothingNew}, 1},
		"empty again and again":               {Request{}, empty[:MaxIdle], PageError{Fault: NothingNew}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				s := scriptOf(test.pages...)
				failed := readScript(t, s, test.request).mustFail(t)
				test.want.RequestID = "req_test"
				if got := feedtest.ErrorAs[*PageError](t, failed); *got != test.want {
					t.Errorf("got %+v, want %+v", *got, test.want)
				}
				if failed.Page != len(test.pages) || failed.Activities != test.wantRead || failed.Attempts != 1 || len(s.Requests) != len(test.pages) {
					t.Errorf("got %+v after %d requests, want page %d after %d activities", failed, len(s.Requests), len(test.pages), test.wantRead)
				}
			})
		})
	}
}

// TestGoesOn has pages that are odd and yet lead to the end.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	page := feedtest.Page
	a, b := feedtest.Activity("a", time.Unix(2, 0), ""), feedtest.Activity("b", time.Unix(1, 0), "")
	for name, test := range map[string]struct {
		request     Request
		pages       []string
		first, last string // cursors of the result
	}{
		"empty page with a cursor":      {Request{}, []string{page(true, "1", "1", a), page(true, "", "2"), page(false, "3", "3", b)}, "1", "3"},
		"empty first page":              {Request{}, []string{page(true, "x", "1"), page(false, "2", "2", a, b)}, "2", "2"},
		"empty last page":               {Request{}, []string{page(true, "1", "1", a, b), feedtest.EmptyPage}, "1", "1"},
		"the end repeats a cursor":      {Request{}, []string{page(true, "1", "1", a), page(false, "1", "1", b)}, "1", "1"},
		"the end has no cursor":         {Request{}, []string{page(false, "1", "", a, b)}, "1", ""},
		"the first has no cursor":       {Request{}, []string{page(true, "", "1", a), page(false, "2", "2", b)}, "", "2"},
		"backward, the end has none":    {Request{BeforeID: "x"}, []string{page(true, "1", "2", b), page(false, "", "3", a)}, "", "2"},
		"backward, the first has none":  {Request{BeforeID: "x"}, []string{page(true, "1", "", b), page(false, "2", "3", a)}, "2", ""},
		"a page of what was there":      {Request{MaxActivities: 2}, []string{page(true, "1", "1", a), page(true, "2", "2", a), page(false, "3", "3", b)}, "1", "3"},
		"one more, which was there":     {Request{MaxActivities: 2}, []string{page(true, "1", "1", a), page(false, "2", "2", a, b)}, "1", "2"},
		"more on a page than its limit": {Request{PageSize: 1}, []string{page(false, "1", "1", a, b)}, "1", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readScript(t, scriptOf(test.pages...), test.request).mustBe(t, []string{"a", "b"})
			if got.Pages != len(test.pages) || got.FirstID != test.first || got.LastID != test.last {
				t.Errorf("got %+v, want %d pages and the cursors %q and %q", got.Result, len(test.pages), test.first, test.last)
			}
		})
	}
	got := readScript(t, scriptOf(page(true, "1", "1"), page(false, "2", "2")), Request{}).mustBe(t, nil)
	if got.FirstID != "" || got.LastID != "" {
		t.Errorf("got %+v of pages with cursors and nothing else, want none", got.Result)
	}
}

// TestCursorsAreOpaque passes each cursor back as it came, whatever it holds.
func TestCursorsAreOpaque(t *testing.T) {
	t.Parallel()
	for _, cursor := range []string{"activity_01", "a b+c&d=e%20f/g?h#i", "ü🙂\u2028", "\x00\x1b", `"\`, strings.Repeat("x", 5000), "null"} {
		s := scriptOf(feedtest.Page(true, "x", cursor), feedtest.EmptyPage)
		readScript(t, s, Request{}).mustBe(t, nil)
		if got := s.Requests[1].URL.Query().Get("after_id"); got != cursor {
			t.Errorf("got after_id %q, want %q", got, cursor)
		}
	}
}

// TestEndedContext sends nothing for a read that has ended before it began.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := scriptOf()
	for range 20 { // a select could choose to send
		failed := newReader(t, s).outcome(ctx, Request{}).mustFail(t)
		if failed.Err != ctx.Err() || failed.Last != nil || failed.Attempts != 0 || failed.Page != 1 { //nolint:errorlint // this very value
			t.Errorf("got %+v, want no attempt at page 1", failed)
		}
	}
	if len(s.Requests) > 0 {
		t.Errorf("got %d requests, want none", len(s.Requests))
	}
}

// Each page says whose feed it is. Pages of two are no answer to one question, and none is
// without the organization that is expected.
func TestKeyOrganization(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expected string
		headers  []string
		want     PageFault // of the last page
	}{
		"the same":             {"", []string{"org_1", "org_1"}, ""},
		"not said":             {"", []string{"", ""}, ""},
		"said later":           {"", []string{"", "org_1", "", "org_1"}, ""},
		"another":              {"", []string{"org_1", "org_2"}, OtherOrganization},
		"another later":        {"", []string{"", "org_1", "", "org_2"}, OtherOrganization},
		"escapes":              {"", []string{"\x1b[1morg_1"}, ""},
		"as expected":          {"ORG_1", []string{"org_1", "org_1"}, ""},
		"not as expected":      {"org_1", []string{"org_2"}, WrongOrganization},
		"not said, expected":   {"org_1", []string{""}, WrongOrganization},
		"not said any more":    {"org_1", []string{"org_1", ""}, WrongOrganization},
		"longer than expected": {"org_1", []string{"org_11"}, WrongOrganization},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &feedtest.Script{}
			for i, header := range test.headers {
				id := fmt.Sprint(i)
				s.Steps = append(s.Steps, feedtest.Step{
					Header: []string{"anthropic-organization-id", header},
					Body:   feedtest.Page(i < len(test.headers)-1, id, id, feedtest.Activity(id, time.Unix(int64(99-i), 0), "")),
				})
			}
			got := readScript(t, s, Request{PageSize: 1, KeyOrganizationID: test.expected})
			if test.want == "" {
				if got.err != nil || got.KeyOrganizationID != strings.TrimPrefix(slices.Max(test.headers), "\x1b[1m") {
					t.Errorf("got %q and %v", got.KeyOrganizationID, got.err)
				}
				return
			}
			failed, last := got.mustFail(t), test.headers[len(test.headers)-1]
			if failed.Page != len(test.headers) {
				t.Errorf("got %+v, want it on page %d", failed, len(test.headers))
			}
			if got := feedtest.ErrorAs[*PageError](t, failed); *got != (PageError{Fault: test.want, Got: last, Want: "org_1", RequestID: "req_test"}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestFuture has windows that begin before and after now, by the server's clock or, where
// that is not known, by this machine's.
func TestFuture(t *testing.T) {
	t.Parallel()
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when bubbles begin
	at := func(after time.Duration) *time.Time { return new(now.Add(after)) }
	from := func(after time.Duration) timerange.Bounds { return since(now.Add(after)) }
	for name, test := range map[string]struct {
		request Request
		server  time.Duration // its clock, beside this machine's
		silent  bool          // the server sends no Date
		want    bool
	}{
		"no bounds":              {},
		"before now":             {request: Request{Bounds: from(-time.Second)}},
		"in this second":         {request: Request{Bounds: from(999 * time.Millisecond)}},
		"a second later":         {request: Request{Bounds: from(time.Second)}, want: true},
		"exclusive":              {request: Request{Bounds: timerange.Bounds{GT: at(time.Hour)}}, want: true},
		"both":                   {request: Request{Bounds: timerange.Bounds{GTE: at(-time.Hour), GT: at(time.Hour)}}, want: true},
		"behind a baseline":      {request: Request{Bounds: from(-time.Hour), Begins: *at(time.Hour)}, want: true},
		"oldest first":           {request: Request{Bounds: from(time.Hour), Order: OldestFirst}, want: true},
		"with MaxActivities":     {request: Request{Bounds: from(time.Hour), MaxActivities: 1}, want: true},
		"with a cursor":          {request: Request{Bounds: from(time.Hour), AfterID: "x"}, want: true},
		"an upper bound":         {request: Request{Bounds: timerange.Bounds{GTE: at(-time.Hour), LTE: at(time.Hour)}}},
		"an upper bound alone":   {request: Request{Bounds: timerange.Bounds{LT: at(time.Hour)}}},
		"clock a little ahead":   {request: Request{Bounds: from(-10 * time.Second)}, server: -30 * time.Second, want: true},
		"clock behind":           {request: Request{Bounds: from(time.Minute)}, server: time.Hour},
		"clock ahead, no date":   {request: Request{Bounds: from(-10 * time.Second)}, server: -30 * time.Second, silent: true},
		"in the future, no date": {request: Request{Bounds: from(time.Hour)}, silent: true, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				step := feedtest.Step{Body: feedtest.EmptyPage}
				if !test.silent {
					step.Header = []string{"date", time.Now().Add(test.server).UTC().Format(http.TimeFormat)}
				}
				got := newReader(t, &feedtest.Script{Steps: []feedtest.Step{step}}, func(o *compliance.Options) { o.Now = time.Now }).outcome(t.Context(), test.request)
				if !test.want {
					got.mustBe(t, nil)
					return
				}
				future := feedtest.ErrorAs[*FutureError](t, got.mustFail(t))
				if want := time.Now().Add(test.server); !future.Now.Equal(want) || future.ByServer == test.silent || !future.LowerBound.After(want) {
					t.Errorf("got %+v, want a bound later than %v", future, want)
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
			feedtest.InBubble(t, func(t *testing.T) {
				clock := func() time.Time { return bubbleNow().Add(-test.behind) }
				slow := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
					time.Sleep(90 * time.Second) // which says nothing about the clocks
					return feedtest.Step{Header: []string{"date", bubbleNow().UTC().Format(http.TimeFormat)}, Body: feedtest.EmptyPage}.Answer(request), nil
				})
				reader := newReader(t, slow, func(o *compliance.Options) { o.Now, o.RequestTimeout = clock, time.Hour })
				got := reader.outcome(t.Context(), Request{Bounds: between(newest, clock().Add(test.upper).Truncate(time.Second))})
				if !test.fails {
					got.mustBe(t, nil)
				} else if failed := feedtest.ErrorAs[*ClockError](t, got.mustFail(t)); failed.Behind != test.behind {
					t.Errorf("got %+v", failed)
				}
			})
		})
	}
}
