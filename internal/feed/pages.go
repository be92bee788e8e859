package feed

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"

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
	Number int // from 1

	// Activities are in result order, without those that the read has had before
	// (the feed is delivered at least once) and those that the query excepts.
	Activities []activity.Activity

	// Excepted is how many activities of the page were left out because of
	// [Query.Except]; none of them has been counted before.
	Excepted int

	// HasMore says that the feed goes on behind this page in the direction of the
	// walk, which is before it in result order for a walk from BeforeID.
	HasMore bool

	// FirstID and LastID are opaque cursors; "" on an empty page.
	FirstID, LastID string

	// RequestID and KeyOrganizationID are those of the [compliance.Answer].
	RequestID, KeyOrganizationID string
}

// Pages walks the feed page by page, to the end or to query.MaxActivities. A walk
// ends with its first error, a [*ReadError]; one without an error is complete.
// Breaking out of it sends no further request. Each use of the iterator is a walk
// of its own.
func (r *Reader) Pages(ctx context.Context, query Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		w := newWalk(query, &tally{})
		for more := true; more; {
			page, err := r.nextPage(ctx, w)
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

func (w *walk) full() bool { return w.query.MaxActivities > 0 && w.missing() <= 0 }

// missing is how many activities a read with an end of its own still lacks.
func (w *walk) missing() int { return w.query.MaxActivities - w.tally.soFar().activities }

// pageSize is how many activities the next request asks for. Where some are excepted,
// nobody knows how many it takes to have enough, so that it is a whole page.
func (w *walk) pageSize() int {
	size := w.query.PageSize
	if size == 0 {
		size = compliance.MaxPageSize
	}
	if w.query.MaxActivities > 0 && w.query.Except == nil {
		size = min(size, w.missing())
	}
	return size
}

// nextPage reads the page at the walk's cursor and moves the walk behind it.
func (r *Reader) nextPage(ctx context.Context, w *walk) (*Page, error) {
	size := w.pageSize()
	for {
		soFar := w.tally.soFar()
		fail := func(attempts int, err error) (*Page, error) {
			return nil, &ReadError{Page: soFar.pages + 1, Activities: soFar.activities, Attempts: attempts, Err: err}
		}
		answer, err := r.client.Page(ctx, compliance.Request{Parameters: w.query.values(w.cursor), PageSize: size, Number: soFar.pages + 1})
		if err != nil {
			if failed, ok := errors.AsType[*compliance.RequestError](err); ok {
				return fail(failed.Attempts, failed.Err)
			}
			return fail(0, err)
		}
		page, enough, err := w.advance(answer, answer.PageSize)
		switch {
		case err != nil:
			return fail(answer.Attempts, err)
		case enough > 0:
			size = enough
			continue
		}
		r.logPage(ctx, w, page, answer)
		return page, nil
	}
}

// advance checks the answer to a request for so many activities against the walk, and
// moves the walk behind it. Whatever would let the walk end early or go in circles is an
// error.
//
// Where the page has more than is missing, because nobody knew how many of it would be
// excepted, the walk stays. Then enough is the size of the page that ends with the last
// activity that is missing, so that its cursors fit the result.
func (w *walk) advance(answer *compliance.Answer, asked int) (page *Page, enough int, err error) {
	reject := func(format string, args ...any) (*Page, int, error) {
		return nil, 0, &compliance.PageError{Reason: fmt.Sprintf(format, args...), RequestID: answer.RequestID}
	}
	if first, ok := w.tally.sameOrganization(answer.KeyOrganizationID); !ok {
		return nil, 0, &compliance.PageError{
			Reason:            fmt.Sprintf("the page is for a key of the organization %s, and those before it were for one of %s", answer.KeyOrganizationID, first),
			RequestID:         answer.RequestID,
			OtherOrganization: true,
		}
	}
	came := len(answer.Activities)
	if w.query.MaxActivities > 0 && w.query.Except != nil {
		enough := w.enough(answer.Activities)
		if enough > 0 && enough < came {
			if came > asked {
				return reject("the page has %d activities although %d were asked for, so that its cursors would not fit", came, asked)
			}
			return nil, enough, nil
		}
	}
	activities := w.known.drop(answer.Activities)
	if w.query.MaxActivities > 0 && w.query.Except == nil && len(activities) > asked {
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
	kept := w.query.keep(activities)
	return &Page{
		Number:     w.tally.add(kept).pages,
		Activities: kept,
		Excepted:   len(activities) - len(kept),
		HasMore:    answer.HasMore,
		FirstID:    answer.FirstID,
		LastID:     answer.LastID,
		RequestID:  answer.RequestID,

		KeyOrganizationID: answer.KeyOrganizationID,
	}, 0, nil
}

// enough is how many activities of a page, in the direction of the walk, hold as many of
// the result as are missing. It is 0 where the page has fewer.
func (w *walk) enough(activities []activity.Activity) int {
	missing := w.missing()
	seen := map[string]bool{}
	for i := range activities {
		a := &activities[i]
		if w.query.backward() {
			a = &activities[len(activities)-1-i]
		}
		if id := a.Identity(); !seen[id] && !w.known.has(id) && !w.query.excepts(a) {
			seen[id] = true
			if missing--; missing == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func (r *Reader) logPage(ctx context.Context, w *walk, page *Page, answer *compliance.Answer) {
	soFar := w.tally.soFar()
	r.log.InfoContext(ctx, "read a page of activities",
		slog.Int("page", page.Number), slog.Int("activities", soFar.activities), slog.String("oldest_created_at", r.client.Clean(soFar.oldest)),
		slog.String("request_id", page.RequestID), slog.String("remaining_requests", answer.Remaining))
}

// tally is how far a read has come. The walks of a read in parts share one.
type tally struct {
	mu sync.Mutex
	progress
	keyOrganizationID string // of the first page that says so
}

// sameOrganization is false where a page is for a key of another organization than the
// pages before it, which are for the first. Something in between has changed the key
// then, and what was read is of two feeds. A page that does not say may be for any.
func (t *tally) sameOrganization(id string) (first string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keyOrganizationID == "" {
		t.keyOrganizationID = id
	}
	return t.keyOrganizationID, id == "" || id == t.keyOrganizationID
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

func (k *identities) has(id string) bool { return k.seen[id] || k.always[id] }

// drop returns the activities without those that came before, in the same memory.
func (k *identities) drop(activities []activity.Activity) []activity.Activity {
	fresh := k.seen
	if fresh == nil || k.lastPageOnly {
		fresh = make(map[string]bool, len(activities))
	}
	kept := activities[:0]
	for i := range activities {
		id := activities[i].Identity()
		if !k.has(id) && !fresh[id] {
			kept = append(kept, activities[i])
		}
		fresh[id] = true
	}
	if len(activities) > 0 {
		k.seen = fresh
	}
	return kept
}
