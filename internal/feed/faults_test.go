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

// The faults are one of each kind that a read can tell apart; package compliance has the
// others, and package activity those of a page.

// bridgeable are the faults that another attempt can get over.
var bridgeable = map[string]fakeapi.Fault{
	"429":                   fakeapi.TooManyRequests("7"),
	"500":                   fakeapi.Status(500, "api_error", "m"),
	"503 empty":             fakeapi.EmptyBody(503),
	"504":                   fakeapi.Status(504, "api_error", "timeout"),
	"200 empty":             fakeapi.EmptyBody(200),
	"closed":                fakeapi.CloseBeforeHeader,
	"cut":                   fakeapi.CutBody(100),
	"cut at the end":        cutEnd(fakeapi.CutBody),
	"truncated at the end":  cutEnd(fakeapi.TruncateBody),
	"truncated in a cursor": fakeapi.EditPage(func(page []byte) []byte { return page[:len(page)-8] }),
	"broken gzip":           fakeapi.BrokenGzip,
	"hang":                  fakeapi.Hang,
	"hang in the body":      fakeapi.HangBody(100),
}

// final are the faults that no other attempt may follow.
var final = map[string]fakeapi.Fault{
	"400":                fakeapi.Status(400, "invalid_request_error", "m"),
	"200 an error":       fakeapi.Status(200, "api_error", "m"),
	"200 HTML":           fakeapi.HTML(200),
	"no has_more":        fakeapi.SetMembers("has_more", ""),
	"more and not where": fakeapi.SetMembers("has_more", "true", "last_id", "null", "first_id", "null"),
	"something behind":   fakeapi.EditPage(func(page []byte) []byte { return append(page, "{}"...) }),
	"record is null":     fakeapi.SetRecord(0, "null"),
}

// harmless are the oddities that a read has to take as they are.
var harmless = map[string]fakeapi.Fault{
	"unknown member": fakeapi.SetMembers("total", `{"data":[],"has_more":[]}`),
	"no actor":       fakeapi.SetField(1, "actor", ""),
	"fast drip":      fakeapi.Drip(200, 100*time.Millisecond),
}

// cutEnd leaves out the last byte of the body, whatever its length.
func cutEnd(cut func(int) fakeapi.Fault) fakeapi.Fault {
	return func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
		_, body := answer(r)
		cut(len(body)-1)(w, r, answer)
	}
}

// onAttempts matches some attempts at a page, counted from 1, and counts how often it did.
func onAttempts(matched *int, page int, attempts ...int) fakeapi.Matcher {
	attempt := 0
	return func(c fakeapi.Request) bool {
		if c.Page != page {
			return false
		}
		attempt++
		ok := slices.Contains(attempts, attempt)
		if ok {
			*matched++
		}
		return ok
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
		faults map[string]fakeapi.Fault
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
							api := newFake(n)
							var before, injected int
							api.Inject(onAttempts(&before, page, on.before...), fakeapi.Status(529, "overloaded_error", "m"))
							// The earlier injection takes its requests before the matcher of the other sees them.
							attempts := on.attempts
							if on.before != nil {
								attempts = []int{1}
							}
							api.Inject(onAttempts(&injected, page, attempts...), fault)
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
							if before != len(on.before) || injected != fired {
								t.Errorf("the faults came %d and %d times, want %d and %d", before, injected, len(on.before), fired)
							}
						})
					})
				}
			}
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
				api.Inject(func(c fakeapi.Request) bool {
					mu.Lock()
					defer mu.Unlock()
					if attempts[c.Page] >= retries || random.IntN(2) == 0 {
						attempts[c.Page] = 0
						return false
					}
					attempts[c.Page]++
					return true
				}, func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
					mu.Lock()
					name := names[random.IntN(len(names))]
					faults = append(faults, name)
					mu.Unlock()
					bridgeable[name](w, r, answer)
				})
				if got := reader.outcome(t.Context(), request); got.err != nil || !slices.Equal(got.ids(), want) {
					t.Errorf("-seed=%d: %d activities, %+v, faults %q: got %d %v and error %v, want %d %v",
						*seed, n, request, faults, len(got.ids()), got.ids(), got.err, len(want), want)
				}
			})
		})
	}
}
