package compliance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// Page is one page of a read.
type Page struct {
	Number int // from 1

	// Activities are in result order, without those that the read has had before
	// (the feed is delivered at least once).
	Activities []activity.Activity

	// HasMore says that the feed goes on behind this page in the direction of the
	// walk, which is before it in result order for a walk from BeforeID.
	HasMore bool

	// FirstID and LastID are opaque cursors; "" on an empty page.
	FirstID, LastID string

	// RequestID is the request-id header of the answer.
	RequestID string
}

// Pages walks the feed page by page, to the end or to query.MaxActivities. A walk
// ends with its first error, a [*ReadError]; one without an error is complete.
// Breaking out of it sends no further request. Each use of the iterator is a walk
// of its own.
func (c *Client) Pages(ctx context.Context, query Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		w := newWalk(query, &tally{})
		for more := true; more; {
			page, err := c.nextPage(ctx, w)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			more = page.HasMore && !w.full()
		}
	}
}

// walk is where a read, or a part of one, stands.
type walk struct {
	tally   *tally
	query   Query
	cursor  string
	visited map[string]bool // cursors that have been used
	known   identities
}

func newWalk(query Query, t *tally) *walk {
	return &walk{
		tally:   t,
		query:   query,
		cursor:  query.startCursor(),
		visited: map[string]bool{query.startCursor(): true},
		known:   identities{lastPageOnly: query.RememberLastPageOnly},
	}
}

func (w *walk) full() bool {
	return w.query.MaxActivities > 0 && w.tally.soFar().activities >= w.query.MaxActivities
}

// pageSize is how many activities the next request asks for.
func (w *walk) pageSize() int {
	size := w.query.PageSize
	if size == 0 {
		size = MaxPageSize
	}
	if w.query.MaxActivities > 0 {
		size = min(size, w.query.MaxActivities-w.tally.soFar().activities)
	}
	return size
}

// nextPage reads the page at the walk's cursor and moves the walk behind it. A
// failed request never moves the cursor, so the same one is sent again.
func (c *Client) nextPage(ctx context.Context, w *walk) (*Page, error) {
	parameters := w.query.values(w.cursor, w.pageSize())
	var last error
	fail := func(attempts int, err error) (*Page, error) {
		var wait *WaitError
		switch {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			err = &InterruptedError{Err: ctx.Err(), Last: last}
		case errors.As(err, &wait):
			err = &WaitError{Until: wait.Until, Last: last}
		}
		soFar := w.tally.soFar()
		return nil, &ReadError{Page: soFar.pages + 1, Activities: soFar.activities, Attempts: attempts, Err: err}
	}
	for attempt := 1; ; attempt++ {
		release, err := c.limiter.acquire(ctx)
		if err != nil {
			return fail(attempt-1, err)
		}
		started := time.Now()
		answer, failure := c.attempt(ctx, parameters, release)
		log := c.log.With(slog.Int("page", w.tally.soFar().pages+1), slog.Int("attempt", attempt), slog.Duration("took", time.Since(started)))
		if failure == nil {
			log.DebugContext(ctx, "request answered", slog.Int("bytes", answer.bytes))
			page, err := w.advance(answer)
			if err != nil {
				return fail(attempt, err)
			}
			c.logPage(ctx, w, page, answer)
			return page, nil
		}
		retry := failure.retry && attempt <= c.maxRetries
		wait := failure.wait
		if !failure.asked {
			wait = backoff(attempt, rand.Float64())
		}
		log.DebugContext(ctx, "request failed", slog.String("error", failure.err.Error()), slog.Bool("retry", retry), slog.Duration("wait", wait))
		if !retry {
			return fail(attempt, failure.err)
		}
		last = failure.err
		if err := sleep(ctx, wait); err != nil {
			return fail(attempt, err)
		}
	}
}

// advance checks an answer against the walk and moves the walk behind it. Whatever
// would let the walk end early or go in circles is an error.
func (w *walk) advance(answer *answer) (*Page, error) {
	reject := func(format string, args ...any) (*Page, error) {
		return nil, &PageError{Reason: fmt.Sprintf(format, args...), RequestID: answer.requestID}
	}
	activities := w.known.drop(answer.Activities)
	if asked := w.pageSize(); w.query.MaxActivities > 0 && len(activities) > asked {
		return reject("the page has %d activities although %d were asked for, so that its cursors would not fit", len(activities), asked)
	}
	next, name := answer.LastID, "last_id"
	if w.query.backward() {
		next, name = answer.FirstID, "first_id"
	}
	if answer.HasMore {
		switch {
		case next == "":
			return reject("the page says that there is more (has_more) but not where (%s)", name)
		case next == w.cursor:
			return reject("the page says that there is more (has_more), but its cursor (%s) is the one that led to it", name)
		case w.visited[next]:
			return reject("the page's cursor (%s) leads back to a page that was read before", name)
		}
	}
	w.visited[next] = true
	w.cursor = next
	page := &Page{
		Number:     w.tally.add(activities).pages,
		Activities: activities,
		HasMore:    answer.HasMore,
		FirstID:    answer.FirstID,
		LastID:     answer.LastID,
		RequestID:  answer.requestID,
	}
	return page, nil
}

func (c *Client) logPage(ctx context.Context, w *walk, page *Page, answer *answer) {
	soFar := w.tally.soFar()
	c.log.InfoContext(ctx, "read a page of activities",
		slog.Int("page", page.Number), slog.Int("activities", soFar.activities), slog.String("oldest_created_at", c.cleaner.clean(soFar.oldest)),
		slog.String("request_id", page.RequestID), slog.String("remaining_requests", answer.remaining))
}

// tally is how far a read has come. The walks of a read in parts share one.
type tally struct {
	mu sync.Mutex
	progress
}

type progress struct {
	pages, activities int
	oldest            string // the earliest created_at, compared as text
}

func (t *tally) soFar() progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.progress
}

// add counts a page.
func (t *tally) add(activities []activity.Activity) progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pages++
	t.activities += len(activities)
	for i := range activities {
		if at := activities[i].CreatedAt; t.oldest == "" || at < t.oldest {
			t.oldest = at
		}
	}
	return t.progress
}

// identities remembers which activities a walk has had.
type identities struct {
	lastPageOnly bool
	seen         map[string]bool
	always       map[string]bool // known from before the walk; other walks may have it too
}

// drop returns the activities without those that came before, in the same memory.
func (k *identities) drop(activities []activity.Activity) []activity.Activity {
	fresh := k.seen
	if fresh == nil || k.lastPageOnly {
		fresh = make(map[string]bool, len(activities))
	}
	kept := activities[:0]
	for i := range activities {
		id := activities[i].Identity()
		if !k.seen[id] && !fresh[id] && !k.always[id] {
			kept = append(kept, activities[i])
		}
		fresh[id] = true
	}
	if len(activities) > 0 {
		k.seen = fresh
	}
	return kept
}
