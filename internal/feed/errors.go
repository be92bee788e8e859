package feed

import (
	"fmt"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// ReadError is what [Read] returns if it could not read everything. Err is a [*FutureError],
// [*ClockError], [*PageError] or what a [*compliance.RequestError] has.
type ReadError struct {
	Page       int // the page that could not be read, from 1
	Activities int // of the result, on the pages before it
	*compliance.RequestError
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("page %d, after %d activities: %v", e.Page, e.Activities, e.RequestError)
}

// FutureError means that nothing can be in the window yet: its lower bound is later than
// now.
type FutureError struct {
	LowerBound time.Time
	Now        time.Time
	ByServer   bool // Now is by the server's clock, and else by this machine's
}

func (e *FutureError) Error() string { return "the window begins in the future" }

// PageError is a page that contradicts the request for it or the pages before it: the read
// would end early, or go in circles.
type PageError struct {
	Fault       PageFault
	Came, Asked int    // activities, of TooMany
	Got, Want   string // organizations, of OtherOrganization and WrongOrganization; Got is "" where the server does not say
	RequestID   string
}

// PageFault is what a page contradicts. Its text is for a log.
type PageFault string

// The faults of pages in a read.
const (
	NoCursor          PageFault = "more, but not where"
	SameCursor        PageFault = "the cursor is that of the request"
	OldCursor         PageFault = "the cursor leads back"
	TooMany           PageFault = "more than were asked for"
	OtherOrganization PageFault = "another organization than on the pages before"
	WrongOrganization PageFault = "another organization than expected"
	NothingNew        PageFault = "many pages that bring nothing new"
)

func (e *PageError) Error() string { return string(e.Fault) }

// ClockError means that this machine's clock is behind, and that the upper bound of the
// window is close to it: a bound made from that clock leaves out the newest activities.
type ClockError struct {
	UpperBound time.Time
	Now        time.Time     // by the server's clock
	Behind     time.Duration // how much this machine's clock is behind it
}

func (e *ClockError) Error() string { return "this machine's clock is behind" }
