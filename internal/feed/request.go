package feed

import (
	"cmp"
	"net/url"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// Order is the direction of the feed. Ties of created_at are broken by id.
type Order string

// The two orders of the feed; the zero value leaves the choice to the server,
// whose default is newest first.
const (
	NewestFirst Order = "desc"
	OldestFirst Order = "asc"
)

// Request says which activities to read. The zero value asks for the whole feed, newest
// first. Lists are sent as they are: the server has the last word on them.
type Request struct {
	OrganizationIDs      []string // org_… IDs or organization UUIDs; any of them
	ActorIDs             []string // user_… IDs; any of them
	ActivityTypes        []string // any of them; not together with ExcludeActivityTypes
	ExcludeActivityTypes []string // none of them
	Bounds               timerange.Bounds

	// Begins is where the window begins that must not lie in the future, if that is later
	// than the lower bound: behind a baseline. Zero means the lower bound.
	Begins time.Time

	Order Order

	// AfterID and BeforeID are cursors of an earlier read, at most one of them. A read from
	// BeforeID goes backward: its first page is the one next to the cursor, and every later
	// page comes before that in the API's order.
	AfterID, BeforeID string

	// PageSize is the most activities to ask for in one request, 1 to
	// [compliance.MaxPageSize]. Zero means that.
	PageSize int

	// MaxActivities ends the read after exactly this many activities of the result. Zero
	// means no end but the feed's.
	MaxActivities int

	// Except says which activities are left out of the result and counted in
	// [Result.Excepted], if CountExcepted says so as well (nil: all of them). Skip says which
	// are left out as if they had never come. Nil leaves out none.
	Except, CountExcepted, Skip func(*activity.Activity) bool

	// Unique keeps the ID of every activity, so that each comes once, however far apart two
	// copies are. Without it, memory does not grow with the read: an activity that comes
	// again is recognised if it was on the page before, which is all that happens in a feed
	// that is in order.
	Unique bool

	// KeyOrganizationID is the organization for which each page has to be answered, without
	// regard to case; else the read ends with [WrongOrganization]. "" is for any.
	KeyOrganizationID string
}

func (r *Request) backward() bool { return r.BeforeID != "" }

// startCursor is the cursor at which the read begins, or "".
func (r *Request) startCursor() string { return cmp.Or(r.BeforeID, r.AfterID) }

// divisible says whether the read may be in shards: its window has a lower bound, and no
// cursor or number of activities decides where it begins or ends.
func (r *Request) divisible() bool {
	return r.Bounds.Lower() != nil && r.startCursor() == "" && r.MaxActivities == 0
}

// endless says that the read goes towards now, and that nothing but the feed ends it. Its
// own requests are recorded there, so that it would chase them.
func (r *Request) endless() bool {
	return (r.Order == OldestFirst) != r.backward() && r.Bounds.Upper() == nil
}

// parameters are the query of the request for one page, but for its size.
func (r *Request) parameters(bounds timerange.Bounds, cursor string) url.Values {
	after, before := cursor, ""
	if r.backward() {
		after, before = r.AfterID, cursor // both at once are for the server to refuse
	}
	at := func(bound *time.Time) string {
		if bound == nil {
			return ""
		}
		return timerange.Format(*bound)
	}
	values := url.Values{
		"organization_ids[]":       r.OrganizationIDs,
		"actor_ids[]":              r.ActorIDs,
		"activity_types[]":         r.ActivityTypes,
		"exclude_activity_types[]": r.ExcludeActivityTypes,
	}
	for name, value := range map[string]string{
		"created_at.gte": at(bounds.GTE), "created_at.gt": at(bounds.GT), "created_at.lte": at(bounds.LTE), "created_at.lt": at(bounds.LT),
		"order": string(r.Order), "after_id": after, "before_id": before,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// The methods of an order speak of times as they are read: what is later in the read may be
// older.

// after is the time that is read at a distance behind another.
func (o Order) after(at time.Time, distance time.Duration) time.Time {
	if o != OldestFirst {
		distance = -distance
	}
	return at.Add(distance)
}

// distance is how far to is behind from.
func (o Order) distance(from, to time.Time) time.Duration {
	if o != OldestFirst {
		from, to = to, from
	}
	return to.Sub(from)
}

// wholeSecondBehind is the nearest boundary at a whole second that a time precedes.
func (o Order) wholeSecondBehind(at time.Time) time.Time {
	at = at.Truncate(time.Second)
	if o == OldestFirst {
		at = at.Add(time.Second)
	}
	return at
}

// precedes says whether a time is read before a boundary. Boundaries are half-open, so that
// an instant is always on one side: what has created_at.lt on one has created_at.gte on the
// other.
func (o Order) precedes(at, boundary time.Time) bool {
	return at.Before(boundary) == (o == OldestFirst)
}

// within limits bounds to what is read between two boundaries, as far as it is within them;
// the zero time is no boundary.
func (o Order) within(bounds timerange.Bounds, start, end time.Time) timerange.Bounds {
	if o != OldestFirst {
		start, end = end, start
	}
	if lower := bounds.Lower(); !start.IsZero() && (lower == nil || start.After(lower.At)) {
		bounds.GTE = &start
	}
	if upper := bounds.Upper(); !end.IsZero() && (upper == nil || !end.After(upper.At)) { // created_at.lte may be the upper one
		bounds.LT = &end
	}
	return bounds
}
