package provider

import (
	"fmt"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

const pageTooLarge = "A page is too large"

// explainPage is about an answer that is no page of the feed.
func (r readContext) explainPage(err *compliance.PageError) (summary, happened, advice string) {
	id := parenthesis(err.RequestID) + "."
	switch err.Fault {
	case compliance.TooLarge:
		return pageTooLarge, fmt.Sprintf("the answer is larger than %d MiB", compliance.MaxPageBytes>>20) + id, ""
	case compliance.HTML:
		happened = "the answer is an HTML page, not JSON"
	case compliance.BrokenOff:
		happened = "the answer broke off"
	default:
		happened = faultText(err.Body)
	}
	summary, advice = r.incomplete(err.RequestID)
	return summary, happened + id, advice
}

// explainContradiction is about a page that does not go with those before it.
func (r readContext) explainContradiction(err *feed.PageError) (summary, happened, advice string) {
	summary, advice = r.incomplete(err.RequestID)
	cursor := "last_id"
	if r.request.BeforeID != "" {
		cursor = "first_id"
	}
	switch err.Fault {
	case feed.NoCursor:
		happened = fmt.Sprintf("the page says that there is more (has_more) but not where (%s)", cursor)
	case feed.SameCursor:
		happened = fmt.Sprintf("the page says that there is more (has_more), but its cursor (%s) is the one that led to it", cursor)
	case feed.OldCursor:
		happened = fmt.Sprintf("the page's cursor (%s) leads back to a page that was read before", cursor)
	case feed.TooMany:
		happened = fmt.Sprintf("the page has %s although %s were asked for, so that its cursors would not fit", count(err.Came), thousands(err.Asked))
	case feed.NothingNew:
		happened = fmt.Sprintf("%d pages in a row have brought nothing new, each with a new cursor", feed.MaxIdle)
	case feed.WrongOrganization:
		return r.explainOrganization(err)
	case feed.OtherOrganization:
		summary = "The pages belong to different organizations"
		happened = fmt.Sprintf("the page is for a key of the organization %s, and those before it were for one of %s", err.Got, err.Want)
		advice = "A read sends one key, so something in between must have replaced it, such as a gateway with keys of its own. Run it again, and check " + r.base() + "."
	}
	return summary, happened + parenthesis(err.RequestID) + ".", advice
}

func (r readContext) incomplete(requestID string) (summary, advice string) {
	return "The server's answer is not a complete page",
		"There is no way to know what follows, so the read ends here. Run it again, and check " + r.base() + " and any proxy in between." + quoteRequestID(requestID)
}

// faultText says why an answer is no page of the feed, to be continued with its request-id.
func faultText(fault *activity.PageError) string {
	owner := "the page"
	if fault.Activity > 0 {
		owner = fmt.Sprintf("activity %d of the page", fault.Activity)
	}
	switch fault.Fault {
	case activity.NotJSON:
		return fmt.Sprintf("the answer is not valid JSON at byte %d", fault.Offset)
	case activity.OtherKind:
		switch {
		case fault.Member != "":
			owner = fmt.Sprintf("%q", fault.Member)
		case fault.Activity == 0:
			owner = "the answer"
		}
		return fmt.Sprintf("%s is %s, not %s", owner, jsonKinds[fault.Got], jsonKinds[fault.Want])
	case activity.Missing:
		return fmt.Sprintf("%s has no %q", owner, fault.Member)
	case activity.Twice:
		return fmt.Sprintf("%s has %q twice", owner, fault.Member)
	case activity.SaysError:
		return fmt.Sprintf("the answer says in %q that it is an error", fault.Member)
	case activity.TooMany:
		things := "activities"
		if fault.Activity > 0 {
			things = "members"
		}
		return fmt.Sprintf("%s has more than %s %s", owner, thousands(fault.Limit), things)
	case activity.NoText:
		return fmt.Sprintf("%s has no %q that is a string", owner, fault.Member)
	case activity.Empty:
		return fmt.Sprintf("%s has an empty %q", owner, fault.Member)
	}
	return "something follows the page"
}

var jsonKinds = map[byte]string{'n': "null", 't': "a boolean", 'f': "a boolean", '"': "a string", '0': "a number", '{': "an object", '[': "an array"}
