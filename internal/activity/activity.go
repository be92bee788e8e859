// Package activity is what the Activity Feed consists of: an [Activity], its [Actor],
// and a [Page] of them, decoded from what the server sends so that nothing is lost.
//
// It does no I/O and decides nothing: whether a page may follow another is up to
// package feed. The shapes are those of the API's public documentation of the
// Activity Feed; what it does not name is kept as it was sent.
package activity

import "cmp"

// Page is one decoded answer, before anybody has checked its cursors.
type Page struct {
	Activities      []Activity // in result order
	HasMore         bool       // there is more in the direction of the walk
	FirstID, LastID string     // opaque cursors; "" for null
}

// Activity is one record of the feed. Fields that every activity has are typed;
// all others are in Extra, so that new activity types need no new release.
type Activity struct {
	ID        string // never empty
	CreatedAt string // RFC 3339, as sent
	Type      string

	OrganizationID   *string // nil where the server sends null or nothing
	OrganizationUUID *string
	Actor            *Actor // nil where the server sends no actor object

	// Extra is a JSON object with every other member as sent: order, numbers and
	// nesting are kept, white space is not. "{}" where there is none. A known
	// member of another JSON type than expected is here, and nil in its field.
	// Of a known member that the object has more than once, the last one fills
	// the field and all of them are here.
	Extra string

	// identity tells activities apart where ID cannot: invalid UTF-8 in an id
	// comes out as U+FFFD, which would make two activities look like one. It is
	// "" where ID can.
	identity string
}

// Identity is what to deduplicate on: the ID, or what tells two of them apart that
// look alike because of invalid UTF-8.
func (a *Activity) Identity() string { return cmp.Or(a.identity, a.ID) }

// Actor is who did it, told apart by Type. Which fields are set depends on the
// type; a field that the server sends for an unknown type is set all the same.
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
