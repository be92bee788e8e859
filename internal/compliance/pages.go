package compliance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Page is one page of a read.
type Page struct {
	Number int // from 1

	// Activities are in result order, without those that the read has had before
	// (the feed is delivered at least once).
	Activities []Activity

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
		w := newWalk(query)
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

// Activities is [Client.Pages] by activity.
func (c *Client) Activities(ctx context.Context, query Query) iter.Seq2[Activity, error] {
	return func(yield func(Activity, error) bool) {
		for page, err := range c.Pages(ctx, query) {
			if err != nil {
				yield(Activity{}, err)
				return
			}
			for _, activity := range page.Activities {
				if !yield(activity, nil) {
					return
				}
			}
		}
	}
}

// walk is where a read stands.
type walk struct {
	query      Query
	cursor     string
	pages      int
	activities int
	visited    map[string]bool // cursors that have been used
	known      identities
	oldest     string // created_at of the oldest activity so far, for the log; compared as text
}

func newWalk(query Query) *walk {
	return &walk{
		query:   query,
		cursor:  query.startCursor(),
		visited: map[string]bool{query.startCursor(): true},
		known:   identities{lastPageOnly: query.RememberLastPageOnly},
	}
}

func (w *walk) full() bool {
	return w.query.MaxActivities > 0 && w.activities >= w.query.MaxActivities
}

// pageSize is how many activities the next request asks for.
func (w *walk) pageSize() int {
	size := w.query.PageSize
	if size == 0 {
		size = MaxPageSize
	}
	if w.query.MaxActivities > 0 {
		size = min(size, w.query.MaxActivities-w.activities)
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
		case ctx.Err() != nil:
			err = &InterruptedError{Err: ctx.Err(), Last: last}
		case errors.As(err, &wait):
			err = &WaitError{Until: wait.Until, Last: last}
		}
		return nil, &ReadError{Page: w.pages + 1, Activities: w.activities, Attempts: attempts, Err: err}
	}
	for attempt := 1; ; attempt++ {
		started := time.Now()
		answer, failure, err := c.attempt(ctx, parameters)
		if err != nil {
			return fail(attempt-1, err)
		}
		if failure == nil {
			page, err := w.advance(answer)
			if err != nil {
				return fail(attempt, err)
			}
			c.logPage(ctx, w, page, answer)
			return page, nil
		}
		if ctx.Err() != nil {
			return fail(attempt, ctx.Err())
		}
		retry := failure.retry && attempt <= c.maxRetries
		wait := failure.wait
		if !failure.asked {
			wait = backoff(attempt, rand.Float64())
		}
		c.log.DebugContext(ctx, "request failed",
			slog.Int("page", w.pages+1), slog.Int("attempt", attempt), slog.String("error", failure.err.Error()),
			slog.Duration("took", time.Since(started)), slog.Bool("retry", retry), slog.Duration("wait", wait))
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
	if asked := w.pageSize(); w.query.MaxActivities > 0 && len(answer.activities) > asked {
		return reject("the page has %d activities although %d were asked for, so that its cursors would not fit", len(answer.activities), asked)
	}
	next, name := answer.lastID, "last_id"
	if w.query.backward() {
		next, name = answer.firstID, "first_id"
	}
	if answer.hasMore {
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
	w.pages++
	page := &Page{
		Number:     w.pages,
		Activities: w.known.drop(answer.activities),
		HasMore:    answer.hasMore,
		FirstID:    answer.firstID,
		LastID:     answer.lastID,
		RequestID:  answer.requestID,
	}
	w.activities += len(page.Activities)
	return page, nil
}

func (c *Client) logPage(ctx context.Context, w *walk, page *Page, answer *answer) {
	for _, activity := range page.Activities {
		if w.oldest == "" || activity.CreatedAt < w.oldest {
			w.oldest = activity.CreatedAt
		}
	}
	c.log.InfoContext(ctx, "read a page of activities",
		slog.Int("page", page.Number), slog.Int("activities", w.activities), slog.String("oldest_created_at", w.oldest),
		slog.String("request_id", page.RequestID), slog.String("remaining_requests", answer.remaining), slog.Int("bytes", answer.bytes))
}

// identities remembers which activities a walk has had.
type identities struct {
	lastPageOnly bool
	seen         map[string]bool
}

// drop returns the activities without those that came before, in the same memory.
func (k *identities) drop(activities []Activity) []Activity {
	fresh := k.seen
	if fresh == nil || k.lastPageOnly {
		fresh = make(map[string]bool, len(activities))
	}
	kept := activities[:0]
	for _, activity := range activities {
		if !k.seen[activity.identity] && !fresh[activity.identity] {
			kept = append(kept, activity)
		}
		fresh[activity.identity] = true
	}
	if len(activities) > 0 {
		k.seen = fresh
	}
	return kept
}
