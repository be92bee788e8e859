package fakeapi

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// A Feed holds activities in the API's order: by created_at as an instant, then
// by ID. The zero value is an empty feed. A Feed may be shared by several APIs and is safe
// for concurrent use.
type Feed struct {
	mu      sync.Mutex
	records []record        // in order; replaced or appended to, never changed in place
	types   map[string]bool // of what was added
}

// A record is an activity of a feed. Of a generated one the text is made when it is sent.
type record struct {
	position
	createdAt    time.Time // not that of the position where the activity is late
	kind         *kind
	actor        *actor        // of a generated activity, nil for another
	organization *organization // the same, and nil for none
}

// A position is the place of an activity in the feed.
type position struct {
	at     time.Time
	id     string
	number int // tells copies of one activity apart
}

func (p position) compare(q position) int {
	return cmp.Or(p.at.Compare(q.at), strings.Compare(p.id, q.id), cmp.Compare(p.number, q.number))
}

// A kind is what the filters look at, and the text: all of it, or that of a generated
// activity from its type on.
type kind struct {
	activityType, text string
	organization
	userID string
}

type organization struct{ id, uuid string }

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
	parsed := make([]record, len(activities))
	for i, activity := range activities {
		parsed[i] = mustParse(activity)
	}
	f.add(parsed)
}

// AddLate adds an activity as Add does, and breaks the API's promise of an order by
// created_at: for pages and cursors, the activity is where the time at which it
// was indexed puts it. The time bounds still look at its created_at.
func (f *Feed) AddLate(indexed time.Time, activity string) {
	late := mustParse(activity)
	late.at = indexed
	f.add([]record{late})
}

// Load adds the activities that r holds as JSON lines, each as [Feed.Add] takes
// it; empty lines are skipped. Where created_at is a negative duration in Go's units,
// such as "-3h", it is replaced by the time that long before now, in RFC 3339
// and UTC; any other is RFC 3339 and stays as it is. On an error nothing is added.
func (f *Feed) Load(r io.Reader, now time.Time) error {
	var activities []record
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		activity, err := parseRecord(lines.Text(), now)
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		activities = append(activities, activity)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	f.add(activities)
	return nil
}

func mustParse(activity string) record {
	r, err := parseRecord(activity, time.Time{})
	if err != nil {
		panic(fmt.Sprintf("fakeapi: %v: %s", err, activity))
	}
	return r
}

func parseRecord(activity string, now time.Time) (record, error) {
	m, err := splitObject([]byte(activity))
	if err != nil {
		return record{}, err
	}
	createdAt := stringOf(m.get("created_at"))
	if ago, err := time.ParseDuration(createdAt); err == nil && ago < 0 && !now.IsZero() {
		createdAt = now.Add(ago).UTC().Format(time.RFC3339)
		activity = string(m.set("created_at", appendString(nil, createdAt)).join())
	}
	actor, _ := splitObject(m.get("actor")) // it may be anything
	k := &kind{
		text: activity, activityType: stringOf(m.get("type")), userID: stringOf(actor.get("user_id")),
		organization: organization{stringOf(m.get("organization_id")), stringOf(m.get("organization_uuid"))},
	}
	id := stringOf(m.get("id"))
	if id == "" || k.activityType == "" {
		return record{}, errors.New("an activity needs a string id and a string type")
	}
	t, err := parseTime(createdAt)
	if err != nil {
		return record{}, fmt.Errorf("created_at: %w", err)
	}
	return record{position: position{at: t, id: id}, createdAt: t, kind: k}, nil
}

func (f *Feed) add(records []record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.types == nil {
		f.types = make(map[string]bool)
	}
	for i := range records {
		records[i].number = len(f.records) + i
		f.types[records[i].kind.activityType] = true
	}
	byPosition := func(a, b record) int { return a.compare(b.position) }
	slices.SortFunc(records, byPosition)
	if old := f.records; len(old) > 0 && len(records) > 0 && records[0].compare(old[len(old)-1].position) < 0 {
		// A page that is being made may still read the old array.
		f.records = slices.Concat(old, records)
		slices.SortFunc(f.records, byPosition)
		return
	}
	f.records = append(f.records, records...)
}

func (f *Feed) snapshot() []record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.records
}

// knows says whether a query may name the type.
func (f *Feed) knows(activityType string) bool {
	if permittedTypes()[activityType] {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.types[activityType]
}

// All returns the text of every activity in the feed at the time of the call,
// oldest first. It can be used more than once.
func (f *Feed) All() iter.Seq[[]byte] {
	records := f.snapshot()
	return func(yield func([]byte) bool) {
		for i := range records {
			if !yield(records[i].appendJSON(nil)) {
				return
			}
		}
	}
}

// selectPage returns a page's activities in the API's order, whichever way the walk went;
// more is about the direction of the walk. The cursor is the index of an activity, or -1.
func selectPage(records []record, q *query, cursor int) (page []*record, more bool) {
	next, step := 0, 1
	if !q.upward() {
		next, step = len(records)-1, -1
	}
	if cursor >= 0 {
		next = cursor + step
	}
	for ; next >= 0 && next < len(records); next += step {
		if !q.matches(&records[next]) {
			continue
		}
		if more = len(page) == q.limit; more {
			break
		}
		page = append(page, &records[next])
	}
	if q.backward() {
		slices.Reverse(page)
	}
	return page, more
}

// find returns the index of the activity that a cursor names, -1 where there is none. Its
// time may be another since the feed was loaded anew; then its ID and number tell.
func find(records []record, p position) int {
	i := sort.Search(len(records), func(i int) bool { return records[i].compare(p) >= 0 })
	if i < len(records) && records[i].compare(p) == 0 {
		return i
	}
	return slices.IndexFunc(records, func(r record) bool { return r.number == p.number && r.id == p.id })
}
