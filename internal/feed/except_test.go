package feed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// numberOf is the n of [numbered].
func numberOf(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "activity_"))
	if err != nil {
		panic(err)
	}
	return n
}

// excepted is how many activities a read has left out.
func (r result) excepted() (n int) {
	for _, page := range r.pages {
		n += page.Excepted
	}
	return n
}

// TestExcept leaves activities out of a feed with repeats. The result is the rest, in full
// or as much of it as was asked for, and its last cursor goes on exactly where it ended.
func TestExcept(t *testing.T) {
	t.Parallel()
	const n = 30
	for name, except := range map[string]func(int) bool{
		"none":            func(int) bool { return false },
		"every third":     func(n int) bool { return n%3 == 0 },
		"all but a third": func(n int) bool { return n%3 != 0 },
		"all but one":     func(n int) bool { return n != 11 },
		"all":             func(int) bool { return true },
	} {
		for _, backward := range []bool{false, true} {
			for _, limit := range []int{1, 4, 7, 100} {
				t.Run(fmt.Sprintf("%s/backward_%t/limit_%d", name, backward, limit), func(t *testing.T) {
					inBubble(t, func(t *testing.T) {
						api := newFake(0, func(o *fakeapi.Options) { o.RateLimit = 1_000_000 })
						api.Add(twice(n)...)
						reader := newReader(t, uncompressed(api))
						query := Query{PageSize: limit, Except: func(a *activity.Activity) bool { return except(numberOf(a.ID)) }}
						all := idsOf(NewestFirst, records(n))
						if backward { // from the oldest, of which there is one
							edge := read(reader.Pages(t.Context(), Query{Order: OldestFirst, PageSize: 4, MaxActivities: 2}))
							query.BeforeID = edge.lastPage().LastID
							all = all[:n-2]
						}
						want := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return except(numberOf(id)) })
						whole := read(reader.Pages(t.Context(), query))
						if whole.err != nil {
							t.Fatal(whole.err)
						}
						equal(t, "ids", whole.ordered(query), want)
						if got := whole.excepted(); got != len(all)-len(want) {
							t.Errorf("got %d excepted, want %d", got, len(all)-len(want))
						}
						for most := 1; most <= len(want)+1; most++ {
							query := query
							query.MaxActivities = most
							api.ResetRequests()
							got := read(reader.Pages(t.Context(), query))
							if got.err != nil {
								t.Fatal(got.err)
							}
							first, rest := want[:min(most, len(want))], want[min(most, len(want)):]
							if backward {
								rest, first = want[:max(0, len(want)-most)], want[max(0, len(want)-most):]
							}
							equal(t, "the first of them", got.ordered(query), first)
							if got, most := len(api.Requests()), len(whole.pages)+1; got > most {
								t.Errorf("got %d requests, want at most %d", got, most)
							}
							if len(rest) > 0 && !got.lastPage().HasMore {
								t.Error("got no more, want more")
							}
							query.MaxActivities = 0
							if backward {
								query.BeforeID = got.lastPage().FirstID
							} else {
								query.AfterID = got.lastPage().LastID
							}
							// A repeat of the last one may follow: a new read cannot know it.
							ids := read(reader.Pages(t.Context(), query)).ordered(query)
							ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(first, id) })
							equal(t, "the rest", ids, rest)
						}
					})
				})
			}
		}
	}
}

// TestExceptRefuses has a server that sends more than it was asked for: then there is no
// cursor that fits.
func TestExceptRefuses(t *testing.T) {
	t.Parallel()
	a, b, c := activityText("a", time.Unix(3, 0), ""), activityText("b", time.Unix(2, 0), ""), activityText("c", time.Unix(1, 0), "")
	s := &script{steps: []step{{body: pageOf(true, "1", "3", a, b, c)}, {body: pageOf(true, "1", "3", a, b, c)}}}
	got := walkWith(t, s, Query{MaxActivities: 1, Except: func(a *activity.Activity) bool { return a.ID == "a" }})
	if failed := got.readError(t); *errorAs[*PageError](t, failed) != (PageError{Fault: TooMany, Came: 3, Asked: 2, RequestID: "req_test"}) || failed.Page != 1 {
		t.Errorf("got %v, want the page refused", failed)
	}
	if limits := []string{s.requests[0].URL.Query().Get("limit"), s.requests[1].URL.Query().Get("limit")}; !slices.Equal(limits, []string{"5000", "2"}) {
		t.Errorf("got limits %v, want 5000 and 2", limits)
	}
}

// TestExceptCopies has an activity whose copies differ: it is left out if every one may be;
// else the first that may not is what stays, on whichever page it comes.
func TestExceptCopies(t *testing.T) {
	t.Parallel()
	fine, bad, other := `,"enabled":true`, `,"enabled":false`, activityText("b", time.Unix(1, 0), "")
	a := func(extra string) string { return activityText("a", time.Unix(2, 0), extra) }
	for name, test := range map[string]struct {
		first, second []string
		want          string
		excepted      int
	}{
		"all fine":            {[]string{a(fine), a(fine)}, []string{a(fine), other}, "[b]", 1},
		"the second is not":   {[]string{a(fine), a(bad)}, []string{other}, "[a b]", 0},
		"the next page's not": {[]string{a(fine)}, []string{a(bad), a(fine), other}, "[a b]", 0},
		"the first is not":    {[]string{a(bad)}, []string{a(fine), other}, "[a b]", 0},
	} {
		for _, lastPageOnly := range []bool{false, true} {
			s := &script{steps: []step{{body: pageOf(true, "1", "2", test.first...)}, {body: pageOf(false, "3", "4", test.second...)}}}
			got := walkWith(t, s, Query{RememberLastPageOnly: lastPageOnly, Except: func(a *activity.Activity) bool { return strings.Contains(a.Extra, fine[1:]) }})
			if ids := fmt.Sprint(got.ids()); got.err != nil || ids != test.want || got.excepted() != test.excepted {
				t.Errorf("%s: got %s, %d excepted and error %v; want %s and %d", name, ids, got.excepted(), got.err, test.want, test.excepted)
			}
		}
	}
}
