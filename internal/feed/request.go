package feed

import (
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
	// regard to case; else the read ends with an [*OrganizationError]. "" is for any.
	KeyOrganizationID string
}

func (r *Request) backward() bool { return r.BeforeID != "" }

// startCursor is the cursor at which the read begins, or "".
func (r *Request) startCursor() string {
	if r.backward() {
		return r.BeforeID
	}
	return r.AfterID
}

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
	values := url.Values{}
	for name, list := range map[string][]string{
		"organization_ids[]":       r.OrganizationIDs,
		"actor_ids[]":              r.ActorIDs,
		"activity_types[]":         r.ActivityTypes,
		"exclude_activity_types[]": r.ExcludeActivityTypes,
	} {
		if len(list) > 0 {
			values[name] = list
		}
	}
	for name, bound := range map[string]*time.Time{
		"created_at.gte": bounds.GTE, "created_at.gt": bounds.GT, "created_at.lte": bounds.LTE, "created_at.lt": bounds.LT,
	} {
		if bound != nil {
			values.Set(name, timerange.Format(*bound))
		}
	}
	after, before := cursor, ""
	if r.backward() {
		after, before = r.AfterID, cursor // both at once are for the server to refuse
	}
	for name, value := range map[string]string{"order": string(r.Order), "after_id": after, "before_id": before} {
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

// precedes says whether a time is read before a boundary. Boundaries are half-open, so that
// an instant is always on one side: what has created_at.lt on one has created_at.gte on the
// other.
func (o Order) precedes(at, boundary time.Time) bool {
	if o == OldestFirst {
		return at.Before(boundary)
	}
	return !at.Before(boundary)
}

// from limits bounds to what a boundary does not precede.
func (o Order) from(bounds timerange.Bounds, boundary time.Time) timerange.Bounds {
	if o == OldestFirst {
		bounds.GTE = &boundary
	} else {
		bounds.LT = &boundary
	}
	return bounds
}

// until limits bounds to what precedes a boundary, unless they end before it.
func (o Order) until(bounds timerange.Bounds, boundary time.Time) timerange.Bounds {
	if o == OldestFirst {
		if upper := bounds.Upper(); upper == nil || !boundary.After(upper.At) { // created_at.lte may be the upper one
			bounds.LT = &boundary
		}
	} else if lower := bounds.Lower(); lower == nil || boundary.After(lower.At) {
		bounds.GTE = &boundary
	}
	return bounds
}
