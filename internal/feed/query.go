package feed

import (
	"net/url"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// Order is the direction of the feed. Ties of created_at are broken by id.
type Order string

// The two orders of the feed; the zero value leaves the choice to the server,
// whose default is newest first.
const (
	NewestFirst Order = "desc"
	OldestFirst Order = "asc"
)

// Query says which activities to read. The zero value asks for the whole feed,
// newest first. Values are sent as they are: the server has the last word on them.
type Query struct {
	OrganizationIDs      []string // org_… IDs or organization UUIDs; any of them
	ActorIDs             []string // user_… IDs; any of them
	ActivityTypes        []string // any of them; not together with ExcludeActivityTypes
	ExcludeActivityTypes []string // none of them

	// Time bounds on created_at in RFC 3339; empty means open. All that are set are sent.
	CreatedAtGTE, CreatedAtGT, CreatedAtLTE, CreatedAtLT string

	// Begins is where the window begins that must not lie in the future, if that is later
	// than the lower bound: behind a baseline. Zero means the lower bound.
	Begins time.Time

	Order Order

	// AfterID and BeforeID are cursors from an earlier page, at most one of them.
	// AfterID walks forward in result order, BeforeID backward: its first page is
	// the one next to the cursor, and every later page comes before that in result order.
	AfterID, BeforeID string

	// PageSize is the most activities to ask for in one request, 1 to
	// [compliance.MaxPageSize]. Zero means that.
	PageSize int

	// KeyOrganizationID is the organization that the key has to belong to, without regard to
	// case; "" for any. A page for another one, or that does not say, is an [*OrganizationError].
	KeyOrganizationID string

	// Skip says which activities are not asked for, although the server sends them: they
	// count for nothing at all. Nil skips none.
	Skip func(*activity.Activity) bool

	// Except says which activities to leave out of the result. They count for nothing but
	// [Page.Excepted]. Nil leaves out none.
	Except func(*activity.Activity) bool

	// CountExcepted says which of them [Page.Excepted] counts. Nil is for all.
	CountExcepted func(*activity.Activity) bool

	// MaxActivities ends the walk after exactly this many activities of the result.
	// The last request asks for no more than what is missing, so that the cursors of
	// the last page fit the result. Zero means no end but the feed's.
	MaxActivities int

	// RememberLastPageOnly drops an activity that comes again only if it was on
	// the page before, so that the memory of a read does not grow with its length.
	// Since the feed is in order, that finds what is repeated across a border.
	// Otherwise every activity is recognised.
	RememberLastPageOnly bool
}

func (q Query) backward() bool { return q.BeforeID != "" }

// startCursor is the cursor at which the walk begins, or "".
func (q Query) startCursor() string {
	if q.backward() {
		return q.BeforeID
	}
	return q.AfterID
}

// selective says that the server sends activities that are not in the result.
func (q Query) selective() bool { return q.Skip != nil || q.Except != nil }

// growing says that the walk leads to what happens while it reads: its own requests, for
// one, which it would chase for as long as its pages are small.
func (q Query) growing() bool {
	_, bounded := q.upperBound()
	return !bounded && (q.Order == OldestFirst) != q.backward()
}

// values are the query parameters of the request for one page, but for its size.
func (q Query) values(cursor string) url.Values {
	values := url.Values{}
	for name, list := range map[string][]string{
		"organization_ids[]":       q.OrganizationIDs,
		"actor_ids[]":              q.ActorIDs,
		"activity_types[]":         q.ActivityTypes,
		"exclude_activity_types[]": q.ExcludeActivityTypes,
	} {
		if len(list) > 0 {
			values[name] = list
		}
	}
	after, before := cursor, ""
	if q.backward() {
		after, before = q.AfterID, cursor // both at once are for the server to refuse
	}
	for name, value := range map[string]string{
		"created_at.gte": q.CreatedAtGTE,
		"created_at.gt":  q.CreatedAtGT,
		"created_at.lte": q.CreatedAtLTE,
		"created_at.lt":  q.CreatedAtLT,
		"order":          string(q.Order),
		"after_id":       after,
		"before_id":      before,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// divisible says whether the read may be in parts: its window has a lower bound, and no
// cursor or number of activities decides where it begins or ends.
func (q Query) divisible() bool {
	_, bounded := q.lowerBound()
	return bounded && q.startCursor() == "" && q.MaxActivities == 0
}

// end is where the window of a read ends in the direction of the walk, as far as there can
// be activities, at the time of its first answer. A window that looks like one in which
// nothing happened, because of a clock, is an error: a [*FutureError] if it has not begun by
// then, and a [*ClockError] if it ends before the newest activities.
func (q Query) end(first *compliance.Answer) (time.Time, error) {
	now := first.Now()
	lower, bounded := q.lowerBound()
	begins := lower
	if q.Begins.After(lower) {
		begins = q.Begins
	}
	// A Date is in whole seconds, so that it may be nearly one of them later.
	if bounded && !begins.Before(now.Add(time.Second)) {
		return now, &FutureError{LowerBound: begins, Now: now, ByServer: !first.Date.IsZero()}
	}
	upper, closed := q.upperBound()
	if behind := first.Date.Sub(first.Received); !first.Date.IsZero() && behind > clockTolerance &&
		closed && upper.After(first.Sent.Add(-clockTolerance)) && upper.Before(first.Date) {
		return now, &ClockError{UpperBound: upper, Now: first.Date, Behind: behind}
	}
	if q.Order != OldestFirst {
		return lower, nil
	}
	if closed && upper.Before(now) {
		return upper, nil
	}
	return now, nil
}

// clockTolerance is how much the clocks of this machine and the server may differ.
const clockTolerance = time.Minute

// lowerBound is the later of the lower bounds; see [tightest].
func (q Query) lowerBound() (bound time.Time, ok bool) {
	return tightest(time.Time.After, q.CreatedAtGTE, q.CreatedAtGT)
}

// upperBound is the earlier of the upper bounds; see [tightest].
func (q Query) upperBound() (bound time.Time, ok bool) {
	return tightest(time.Time.Before, q.CreatedAtLTE, q.CreatedAtLT)
}

// tightest is the bound that leaves the least. It says false if none of them is RFC 3339.
func tightest(tighter func(a, b time.Time) bool, bounds ...string) (bound time.Time, ok bool) {
	for _, text := range bounds {
		if at, err := time.Parse(time.RFC3339, text); err == nil && (!ok || tighter(at, bound)) {
			bound, ok = at, true
		}
	}
	return bound, ok
}
