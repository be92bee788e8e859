package feed

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

var (
	newest = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	whole  = since(newest.Add(-wholeSpan - time.Hour)) // of what the feeds of these tests have
)

const wholeSpan = 10 * 24 * time.Hour

// shapedFake has n activities spread over wholeSpan, and a limit that is in no test's way.
func shapedFake(n int, shape func(share float64) float64, latency time.Duration) *fakeapi.API {
	texts := make([]string, n)
	for i := range texts {
		share := shape((float64(i) + 0.5) / float64(n))
		texts[i] = feedtest.Activity(feedtest.ID(i), newest.Add(-wholeSpan).Add(time.Duration(share*float64(wholeSpan))), "")
	}
	return newFake(0, func(o *fakeapi.Options) {
		o.Feed, o.RateLimit, o.Latency = fakeapi.NewFeed(texts...), 1_000_000, latency
	})
}

func evenly(share float64) float64 { return share }

func older(share float64) float64 { return share * share * share * share }
func newer(share float64) float64 { return 1 - older(1-share) }

// TestShardsAreComplete has feeds whose density misleads: every activity comes once, and the
// requests are bounded.
func TestShardsAreComplete(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(share float64) float64{
		"evenly":          evenly,
		"empty_middle":    func(share float64) float64 { return share/100 + math.Round(share)*0.99 },
		"bursts":          func(share float64) float64 { return share/1000 + math.Floor(share*5)/5*0.999 },
		"one_instant":     func(float64) float64 { return 0.5 },
		"two_instants":    func(share float64) float64 { return float64(int(share*2)) / 2 },
		"older_is_denser": older,
		"newer_is_denser": newer,
	} {
		for _, n := range []int{1, 51, 333, 1000} {
			for _, workers := range []int{1, 4, 16} {
				t.Run(fmt.Sprintf("%s/%d/%d_at_once", name, n, workers), func(t *testing.T) {
					feedtest.InBubble(t, func(t *testing.T) {
						api := shapedFake(n, shape, time.Millisecond)
						reader := newReader(t, feedtest.Uncompressed(api), atOnce(workers))
						request := Request{Bounds: whole, PageSize: 50}
						got := reader.outcome(t.Context(), request)
						requests := len(api.Requests())
						got.mustBeAs(t, reader.inOnePiece(t.Context(), request))
						if len(got.ids()) != n {
							t.Errorf("got %d activities, want %d", len(got.ids()), n)
						}
						if most := (n/50+1)*6/5 + 2*workers; requests > most {
							t.Errorf("got %d requests, want at most %d", requests, most)
						}
					})
				})
			}
		}
	}
}

// TestShardsProperty looks for a feed, a window or a fault that makes the read in shards
// differ from the one in one piece.
func TestShardsProperty(t *testing.T) {
	t.Parallel()
	for round := range rounds(60) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(*seed, uint64(round)))
				before := func(span time.Duration) *time.Time {
					return new(newest.Add(-time.Duration(random.Int64N(int64(span)))))
				}
				// Clusters of any width, so that many share a second and boundaries fall anywhere.
				var texts []string
				for len(texts) < 1+random.IntN(600) {
					center := before(wholeSpan)
					width := time.Duration(1 + random.Int64N(int64(time.Hour)>>random.IntN(30)))
					for range 1 + random.IntN(100) {
						texts = append(texts, feedtest.Activity(feedtest.ID(len(texts)), center.Add(time.Duration(random.Int64N(int64(width)))), ""))
					}
				}
				if random.IntN(4) == 0 {
					texts = append(texts, texts...) // each comes twice, now and then on two pages
				}
				api := newFake(0, func(o *fakeapi.Options) {
					o.Feed, o.RateLimit, o.Latency = fakeapi.NewFeed(texts...), 1_000_000, time.Millisecond
				})
				reader := newReader(t, api.Transport(), atOnce(1+random.IntN(16)))
				request := Request{Order: bothOrders[random.IntN(2)], PageSize: 1 + random.IntN(60), Unique: random.IntN(2) == 0}
				if random.IntN(3) == 0 {
					request.Except = func(a *activity.Activity) bool { return numberOf(a.ID)%3 == 0 }
				}
				if request.Bounds.GTE = before(wholeSpan); random.IntN(2) == 0 {
					request.Bounds = timerange.Bounds{GT: request.Bounds.GTE}
				}
				if random.IntN(2) == 0 {
					request.Bounds.LT = before(wholeSpan / 4)
				}
				want := reader.inOnePiece(t.Context(), request)
				onePage := len(api.Requests()) == 1
				api.ResetRequests()

				faults := []fakeapi.Fault{
					fakeapi.Status(503, "", ""), fakeapi.CutBody(40), fakeapi.TruncateBody(40), fakeapi.CloseBeforeHeader,
					fakeapi.TooManyRequests("1"), fakeapi.BrokenGzip, fakeapi.EmptyBody(200),
				}
				for range random.IntN(testRetries + 1) { // as many as one page could bridge
					api.Inject(fakeapi.Nth(1+random.IntN(20)), faults[random.IntN(len(faults))])
				}
				got := reader.outcome(t.Context(), request)
				got.mustBeAs(t, want)
				if requests := len(api.Requests()); got.begun != 1 || onePage && requests > 1+testRetries {
					t.Errorf("-seed=%d: got %d beginnings and %d requests", *seed, got.begun, requests)
				}
			})
		})
	}
}

// TestShardsKnowThePage has an odd server: an activity whose created_at changes between two
// answers. It counts once all the same, where it came first, as in a read in one piece.
func TestShardsKnowThePage(t *testing.T) {
	t.Parallel()
	const pageSize = 50
	for name, test := range map[string]struct {
		twice  int // the activity that comes again, so much older
		spread time.Duration
		unique bool
	}{
		"in the next second":              {pageSize - 1, 400 * time.Millisecond, false},
		"some seconds later":              {pageSize - 1, 3500 * time.Millisecond, false},
		"in a shard that is read earlier": {120, 30*time.Hour + time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				var texts []string
				for i := range 400 {
					at := newest.Add(-time.Duration(i) * time.Hour / 2)
					texts = append(texts, feedtest.Activity(feedtest.ID(i), at, ""))
					if i == test.twice {
						texts = append(texts, feedtest.Activity(feedtest.ID(i), at.Add(-test.spread), ""))
					}
				}
				api := newFakeOf(texts)
				reader := newReader(t, feedtest.Uncompressed(api), atOnce(4))
				got := reader.outcome(t.Context(), Request{Bounds: whole, PageSize: pageSize, Unique: test.unique})
				if bounds := boundsSent(api); len(bounds) < 3 {
					t.Errorf("got only the upper bounds %v: nothing was divided", bounds)
				}
				got.mustBe(t, oldestFirst(feedtest.IDs(400)))
			})
		})
	}
}

// boundsSent are the different upper bounds of all requests.
func boundsSent(api *fakeapi.API) []string {
	var bounds []string
	for _, request := range api.Requests() {
		bounds = append(bounds, request.Query.Get("created_at.lt"))
	}
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

// TestWithin has a shard ask for nothing outside the window, wherever its boundaries are.
func TestWithin(t *testing.T) {
	t.Parallel()
	at := func(second int) *time.Time { return new(newest.Add(time.Duration(second) * time.Second)) }
	window := timerange.Bounds{GT: at(10), LTE: at(20)}
	for name, test := range map[string]struct {
		earlier, later *time.Time
		want           timerange.Bounds
	}{
		"none":         {new(time.Time), new(time.Time), window},
		"inside":       {at(12), at(18), timerange.Bounds{GTE: at(12), GT: at(10), LTE: at(20), LT: at(18)}},
		"at the edges": {at(10), at(20), timerange.Bounds{GT: at(10), LTE: at(20), LT: at(20)}},
		"outside":      {at(9), at(21), window},
	} {
		for _, order := range bothOrders {
			start, end := *test.earlier, *test.later
			if order == NewestFirst {
				start, end = end, start
			}
			got := (&Request{}).parameters(order.within(window, start, end), "").Encode()
			if want := (&Request{}).parameters(test.want, "").Encode(); got != want {
				t.Errorf("%s, %s: got %s, want %s", name, order, got, want)
			}
		}
	}
}

// TestBoundaries divides what is left behind a page of ten activities at whole seconds, the
// nearest first.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	const start, newest, end = "2026-04-10T00:00:00.5Z", "2026-04-10T11:59:59.25Z", "2026-04-10T23:59:59.5Z"
	for name, test := range map[string]struct {
		order       Order
		first, last string
		end         string // in place of the other
		atMost      int
		want        []string
	}{
		"two parts":              {first: newest, last: "2026-04-10T08:00:00.25Z", atMost: 2, want: []string{"2026-04-10T04:00:00Z"}},
		"no more than there are": {first: newest, last: "2026-04-10T08:00:00Z", atMost: 50, want: []string{"2026-04-10T05:20:00Z", "2026-04-10T02:40:00Z"}},
		"one wanted":             {first: newest, last: "2026-04-10T08:00:00Z", atMost: 1},
		"one is enough":          {first: newest, last: "2026-04-10T02:00:00Z", atMost: 4},
		"all at one instant":     {first: newest, last: newest, atMost: 4},
		"at the start":           {first: newest, last: start, atMost: 4},
		"behind the start":       {first: newest, last: "2026-04-09T08:00:00Z", atMost: 4},
		"shorter than a second": {first: "2026-04-10T08:00:03.1Z", last: "2026-04-10T08:00:02.9Z", end: "2026-04-10T08:00:00.2Z", atMost: 16,
			want: []string{"2026-04-10T08:00:02Z", "2026-04-10T08:00:01Z"}},

		"two parts, oldest first":             {order: OldestFirst, first: newest, last: "2026-04-10T16:00:00.25Z", atMost: 2, want: []string{"2026-04-10T20:00:00Z"}},
		"at the end, oldest first":            {order: OldestFirst, first: newest, last: end, atMost: 4},
		"shorter than a second, oldest first": {order: OldestFirst, first: "2026-04-10T08:00:00.1Z", last: "2026-04-10T08:00:00.2Z", end: "2026-04-10T08:00:02.9Z", atMost: 16, want: []string{"2026-04-10T08:00:01Z", "2026-04-10T08:00:02Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := func(text string) time.Time {
				parsed, err := timerange.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				return parsed
			}
			far := start
			if test.order == OldestFirst {
				far = end
			}
			r := newRead(newReader(t, scriptOf(), atOnce(16)).Client, Request{Order: test.order, PageSize: 10}, &sink{}, true)
			r.end = at(cmp.Or(test.end, far))
			got := []string{}
			for _, boundary := range r.boundaries(r.first, append(slices.Repeat([]time.Time{at(test.first)}, 9), at(test.last)), test.atMost) {
				got = append(got, timerange.Format(boundary))
			}
			feedtest.Equal(t, "boundaries", got, test.want)
		})
	}
}

// TestShardsAreFast holds the promise of the performance guide, on a fake clock: as 100,000
// activities on pages of 5,000, and a list of 8 pages.
func TestShardsAreFast(t *testing.T) {
	if testing.Short() {
		t.Skip("its feeds are long")
	}
	t.Parallel()
	const pageSize, latency = 500, 200 * time.Millisecond
	for _, test := range []struct {
		n, workers, requests int
		most                 float64 // of the time of a read in one piece
	}{{10_000, 4, 24, 0.35}, {10_000, 8, 24, 0.25}, {4000, 8, 17, 0.5}} {
		for _, order := range append(bothOrders, "") {
			t.Run(fmt.Sprintf("%d/%d_at_once/%s", test.n, test.workers, order), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := shapedFake(test.n, evenly, latency)
					request := Request{Order: order, Bounds: whole, PageSize: pageSize, Unique: true}
					request.Bounds.LTE = &newest
					started := time.Now()
					got := newReader(t, feedtest.Uncompressed(api), atOnce(test.workers)).outcome(t.Context(), request)
					if got.err != nil || len(got.ids()) != test.n {
						t.Errorf("got %d activities and %v, want %d", len(got.ids()), got.err, test.n)
					}
					if took, most := time.Since(started), time.Duration(test.most*float64(test.n/pageSize)*float64(latency)); took > most {
						t.Errorf("got %v, want at most %v", took, most)
					}
					if requests := len(api.Requests()); requests > test.requests {
						t.Errorf("got %d requests, want at most %d", requests, test.requests)
					}
				})
			})
		}
	}
}

func TestOnePieceSendsTheSame(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]Request{
		"no_lower_bound": {PageSize: 10},
		"max_activities": {PageSize: 10, Bounds: whole, MaxActivities: 35},
		"one_page":       {PageSize: 100, Bounds: whole},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := shapedFake(100, evenly, 0)
				reader := newReader(t, feedtest.Uncompressed(api), atOnce(4))
				sent := func(outcome) (queries []string) {
					for _, request := range api.Requests() {
						queries = append(queries, request.URL.RawQuery)
					}
					api.ResetRequests()
					return queries
				}
				want := sent(reader.inOnePiece(t.Context(), request))
				feedtest.Equal(t, "requests", sent(reader.outcome(t.Context(), request)), want)
			})
		})
	}
}

func TestShardsFail(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fakeapi.Fault{
		"server": fakeapi.Status(500, "api_error", "Internal server error", "x-should-retry", "false"), "no_cursor": fakeapi.SetMembers("has_more", "true", "last_id", "null", "first_id", "null"), "hangs": fakeapi.Hang, "no_activity": fakeapi.SetRecord(0, "1"),
	} {
		for _, nth := range []int{1, 2, 5, 12} {
			t.Run(fmt.Sprintf("%s/request_%d", name, nth), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := shapedFake(1000, evenly, time.Millisecond)
					api.Inject(fakeapi.From(nth), fault)
					_ = newReader(t, feedtest.Uncompressed(api), atOnce(4)).outcome(t.Context(), Request{Bounds: whole, PageSize: 50}).mustFail(t)
				})
			})
		}
	}
}

// TestShardsEnd holds that nothing goes on behind the end of a read, though its requests are
// slow to end.
func TestShardsEnd(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		transport, underWay := feedtest.Uncompressed(shapedFake(1000, evenly, time.Minute)), atomic.Int32{}
		slow := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
			defer underWay.Add(-1)
			underWay.Add(1)
			answer, err := transport.RoundTrip(request)
			if err != nil {
				time.Sleep(time.Second)
			}
			return answer, err
		})
		reader := newReader(t, slow, atOnce(4), func(o *compliance.Options) { o.RequestTimeout = time.Hour })
		started := time.Now()
		got := reader.outcome(feedtest.After(t, 90*time.Second), Request{Bounds: whole, PageSize: 50}) // amid the shards
		if took := time.Since(started); !errors.Is(got.err, context.DeadlineExceeded) || len(got.batches) != 1 || took != 91*time.Second {
			t.Errorf("got %d pages and %v after %v, want the deadline after one", len(got.batches), got.err, took)
		}
		if n := underWay.Load(); n > 0 {
			t.Errorf("got %d requests that go on behind the deadline", n)
		}
		_, err := Read(t.Context(), reader.Client, Request{Bounds: whole, PageSize: 50}, &sink{enough: 2})
		if !errors.Is(err, errEnough) {
			t.Errorf("got %v, want the sink's error", err)
		}
		if n := underWay.Load(); n > 0 {
			t.Errorf("got %d requests that go on behind the sink's error", n)
		}
	})
}

// dense are ten activities in each of eight seconds, and the last one at the very end of
// them; denseRequest asks for them in shards of a second.
func dense() (api *fakeapi.API, request Request) {
	var texts []string
	for i := range 81 {
		texts = append(texts, feedtest.Activity(feedtest.ID(i), newest.Add(time.Duration(i)*100*time.Millisecond), ""))
	}
	api = newFake(0, func(o *fakeapi.Options) {
		o.Feed, o.RateLimit, o.Latency = fakeapi.NewFeed(texts...), 1_000_000, time.Millisecond
	})
	return api, Request{Order: OldestFirst, PageSize: 10, Bounds: timerange.Bounds{GTE: &newest, LTE: new(newest.Add(8 * time.Second))}}
}

// TestShardsEndAtTheUpperBound has an activity at the very bound, where a shard ends as well.
// Then the server's copies of the feed are not all up to date: one that is asked for the end
// alone, or for any shard but the first, lacks what another has there.
func TestShardsEndAtTheUpperBound(t *testing.T) {
	t.Parallel()
	isLater := func(c fakeapi.Request) bool {
		return c.Query.Get("created_at.gte") != timerange.Format(newest)
	}
	isLast := func(c fakeapi.Request) bool { return isLater(c) && !c.Query.Has("created_at.lt") }
	for name, test := range map[string]struct {
		lags  fakeapi.Matcher
		fault fakeapi.Fault
		begun int
	}{
		"good": {func(fakeapi.Request) bool { return false }, nil, 1},
		"lacks all but the first": {isLast, fakeapi.EditQuery(func(query url.Values) {
			query.Set("created_at.lte", query.Get("created_at.gte"))
			query.Set("limit", "1")
		}), 2},
		"lacks all": {isLater, func(w http.ResponseWriter, _ *http.Request, _ fakeapi.Answer) {
			time.Sleep(time.Second) // until the shard before it has met what is there
			_, _ = w.Write([]byte(feedtest.EmptyPage))
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api, request := dense()
				api.Inject(test.lags, test.fault)
				got := newReader(t, feedtest.Uncompressed(api), atOnce(16)).outcome(t.Context(), request).mustBe(t, oldestFirst(feedtest.IDs(81)))
				if got.begun != test.begun {
					t.Errorf("got %d beginnings, want %d", got.begun, test.begun)
				}
			})
		})
	}
}

// TestShardsEndWithNothing has a server that says there is more behind every activity, and
// then sends an empty page.
func TestShardsEndWithNothing(t *testing.T) {
	t.Parallel()
	for _, order := range bothOrders {
		t.Run(string(order), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				const n = 400
				api := shapedFake(n, evenly, time.Millisecond)
				api.Inject(fakeapi.Always, fakeapi.EditPage(func(page []byte) []byte {
					if bytes.Contains(page, []byte(`"data":[]`)) {
						return page
					}
					return bytes.Replace(page, []byte(`"has_more":false`), []byte(`"has_more":true`), 1)
				}))
				got := newReader(t, feedtest.Uncompressed(api), atOnce(8)).outcome(t.Context(), Request{Order: order, Bounds: whole, PageSize: 50})
				if len(got.ids()) != n || got.err != nil || got.begun != 1 || got.HasMore {
					t.Fatalf("got %d activities, %d beginnings, %v and HasMore %t, want %d activities", len(got.ids()), got.begun, got.err, got.HasMore, n)
				}
				if len(boundsSent(api)) == 1 && order == NewestFirst {
					t.Error("nothing was divided")
				}
			})
		})
	}
}

// habit is what a read in shards relies on, and how a server may break it.
type habit struct {
	breach  fakeapi.Fault // of every request; nil for none
	indexed bool          // some activities are where they were indexed, late, and not where created_at puts them
}

var habits = map[string]habit{
	"good":               {},
	"order by indexing":  {indexed: true},
	"bounds to the hour": {breach: coarseBounds(func(at time.Time) time.Time { return at.Truncate(time.Hour) })},
	"bounds to the day":  {breach: coarseBounds(func(at time.Time) time.Time { return at.Truncate(24 * time.Hour) })},
	"bounds rounded up to the hour": {breach: coarseBounds(func(at time.Time) time.Time {
		return at.Add(time.Hour - 1).Truncate(time.Hour)
	})},
	"created_at in minutes": {breach: coarseTimes(`"(created_at":"[^"]*T\d\d:\d\d):[^"]*"`, `"$1:00Z"`)},
	"created_at in hours":   {breach: coarseTimes(`"(created_at":"[^"]*T\d\d):[^"]*"`, `"$1:00:00Z"`)},
	"lt as lte": {breach: fakeapi.EditQuery(func(query url.Values) {
		query["created_at.lte"] = query["created_at.lt"]
		query.Del("created_at.lt")
	})},
	"lt ignored":  {breach: fakeapi.IgnoreParameter("created_at.lt")},
	"gte ignored": {breach: fakeapi.IgnoreParameter("created_at.gte")},
}

// coarseTimes shows created_at without what the pattern leaves out. Order and bounds are those
// of the real ones.
func coarseTimes(pattern, shown string) fakeapi.Fault {
	return fakeapi.EditPage(func(page []byte) []byte { return regexp.MustCompile(pattern).ReplaceAll(page, []byte(shown)) })
}

func coarseBounds(round func(time.Time) time.Time) fakeapi.Fault {
	return fakeapi.EditQuery(func(query url.Values) {
		for _, name := range []string{"created_at.gte", "created_at.lt"} {
			if at, err := time.Parse(time.RFC3339, query.Get(name)); err == nil {
				query.Set(name, round(at).Format(time.RFC3339))
			}
		}
	})
}

// server has this habit, and as many activities.
func (h habit) server(n int, at func(i int) (created, indexed time.Time)) *fakeapi.API {
	var texts []string
	feed := fakeapi.NewFeed()
	for i := range n {
		created, indexed := at(i)
		text := feedtest.Activity(feedtest.ID(i), created, "")
		if h.indexed && !indexed.Equal(created) {
			feed.AddLate(indexed, text)
		} else {
			texts = append(texts, text)
		}
	}
	feed.Add(texts...)
	api := newFake(0, func(o *fakeapi.Options) { o.Feed, o.RateLimit, o.Latency = feed, 1_000_000, time.Millisecond })
	if h.breach != nil {
		api.Inject(fakeapi.Always, h.breach)
	}
	return api
}

// anywhere spreads activities over wholeSpan, of which one in twenty is indexed late. Many
// are at whole seconds and some at whole hours, where boundaries may be.
func anywhere(random *rand.Rand) func(int) (created, indexed time.Time) {
	return func(int) (created, indexed time.Time) {
		exactly := []time.Duration{time.Hour, time.Second, time.Second, time.Microsecond, time.Microsecond, time.Microsecond}
		created = newest.Add(-time.Duration(random.Int64N(int64(wholeSpan)))).Truncate(exactly[random.IntN(len(exactly))])
		if random.IntN(20) == 0 {
			return created, created.Add(time.Duration(random.Int64N(int64(10 * time.Hour))))
		}
		return created, created
	}
}

// TestHabitsProperty reads in shards from servers that keep what that relies on and from some
// that break it. The result is that of a read in one piece, in its order and with its cursors.
func TestHabitsProperty(t *testing.T) {
	t.Parallel()
	for name, habit := range habits {
		for round := range rounds(25) {
			t.Run(fmt.Sprintf("%s/%d", name, round), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(*seed, uint64(round)))
					api := habit.server(1+random.IntN(800), anywhere(random))
					reader := newReader(t, feedtest.Uncompressed(api), atOnce(2+random.IntN(15)))
					request := Request{Order: bothOrders[round%2], PageSize: 5 + random.IntN(60), Unique: round%4 < 2,
						Bounds: since(newest.Add(-time.Duration(random.Int64N(int64(wholeSpan * 11 / 10)))).Truncate(time.Second))}
					if random.IntN(3) == 0 {
						request.Bounds.LT = new(newest.Add(-time.Duration(random.Int64N(int64(wholeSpan / 10)))).Truncate(time.Second))
					}
					want := reader.inOnePiece(t.Context(), request)
					onePiece := len(api.Requests())
					api.ResetRequests()
					got := reader.outcome(t.Context(), request)
					got.mustBeAs(t, want)
					if name == "good" && got.begun != 1 {
						t.Errorf("-seed=%d: began again with a good server", *seed)
					}
					// Whatever is broken, it costs no more than what was begun in vain.
					if requests, most := len(api.Requests()), 2*(onePiece*6/5+16); requests > most {
						t.Errorf("-seed=%d: got %d requests, want at most %d for the %d of a read in one piece", *seed, requests, most, onePiece)
					}
				})
			})
		}
	}
}

// TestBreachesAreNoticed has a feed with an activity in each second, in which a broken habit
// always does harm: the read begins again, once.
func TestBreachesAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("its feeds are long")
	}
	t.Parallel()
	for name, habit := range habits {
		for _, order := range bothOrders {
			t.Run(name+"/"+string(order), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := habit.server(9000, func(i int) (created, indexed time.Time) {
						created = newest.Add(-time.Duration(i) * time.Second)
						if i == 4500 {
							return created, created.Add(500 * time.Second)
						}
						return created, created
					})
					reader := newReader(t, feedtest.Uncompressed(api), atOnce(8))
					request := Request{Order: order, PageSize: 200, Bounds: between(newest.Add(-2*time.Hour), newest.Add(time.Second))}
					got := reader.outcome(t.Context(), request)
					got.mustBeAs(t, reader.inOnePiece(t.Context(), request))
					want := 2
					if name == "good" || name == "created_at in hours" && order == OldestFirst { // which is never divided
						want = 1
					}
					if got.begun != want {
						t.Errorf("got %d beginnings, want %d", got.begun, want)
					}
				})
			})
		}
	}
}

// TestAdaptivePagesProperty reads from servers that cannot bear more than some number of
// activities in a page: the result is that of a server that can.
func TestAdaptivePagesProperty(t *testing.T) {
	t.Parallel()
	for round := range rounds(60) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(*seed, uint64(round)))
				created := anywhere(random)
				var texts []string
				for i := range 1 + random.IntN(2000) {
					at, _ := created(i)
					texts = append(texts, feedtest.Activity(feedtest.ID(i), at, ""))
				}
				reader := func(heaviest int, fault fakeapi.Fault) reader {
					api := newFake(0, func(o *fakeapi.Options) {
						o.Feed, o.RateLimit, o.Latency = fakeapi.NewFeed(texts...), 1_000_000, time.Millisecond
					})
					if fault != nil {
						api.Inject(fakeapi.Always, fakeapi.Heavier(heaviest, fault))
					}
					return newReader(t, feedtest.Uncompressed(api), atOnce(1+random.IntN(8)), func(o *compliance.Options) { o.MaxRetries = 10 })
				}
				request := Request{Order: bothOrders[random.IntN(2)], PageSize: 1 + random.IntN(2000), Unique: random.IntN(2) == 0}
				switch random.IntN(3) {
				case 0:
					request.Bounds = whole
				case 1:
					request.MaxActivities = 1 + random.IntN(1500)
				}
				want := reader(0, nil).outcome(t.Context(), request)
				fault := []fakeapi.Fault{fakeapi.HTML(504), fakeapi.Status(413, "request_too_large", "m"), fakeapi.Hang}[random.IntN(3)]
				reader(50+random.IntN(500), fault).outcome(t.Context(), request).mustBeAs(t, want)
			})
		})
	}
}

// TestPageSizeGrowsAgain tries a larger page after ten good ones, up to what is asked for.
func TestPageSizeGrowsAgain(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		var limits []string
		api := newFake(5000)
		transport := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
			limits = append(limits, request.URL.Query().Get("limit"))
			if len(limits) <= 2 || len(limits) == 14 {
				return feedtest.Step{Status: 504}.Answer(request), nil
			}
			return feedtest.Uncompressed(api).RoundTrip(request)
		})
		newReader(t, transport).outcome(t.Context(), Request{PageSize: 300}).mustBe(t, feedtest.IDs(5000))
		want := []string{"300", "150"}
		want = append(want, slices.Repeat([]string{"75"}, 10)...)
		want = append(want, "150", "150", "75") // the second of them is refused
		feedtest.Equal(t, "limits", limits[:len(want)], want)
		if grown := limits[len(want):]; !slices.Contains(grown, "300") || slices.Contains(grown, "600") {
			t.Errorf("got limits %v, want them to grow to 300", grown)
		}
	})
}
