package fakeapi

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// A Feed holds activities in the API's order: by created_at as an instant, then
// by ID. It consists of a generated part, of which nothing is held in memory, and
// of activities that were added as JSON text. The zero value is an empty feed.
// A Feed may be shared by several APIs and is safe for concurrent use.
type Feed struct {
	generated *generated // nil where there is none

	mu    sync.Mutex
	added texts           // replaced or appended to, never changed in place
	late  texts           // as added, in the order of indexing
	types map[string]bool // of what was added
}

// NewFeed returns a feed of the activities given; see [Feed.Add].
func NewFeed(activities ...string) *Feed {
	f := &Feed{}
	f.Add(activities...)
	return f
}

// Add adds activities, each the text of one JSON object, in any order. They are
// sent exactly as they are given, whatever else is in them: big numbers, names
// that occur twice, odd escapes, invalid UTF-8. The same activity may be added
// twice. Add panics if a text lacks what the feed is ordered by and filtered
// on: a string id, a created_at in RFC 3339 and a string type. [SetRecord] and
// [DropField] send activities without them.
func (f *Feed) Add(activities ...string) {
	parsed := make(texts, 0, len(activities))
	for _, activity := range activities {
		t, err := parseText(activity)
		if err != nil {
			panic(err)
		}
		parsed = append(parsed, t)
	}
	f.add(&f.added, parsed)
}

// AddLate adds an activity as Add does, and breaks the API's promise of an order by
// created_at: for pages and cursors, the activity is where the time at which it
// was indexed puts it. The time bounds still look at its created_at.
func (f *Feed) AddLate(indexed time.Time, activity string) {
	t, err := parseText(activity)
	if err != nil {
		panic(err)
	}
	t.place.createdAt = indexed
	f.add(&f.late, texts{t})
}

func (f *Feed) add(to *texts, activities texts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := len(f.added) + len(f.late)
	if f.generated != nil {
		next += f.generated.count()
	}
	if f.types == nil {
		f.types = make(map[string]bool)
	}
	for i := range activities {
		activities[i].place.number = next + i
		f.types[activities[i].about.activityType] = true
	}
	slices.SortFunc(activities, text.compare)
	if old := *to; len(old) > 0 && len(activities) > 0 && activities[0].compare(old[len(old)-1]) < 0 {
		// A page that is being made may still read the old array.
		*to = slices.Concat(old, activities)
		slices.SortFunc(*to, text.compare)
		return
	}
	*to = append(*to, activities...)
}

// knows says whether a query may name the type.
func (f *Feed) knows(activityType string) bool {
	if t, ok := knownTypes()[activityType]; ok {
		return t.status != "removed"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.types[activityType]
}

// All returns the text of every activity in the feed at the time of the call,
// oldest first. It can be used more than once.
func (f *Feed) All() iter.Seq[[]byte] {
	sources := f.sources()
	return func(yield func([]byte) bool) {
		for e := range walk(sources, &query{order: ascending}) {
			if !yield(e.source.appendJSON(nil, e.index)) {
				return
			}
		}
	}
}

// A source is a part of a feed: activities that can be had by their index in
// ascending order, so that a page is found by binary search.
type source interface {
	count() int
	position(i int) position
	traits(i int) traits
	appendJSON(text []byte, i int) []byte
}

// A position is the place of an activity in the feed.
type position struct {
	createdAt time.Time
	id        string
	number    int // tells copies of one activity apart
}

func (p position) compare(q position) int {
	return cmp.Or(
		p.createdAt.Compare(q.createdAt),
		strings.Compare(p.id, q.id),
		cmp.Compare(p.number, q.number),
	)
}

// traits are what the filters look at. All but activityType may be empty.
type traits struct {
	activityType, organizationID, organizationUUID, userID string
}

func (f *Feed) sources() []source {
	f.mu.Lock()
	defer f.mu.Unlock()
	sources := []source{f.added, lateTexts{f.late}}
	if f.generated != nil {
		sources = append(sources, f.generated)
	}
	return sources
}

// contains says whether there is an activity at p.
func contains(sources []source, p position) bool {
	for _, s := range sources {
		i := sort.Search(s.count(), func(i int) bool { return s.position(i).compare(p) >= 0 })
		if i < s.count() && s.position(i).compare(p) == 0 {
			return true
		}
	}
	return false
}

// An entry names one activity of a feed.
type entry struct {
	source source
	index  int
}

func (e entry) position() position { return e.source.position(e.index) }

// A page is the answer to a query. Its entries are in the API's order, whichever
// way the walk went; hasMore is about the direction of the walk.
type page struct {
	entries []entry
	hasMore bool
}

func selectPage(sources []source, q *query) page {
	var p page
	for e := range walk(sources, q) {
		if !q.matches(e) {
			continue
		}
		if len(p.entries) == q.limit {
			p.hasMore = true
			break
		}
		p.entries = append(p.entries, e)
	}
	if q.backward() {
		slices.Reverse(p.entries)
	}
	return p
}

// walk yields what lies inside the time bounds, late activities apart, and beyond the
// cursor of q, beginning at the end of it where the walk begins. It looks at no other filter.
func walk(sources []source, q *query) iter.Seq[entry] {
	up := q.upward()
	return func(yield func(entry) bool) {
		var parts []part
		for _, s := range sources {
			if p := newPart(s, q, up); p.low < p.high {
				parts = append(parts, p)
			}
		}
		for len(parts) > 0 {
			next := 0
			for i := 1; i < len(parts); i++ {
				if c := parts[i].head(up).compare(parts[next].head(up)); up == (c < 0) {
					next = i
				}
			}
			if !yield(parts[next].take(up)) {
				return
			}
			if parts[next].low == parts[next].high {
				parts = slices.Delete(parts, next, next+1)
			}
		}
	}
}

// A part is what is left to walk of a source: the indexes low to high-1.
type part struct {
	source    source
	low, high int
}

func newPart(s source, q *query, up bool) part {
	p := part{source: s, high: s.count()}
	if _, isLate := s.(lateTexts); !isLate {
		p.low = sort.Search(s.count(), func(i int) bool { return !q.bounds.tooEarly(s.position(i).createdAt) })
		p.high = sort.Search(s.count(), func(i int) bool { return q.bounds.tooLate(s.position(i).createdAt) })
	}
	switch {
	case q.cursor == nil:
	case up:
		p.low = max(p.low, sort.Search(s.count(), func(i int) bool { return s.position(i).compare(*q.cursor) > 0 }))
	default:
		p.high = min(p.high, sort.Search(s.count(), func(i int) bool { return s.position(i).compare(*q.cursor) >= 0 }))
	}
	return p
}

func (p *part) head(up bool) position {
	if up {
		return p.source.position(p.low)
	}
	return p.source.position(p.high - 1)
}

func (p *part) take(up bool) entry {
	if up {
		p.low++
		return entry{p.source, p.low - 1}
	}
	p.high--
	return entry{p.source, p.high}
}
