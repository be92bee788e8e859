// Package feed reads the Activity Feed completely, or says why it could not.
//
// Anything that would leave the result short (a page that says there is more but not where, a
// cursor that does not move, a window that has not begun) ends the read with an error, and is
// never taken for the end of the feed. Package compliance makes the requests, with their
// retries and their pace; package activity knows what is on a page.
//
// The package knows nothing of Terraform or of HTTP. Its callers decide what a request asks
// for, and how many activities are too many. Parameters, cursors and the order are those of
// the API's public documentation of the Activity Feed.
package feed

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// Sink takes what a read finds, as it arrives.
type Sink interface {
	// Begin is called first. It is called once more if the read begins again; then nothing
	// that came before counts.
	Begin()
	// Add takes activities of the result. Its error ends the read, which returns it as it is.
	Add(Batch) error
}

// Batch are the activities of one page that are in the result, in the API's order.
type Batch struct {
	Activities []activity.Activity
	Page       int // the page's number, from 1, in the order of arrival
	Position   Position
}

// Position is the place of a batch in the result. Batches arrive in any order.
type Position struct {
	rank int64 // of the shard
	page int   // negative in a read that goes backward
}

// Compare is negative for what is before another position in the API's order.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.rank, q.rank), cmp.Compare(p.page, q.page))
}

// Result is what a complete read says of itself.
type Result struct {
	// FirstID and LastID are the opaque cursors at both ends of the result in the API's
	// order, or of what was excepted if that is all; "" where nothing came.
	FirstID, LastID string
	// HasMore says that MaxActivities ended the read, and that the feed goes on.
	HasMore  bool
	Excepted int // each ID once
	Pages    int
	// RequestID is that of the last page, and KeyOrganizationID the organization of the key,
	// the same on all pages that name it. "" if unknown.
	RequestID, KeyOrganizationID string
	// OldReset is the longest of those of the pages; see [compliance.Answer].
	OldReset time.Duration
}

// Read follows the cursors of a request to the end of the feed, or to MaxActivities, and hands
// what comes to a sink. Without an error, the sink has had everything. An error is a
// [*ReadError], or the sink's.
//
// A page waits for the cursor of the one before it, so a long read is bound by latency.
// Where the request has a lower bound, no cursor and no MaxActivities, and its first page
// says that there is more, the rest of the window is divided in time and read at several
// places at once. If the server turns out not to keep what that relies on (see shard), the
// read begins again in one piece.
func Read(ctx context.Context, client *compliance.Client, request Request, sink Sink) (Result, error) {
	result, err := newRead(client, request, sink, request.divisible()).run(ctx)
	if reason, again := errors.AsType[inconsistency](err); again {
		client.Log().InfoContext(ctx, "reading again in one piece", slog.String("reason", string(reason)))
		return newRead(client, request, sink, false).run(ctx)
	}
	return result, err
}

// read is one read of the feed. Only requests run beside each other: all decisions are made
// between them, in one place.
type read struct {
	client  *compliance.Client
	request Request
	sink    Sink

	first    *shard
	queue    []*shard // for their next request
	inFlight int
	answers  chan answer

	dividing bool // whether it is, or may be, in shards
	shards   int  // that were made beyond the first

	now    time.Time        // of the first answer
	end    time.Time        // of the window as it is read, as far as there can be activities
	size   sizing           // of the next requests
	seen   map[string]known // with Request.Unique; else it stays empty
	result Result
	kept   int // activities of the result
	came   int // activities, the others too
}

// answer is the end of a request for a page, with its activities as they are read: of a
// read backward, what the API puts last comes first.
type answer struct {
	shard *shard
	asked int // activities
	*compliance.Answer
	times []time.Time // created_at; zero where it is not a time
	err   error
}

func newRead(client *compliance.Client, request Request, sink Sink, dividing bool) *read {
	seen := map[string]known{}
	first := newShard(&request, seen)
	pageSize := cmp.Or(request.PageSize, compliance.MaxPageSize)
	return &read{
		client:   client,
		request:  request,
		sink:     sink,
		first:    first,
		queue:    []*shard{first},
		answers:  make(chan answer, client.RequestsAtOnce()),
		dividing: dividing,
		size:     sizing{most: pageSize, now: pageSize},
		seen:     seen,
	}
}

func (r *read) run(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() { // nothing of the read goes on after its end, whatever that is
		cancel()
		for range r.inFlight {
			<-r.answers
		}
	}()
	r.sink.Begin()
	for len(r.queue)+r.inFlight > 0 {
		r.send(ctx)
		answer := <-r.answers
		r.inFlight--
		if err := r.take(ctx, answer); err != nil {
			return Result{}, err
		}
	}
	if r.dividing && !r.first.complete() {
		return Result{}, notMet // in case all else has let something through
	}
	r.conclude()
	return r.result, nil
}

// send sends as many of the requests that are due as there may be at once.
func (r *read) send(ctx context.Context) {
	for len(r.queue) > 0 && r.inFlight < cap(r.answers) {
		s := r.queue[0]
		r.queue = r.queue[1:]
		r.inFlight++
		bounds := s.nextBounds(&r.request)
		request := compliance.Request{Parameters: r.request.parameters(bounds, s.cursor), PageSize: r.pageSize(s), Number: r.result.Pages + 1}
		go func() {
			page, err := r.client.Page(ctx, request)
			r.answers <- answer{shard: s, asked: request.PageSize, Answer: page, err: err}
		}()
	}
}

// pageSize is how many activities the next request asks for. If some may be left out, nobody
// knows how many it takes to have enough, so it asks for a whole page.
func (r *read) pageSize(s *shard) int {
	switch {
	case s.size > 0:
		return s.size
	case r.request.MaxActivities > 0 && r.request.Except == nil && r.request.Skip == nil:
		return min(r.size.now, r.missing())
	}
	return r.size.now
}

// missing is how many activities a read with MaxActivities still lacks.
func (r *read) missing() int { return r.request.MaxActivities - r.kept }

func (r *read) full() bool { return r.request.MaxActivities > 0 && r.missing() <= 0 }

// take checks an answer, hands on what is in it, and decides how its shard goes on.
func (r *read) take(ctx context.Context, a answer) error {
	if a.err != nil {
		return r.fail(a, a.err)
	}
	r.arrange(&a)
	if err := r.checkOrganization(a); err != nil {
		return r.fail(a, err)
	}
	if r.now.IsZero() {
		if err := r.begin(a); err != nil {
			return r.fail(a, err)
		}
	}
	r.size.learn(a.asked, a.PageSize)
	s := a.shard
	s.size = 0
	if n := r.beforeNow(&a); n < len(a.Activities) {
		return r.askForFewer(a, n)
	}
	times := a.times
	if r.dividing {
		if broken := s.check(r.request.Order, &a); broken != nil {
			if r.shards > 0 {
				return broken
			}
			r.dividing = false // and nothing has to be read again
		}
	}
	c := r.choose(s, a.Activities)
	if n := c.full; n > 0 && n < len(a.Activities) {
		return r.askForFewer(a, n)
	}
	if fault := s.advance(a, c.anyNew); fault != "" {
		return r.fail(a, &PageError{Fault: fault, RequestID: a.RequestID})
	}
	r.add(ctx, a, c)
	if len(c.kept) > 0 {
		if err := r.sink.Add(r.batch(s, c.kept)); err != nil {
			return err
		}
	}
	if a.HasMore && !r.full() {
		r.queue = append(r.queue, s)
	}
	switch {
	case c.mixed:
		return inTwo
	case r.dividing:
		return r.settle(s, times)
	}
	return nil
}

// arrange has the activities of an answer in the order in which they are read.
func (r *read) arrange(a *answer) {
	if r.request.backward() {
		slices.Reverse(a.Activities)
		a.FirstID, a.LastID = a.LastID, a.FirstID
	}
	a.times = make([]time.Time, len(a.Activities))
	for i := range a.Activities {
		a.times[i], _ = timerange.Parse(a.Activities[i].CreatedAt)
	}
}

// checkOrganization finds out whether pages are from two feeds, or from the wrong one. A
// page that does not name the organization may be for any.
func (r *read) checkOrganization(a answer) error {
	want, is := r.request.KeyOrganizationID, a.KeyOrganizationID
	if want != "" && !strings.EqualFold(is, want) {
		return &PageError{Fault: WrongOrganization, Got: is, Want: want, RequestID: a.RequestID}
	}
	first := cmp.Or(r.result.KeyOrganizationID, is)
	if is != "" && !strings.EqualFold(is, first) {
		return &PageError{Fault: OtherOrganization, Got: is, Want: first, RequestID: a.RequestID}
	}
	r.result.KeyOrganizationID = first
	return nil
}

// clockTolerance is how much the clocks of this machine and the server may differ.
const clockTolerance = time.Minute

// begin learns from the first answer what time it is, and so where the window ends. A window
// that looks like one in which nothing happened, because of a clock, is an error: a
// [*FutureError] if it has not begun by then, and a [*ClockError] if it ends before the
// newest activities.
func (r *read) begin(a answer) error {
	r.now = a.Date
	if r.now.IsZero() {
		r.now = a.Sent // by this machine's clock
	}
	lower, upper := r.request.Bounds.Lower(), r.request.Bounds.Upper()
	if lower != nil {
		r.end = lower.At
		begins := lower.At
		if r.request.Begins.After(begins) {
			begins = r.request.Begins
		}
		// A Date is in whole seconds, so that it may be nearly one of them later.
		if !begins.Before(r.now.Add(time.Second)) {
			return &FutureError{LowerBound: begins, Now: r.now, ByServer: !a.Date.IsZero()}
		}
	}
	if behind := a.Date.Sub(a.Received); upper != nil && behind > clockTolerance &&
		upper.At.After(a.Sent.Add(-clockTolerance)) && upper.At.Before(a.Date) {
		return &ClockError{UpperBound: upper.At, Now: a.Date, Behind: behind}
	}
	if r.request.Order == OldestFirst {
		r.end = r.now
		if upper != nil && upper.At.Before(r.now) {
			r.end = upper.At
		}
	}
	return nil
}

// beforeNow is how many activities of a page belong to a read that chases the feed: none
// behind the last that is from before its first answer. A page without one is the end.
func (r *read) beforeNow(a *answer) int {
	n := len(a.Activities)
	if !r.request.endless() || a.shard.next != nil {
		return n
	}
	for n > 0 && !a.times[n-1].Before(r.now) {
		n--
	}
	if n == 0 && len(a.Activities) > 0 {
		a.Activities, a.times, a.HasMore, a.FirstID, a.LastID = nil, nil, false, "", ""
	}
	return n
}

// askForFewer has the same page asked for again, so that it ends with the last activity that
// belongs to the result, and its cursor fits.
func (r *read) askForFewer(a answer, n int) error {
	if came := len(a.Activities); came > a.PageSize {
		return r.fail(a, &PageError{Fault: TooMany, Came: came, Asked: a.PageSize, RequestID: a.RequestID})
	}
	a.shard.size = n
	r.queue = append(r.queue, a.shard)
	return nil
}

// add counts a page that is taken.
func (r *read) add(ctx context.Context, a answer, c choice) {
	s := a.shard
	s.add(a, c)
	if r.request.Unique {
		maps.Copy(s.seen, c.ids)
	} else if len(a.Activities) > 0 {
		s.seen = c.ids
	}
	r.result.Pages++
	r.result.Excepted += c.excepted
	r.result.OldReset = max(r.result.OldReset, a.OldReset)
	r.came += len(a.Activities)
	r.kept += len(c.kept)
	r.result.HasMore = a.HasMore && r.full()
	last := ""
	if n := len(a.times); n > 0 && !a.times[n-1].IsZero() {
		last = timerange.Format(a.times[n-1])
	}
	r.client.Log().InfoContext(ctx, "read a page of activities",
		slog.Int("page", r.result.Pages), slog.Int("activities", r.kept), slog.String("last_created_at", last),
		slog.String("request_id", a.RequestID), slog.String("remaining_requests", a.Remaining))
}

// batch puts activities back into the API's order.
func (r *read) batch(s *shard, kept []activity.Activity) Batch {
	b := Batch{Activities: kept, Page: r.result.Pages, Position: Position{rank: s.rank, page: r.result.Pages}}
	if r.request.backward() {
		slices.Reverse(kept)
		b.Position.page = -b.Position.page
	}
	return b
}

// conclude makes up the result from what the shards have come to.
func (r *read) conclude() {
	result := &r.result
	var filled []*shard // pages without activities may have cursors
	for s := r.first; s != nil; s = s.next {
		result.RequestID = s.requestID
		if s.anything {
			filled = append(filled, s)
		}
	}
	if len(filled) > 0 {
		result.FirstID, result.LastID = filled[0].firstID, filled[len(filled)-1].lastID
	}
	if r.request.backward() {
		result.FirstID, result.LastID = result.LastID, result.FirstID
	}
}

// fail is the error of a read that ends with an answer, or with a request that had none.
func (r *read) fail(a answer, err error) *ReadError {
	request, unanswered := errors.AsType[*compliance.RequestError](err)
	if !unanswered {
		request = &compliance.RequestError{Attempts: a.Attempts, Err: err}
	}
	return &ReadError{Page: r.result.Pages + 1, Activities: r.kept, RequestError: request}
}

// sizing is how many activities the requests of a read ask for. It is of one read, since
// how heavy a page is depends on what is asked for.
type sizing struct {
	most, now int
	good      int // answers in a row that had what was asked for
}

// growAfter is how many good answers show that a larger page is worth a try.
const growAfter = 10

// learn is told what a request asked for at first, and when it was answered.
func (s *sizing) learn(asked, answered int) {
	if answered < asked {
		s.now, s.good = min(s.now, answered), 1
		return
	}
	if s.good++; s.good >= growAfter && s.now < s.most {
		s.now, s.good = min(2*s.now, s.most), 0
	}
}
