package fakeapi

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Feed holds activities in the API's order: by created_at as an instant, then
// by ID. The zero value is an empty feed. A Feed may be shared by several APIs and is safe
// for concurrent use.
type Feed struct {
	mu      sync.Mutex
	records []record // in order; replaced, never changed in place
}

// A record is an activity of a feed: its place, what the filters look at, and its text.
type record struct {
	at time.Time // when it was indexed: created_at, unless it is late
	id string

	// cursor is opaque: that of an activity is always the same, and stays valid when the feed
	// grows, with another key, and when the server is started again with the same feed, whose
	// relative times are others then. There is a plus sign in each, so that a client that does
	// not percent-encode its values fails on the first.
	cursor string

	createdAt     time.Time
	activityType  string
	organizations []string // its ID and UUID, as far as it has them
	userID        string
	text          string
}

// NewFeed returns a feed of the activities given; see [Feed.Add].
func NewFeed(activities ...string) *Feed {
	f := &Feed{}
	f.Add(activities...)
	return f
}

// Add adds activities, each the text of one JSON object, in any order; also between the
// pages of a read. They are sent exactly as they are given, whatever else is in them: big
// numbers, names that occur twice, odd escapes, invalid UTF-8. The same activity may be added
// twice. Add panics if a text lacks what the feed is ordered by and filtered
// on: a string id, a created_at in RFC 3339 and a string type. [SetRecord] and
// [SetField] send activities without them.
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

var relativeTime = regexp.MustCompile(`("created_at"\s*:\s*)"(-[^"]*)"`)

// Load adds the activities that a text holds as JSON lines, each as [Feed.Add] takes
// it; empty lines are skipped. Where created_at is a negative duration in Go's units,
// such as "-3h", it is replaced by the time that long before now, in RFC 3339
// and UTC; any other is RFC 3339 and stays as it is. On an error nothing is added.
func (f *Feed) Load(text string, now time.Time) error {
	var activities []record
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if found := relativeTime.FindStringSubmatch(line); found != nil {
			if ago, err := time.ParseDuration(found[2]); err == nil {
				line = strings.Replace(line, found[0], found[1]+quote(now.Add(ago).UTC().Format(time.RFC3339)), 1)
			}
		}
		activity, err := parseRecord(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		activities = append(activities, activity)
	}
	f.add(activities)
	return nil
}

func mustParse(activity string) record {
	r, err := parseRecord(activity)
	if err != nil {
		panic(fmt.Sprintf("fakeapi: %v: %s", err, activity))
	}
	return r
}

// An object is a JSON object. Unlike those of a struct, its names are compared exactly.
type object map[string]json.RawMessage

// text returns the string that a member is, "" where it is none.
func (o object) text(name string) string {
	var s string
	_ = json.Unmarshal(o[name], &s)
	return s
}

func parseRecord(activity string) (record, error) {
	var fields object
	if err := json.Unmarshal([]byte(activity), &fields); err != nil {
		return record{}, err
	}
	var actor struct {
		UserID string `json:"user_id"`
	}
	_ = json.Unmarshal(fields["actor"], &actor) // it may be anything
	at, err := parseTime(fields.text("created_at"))
	if err != nil {
		return record{}, fmt.Errorf("created_at: %w", err)
	}
	r := record{at: at, id: fields.text("id"), createdAt: at, activityType: fields.text("type"), userID: actor.UserID, text: activity}
	for _, name := range []string{"organization_id", "organization_uuid"} {
		if organization := fields.text(name); organization != "" {
			r.organizations = append(r.organizations, organization)
		}
	}
	if r.id == "" || r.activityType == "" {
		return record{}, errors.New("an activity needs a string id and a string type")
	}
	return r, nil
}

func (f *Feed) add(records []record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range records { // the number tells copies of one activity apart
		records[i].cursor = "+" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", len(f.records)+i, r.id))
	}
	// A page that is being made may still read the old array.
	f.records = slices.Concat(f.records, records)
	slices.SortStableFunc(f.records, func(a, b record) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
}

func (f *Feed) snapshot() []record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.records
}

// All returns the text of every activity in the feed, oldest first.
func (f *Feed) All() []string {
	var texts []string
	for _, r := range f.snapshot() {
		texts = append(texts, r.text)
	}
	return texts
}

//go:embed testdata/activity-types.txt
var typeNames string

// permittedTypes are those that a query may name, besides those in the feed. A test of the
// repository holds what they are.
var permittedTypes = strings.Fields(typeNames)

// selectPage returns a page's activities in the API's order, whichever way the walk went;
// more is about the direction of the walk. The cursor is the index of an activity, or -1.
func selectPage(records []record, q *query, cursor int) (page []*record, more bool) {
	next, step := 0, 1
	if q.ascending == q.backward { // from newer to older activities
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
	if q.backward {
		slices.Reverse(page)
	}
	return page, more
}
