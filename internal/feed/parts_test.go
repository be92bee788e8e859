package feed

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

var (
	partsNewest = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	partsSpan   = 10 * 24 * time.Hour
	partsStart  = partsNewest.Add(-partsSpan - time.Hour).Format(time.RFC3339)
)

// shapedFake has n activities spread over partsSpan, and a limit that is in no test's way.
func shapedFake(n int, shape fakeapi.Shape, latency time.Duration) *fakeapi.API {
	return fakeapi.New(fakeapi.Options{
		Now:         bubbleNow,
		Feed:        fakeapi.Generate(fakeapi.Spec{Activities: n, Newest: partsNewest, Span: partsSpan, Shape: shape}),
		SkipReadLog: true,
		RateLimit:   1_000_000,
		Latency:     latency,
	})
}

func atOnce(n int) func(*compliance.Options) {
	return func(o *compliance.Options) { o.RequestsAtOnce, o.RequestsPerMinute = n, 0 }
}

// inOnePiece is [Reader.Pages] without parts.
func inOnePiece(ctx context.Context, r *Reader, query Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) { newReading(r, query, false).run(ctx, yield) }
}

// sortedIDs are those of a read that must have succeeded.
func sortedIDs(t *testing.T, r result) []string {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	ids := r.ids()
	slices.Sort(ids)
	return ids
}

func TestPartsIsComplete(t *testing.T) {
	for name, shape := range map[string]fakeapi.Shape{
		"evenly":          fakeapi.Evenly,
		"empty_middle":    fakeapi.EmptyMiddle(0.9),
		"bursts":          fakeapi.Bursts(7),
		"one_instant":     func(float64) float64 { return 0.5 },
		"two_instants":    func(share float64) float64 { return float64(int(share*2)) / 2 },
		"older_is_denser": func(share float64) float64 { return share * share * share },
		"newer_is_denser": func(share float64) float64 { return 1 - (1-share)*(1-share)*(1-share) },
	} {
		for _, n := range []int{1, 51, 333, 800} {
			for _, workers := range []int{1, 4, 16} {
				t.Run(fmt.Sprintf("%s/%d/%d_at_once", name, n, workers), func(t *testing.T) {
					inBubble(t, func(t *testing.T) {
						reader := newReader(t, uncompressed(shapedFake(n, shape, time.Millisecond)), atOnce(workers))
						query := Query{CreatedAtGTE: partsStart, PageSize: 50, RememberLastPageOnly: true}
						got := sortedIDs(t, read(reader.Pages(t.Context(), query)))
						want := sortedIDs(t, read(inOnePiece(t.Context(), reader, query)))
						if len(want) != n || !slices.Equal(got, want) {
							t.Errorf("got %d activities, want the %d of the sequential read, each once", len(got), len(want))
						}
					})
				})
			}
		}
	}
}

// TestPartsProperty looks for a feed, a window or a fault that makes the read in
// parts differ from the sequential one.
func TestPartsProperty(t *testing.T) {
	for round := range 60 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(*seed, uint64(round)))
				// Clusters of any width, so that many share a second and borders fall anywhere.
				var texts []string
				for len(texts) < 1+random.IntN(600) {
					center := partsNewest.Add(-time.Duration(random.Int64N(int64(partsSpan))))
					width := time.Duration(1 + random.Int64N(int64(time.Hour)>>random.IntN(30)))
					for range 1 + random.IntN(100) {
						at := center.Add(time.Duration(random.Int64N(int64(width))))
						texts = append(texts, activityText(fmt.Sprintf("activity_%05d", len(texts)), at, ""))
					}
				}
				api := fakeapi.New(fakeapi.Options{Now: bubbleNow, Feed: fakeapi.NewFeed(texts...), SkipReadLog: true, RateLimit: 1_000_000, Latency: time.Millisecond})
				reader := newReader(t, api.Transport(), atOnce(1+random.IntN(16)))
				query := Query{Order: []Order{NewestFirst, OldestFirst}[random.IntN(2)], PageSize: 1 + random.IntN(60), RememberLastPageOnly: random.IntN(2) == 0}
				if random.IntN(3) == 0 {
					query.Except = func(a *activity.Activity) bool { return numberOf(a.ID)%3 == 0 }
				}
				lower := partsNewest.Add(-time.Duration(random.Int64N(int64(partsSpan)))).Format(time.RFC3339Nano)
				if random.IntN(2) == 0 {
					query.CreatedAtGTE = lower
				} else {
					query.CreatedAtGT = lower
				}
				if random.IntN(2) == 0 {
					query.CreatedAtLT = partsNewest.Add(-time.Duration(random.Int64N(int64(partsSpan / 4)))).Format(time.RFC3339Nano)
				}
				want := read(inOnePiece(t.Context(), reader, query))
				sequential := len(api.Requests())
				api.ResetRequests()

				faults := []fakeapi.Fault{
					fakeapi.Status(503, "", ""), fakeapi.CutBody(40), fakeapi.TruncateBody(40), fakeapi.CloseBeforeHeader(),
					fakeapi.TooManyRequests("1"), fakeapi.BrokenGzip(), fakeapi.EmptyBody(200),
				}
				for range random.IntN(testRetries + 1) { // as many as one page could bridge
					api.Inject(fakeapi.Nth(1+random.IntN(20)), faults[random.IntN(len(faults))])
				}
				if random.IntN(4) == 0 {
					api.Inject(fakeapi.Always, fakeapi.RepeatActivity())
				}
				got := read(reader.Pages(t.Context(), query))
				if want.err != nil || got.err != nil || got.restarts > 0 {
					t.Fatalf("-seed=%d: got %d restarts, and the errors %v and, in one piece, %v (%+v)", *seed, got.restarts, got.err, want.err, query)
				}
				if !slices.Equal(got.ids(), want.ids()) || got.excepted() != want.excepted() {
					t.Errorf("-seed=%d: got %d activities, want the %d of a read in one piece, in its order (%+v)", *seed, len(got.ids()), len(want.ids()), query)
				}
				if sequential == 1 && len(api.Requests()) > sequential+testRetries {
					t.Errorf("-seed=%d: got %d requests for one page", *seed, len(api.Requests()))
				}
			})
		})
	}
}

// TestPartsKnowsThePage has an odd server: an activity whose created_at changes
// between two answers. What a page had counts once all the
// same, as in a walk in one piece.
func TestPartsKnowsThePage(t *testing.T) {
	const pageSize = 50
	for name, spread := range map[string]time.Duration{"in the next second": 400 * time.Millisecond, "some seconds later": 3500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var texts []string
				for i := range 400 {
					at := partsNewest.Add(-time.Duration(i) * time.Hour / 2)
					texts = append(texts, activityText(numbered(i), at, ""))
					if i == pageSize-1 { // the last of the first page comes again, a little older
						texts = append(texts, activityText(numbered(i), at.Add(-spread), ""))
					}
				}
				slices.Reverse(texts)
				api := fakeapi.New(fakeapi.Options{Now: bubbleNow, Feed: fakeapi.NewFeed(texts...), SkipReadLog: true, RateLimit: 1_000_000})
				reader := newReader(t, uncompressed(api), atOnce(4))
				query := Query{CreatedAtGTE: partsStart, PageSize: pageSize, RememberLastPageOnly: true}
				want := sortedIDs(t, read(inOnePiece(t.Context(), reader, query)))
				api.ResetRequests()
				got := sortedIDs(t, read(reader.Pages(t.Context(), query)))
				if len(want) != 400 || !slices.Equal(got, want) {
					t.Errorf("got %d activities, want %d", len(got), len(want))
				}
				if bounds := boundsSent(api); len(bounds) < 3 {
					t.Errorf("got only the upper bounds %v: nothing was divided", bounds)
				}
			})
		})
	}
}

// boundsSent are the different upper bounds of all requests.
func boundsSent(api *fakeapi.API) []string {
	var bounds []string
	for _, request := range api.Requests() {
		values, _ := url.ParseQuery(request.RawQuery)
		bounds = append(bounds, values.Get("created_at.lt"))
	}
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

// TestBorders divides what is left behind a page of ten activities at whole seconds, the
// nearest first.
func TestBorders(t *testing.T) {
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
		"beyond the start":       {first: newest, last: "2026-04-09T08:00:00Z", atMost: 4},
		"shorter than a second": {first: "2026-04-10T08:00:03.1Z", last: "2026-04-10T08:00:02.9Z", end: "2026-04-10T08:00:00.2Z", atMost: 16,
			want: []string{"2026-04-10T08:00:02Z", "2026-04-10T08:00:01Z"}},

		"two parts, oldest first":             {order: OldestFirst, first: newest, last: "2026-04-10T16:00:00.25Z", atMost: 2, want: []string{"2026-04-10T20:00:00Z"}},
		"at the end, oldest first":            {order: OldestFirst, first: newest, last: end, atMost: 4},
		"shorter than a second, oldest first": {order: OldestFirst, first: "2026-04-10T08:00:00.1Z", last: "2026-04-10T08:00:00.2Z", end: "2026-04-10T08:00:02.9Z", atMost: 16, want: []string{"2026-04-10T08:00:01Z", "2026-04-10T08:00:02Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := func(text string) time.Time {
				parsed, err := time.Parse(time.RFC3339, text)
				if err != nil {
					t.Fatal(err)
				}
				return parsed
			}
			far := start
			if test.order == OldestFirst {
				far = end
			}
			reader := newReader(t, &script{}, atOnce(16))
			r := newReading(reader, Query{Order: test.order, PageSize: 10}, true)
			r.end = at(cmp.Or(test.end, far))
			got := []string{}
			for _, border := range r.borders(r.waiting[0], span{first: at(test.first), last: at(test.last), n: 10}, test.atMost) {
				got = append(got, border.Format(time.RFC3339Nano))
			}
			equal(t, "borders", got, test.want)
		})
	}
}

// TestPartsIsFast holds the promise of the performance guide, on a fake clock.
func TestPartsIsFast(t *testing.T) {
	// As 100,000 activities on pages of 5,000.
	const n, pageSize, sequentialRequests, latency = 10_000, 500, 20, 200 * time.Millisecond
	for _, test := range []struct {
		workers int
		most    float64 // of the sequential time
	}{{4, 0.35}, {8, 0.25}} {
		t.Run(fmt.Sprintf("%d_at_once", test.workers), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				api := shapedFake(n, fakeapi.Evenly, latency)
				reader := newReader(t, uncompressed(api), atOnce(test.workers))
				started := time.Now()
				total := 0
				for page, err := range reader.Pages(t.Context(), Query{CreatedAtGTE: partsStart, PageSize: pageSize, RememberLastPageOnly: true}) {
					if err != nil {
						t.Fatal(err)
					}
					total += len(page.Activities)
				}
				if total != n {
					t.Errorf("got %d activities, want %d", total, n)
				}
				if took, most := time.Since(started), time.Duration(test.most*sequentialRequests*float64(latency)); took > most {
					t.Errorf("got %v, want at most %v", took, most)
				}
				if got := len(api.Requests()); got > sequentialRequests*12/10 {
					t.Errorf("got %d requests, want at most a fifth more than the %d of a sequential read", got, sequentialRequests)
				}
			})
		})
	}
}

// TestPartsCostsLittle bounds the requests where density misleads.
func TestPartsCostsLittle(t *testing.T) {
	const workers = 8
	for name, shape := range map[string]fakeapi.Shape{
		"bursts":          fakeapi.Bursts(5),
		"empty_middle":    fakeapi.EmptyMiddle(0.99),
		"newer_is_denser": func(share float64) float64 { return 1 - (1-share)*(1-share)*(1-share)*(1-share) },
		"older_is_denser": func(share float64) float64 { return share * share * share * share },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				const n, pageSize = 2000, 50
				api := shapedFake(n, shape, time.Millisecond)
				reader := newReader(t, uncompressed(api), atOnce(workers))
				query := Query{CreatedAtGTE: partsStart, PageSize: pageSize, RememberLastPageOnly: true}
				if got := len(sortedIDs(t, read(reader.Pages(t.Context(), query)))); got != n {
					t.Errorf("got %d activities, want %d", got, n)
				}
				most := n/pageSize*6/5 + workers
				if got := len(api.Requests()); got > most {
					t.Errorf("got %d requests, want at most %d", got, most)
				}
			})
		})
	}
}

func TestPartsSendsTheSame(t *testing.T) {
	for name, query := range map[string]Query{
		"no_lower_bound":  {PageSize: 10},
		"max_activities":  {PageSize: 10, CreatedAtGTE: partsStart, MaxActivities: 35},
		"one_page":        {PageSize: 100, CreatedAtGTE: partsStart},
		"odd_lower_bound": {PageSize: 100, CreatedAtGTE: "2026-08-31T25:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				api := shapedFake(100, fakeapi.Evenly, 0)
				reader := newReader(t, uncompressed(api), atOnce(4))
				sent := func(r result) (queries []string) {
					for _, request := range api.Requests() {
						queries = append(queries, request.RawQuery)
					}
					api.ResetRequests()
					return queries
				}
				want := sent(read(inOnePiece(t.Context(), reader, query)))
				if got := sent(read(reader.Pages(t.Context(), query))); !slices.Equal(got, want) {
					t.Errorf("got the requests %v, want those of a read in one piece, %v", got, want)
				}
			})
		})
	}
}

func TestPartsFails(t *testing.T) {
	query := Query{CreatedAtGTE: partsStart, PageSize: 50, RememberLastPageOnly: true}
	for name, fault := range map[string]fakeapi.Fault{
		"server":       fakeapi.ServerError("false"),
		"no_cursor":    fakeapi.MoreWithoutCursor(),
		"no_data":      fakeapi.DropMember("data"),
		"broken_off":   fakeapi.TruncateBody(40),
		"hangs":        fakeapi.Hang(),
		"no_activity":  fakeapi.SetRecord(0, "1"),
		"unauthorized": fakeapi.Status(401, "authentication_error", "gone"),
	} {
		for _, nth := range []int{1, 2, 5, 12} {
			t.Run(fmt.Sprintf("%s/request_%d", name, nth), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					api := shapedFake(1000, fakeapi.Evenly, time.Millisecond)
					reader := newReader(t, uncompressed(api), atOnce(4))
					api.Inject(fakeapi.From(nth), fault)
					got := read(reader.Pages(t.Context(), query))
					var readError *ReadError
					if !errors.As(got.err, &readError) {
						t.Fatalf("got %d pages and %v, want a ReadError", len(got.pages), got.err)
					}
					if readError.Page != len(got.pages)+1 && nth == 1 {
						t.Errorf("got page %d, want %d", readError.Page, len(got.pages)+1)
					}
				})
			})
		}
	}
}

// TestPartsEnds holds that nothing goes on behind the end of the loop; a
// goroutine that did would keep the bubble from ending.
func TestPartsEnds(t *testing.T) {
	query := Query{CreatedAtGTE: partsStart, PageSize: 50, RememberLastPageOnly: true}
	t.Run("break", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			api := shapedFake(1000, fakeapi.Evenly, time.Hour)
			reader := newReader(t, uncompressed(api), atOnce(4), func(o *compliance.Options) { o.RequestTimeout = 2 * time.Hour })
			for _, err := range reader.Pages(t.Context(), query) {
				if err != nil {
					t.Error(err)
				}
				break
			}
			if got := len(api.Requests()); got != 1 {
				t.Errorf("got %d requests, want 1", got)
			}
		})
	})
	t.Run("cancel", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			api := shapedFake(1000, fakeapi.Evenly, time.Minute)
			reader := newReader(t, uncompressed(api), atOnce(4), func(o *compliance.Options) { o.RequestTimeout = time.Hour })
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second) // amid the parts
			defer cancel()
			started := time.Now()
			got := read(reader.Pages(ctx, query))
			if !errors.Is(got.err, context.DeadlineExceeded) || len(got.pages) != 1 {
				t.Errorf("got %d pages and %v, want the deadline after one", len(got.pages), got.err)
			}
			if took := time.Since(started); took != 90*time.Second {
				t.Errorf("got an end after %v, want it at the deadline", took)
			}
		})
	})
}

// TestFuture has windows that begin before and after now, by the server's clock or, where
// that is not known, by this machine's.
func TestFuture(t *testing.T) {
	t.Parallel()
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when bubbles begin
	bound := func(after time.Duration) string { return now.Add(after).Format(time.RFC3339Nano) }
	for name, test := range map[string]struct {
		query  Query
		server time.Duration // its clock, beside this machine's
		silent bool          // the server sends no Date
		want   bool
	}{
		"no bounds":                {},
		"before now":               {query: Query{CreatedAtGTE: bound(-time.Second)}},
		"now":                      {query: Query{CreatedAtGTE: bound(0)}},
		"within the second":        {query: Query{CreatedAtGTE: bound(999 * time.Millisecond)}},
		"a second later":           {query: Query{CreatedAtGTE: bound(time.Second)}, want: true},
		"exclusive":                {query: Query{CreatedAtGT: bound(time.Hour)}, want: true},
		"both":                     {query: Query{CreatedAtGTE: bound(-time.Hour), CreatedAtGT: bound(time.Hour)}, want: true},
		"oldest first":             {query: Query{CreatedAtGTE: bound(time.Hour), Order: OldestFirst}, want: true},
		"with max_results":         {query: Query{CreatedAtGTE: bound(time.Hour), MaxActivities: 1}, want: true},
		"with a cursor":            {query: Query{CreatedAtGTE: bound(time.Hour), AfterID: "x"}, want: true},
		"an upper bound":           {query: Query{CreatedAtGTE: bound(-time.Hour), CreatedAtLTE: bound(time.Hour), CreatedAtLT: bound(time.Hour)}},
		"upper bounds alone":       {query: Query{CreatedAtLTE: bound(time.Hour), CreatedAtLT: bound(time.Hour)}},
		"clock a little ahead":     {query: Query{CreatedAtGTE: bound(-10 * time.Second)}, server: -30 * time.Second, want: true},
		"clock behind":             {query: Query{CreatedAtGTE: bound(time.Minute)}, server: time.Hour},
		"clock ahead, no date":     {query: Query{CreatedAtGTE: bound(-10 * time.Second)}, server: -30 * time.Second, silent: true},
		"in the future, no date":   {query: Query{CreatedAtGTE: bound(time.Hour)}, silent: true, want: true},
		"in other places on earth": {query: Query{CreatedAtGTE: "2000-01-01T02:00:00+02:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var header []string
				if !test.silent {
					header = []string{"date", time.Now().Add(test.server).UTC().Format(http.TimeFormat)}
				}
				s := &script{steps: []step{{header: header, body: emptyPage}}}
				got := walkWith(t, s, test.query, func(o *compliance.Options) { o.Now = time.Now })
				if !test.want {
					got.mustBe(t, nil)
					return
				}
				future := errorAs[*FutureError](t, got.readError(t))
				if want := time.Now().Add(test.server); !future.Now.Equal(want) || future.ByServer == test.silent || !future.LowerBound.After(want) {
					t.Errorf("got %+v, want a bound later than %v", future, want)
				}
			})
		})
	}
}

// TestListsInParts reads the 8 pages of a list with half a second of latency, in either
// order.
func TestListsInParts(t *testing.T) {
	const n, pageSize, sequentialRequests, latency = 4000, 500, 8, 500 * time.Millisecond
	for _, order := range []Order{NewestFirst, OldestFirst} {
		t.Run(string(order), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				api := shapedFake(n, fakeapi.Evenly, latency)
				reader := newReader(t, uncompressed(api), atOnce(8))
				query := Query{Order: order, CreatedAtGTE: partsStart, CreatedAtLTE: partsNewest.Format(time.RFC3339), PageSize: pageSize}
				want := read(inOnePiece(t.Context(), reader, query))
				api.ResetRequests()
				started := time.Now()
				got := read(reader.Pages(t.Context(), query))
				took := time.Since(started)
				got.mustBe(t, want.ids())
				if len(want.ids()) != n || got.pages[0].FirstID != want.pages[0].FirstID || got.lastPage().LastID != want.lastPage().LastID {
					t.Errorf("got %d activities, and other cursors than a read in one piece", len(want.ids()))
				}
				if most := sequentialRequests * latency / 2; took > most {
					t.Errorf("got %v, want at most %v", took, most)
				}
				if got := len(api.Requests()); got > sequentialRequests*12/10+8 {
					t.Errorf("got %d requests, want a few more than %d", got, sequentialRequests)
				}
			})
		})
	}
}

// dense are ten activities in each of eight seconds from partsNewest, and the last one at
// the very end of them.
func dense() (api *fakeapi.API, ids []string) {
	var texts []string
	for i := range 81 {
		at := partsNewest.Add(time.Duration(i) * 100 * time.Millisecond)
		texts = append(texts, fmt.Sprintf(`{"id":%q,"created_at":%q,"type":"t"}`, numbered(i), at.Format(time.RFC3339Nano)))
		ids = append(ids, numbered(i))
	}
	return fakeapi.New(fakeapi.Options{Now: bubbleNow, Feed: fakeapi.NewFeed(texts...), SkipReadLog: true, RateLimit: 1_000_000, Latency: time.Millisecond}), ids
}

// denseQuery asks for them in parts of a second.
var denseQuery = Query{
	Order: OldestFirst, PageSize: 10, CreatedAtGTE: partsNewest.Format(time.RFC3339), CreatedAtLTE: partsNewest.Add(8 * time.Second).Format(time.RFC3339),
}

// TestPartsEndAtTheUpperBound has an activity at the very bound, where a part ends as well.
func TestPartsEndAtTheUpperBound(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api, want := dense()
		got := read(newReader(t, uncompressed(api), atOnce(16)).Pages(t.Context(), denseQuery))
		got.mustBe(t, want)
		if got.restarts > 0 {
			t.Error("got a restart with a good server")
		}
	})
}

// TestPartsSeeWhatIsMissing has a server whose copies of the feed are not all up to date: one
// that is asked for the end alone lacks most of what another has there.
func TestPartsSeeWhatIsMissing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		api, want := dense()
		behind := api.Inject(func(c fakeapi.Call) bool {
			query := c.Request.URL.Query()
			return query.Get("created_at.gte") != denseQuery.CreatedAtGTE && !query.Has("created_at.lt")
		}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			fakeapi.EditQuery(func(query url.Values) {
				query.Set("created_at.lte", query.Get("created_at.gte"))
				query.Set("limit", "1")
			})(w, r, next)
		})
		got := read(newReader(t, uncompressed(api), atOnce(16)).Pages(t.Context(), denseQuery))
		got.mustBe(t, want)
		if behind.Fired() == 0 || got.restarts != 1 {
			t.Errorf("got %d restarts and %d answers that lacked something, want both", got.restarts, behind.Fired())
		}
	})
}

// TestPartsEndWithNothing has a server that says there is more behind every activity, and
// then sends an empty page. The last page of the read is that of the whole.
func TestPartsEndWithNothing(t *testing.T) {
	for _, order := range []Order{NewestFirst, OldestFirst} {
		t.Run(string(order), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				const n = 400
				api := shapedFake(n, fakeapi.Evenly, time.Millisecond)
				api.Inject(fakeapi.Always, fakeapi.EditPage(func(page []byte) []byte {
					if bytes.Contains(page, []byte(`"data":[]`)) {
						return page
					}
					return bytes.Replace(page, []byte(`"has_more":false`), []byte(`"has_more":true`), 1)
				}))
				got := read(newReader(t, uncompressed(api), atOnce(8)).Pages(t.Context(), Query{Order: order, CreatedAtGTE: partsStart, PageSize: 50}))
				if len(got.ids()) != n || got.err != nil || got.restarts > 0 {
					t.Fatalf("got %d activities, %d restarts and %v, want %d activities", len(got.ids()), got.restarts, got.err, n)
				}
				if len(boundsSent(api)) == 1 && order == NewestFirst {
					t.Error("nothing was divided")
				}
				if got.lastPage().HasMore {
					t.Error("the last page of the read says that there is more")
				}
			})
		})
	}
}
