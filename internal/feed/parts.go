package feed

import (
	"math"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// part is one of the walks that a read is divided into. Parts follow each other in the
// direction of the walk.
//
// The first goes on by its cursor; every other begins at a border in time, by a bound on
// created_at. All but the last end a little beyond the border of the next one, by another
// bound, so that both have what is there: a part has been read when it has met the very
// activity that the next one begins with. So two parts fit together because they have met,
// and not because the server is trusted to apply bounds correctly.
//
// What this relies on is checked on every page: activities are in order of created_at, on
// the page and from page to page; none is on the wrong side of a bound; and parts meet. A
// server that sorts by another time, rounds bounds or created_at, or ignores bounds breaks
// one of these, or makes no difference.
type part struct {
	walk       *walk
	prev, next *part
	rank       int64     // orders the parts
	border     time.Time // where it begins, a whole second; zero for the first
	beyond     time.Time // where the one before it ends unless that knows better, behind the border

	end    time.Time // the bound at its end, of the last request; zero where it had none
	ended  bool      // there is no more before that end
	more   bool      // what the last of its pages that count has said: HasMore
	last   time.Time // created_at of the last activity that came
	begin  []string  // the identities of its first page with activities
	begun  time.Time // created_at of the first of them
	whole  bool      // no page with activities has come behind that one
	shared []string  // the identities of those that are beyond the next border
}

// firstRank is that of the first part.
const firstRank = math.MinInt64

// How much of their last page parts should fill, and how much of a page is read twice so
// that parts meet. A little is left free, so that a part that is slightly denser than
// expected needs no further page.
const (
	lastPageFilled = 0.93
	pageShared     = 0.025
)

// span is how the activities of a page lie in time.
type span struct {
	first, last time.Time
	n           int
}

// move goes a distance from a time in the direction of the walk.
func (q Query) move(from time.Time, distance time.Duration) time.Time {
	if q.Order == OldestFirst {
		return from.Add(distance)
	}
	return from.Add(-distance)
}

// distance is how far one time is behind another in the direction of the walk.
func (q Query) distance(from, to time.Time) time.Duration {
	if q.Order == OldestFirst {
		return to.Sub(from)
	}
	return from.Sub(to)
}

// within says whether a time is on the near side of a bound. Bounds are half-open, so that
// an instant is always on one side: what has created_at.lt in one part has created_at.gte
// in the other.
func (q Query) within(at, bound time.Time) bool {
	if q.Order == OldestFirst {
		return at.Before(bound)
	}
	return !at.Before(bound)
}

// from returns the query for what is at a bound or behind it, in the direction of the walk.
func (q Query) from(bound time.Time) Query {
	if q.Order == OldestFirst {
		q.CreatedAtGTE = formatBound(bound)
	} else {
		q.CreatedAtLT = formatBound(bound)
	}
	return q
}

// to returns the query for what is before a bound, in the direction of the walk, unless
// that lies behind the end of the query itself.
func (q Query) to(bound time.Time) Query {
	if q.Order == OldestFirst {
		if upper, ok := q.upperBound(); !ok || !bound.After(upper) { // created_at.lte may be the upper one
			q.CreatedAtLT = formatBound(bound)
		}
	} else if lower, ok := q.lowerBound(); !ok || bound.After(lower) {
		q.CreatedAtGTE = formatBound(bound)
	}
	return q
}

func formatBound(bound time.Time) string { return bound.UTC().Format(time.RFC3339) }

// nextQuery is what the next request of a part asks for, and sets its end.
func (p *part) nextQuery() Query {
	query := p.walk.query
	switch {
	case p.next == nil:
		p.end = time.Time{}
		return query
	case p.next.begun.IsZero():
		p.end = p.next.beyond
	case query.Order == OldestFirst:
		p.end = p.next.begun.Truncate(time.Second).Add(time.Second)
	default:
		p.end = p.next.begun.Truncate(time.Second)
	}
	return query.to(p.end)
}

// check looks at an answer before it is taken into the part, and leaves of its activities
// those on this side of the next border. Where the server has broken a promise, it says
// which, and leaves all as it was.
func (p *part) check(answer *compliance.Answer) (s span, broken string) {
	activities, query := answer.Activities, p.walk.query
	own, last := len(activities), p.last
	for i := range activities {
		at, err := time.Parse(time.RFC3339, activities[i].CreatedAt)
		switch {
		case err != nil:
			return span{}, "created_at is not a time"
		case !last.IsZero() && query.distance(last, at) < 0:
			return span{}, "activities are not in the order of created_at"
		case !p.border.IsZero() && query.within(at, p.border), !p.end.IsZero() && !query.within(at, p.end):
			return span{}, "an activity is outside the bounds that were asked for"
		}
		if i == 0 {
			s.first = at
		}
		if p.next != nil && own == len(activities) && !query.within(at, p.next.border) {
			own = i
		}
		last = at
	}
	s.last, s.n, p.last = last, len(activities), last
	if s.n > 0 {
		p.whole = p.begun.IsZero()
	}
	if p.whole && len(p.begin) == 0 {
		p.begun = s.first
		p.begin = appendIdentities(p.begin, activities)
	}
	p.shared = appendIdentities(p.shared, activities[own:])
	answer.Activities = activities[:own:own]
	return s, ""
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

// goOn decides how a part continues after a page, and checks that it meets its neighbours,
// as far as they have come. It says which promise is broken, if one is.
func (r *reading) goOn(p *part, more bool, s span) (broken string) {
	switch {
	case !more:
		p.ended = true
	case len(p.shared) == 0:
		r.divide(p, s)
		fallthrough
	default:
		r.waiting = append(r.waiting, p)
	}
	if p.nothing() {
		if len(p.prev.shared) > 0 {
			return notMet // what the one before it has there is missing
		}
		p.prev.next = p.next
		if p.next != nil {
			p.next.prev = p.prev
		}
		p = p.prev
	}
	for _, left := range []*part{p.prev, p} {
		if broken == "" && left != nil && left.ended {
			broken = r.meet(left)
		}
	}
	return broken
}

const notMet = "two parts do not meet"

// nothing says that a part has ended without an activity, so that it can be left out.
func (p *part) nothing() bool { return p.ended && p.begun.IsZero() && p.prev != nil }

// meet decides whether a part that has come to its end has met the next one. If that began
// further away than where the end was, or turned out to be none, it is read on from where it is.
func (r *reading) meet(p *part) (broken string) {
	next := p.next
	switch {
	case next == nil && p.end.IsZero():
		return "" // the end of the read
	case next != nil && next.begun.IsZero():
		return "" // not known yet
	case next == nil, len(p.shared) == 0 && !p.end.IsZero() && !p.walk.query.within(next.begun, p.end):
		p.ended = false
		r.waiting = append(r.waiting, p)
		return ""
	case len(p.shared) == 0:
		return notMet
	}
	for i := range min(len(p.shared), len(next.begin)) {
		if p.shared[i] != next.begin[i] {
			return notMet
		}
	}
	if len(p.shared) > len(next.begin) && next.whole && next.ended && (next.end.IsZero() || p.walk.query.within(p.last, next.end)) {
		return notMet // the next one lacks what this one has seen there
	}
	if p.walk.known.lastPageOnly {
		// An activity that comes again may have another created_at, and be on both sides.
		for _, id := range next.begin {
			if p.walk.known.seen[id].fate != unseen {
				return "an activity came in two parts"
			}
		}
		p.walk.known.seen = nil
	}
	// What is not needed any more would be a page for each part.
	p.shared, next.begin = []string{p.shared[0]}, []string{next.begin[0]}
	return ""
}

// complete says whether a part and all behind it have been read to where they end.
func (p *part) complete() bool {
	for ; p.next != nil; p = p.next {
		if !p.ended || len(p.shared) == 0 {
			return false
		}
	}
	return p.ended && p.end.IsZero()
}

// divide has what is left of a part behind a page read from several places at once, if more
// requests could be under way. A part can cost a request more than a walk in one piece,
// since its last page is not full. So once as many parts as requests at once exist, each
// further one has to be earned with five full pages: however much the density misleads, the
// requests grow by a fifth and a few.
func (r *reading) divide(p *part, s span) {
	idle := cap(r.arrived) - r.underWay - len(r.waiting) - 1
	fullPages := r.tally.came / r.tally.size.now
	affordable := cap(r.arrived) - 1 + fullPages/5 - r.divided
	for _, border := range r.borders(p, s, 1+min(idle, affordable)) {
		shared := float64(r.query.distance(s.first, s.last)) / float64(s.n) * float64(r.tally.size.now) * pageShared
		made := &part{
			walk:   newWalk(p.walk.query.from(border), r.tally, p.walk.known),
			prev:   p,
			next:   p.next,
			rank:   int64(r.query.distance(time.Unix(0, 0), border) / time.Second),
			border: border,
			beyond: r.query.move(border, time.Duration(shared).Truncate(time.Second)+time.Second),
		}
		if p.next != nil {
			p.next.prev = made
		}
		p.next = made
		p = made
		r.waiting = append(r.waiting, made)
		r.divided++
	}
}

// borders divides what is left of a part behind a page into at most so many parts, and
// returns where they meet. How many pages are left is reckoned from how densely the page
// lies in time.
func (r *reading) borders(p *part, s span, atMost int) (borders []time.Time) {
	end := r.end
	if p.next != nil {
		end = p.next.border
	}
	covered, left := r.query.distance(s.first, s.last), r.query.distance(s.last, end)
	if s.n == 0 || atMost < 2 || covered <= 0 || left <= 0 {
		return nil
	}
	pages := float64(left) / float64(covered) * float64(s.n) / float64(r.tally.size.now) / lastPageFilled
	pagesInPart := math.Ceil(pages / float64(atMost))
	parts := int(math.Ceil(pages / pagesInPart))
	last := s.last
	for i := 1; i < parts; i++ {
		border := r.query.move(s.last, time.Duration(float64(left)/float64(parts)*float64(i))).Truncate(time.Second)
		if r.query.Order == OldestFirst {
			border = border.Add(time.Second) // so that what the part has had is before it
		}
		if r.query.distance(last, border) < 0 || len(borders) > 0 && border.Equal(last) || r.query.distance(border, end) <= 0 {
			continue // shorter than a second
		}
		borders = append(borders, border)
		last = border
	}
	return borders
}
