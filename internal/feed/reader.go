package feed

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"slices"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// Reader reads the feed with a client. It is safe for use by several reads at once.
type Reader struct {
	client *compliance.Client
	log    *slog.Logger // a line for each page
}

// New makes a reader. It logs where its client does.
func New(client *compliance.Client) *Reader {
	return &Reader{client: client, log: client.Log()}
}

// Page is one page of a read.
type Page struct {
	Number int // from 1, in the order of arrival

	// Restart says that the read begins again with this page: discard the pages before it.
	// It happens once in a read, if at all; see [Reader.Pages].
	Restart bool

	// Activities are in result order, without those that came on an earlier page (the API
	// delivers each at least once) and those that the query excepts.
	Activities []activity.Activity

	// Excepted is how many activities of the page were left out because of
	// [Query.Except]; none of them has been counted before. It is one less for each that a
	// page before has left out, and of which this one has a copy that is in Activities.
	Excepted int

	// HasMore says that the feed goes on behind this page in the direction of the
	// walk, which is before it in result order for a walk from BeforeID.
	HasMore bool

	// FirstID and LastID are opaque cursors; "" on an empty page. If the read is in parts,
	// LastID may be a little behind the last of Activities, but not on the last page.
	FirstID, LastID string

	// RequestID and KeyOrganizationID are those of the [compliance.Answer]; "" if unknown.
	// All pages of a read that name the key's organization name the same one.
	RequestID, KeyOrganizationID string

	// OldReset is that of the [compliance.Answer].
	OldReset time.Duration

	rank int64 // of its part, in the direction of the walk
}

// Compare is negative where a page is before another of the same read in the direction of
// the walk, and positive where it is behind it.
func (p *Page) Compare(other *Page) int {
	return cmp.Or(cmp.Compare(p.rank, other.rank), cmp.Compare(p.Number, other.Number))
}

// Pages reads the feed page by page, to the end or to query.MaxActivities. A read ends
// with its first error, a [*ReadError]; one without an error is complete. Breaking out of
// it sends no further request. Each use of the iterator is a read of its own.
//
// A page waits for the cursor of the one before it, so a long read is bound by latency.
// Where the query has a lower bound, no cursor and no MaxActivities, and its first page
// says that there is more, the rest of the window is divided in time and its parts are
// read at the same time. Then the pages arrive in any order, and [Page.Compare] tells
// theirs. If the server turns out not to keep what that relies on (see part), the read
// begins again in one piece, with a page that says so: [Page.Restart].
func (r *Reader) Pages(ctx context.Context, query Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		if broken := newReading(r, query, query.divisible()).run(ctx, yield); broken != "" {
			r.log.InfoContext(ctx, "reading again in one piece", slog.String("reason", broken))
			again := newReading(r, query, false)
			again.restart = true
			again.run(ctx, yield)
		}
	}
}

// reading is one read of the feed. Only requests run beside each other: all decisions are
// made between them, in one place.
type reading struct {
	reader  *Reader
	query   Query
	restart bool // of another read, which the next page has to say
	tally   *tally

	first    *part
	waiting  []*part // for their next page
	underWay int
	arrived  chan arrival

	begun    bool      // its first page has come
	dividing bool      // whether it is, or may be, in parts
	end      time.Time // of the window in the direction of the walk, as far as it can be divided
	divided  int       // parts that were made beyond the first
}

// arrival is the end of a request for a page.
type arrival struct {
	part   *part
	asked  int // activities
	answer *compliance.Answer
	err    error
}

func newReading(r *Reader, query Query, dividing bool) *reading {
	t := &tally{size: newSizing(query.PageSize)}
	known := &identities{lastPageOnly: query.RememberLastPageOnly}
	first := &part{walk: newWalk(query, t, known), rank: firstRank}
	return &reading{
		reader:   r,
		query:    query,
		tally:    t,
		first:    first,
		waiting:  []*part{first},
		arrived:  make(chan arrival, r.client.RequestsAtOnce()),
		dividing: dividing,
	}
}

// run reads to the end, or returns which promise was broken; the caller has to begin again
// then.
func (r *reading) run(ctx context.Context, yield func(*Page, error) bool) (broken string) {
	ctx, cancel := context.WithCancel(ctx)
	// Nothing of the read goes on after its end, whatever that is.
	defer r.drain()
	defer cancel()
	for len(r.waiting)+r.underWay > 0 {
		r.send(ctx)
		page, broken, err := r.take(ctx, r.receive())
		switch {
		case err != nil:
			yield(nil, err)
			return ""
		case broken != "":
			return broken
		case page == nil:
			continue
		}
		page.Restart, r.restart = r.restart, false
		if !yield(page, nil) {
			return ""
		}
	}
	if r.dividing && !r.first.complete() {
		return notMet // in case all of the above has let something through
	}
	return ""
}

// send asks for the next page of as many parts as may be under way.
func (r *reading) send(ctx context.Context) {
	for len(r.waiting) > 0 && r.underWay < cap(r.arrived) {
		p := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.underWay++
		request := compliance.Request{Parameters: p.nextQuery().values(p.walk.cursor), PageSize: p.walk.pageSize(), Number: r.tally.pages + 1}
		go func() {
			answer, err := r.reader.client.Page(ctx, request)
			r.arrived <- arrival{part: p, asked: request.PageSize, answer: answer, err: err}
		}()
	}
}

func (r *reading) receive() arrival {
	a := <-r.arrived
	r.underWay--
	return a
}

func (r *reading) drain() {
	for r.underWay > 0 {
		r.receive()
	}
}

// take makes a page of an answer and decides how its part goes on. There is neither page
// nor error where the same page has to be asked for again.
func (r *reading) take(ctx context.Context, a arrival) (page *Page, broken string, err error) {
	if a.err != nil {
		return nil, "", r.tally.failed(a.err)
	}
	p, answer := a.part, a.answer
	if !r.begun {
		r.begun = true
		if r.end, err = r.query.end(answer); err != nil {
			return nil, "", r.tally.failed(&compliance.RequestError{Attempts: answer.Attempts, Err: err})
		}
		if r.query.growing() && r.closeAt(answer) {
			r.waiting = append(r.waiting, p)
			return nil, "", nil
		}
	}
	r.tally.size.learn(a.asked, answer.PageSize)
	var s span
	if r.dividing {
		shared := len(p.shared)
		if s, broken = p.check(answer); len(p.shared) > shared {
			p.walk.nothing = 0 // what is new on the page is the next part's
		}
		if broken != "" {
			if r.divided > 0 {
				return nil, broken, nil
			}
			r.dividing = false // and nothing has to be read again
		}
	}
	page, err = p.walk.advance(answer)
	switch {
	case err != nil:
		return nil, "", r.tally.failed(&compliance.RequestError{Attempts: answer.Attempts, Err: err})
	case page == nil:
		r.waiting = append(r.waiting, p)
		return nil, "", nil
	}
	page.rank = p.rank
	r.logPage(ctx, page, answer)
	switch {
	case !r.dividing:
		if page.HasMore && !p.walk.full() {
			r.waiting = append(r.waiting, p)
		}
	case p.walk.mixed:
		return nil, "an activity came in two parts", nil
	default:
		broken = r.goOn(p, page.HasMore, s)
		// That a part has nothing more is no page of the whole, unless it is the last one
		// and has said that there is more.
		if r.divided > 0 && len(page.Activities) == 0 && page.Excepted == 0 && (p.next != nil || p.nothing() || !p.more) {
			return nil, broken, nil
		}
		p.more = page.HasMore
	}
	return page, broken, nil
}

// closeAt gives the read its upper bound, the time of its first answer, which is the only
// page so far. It says whether that page has to be asked for again, since it has something
// from then or later.
func (r *reading) closeAt(first *compliance.Answer) (again bool) {
	bound := first.Now().UTC().Truncate(time.Second)
	for _, q := range []*Query{&r.query, &r.first.walk.query} {
		q.CreatedAtLT = formatBound(bound)
	}
	return slices.ContainsFunc(first.Activities, func(a activity.Activity) bool {
		at, err := time.Parse(time.RFC3339, a.CreatedAt)
		return err == nil && !at.Before(bound)
	})
}

func (r *reading) logPage(ctx context.Context, page *Page, answer *compliance.Answer) {
	r.reader.log.InfoContext(ctx, "read a page of activities",
		slog.Int("page", page.Number), slog.Int("activities", r.tally.activities), slog.String("oldest_created_at", r.reader.client.Clean(r.tally.oldest)),
		slog.String("request_id", page.RequestID), slog.String("remaining_requests", answer.Remaining))
}
