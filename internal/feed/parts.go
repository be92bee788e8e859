package feed

import (
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// UnorderedPages is [Reader.Pages] for a read that needs every activity and no order,
// such as a count. A page waits for the cursor of the one before it, so a long read is
// bound by latency; where the query has a lower bound and its first page says that
// there is more, the rest of the window is divided in time and its parts are read at
// the same time. Otherwise it does what Pages does, with the same requests.
//
// Each part is a walk of its own, with all checks of one. The parts tile the window, so
// no activity is lost between them; see [part.divide]. Page numbers are in the order of
// arrival, and HasMore and the cursors of a page are those of its part.
func (r *Reader) UnorderedPages(ctx context.Context, query Query) iter.Seq2[*Page, error] {
	start, ok := query.lowerBound()
	if !ok || query.Order == OldestFirst || query.startCursor() != "" || query.MaxActivities > 0 {
		return r.Pages(ctx, query)
	}
	return func(yield func(*Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		read := &partsRead{
			reader:  r,
			waiting: []*part{{walk: newWalk(query, &tally{}), start: start}},
			arrived: make(chan arrival, r.client.RequestsAtOnce()),
		}
		// Nothing of the read goes on after its end, whatever that is.
		defer read.drain()
		defer cancel()
		for len(read.waiting)+read.underWay > 0 {
			read.send(ctx)
			a := read.receive()
			if !yield(a.page, a.err) || a.err != nil {
				return
			}
			if a.page.HasMore {
				read.goOn(a.part, a.page)
			}
		}
	}
}

// partsRead is a read in parts. Only requests run beside each other: all decisions
// are made between them, in one place.
type partsRead struct {
	reader   *Reader
	waiting  []*part // for their next page
	underWay int
	arrived  chan arrival
	divided  int // parts that were made beyond the first
}

type arrival struct {
	part *part
	page *Page
	err  error
}

// send asks for the next page of as many parts as may be under way.
func (r *partsRead) send(ctx context.Context) {
	for len(r.waiting) > 0 && r.underWay < cap(r.arrived) {
		p := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.underWay++
		go func() {
			page, err := r.reader.nextPage(ctx, p.walk)
			r.arrived <- arrival{part: p, page: page, err: err}
		}()
	}
}

func (r *partsRead) receive() arrival {
	a := <-r.arrived
	r.underWay--
	return a
}

func (r *partsRead) drain() {
	for r.underWay > 0 {
		r.receive()
	}
}

// goOn has what is left of a part read: by its cursor, or, where more requests could be
// under way, in new parts. A part can cost a request that a walk in one piece would
// not, since its last page is not full. So once all could be busy, a new part has to be
// earned with five full pages: however the density misleads, the requests grow by a
// fifth and a few.
func (r *partsRead) goOn(p *part, page *Page) {
	idle := cap(r.arrived) - r.underWay - len(r.waiting) - 1
	fullPages := p.walk.tally.soFar().activities / p.walk.pageSize()
	affordable := cap(r.arrived) - 1 + fullPages/5 - r.divided
	parts := p.divide(page, 1+min(idle, affordable))
	r.divided += len(parts) - 1
	r.waiting = append(r.waiting, parts...)
}

// part is a span of a window, from start on, and the walk that reads it from its
// newest activity to its oldest.
type part struct {
	walk  *walk
	start time.Time
}

// lastPageFilled is how much of their last page parts are meant to fill. A little is left
// free, so that a part that is slightly denser than expected needs no page more.
const lastPageFilled = 0.95

// divide returns what is left of the part behind a page: several new parts, at most as
// many as wanted, or the part itself where dividing it has nothing for it.
//
// How many pages are left is reckoned from how densely the page lies in time. Borders
// are whole seconds, half-open: an activity belongs to exactly one side of each. The
// second that the page ends in is read again, because created_at may be coarser than
// the order of the feed. What the page had is dropped where it comes again, as in a walk
// in one piece.
func (p *part) divide(page *Page, atMost int) []*part {
	inOnePiece := []*part{p}
	n := len(page.Activities) // what is excepted makes parts larger and loses nothing
	if n == 0 || atMost < 2 {
		return inOnePiece
	}
	newest, newestErr := time.Parse(time.RFC3339, page.Activities[0].CreatedAt)
	oldest, oldestErr := time.Parse(time.RFC3339, page.Activities[n-1].CreatedAt)
	if newestErr != nil || oldestErr != nil || !newest.After(oldest) || !oldest.After(p.start) {
		return inOnePiece
	}
	left := oldest.Sub(p.start)
	pages := float64(left) / float64(newest.Sub(oldest)) * float64(n) / float64(p.walk.pageSize()) / lastPageFilled
	pagesInPart := math.Ceil(pages / float64(atMost))
	parts := int(math.Ceil(pages / pagesInPart))
	if parts < 2 {
		return inOnePiece
	}
	end := oldest.Truncate(time.Second).Add(time.Second)
	if countBefore(end, page.Activities) > n/10 {
		return inOnePiece // a burst: too much would be read twice
	}
	known := maps.Clone(p.walk.known.seen)

	query := p.walk.query
	query.AfterID = ""
	var divided []*part
	for ; parts > 0; parts-- {
		query.CreatedAtLT = end.UTC().Format(time.RFC3339)
		start := p.start
		if parts > 1 {
			start = p.start.Add(left / time.Duration(parts) * time.Duration(parts-1)).Truncate(time.Second)
			if !start.After(p.start) || !start.Before(end) {
				continue // shorter than a second
			}
			query.CreatedAtGTE = start.UTC().Format(time.RFC3339)
		} else {
			query.CreatedAtGTE = p.walk.query.CreatedAtGTE
		}
		next := &part{walk: newWalk(query, p.walk.tally), start: start}
		next.walk.known.always = known
		divided = append(divided, next)
		end, left = start, start.Sub(p.start)
	}
	return divided
}

// countBefore is how many of the last activities of a page are older than a time: all of
// them, where that cannot be told.
func countBefore(end time.Time, activities []activity.Activity) int {
	for i := range slices.Backward(activities) {
		createdAt, err := time.Parse(time.RFC3339, activities[i].CreatedAt)
		switch {
		case err != nil:
			return len(activities)
		case !createdAt.Before(end):
			return len(activities) - 1 - i
		}
	}
	return len(activities)
}
