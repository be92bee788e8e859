package feed

import (
	"math"
	"slices"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// shard is one of the ranges of time that a read is divided into; a read in one piece is a
// single one. Shards follow each other as they are read.
//
// The first goes on by its cursor; every other begins at a boundary in time, by a bound on
// created_at. All but the last end a little behind the start of the next one, by another
// bound, so that both have what is in this overlap: a shard has been read when it has met
// the very activity that the next one begins with. So two shards fit together because they
// have met, and not because the server is trusted to apply bounds correctly.
//
// What this relies on is checked on every page: activities are in order of created_at, on
// the page and from page to page; none is on the wrong side of a bound; and shards meet. A
// server that sorts by another time, rounds bounds or created_at, or ignores bounds breaks
// one of these, or makes no difference.
type shard struct {
	cursor string
	used   map[string]bool  // cursors
	idle   int              // pages in a row that brought nothing new
	size   int              // of the next page; 0 for the read's
	seen   map[string]known // with Request.Unique, that of the read; else what was on the page before

	// For the result:
	firstID, lastID string // as it is read
	anything        bool
	requestID       string

	// For a read in several shards:
	next     *shard
	rank     int64     // orders the shards
	start    time.Time // a whole second; zero for the first shard
	reach    time.Time // a whole second behind start, where the one before it ends; right behind headTime once that is known
	end      time.Time // the bound at its end, of the last request; zero where it had none
	ended    bool      // there is no more before that end
	last     time.Time // created_at of the last activity that came
	head     []string  // the identities on its first page with activities
	headTime time.Time // created_at of the first of them
	headOnly bool      // no page with activities has come behind that one
	overlap  []string  // the identities of those that came from behind the start of the next one
}

// inconsistency is why a read cannot be in shards. It begins again in one piece.
type inconsistency string

func (i inconsistency) Error() string { return string(i) }

const (
	noTime     inconsistency = "created_at is not a time"
	outOfOrder inconsistency = "activities are not in the order of created_at"
	outside    inconsistency = "an activity is outside the bounds that were asked for"
	inTwo      inconsistency = "an activity came in two shards"
	notMet     inconsistency = "two shards do not meet"
)

const (
	// MaxIdle is how many pages in a row may bring nothing new.
	MaxIdle = 50

	// How much of their last page shards should fill, and how much of a page is read twice
	// so that they meet. A little is left free, so that a shard that is slightly denser than
	// expected needs no further page.
	lastPageFilled = 0.93
	pageOverlap    = 0.025
)

func newShard(request *Request, seen map[string]known) *shard {
	cursor := request.startCursor()
	return &shard{cursor: cursor, seen: seen, used: map[string]bool{cursor: true}, rank: math.MinInt64}
}

// advance moves the cursor behind a page. Whatever would let the read end early or go in
// circles is an error.
func (s *shard) advance(a answer, anyNew bool) PageFault {
	if s.idle++; anyNew {
		s.idle = 0
	}
	next := a.LastID
	switch {
	case !a.HasMore: // the cursor leads nowhere
	case next == "":
		return NoCursor
	case next == s.cursor:
		return SameCursor
	case s.used[next]:
		return OldCursor
	case s.idle >= MaxIdle:
		return NothingNew
	}
	if next != "" { // else it stays where it is, at its end
		s.used[next] = true
		s.cursor = next
	}
	return ""
}

// add notes what the result has to say of a page. One with activities and without cursors
// makes the result's null, since that of another page would not fit.
func (s *shard) add(a answer, c choice) {
	if !s.anything {
		s.firstID = a.FirstID
	}
	if c.any || a.LastID != "" {
		s.lastID = a.LastID
	}
	s.anything = s.anything || c.any
	s.ended, s.requestID = !a.HasMore, a.RequestID
}

// nextBounds are those of the next request. They set the end.
func (s *shard) nextBounds(request *Request) timerange.Bounds {
	s.end = time.Time{}
	if s.next != nil {
		s.end = s.next.reach
	}
	return request.Order.within(request.Bounds, s.start, s.end)
}

// check looks at an answer before it is taken, and leaves of its activities those before the
// start of the next shard. If there is something wrong, it leaves all as it was.
func (s *shard) check(order Order, a *answer) error {
	own, last := len(a.Activities), s.last
	for i, at := range a.times {
		switch {
		case at.IsZero():
			return noTime
		case !last.IsZero() && order.distance(last, at) < 0:
			return outOfOrder
		case !s.start.IsZero() && order.precedes(at, s.start), !s.end.IsZero() && !order.precedes(at, s.end):
			return outside
		}
		if s.next != nil && own == len(a.Activities) && !order.precedes(at, s.next.start) {
			own = i
		}
		last = at
	}
	if len(a.Activities) > 0 {
		if s.headOnly = s.headTime.IsZero(); s.headOnly {
			s.headTime, s.head = a.times[0], appendIdentities(nil, a.Activities)
			s.reach = order.wholeSecondBehind(s.headTime)
		}
	}
	s.last = last
	if own < len(a.Activities) {
		s.idle = 0 // what is new on the page may be the next one's
		s.overlap = appendIdentities(s.overlap, a.Activities[own:])
	}
	a.Activities, a.times = a.Activities[:own:own], a.times[:own]
	return nil
}

// appendIdentities leaves out what is only repeated.
func appendIdentities(identities []string, activities []activity.Activity) []string {
	for i := range activities {
		if id := activities[i].Identity(); len(identities) == 0 || id != identities[len(identities)-1] {
			identities = append(identities, id)
		}
	}
	return identities
}

// settle decides whether a shard is divided behind a page, and whether the shards fit
// together, as far as they have come.
func (r *read) settle(s *shard, times []time.Time) error {
	if !s.ended && len(s.overlap) == 0 {
		r.divide(s, times)
	}
	for s := r.first; s != nil; s = s.next {
		if next := s.next; next != nil && next.ended && next.headTime.IsZero() { // nothing is in it
			if len(s.overlap) > 0 {
				return notMet // what this one has there is missing
			}
			s.next = next.next
		}
		if err := r.join(s); err != nil {
			return err
		}
	}
	return nil
}

// join decides whether a shard, once it has come to its end, has met the next one. If that began
// further away than where the end was, or turned out to be empty, it is read on.
func (r *read) join(s *shard) error {
	order, next := r.request.Order, s.next
	switch {
	case next == nil && s.end.IsZero():
		return nil // the end of the read
	case !s.ended, next != nil && next.headTime.IsZero():
		return nil // not known yet
	case next == nil, len(s.overlap) == 0 && !s.end.IsZero() && !order.precedes(next.headTime, s.end):
		s.ended = false
		r.queue = append(r.queue, s)
		return nil
	case len(s.overlap) == 0:
		return notMet
	}
	if n := min(len(s.overlap), len(next.head)); !slices.Equal(s.overlap[:n], next.head[:n]) {
		return notMet
	}
	if len(s.overlap) > len(next.head) && next.headOnly && next.ended && (next.end.IsZero() || order.precedes(s.last, next.end)) {
		return notMet // the next one lacks what this one has seen there
	}
	if !r.request.Unique {
		// An activity that comes again may have another created_at, and be on both sides.
		for _, id := range next.head {
			if s.seen[id].fate != unseen {
				return inTwo
			}
		}
		s.seen = nil
	}
	// What is not needed any more would be a page for each shard.
	s.overlap, next.head = []string{s.overlap[0]}, []string{next.head[0]}
	return nil
}

// complete says whether a shard and all behind it have been read to where they end.
func (s *shard) complete() bool {
	for ; s.next != nil; s = s.next {
		if !s.ended || len(s.overlap) == 0 {
			return false
		}
	}
	return s.ended && s.end.IsZero()
}

// divide has what is left of a shard behind a page read from several places at once, if more
// requests could be under way. A shard can cost a request more than a read in one piece,
// since its last page is not full. So once as many shards as requests at once exist, each
// further one has to be earned with five full pages: however much the density misleads, the
// requests grow by a fifth and a few.
func (r *read) divide(s *shard, times []time.Time) {
	idle := cap(r.answers) - r.inFlight - len(r.queue)
	fullPages := r.came / r.size.now
	affordable := cap(r.answers) - 1 + fullPages/5 - r.shards
	order := r.request.Order
	for _, start := range r.boundaries(s, times, 1+min(idle, affordable)) {
		overlap := float64(order.distance(times[0], times[len(times)-1])) / float64(len(times)) * float64(r.size.now) * pageOverlap
		made := newShard(&r.request, r.seen)
		made.start, made.rank = start, start.Unix()
		if order != OldestFirst {
			made.rank = -made.rank
		}
		made.reach = order.after(start, time.Duration(overlap).Truncate(time.Second)+time.Second)
		made.next, s.next = s.next, made
		s = made
		r.queue = append(r.queue, made)
		r.shards++
	}
}

// boundaries divides what is left of a shard behind a page into at most so many parts, and
// returns where they meet. How many pages are left is reckoned from how densely the page
// lies in time.
func (r *read) boundaries(s *shard, times []time.Time, atMost int) (boundaries []time.Time) {
	if len(times) == 0 || atMost < 2 {
		return nil
	}
	order, first, last, end := r.request.Order, times[0], times[len(times)-1], r.end
	if s.next != nil {
		end = s.next.start
	}
	covered, left := float64(order.distance(first, last)), float64(order.distance(last, end))
	if covered <= 0 || left <= 0 {
		return nil
	}
	pages := left / covered * float64(len(times)) / float64(r.size.now) / lastPageFilled
	pagesInPart := math.Ceil(pages / float64(atMost))
	parts := math.Ceil(pages / pagesInPart)
	previous := last
	for i := 1.0; i < parts; i++ {
		boundary := order.wholeSecondBehind(order.after(last, time.Duration(left/parts*i)))
		if order.distance(previous, boundary) > 0 && order.distance(boundary, end) > 0 { // else shorter than a second
			boundaries = append(boundaries, boundary)
			previous = boundary
		}
	}
	return boundaries
}
