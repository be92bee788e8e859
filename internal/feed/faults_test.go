package feed

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// bridgeable are the faults that another attempt can get over.
var bridgeable = map[string]func() fakeapi.Fault{
	"429":                  func() fakeapi.Fault { return fakeapi.TooManyRequests("7") },
	"429 without a wait":   func() fakeapi.Fault { return fakeapi.TooManyRequests("") },
	"429 with a past date": func() fakeapi.Fault { return fakeapi.TooManyRequests("Fri, 31 Dec 1999 00:00:00 GMT") },
	"500":                  func() fakeapi.Fault { return fakeapi.ServerError("") },
	"500 to retry":         func() fakeapi.Fault { return fakeapi.ServerError("true") },
	"502 HTML":             func() fakeapi.Fault { return fakeapi.HTML(502) },
	"503 empty":            func() fakeapi.Fault { return fakeapi.EmptyBody(503) },
	"504":                  func() fakeapi.Fault { return fakeapi.Status(504, "api_error", "timeout") },
	"529":                  fakeapi.Overloaded,
	"408":                  func() fakeapi.Fault { return fakeapi.Status(408, "timeout_error", "timeout") },
	"400 to retry": func() fakeapi.Fault {
		return fakeapi.Status(400, "invalid_request_error", "m", "x-should-retry", "true")
	},
	"HTML 200 to retry":     func() fakeapi.Fault { return withHeader(fakeapi.HTML(200), "x-should-retry", "true") },
	"200 empty":             func() fakeapi.Fault { return fakeapi.EmptyBody(200) },
	"closed":                fakeapi.CloseBeforeHeader,
	"cut before the body":   func() fakeapi.Fault { return fakeapi.CutBody(0) },
	"cut":                   func() fakeapi.Fault { return fakeapi.CutBody(100) },
	"cut at the end":        func() fakeapi.Fault { return cutEnd(fakeapi.CutBody) },
	"truncated":             func() fakeapi.Fault { return fakeapi.TruncateBody(100) },
	"truncated at the end":  func() fakeapi.Fault { return cutEnd(fakeapi.TruncateBody) },
	"truncated in a cursor": func() fakeapi.Fault { return fakeapi.EditPage(func(page []byte) []byte { return page[:len(page)-8] }) },
	"broken gzip":           fakeapi.BrokenGzip,
	"hang":                  fakeapi.Hang,
	"hang in the body":      func() fakeapi.Fault { return fakeapi.HangBody(100) },
	"drip":                  func() fakeapi.Fault { return fakeapi.Drip(1, time.Second) },
}

// final are the faults that no other attempt may follow.
var final = map[string]func() fakeapi.Fault{
	"400":                  func() fakeapi.Fault { return fakeapi.Status(400, "invalid_request_error", "m") },
	"401":                  func() fakeapi.Fault { return fakeapi.Status(401, "authentication_error", "m") },
	"403":                  func() fakeapi.Fault { return fakeapi.Status(403, "permission_error", "m") },
	"403 HTML":             func() fakeapi.Fault { return fakeapi.HTML(403) },
	"404":                  func() fakeapi.Fault { return fakeapi.Status(404, "not_found_error", "m") },
	"409":                  func() fakeapi.Fault { return fakeapi.Status(409, "conflict_error", "m") },
	"418":                  func() fakeapi.Fault { return fakeapi.Status(418, "teapot", "m") },
	"429 not to retry":     func() fakeapi.Fault { return fakeapi.Status(429, "rate_limit_error", "m", "x-should-retry", "false") },
	"500 not to retry":     func() fakeapi.Fault { return fakeapi.ServerError("false") },
	"204":                  func() fakeapi.Fault { return fakeapi.EmptyBody(204) },
	"206":                  func() fakeapi.Fault { return fakeapi.EmptyBody(206) },
	"redirect":             func() fakeapi.Fault { return fakeapi.Redirect(302, "https://other.example.com/") },
	"redirect, permanent":  func() fakeapi.Fault { return fakeapi.Redirect(308, "/elsewhere") },
	"200 HTML":             func() fakeapi.Fault { return fakeapi.HTML(200) },
	"200 an error":         func() fakeapi.Fault { return fakeapi.Status(200, "api_error", "m") },
	"no data":              func() fakeapi.Fault { return fakeapi.DropMember("data") },
	"data is null":         func() fakeapi.Fault { return fakeapi.SetMember("data", "null") },
	"data is an object":    func() fakeapi.Fault { return fakeapi.SetMember("data", "{}") },
	"no has_more":          func() fakeapi.Fault { return fakeapi.DropMember("has_more") },
	"has_more is null":     func() fakeapi.Fault { return fakeapi.SetMember("has_more", "null") },
	"has_more is a string": func() fakeapi.Fault { return fakeapi.SetMember("has_more", `"false"`) },
	"cursor is a number":   func() fakeapi.Fault { return fakeapi.SetMember("last_id", "7") },
	"more and not where":   fakeapi.MoreWithoutCursor,
	"data twice":           func() fakeapi.Fault { return append1(`,"data":[]}`) },
	"has_more twice":       func() fakeapi.Fault { return append1(`,"has_more":false}`) },
	"something behind":     func() fakeapi.Fault { return append1(`}{}`) },
	"garbage behind":       func() fakeapi.Fault { return append1(`}<!-- -->`) },
	"no JSON in it":        func() fakeapi.Fault { return fakeapi.SetField(0, "a", "NaN") },
	"record is null":       func() fakeapi.Fault { return fakeapi.SetRecord(0, "null") },
	"record is a string":   func() fakeapi.Fault { return fakeapi.SetRecord(1, `"activity"`) },
	"no id":                func() fakeapi.Fault { return fakeapi.DropField(1, "id") },
	"id is a number":       func() fakeapi.Fault { return fakeapi.SetField(1, "id", "7") },
	"id is empty":          func() fakeapi.Fault { return fakeapi.SetField(1, "id", `""`) },
	"no created_at":        func() fakeapi.Fault { return fakeapi.DropField(0, "created_at") },
	"no type":              func() fakeapi.Fault { return fakeapi.DropField(1, "type") },
	"type is null":         func() fakeapi.Fault { return fakeapi.SetField(0, "type", "null") },
	"nested too deep":      func() fakeapi.Fault { return fakeapi.DeepJSON(1, 10_000) },
}

// harmless are the oddities that a read has to take as they are.
var harmless = map[string]func() fakeapi.Fault{
	"unknown member":    func() fakeapi.Fault { return fakeapi.SetMember("total", `{"data":[],"has_more":[]}`) },
	"unknown field":     func() fakeapi.Fault { return fakeapi.SetField(0, "new", "1e400") },
	"unknown actor":     func() fakeapi.Fault { return fakeapi.SetField(0, "actor", `{"type":"robot_actor","serial":1}`) },
	"no actor":          func() fakeapi.Fault { return fakeapi.DropField(1, "actor") },
	"actor is a string": func() fakeapi.Fault { return fakeapi.SetField(1, "actor", `"nobody"`) },
	"another type":      func() fakeapi.Fault { return fakeapi.SetField(0, "organization_id", `{}`) },
	"nested deep":       func() fakeapi.Fault { return fakeapi.DeepJSON(0, 9_000) },
	"lone surrogate":    func() fakeapi.Fault { return fakeapi.SetField(0, "text", `"\ud800"`) },
	"invalid UTF-8":     func() fakeapi.Fault { return fakeapi.SetField(0, "text", "\"\xff\"") },
	"fast drip":         func() fakeapi.Fault { return fakeapi.Drip(200, 100*time.Millisecond) },
	"repeated activity": func() fakeapi.Fault {
		return fakeapi.EditPage(func(page []byte) []byte {
			start, end := strings.Index(string(page), `{"id"`), strings.Index(string(page), `},{"id"`)
			return slices.Concat(page[:start], page[start:end+2], page[start:])
		})
	},
}

func withHeader(fault fakeapi.Fault, name, value string) fakeapi.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set(name, value)
		fault(w, r, next)
	}
}

// append1 replaces the last byte of a page.
func append1(end string) fakeapi.Fault {
	return fakeapi.EditPage(func(page []byte) []byte { return append(page[:len(page)-1:len(page)-1], end...) })
}

// cutEnd leaves out the last byte of the body, whatever its length.
func cutEnd(cut func(int) fakeapi.Fault) fakeapi.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		counted := &counter{}
		plain := r.Clone(r.Context())
		plain.Header.Del("Accept-Encoding")
		next.ServeHTTP(counted, plain)
		cut(counted.n-1)(w, r, next)
	}
}

// counter counts what is written to it.
type counter struct{ n int }

func (c *counter) Header() http.Header { return http.Header{} }
func (c *counter) WriteHeader(int)     {}
func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// onAttempts matches some attempts at a page, counted from 1.
func onAttempts(page int, attempts ...int) fakeapi.Matcher {
	attempt := 0
	return func(c fakeapi.Call) bool {
		if c.Page != page {
			return false
		}
		attempt++
		return slices.Contains(attempts, attempt)
	}
}

// TestFaults is the matrix of every fault, on every page, on every kind of attempt. A read
// returns everything or an error that says where, and the number of requests is exactly
// what the fault is worth.
func TestFaults(t *testing.T) {
	t.Parallel()
	const last = 1 + testRetries
	var allAttempts, allButLast []int
	for attempt := 1; attempt <= last; attempt++ {
		allAttempts = append(allAttempts, attempt)
		if attempt < last {
			allButLast = append(allButLast, attempt)
		}
	}
	for _, kind := range []struct {
		name   string
		faults map[string]func() fakeapi.Fault
		// after how many attempts at the page the read ends in an error, 0 for never
		first, untilLast, onLast, always int
	}{
		{"bridgeable", bridgeable, 0, 0, last, last},
		{"final", final, 1, 1, last, 1},
		{"harmless", harmless, 0, 0, 0, 0},
	} {
		for name, fault := range kind.faults {
			for page, pageName := range []string{1: "first", 2: "middle", 3: "last"} {
				if page == 0 {
					continue
				}
				for _, on := range []struct {
					name     string
					attempts []int
					before   []int // attempts that fail because the server is overloaded
					failing  int
				}{
					{"first attempt", []int{1}, nil, kind.first},
					{"all but the last attempt", allButLast, nil, kind.untilLast},
					{"last attempt", []int{last}, allButLast, kind.onLast},
					{"all attempts", allAttempts, nil, kind.always},
				} {
					t.Run(kind.name+"/"+name+"/"+pageName+" page/"+on.name, func(t *testing.T) {
						feedtest.InBubble(t, func(t *testing.T) {
							const n, limit = 9, 3
							api := feedtest.NewFake(n)
							before := api.Inject(onAttempts(page, on.before...), fakeapi.Overloaded())
							// The earlier injection takes its requests before the matcher of the other sees them.
							attempts := on.attempts
							if on.before != nil {
								attempts = []int{1}
							}
							injected := api.Inject(onAttempts(page, attempts...), fault())
							transport := feedtest.Uncompressed(api)
							if name == "broken gzip" {
								transport = api.Transport()
							}
							got := newReader(t, transport).outcome(t.Context(), Request{PageSize: limit})
							all := feedtest.IDs(n)
							requests, fired := 3+len(on.before), len(attempts)
							switch kind.name {
							case "bridgeable":
								requests += fired
							case "harmless":
								fired = 1 // and then the page is there
							}
							if on.failing > 0 {
								failed := got.mustFail(t)
								if failed.Page != page || failed.Activities != (page-1)*limit || failed.Attempts != on.failing {
									t.Errorf("got %+v, want page %d after %d activities and %d attempts", failed, page, (page-1)*limit, on.failing)
								}
								all = all[:(page-1)*limit]
								requests = page - 1 + on.failing
								fired = on.failing - len(on.before)
							} else if got.err != nil {
								t.Fatalf("got error %v, want a complete read", got.err)
							}
							feedtest.Equal(t, "ids", got.ids(), all)
							if got := len(api.Requests()); got != requests {
								t.Errorf("got %d requests, want %d", got, requests)
							}
							if before.Fired() != len(on.before) || injected.Fired() != fired {
								t.Errorf("the faults came %d and %d times, want %d and %d", before.Fired(), injected.Fired(), len(on.before), fired)
							}
						})
					})
				}
			}
		}
	}
}

// TestFaultyCursors has faults that show only in what the pages say together.
func TestFaultyCursors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault    func() fakeapi.Fault
		wantPage int
		want     PageFault
	}{
		"repeated":       {fakeapi.RepeatCursor, 2, SameCursor},
		"cycle of two":   {func() fakeapi.Fault { return fakeapi.CycleCursors(2) }, 2, SameCursor},
		"cycle of three": {func() fakeapi.Fault { return fakeapi.CycleCursors(3) }, 3, OldCursor},
		"cycle of four":  {func() fakeapi.Fault { return fakeapi.CycleCursors(4) }, 4, OldCursor},
	} {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/backward_%t", name, backward), func(t *testing.T) {
				feedtest.InBubble(t, func(t *testing.T) {
					api := feedtest.NewFake(16)
					reader := newReader(t, feedtest.Uncompressed(api))
					request := Request{PageSize: 3}
					wantPage := test.wantPage
					if backward {
						request.BeforeID = reader.outcome(t.Context(), Request{Order: OldestFirst, MaxActivities: 1}).FirstID
						if name == "repeated" {
							wantPage = 1 // since it has a cursor
						}
					}
					api.Inject(fakeapi.Always, test.fault())
					failed := reader.outcome(t.Context(), request).mustFail(t)
					if fault := feedtest.ErrorAs[*PageError](t, failed).Fault; failed.Page != wantPage || failed.Activities != 3*(wantPage-1) || fault != test.want {
						t.Errorf("got page %d after %d activities: %s; want page %d: %s", failed.Page, failed.Activities, fault, wantPage, test.want)
					}
				})
			})
		}
	}
}

// TestProperty reads random feeds with random faults that retries can bridge, and gets
// exactly the feed.
func TestProperty(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(bridgeable))
	for i := range rounds(60) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(*seed, uint64(i)))
				n, limit := random.IntN(60), 1+random.IntN(20)
				texts := feedtest.Records(n)
				if random.IntN(2) == 0 {
					texts = twice(n)
				}
				api := newFakeOf(texts)
				retries := 1 + random.IntN(4)
				reader := newReader(t, api.Transport(), func(o *compliance.Options) {
					o.MaxRetries = retries
					o.RequestsPerMinute = []int{0, 5, 600}[random.IntN(3)]
				})
				request := Request{Order: bothOrders[random.IntN(2)], PageSize: limit, Unique: random.IntN(2) == 0}
				want := inOrder(request.Order, n)
				if n > 0 && random.IntN(2) == 0 { // backward, from the other end
					opposite := map[Order]Order{NewestFirst: OldestFirst, OldestFirst: NewestFirst}[request.Order]
					request.BeforeID = reader.outcome(t.Context(), Request{Order: opposite, PageSize: 1, MaxActivities: 1}).FirstID
					if strings.Count(strings.Join(texts, ""), want[n-1]) == 1 {
						want = want[:n-1] // else a copy of it stands before it
					}
				}
				if random.IntN(3) == 0 && len(want) > 0 {
					request.MaxActivities = 1 + random.IntN(len(want))
					if request.BeforeID != "" {
						want = want[len(want)-request.MaxActivities:]
					} else {
						want = want[:request.MaxActivities]
					}
				}
				faults := []string{}
				attempts := map[int]int{} // in a row, by page
				var mu sync.Mutex         // for a handler that hangs, which may outlast its request
				api.Inject(func(c fakeapi.Call) bool {
					mu.Lock()
					defer mu.Unlock()
					if attempts[c.Page] >= retries || random.IntN(2) == 0 {
						attempts[c.Page] = 0
						return false
					}
					attempts[c.Page]++
					return true
				}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					mu.Lock()
					name := names[random.IntN(len(names))]
					faults = append(faults, name)
					mu.Unlock()
					bridgeable[name]()(w, r, next)
				})
				if got := reader.outcome(t.Context(), request); got.err != nil || !slices.Equal(got.ids(), want) {
					t.Errorf("-seed=%d: %d activities, %+v, faults %q: got %d %v and error %v, want %d %v",
						*seed, n, request, faults, len(got.ids()), got.ids(), got.err, len(want), want)
				}
			})
		})
	}
}
