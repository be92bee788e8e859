// Package activity is what the Activity Feed consists of: an [Activity], its [Actor],
// and a [Page] of them, decoded from what the server sends so that nothing is lost.
//
// It does no I/O. Whether a page may follow another, package feed decides. The shapes are
// those of the API's public documentation of the Activity Feed; what that does not name
// is kept as it was sent.
package activity

import "cmp"

// Page is one decoded answer; see [Decode]. Nobody has checked its cursors yet.
type Page struct {
	Activities      []Activity // in result order
	HasMore         bool       // there is more in the direction of the walk
	FirstID, LastID string     // opaque cursors; "" for null
}

// Activity is one record of the feed. Fields that every activity has are typed;
// all others are in Extra, so that new activity types need no new release.
type Activity struct {
	ID        string // never empty
	CreatedAt string // as sent; RFC 3339 by the documentation, which is not checked here
	Type      string // any string: the API gains types every month

	OrganizationID   *string // nil where the server sends null or nothing
	OrganizationUUID *string
	Actor            *Actor // nil where the server sends null, nothing, or no object

	// Extra is a JSON object with every other member as sent: order, numbers and
	// nesting are kept, white space is not. "{}" where there is none. A known
	// member of another JSON type than expected is here, and nil in its field.
	// Of a known member that the object has more than once, the last one fills
	// the field and all of them are here.
	Extra string

	// identity tells activities apart where ID cannot: invalid UTF-8 in an id
	// comes out as U+FFFD, which could make two activities look like one. It is
	// "" where ID is enough.
	identity string
}

// Identity is what to deduplicate on: the ID, or what was sent in its place if two IDs
// could look alike because of invalid UTF-8. It is for comparison only.
func (a *Activity) Identity() string { return cmp.Or(a.identity, a.ID) }

// Actor is who did it. Which fields are set depends on its type, such as user_actor or
// api_actor; a field that the server sends for an unknown type is set all the same. A
// field is nil where the server sends null, nothing, or no string.
type Actor struct {
	Type                        *string
	UserID                      *string
	EmailAddress                *string
	UnauthenticatedEmailAddress *string
	APIKeyID                    *string
	AdminAPIKeyID               *string
	ServiceAccountID            *string
	IPAddress                   *string
	UserAgent                   *string
	DirectoryID                 *string
	IDPConnectionType           *string
	WorkOSEventID               *string

	// Extra is as [Activity.Extra], for the actor's own members.
	Extra string
}
