package feed

import (
	"strings"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// walk is how far a read, or a part of one, has come.
type walk struct {
	tally   *tally
	query   Query
	cursor  string
	visited map[string]bool // cursors that have been used
	known   *identities
	enough  int  // the size of the next page, where that is known; see advance
	nothing int  // pages in a row that have brought nothing new
	mixed   bool // an activity came that another walk has had
}

// mostEmptyPages is after how many pages that bring nothing new a read gives up: a server
// that gives a new cursor each time could go on for ever.
const mostEmptyPages = 50

func newWalk(query Query, t *tally, known *identities) *walk {
	if known.lastPageOnly {
		known = &identities{lastPageOnly: true}
	}
	return &walk{
		tally:   t,
		query:   query,
		cursor:  query.startCursor(),
		visited: map[string]bool{query.startCursor(): true},
		known:   known,
	}
}

func (w *walk) full() bool { return w.query.MaxActivities > 0 && w.missing() <= 0 }

// missing is how many activities a read with MaxActivities still lacks.
func (w *walk) missing() int { return w.query.MaxActivities - w.tally.activities }

// pageSize is how many activities the next request asks for. If some are excepted, nobody
// knows how many it takes to have enough, so it asks for a whole page.
func (w *walk) pageSize() int {
	switch {
	case w.enough > 0:
		return w.enough
	case w.query.MaxActivities > 0 && !w.query.selective():
		return min(w.tally.size.now, w.missing())
	}
	return w.tally.size.now
}

// advance checks an answer against the walk, and moves the walk behind it. Whatever would
// let the walk end early or go in circles is an error.
//
// Where the page has more than is missing, because nobody knew how many of it would be
// excepted, the walk stays and there is no page: the next request asks for the one that
// ends with the last activity that is missing, so that its cursors fit the result.
func (w *walk) advance(answer *compliance.Answer) (*Page, error) {
	reject := func(err PageError) (*Page, error) {
		err.RequestID = answer.RequestID
		return nil, &err
	}
	if want := w.query.KeyOrganizationID; want != "" && !strings.EqualFold(answer.KeyOrganizationID, want) {
		return nil, &OrganizationError{Want: want, Got: answer.KeyOrganizationID, RequestID: answer.RequestID}
	}
	if first, ok := w.tally.sameOrganization(answer.KeyOrganizationID); !ok {
		return reject(PageError{Fault: OtherOrganization, First: first, Then: answer.KeyOrganizationID})
	}
	sent := len(answer.Activities)
	if w.query.MaxActivities > 0 && w.query.selective() {
		if w.enough = w.countEnough(answer.Activities); w.enough > 0 && w.enough < sent {
			if sent > answer.PageSize {
				return reject(PageError{Fault: TooMany, Came: sent, Asked: answer.PageSize})
			}
			return nil, nil
		}
		w.enough = 0
	}
	kept, came, excepted := w.known.choose(w, answer.Activities)
	if w.query.MaxActivities > 0 && !w.query.selective() && came > answer.PageSize {
		return reject(PageError{Fault: TooMany, Came: came, Asked: answer.PageSize})
	}
	next, name := answer.LastID, "last_id"
	if w.query.backward() {
		next, name = answer.FirstID, "first_id"
	}
	if answer.HasMore {
		switch {
		case next == "":
			return reject(PageError{Fault: NoCursor, Cursor: name})
		case next == w.cursor:
			return reject(PageError{Fault: SameCursor, Cursor: name})
		case w.visited[next]:
			return reject(PageError{Fault: OldCursor, Cursor: name})
		}
	}
	if w.nothing++; came > 0 {
		w.nothing = 0
	}
	if w.nothing == mostEmptyPages && answer.HasMore {
		return reject(PageError{Fault: NothingNew, Came: mostEmptyPages})
	}
	if next != "" { // else the walk stays where it is, at its end
		w.visited[next] = true
		w.cursor = next
	}
	w.tally.add(kept, came)
	return &Page{
		Number:     w.tally.pages,
		Activities: kept,
		Excepted:   excepted,
		OldReset:   answer.OldReset,
		HasMore:    answer.HasMore,
		FirstID:    answer.FirstID,
		LastID:     answer.LastID,
		RequestID:  answer.RequestID,

		KeyOrganizationID: answer.KeyOrganizationID,
	}, nil
}

// countEnough is how many activities of a page, in the direction of the walk, hold as many
// of the result as are missing. It is 0 where the page has fewer.
func (w *walk) countEnough(activities []activity.Activity) int {
	missing := w.missing()
	seen := map[string]bool{}
	for i := range activities {
		a := &activities[i]
		if w.query.backward() {
			a = &activities[len(activities)-1-i]
		}
		if id := a.Identity(); !seen[id] && w.known.seen[id].fate != kept && w.query.fateOf(a) == kept {
			seen[id] = true
			if missing--; missing == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// tally is how far a read has come. The walks of a read in parts share one.
type tally struct {
	pages, activities int
	came              int    // activities, excepted ones too
	oldest            string // the earliest created_at, compared as text
	size              sizing

	keyOrganizationID string // of the first page that says so
}

// sameOrganization is false if a page is for a key of an organization other than the first,
// which the pages before it are for. Then something in between has changed the key, and the
// pages are from two feeds. A page that does not name the organization may be for any.
func (t *tally) sameOrganization(id string) (first string, ok bool) {
	if t.keyOrganizationID == "" {
		t.keyOrganizationID = id
	}
	return t.keyOrganizationID, id == "" || strings.EqualFold(id, t.keyOrganizationID)
}

// add counts a page, and how many activities came with it.
func (t *tally) add(activities []activity.Activity, came int) {
	t.pages++
	t.activities += len(activities)
	t.came += came
	for i := range activities {
		if at := activities[i].CreatedAt; t.oldest == "" || at < t.oldest {
			t.oldest = at
		}
	}
}

// sizing is how many activities the requests of a read ask for. It is of one read, since
// how heavy a page is depends on what is asked for.
type sizing struct {
	most, now int
	good      int // answers in a row that had what was asked for
}

// growAfter is how many good answers show that a larger page is worth a try.
const growAfter = 10

func newSizing(pageSize int) sizing {
	if pageSize == 0 {
		pageSize = compliance.MaxPageSize
	}
	return sizing{most: pageSize, now: pageSize}
}

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

// identities remembers which activities have come.
type identities struct {
	lastPageOnly bool // of one walk
	seen         map[string]sighting
}

// sighting is in which walk an activity has come, and what became of it.
type sighting struct {
	walk *walk
	fate fate
}

// fate is what becomes of an activity. If its copies differ, the highest holds: it is only
// left out if every copy may be.
type fate int

const (
	unseen fate = iota
	skipped
	excepted
	kept
)

func (q Query) fateOf(a *activity.Activity) fate {
	switch {
	case q.Skip != nil && q.Skip(a):
		return skipped
	case q.Except != nil && q.Except(a):
		return excepted
	}
	return kept
}

// choose returns the activities of the result, in the same memory: without those that came
// before, unless all copies so far were left out and this one may not be. It counts those
// that have come for the first time, and by how much the number of excepted ones changes.
func (k *identities) choose(w *walk, activities []activity.Activity) (result []activity.Activity, came, exceptedMore int) {
	before := k.seen
	if k.seen == nil || k.lastPageOnly && len(activities) > 0 {
		k.seen = make(map[string]sighting, len(activities))
	}
	result = activities[:0]
	for i := range activities {
		a := &activities[i]
		id, fate := a.Identity(), w.query.fateOf(a)
		was, again := k.seen[id]
		if !again {
			was, again = before[id]
		}
		if !again {
			came++
		}
		w.mixed = w.mixed || again && was.walk != w
		k.seen[id] = sighting{w, max(was.fate, fate)}
		if fate <= was.fate {
			continue
		}
		if counts := w.query.CountExcepted == nil || w.query.CountExcepted(a); counts && fate == excepted {
			exceptedMore++
		} else if counts && was.fate == excepted {
			exceptedMore--
		}
		if fate == kept {
			result = append(result, *a)
		}
	}
	clear(activities[len(result):])
	return result, came, exceptedMore
}
