package feed

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// promise is what a server may keep or break.
type promise struct {
	breach  fakeapi.Fault // of every request; nil for none
	indexed bool          // some activities are where they were indexed, late, and not where created_at puts them
}

var promises = map[string]promise{
	"none is broken":     {},
	"order by indexing":  {indexed: true},
	"bounds to the hour": {breach: fakeapi.CoarseBounds(time.Hour)},
	"bounds to the day":  {breach: fakeapi.CoarseBounds(24 * time.Hour)},
	"bounds rounded up to the hour": {breach: fakeapi.EditQuery(func(query url.Values) {
		for _, name := range []string{"created_at.gte", "created_at.lt"} {
			if at, err := time.Parse(time.RFC3339, query.Get(name)); err == nil {
				query.Set(name, at.Add(time.Hour-1).Truncate(time.Hour).Format(time.RFC3339))
			}
		}
	})},
	"created_at in minutes": {breach: fakeapi.CoarseTimes(time.Minute)},
	"created_at in hours":   {breach: fakeapi.CoarseTimes(time.Hour)},
	"lt as lte":             {breach: fakeapi.InclusiveUntil()},
	"lt ignored":            {breach: fakeapi.IgnoreParameter("created_at.lt")},
	"gte ignored":           {breach: fakeapi.IgnoreParameter("created_at.gte")},
}

// server is one that keeps or breaks a promise, with as many activities.
func (p promise) server(n int, at func(i int) (created, indexed time.Time)) *fakeapi.API {
	var texts []string
	feed := fakeapi.NewFeed()
	for i := range n {
		created, indexed := at(i)
		text := fmt.Sprintf(`{"id":%q,"created_at":%q,"type":"t"}`, numbered(i), created.Format("2006-01-02T15:04:05.000000Z"))
		if p.indexed && !indexed.Equal(created) {
			feed.AddLate(indexed, text)
		} else {
			texts = append(texts, text)
		}
	}
	feed.Add(texts...)
	api := fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true, RateLimit: 1_000_000, Latency: time.Millisecond, Now: bubbleNow})
	if p.breach != nil {
		api.Inject(fakeapi.Always, p.breach)
	}
	return api
}

// anywhere spreads activities over partsSpan, of which one in twenty is indexed late. Many
// are at whole seconds and some at whole hours, where borders may be.
func anywhere(random *rand.Rand) func(int) (created, indexed time.Time) {
	return func(int) (created, indexed time.Time) {
		exactly := []time.Duration{time.Hour, time.Second, time.Second, time.Microsecond, time.Microsecond, time.Microsecond}
		created = partsNewest.Add(-time.Duration(random.Int64N(int64(partsSpan)))).Truncate(exactly[random.IntN(len(exactly))])
		if random.IntN(20) == 0 {
			return created, created.Add(time.Duration(random.Int64N(int64(10 * time.Hour))))
		}
		return created, created
	}
}

// TestPromises reads in parts from servers that keep their promises and from some that break
// one. The result is that of a read in one piece, in its order and with its cursors.
func TestPromises(t *testing.T) {
	t.Parallel()
	for name, promise := range promises {
		for _, order := range []Order{NewestFirst, OldestFirst} {
			for _, summary := range []bool{false, true} {
				for round := range 6 {
					t.Run(fmt.Sprintf("%s/%s/summary_%t/%d", name, order, summary, round), func(t *testing.T) {
						inBubble(t, func(t *testing.T) {
							random := rand.New(rand.NewPCG(*seed, uint64(round)))
							api := promise.server(1+random.IntN(800), anywhere(random))
							reader := newReader(t, uncompressed(api), atOnce(2+random.IntN(15)))
							query := Query{Order: order, PageSize: 5 + random.IntN(60), RememberLastPageOnly: summary}
							query.CreatedAtGTE = partsNewest.Add(-time.Duration(random.Int64N(int64(partsSpan * 11 / 10)))).Format(time.RFC3339)
							if random.IntN(3) == 0 {
								query.CreatedAtLT = partsNewest.Add(-time.Duration(random.Int64N(int64(partsSpan / 10)))).Format(time.RFC3339)
							}
							want := read(inOnePiece(t.Context(), reader, query))
							inOrder := len(api.Requests())
							api.ResetRequests()
							got := read(reader.Pages(t.Context(), query))
							if want.err != nil || got.err != nil {
								t.Fatalf("-seed=%d: got errors %v and, in one piece, %v", *seed, got.err, want.err)
							}
							if !slices.Equal(got.ids(), want.ids()) {
								t.Fatalf("-seed=%d: got %d activities, want the %d of a read in one piece, in its order (%+v)", *seed, len(got.ids()), len(want.ids()), query)
							}
							if got, want := [2]string{got.pages[0].FirstID, got.lastPage().LastID}, [2]string{want.pages[0].FirstID, want.lastPage().LastID}; got != want {
								t.Errorf("-seed=%d: got the cursors %v, want %v", *seed, got, want)
							}
							if got.lastPage().HasMore {
								t.Errorf("-seed=%d: the last page says that there is more", *seed)
							}
							if name == "none is broken" && got.restarts > 0 {
								t.Errorf("-seed=%d: got a restart with a good server", *seed)
							}
							// Whatever is broken, it costs no more than what was begun in vain.
							if requests, most := len(api.Requests()), 2*(inOrder*6/5+16); requests > most {
								t.Errorf("-seed=%d: got %d requests, want at most %d for the %d of a read in one piece", *seed, requests, most, inOrder)
							}
						})
					})
				}
			}
		}
	}
}

// TestPromisesAreNoticed has a feed with an activity in each second, in which a broken
// promise always does harm: the read begins again, once.
func TestPromisesAreNoticed(t *testing.T) {
	t.Parallel()
	for name, promise := range promises {
		for _, order := range []Order{NewestFirst, OldestFirst} {
			t.Run(name+"/"+string(order), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					api := promise.server(9000, func(i int) (created, indexed time.Time) {
						created = partsNewest.Add(-time.Duration(i) * time.Second)
						if i == 4500 {
							return created, created.Add(500 * time.Second)
						}
						return created, created
					})
					reader := newReader(t, uncompressed(api), atOnce(8))
					query := Query{Order: order, PageSize: 200, RememberLastPageOnly: true,
						CreatedAtGTE: partsNewest.Add(-2 * time.Hour).Format(time.RFC3339), CreatedAtLT: partsNewest.Add(time.Second).Format(time.RFC3339)}
					got := read(reader.Pages(t.Context(), query))
					if ids := read(inOnePiece(t.Context(), reader, query)).ids(); got.err != nil || !slices.Equal(got.ids(), ids) {
						t.Fatalf("got %d activities and %v, want %d", len(got.ids()), got.err, len(ids))
					}
					want := 1
					if name == "none is broken" || name == "created_at in hours" && order == OldestFirst { // which is never divided
						want = 0
					}
					if got.restarts != want {
						t.Errorf("got %d restarts, want %d", got.restarts, want)
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
	for round := range 60 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(*seed, uint64(round)))
				created, light := anywhere(random), fakeapi.Options{SkipReadLog: true, RateLimit: 1_000_000, Latency: time.Millisecond, Now: bubbleNow}
				var texts []string
				for i := range 1 + random.IntN(2000) {
					at, _ := created(i)
					texts = append(texts, fmt.Sprintf(`{"id":%q,"created_at":%q,"type":"t"}`, numbered(i), at.Format(time.RFC3339Nano)))
				}
				light.Feed = fakeapi.NewFeed(texts...)
				heavy := light
				heavy.HeaviestPage = 50 + random.IntN(500)
				heavy.Heavy = []fakeapi.Fault{nil, fakeapi.HTML(504), fakeapi.Status(413, "request_too_large", "m"), fakeapi.Hang()}[random.IntN(4)]
				query := Query{Order: []Order{NewestFirst, OldestFirst}[random.IntN(2)], PageSize: 1 + random.IntN(2000), RememberLastPageOnly: random.IntN(2) == 0}
				switch random.IntN(3) {
				case 0:
					query.CreatedAtGTE = partsStart
				case 1:
					query.MaxActivities = 1 + random.IntN(1500)
				}
				retries := func(o *compliance.Options) { o.MaxRetries = 10 }
				want := read(newReader(t, uncompressed(fakeapi.New(light)), atOnce(8), retries).Pages(t.Context(), query))
				got := read(newReader(t, uncompressed(fakeapi.New(heavy)), atOnce(1+random.IntN(8)), retries).Pages(t.Context(), query))
				if want.err != nil || got.err != nil || !slices.Equal(got.ids(), want.ids()) || got.pages[0].FirstID != want.pages[0].FirstID ||
					got.lastPage().LastID != want.lastPage().LastID || got.lastPage().HasMore != want.lastPage().HasMore {
					t.Errorf("-seed=%d: got %d activities and %v, want the %d of a light server (at most %d, %+v)", *seed, len(got.ids()), got.err, len(want.ids()), heavy.HeaviestPage, query)
				}
			})
		})
	}
}

// TestPageSizeGrowsAgain tries a larger page after ten good ones, up to what the query asks for.
func TestPageSizeGrowsAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var limits []string
		api := newFake(5000)
		transport := roundTripper(func(request *http.Request) (*http.Response, error) {
			limit := request.URL.Query().Get("limit")
			limits = append(limits, limit)
			if len(limits) <= 2 || len(limits) == 14 {
				return answered(step{status: 504}, request), nil
			}
			return uncompressed(api).RoundTrip(request)
		})
		read(newReader(t, transport).Pages(t.Context(), Query{PageSize: 300})).mustBe(t, idsOf(NewestFirst, records(5000)))
		want := []string{"300", "150"}
		want = append(want, slices.Repeat([]string{"75"}, 10)...)
		want = append(want, "150", "150", "75") // the second of them is refused
		equal(t, "limits", limits[:len(want)], want)
		if grown := limits[len(want):]; !slices.Contains(grown, "300") || slices.Contains(grown, "600") {
			t.Errorf("got limits %v, want them to grow to 300", grown)
		}
	})
}
