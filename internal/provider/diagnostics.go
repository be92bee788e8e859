package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// readContext is what the diagnostics of a read need to know of it.
type readContext struct {
	*service
	what    string // the object's type, such as compliance_activities
	request feed.Request
	window  timerange.Window
	timeout time.Duration
}

// base is what sets the base URL.
func (r readContext) base() string { return cmp.Or(r.baseURLVariable, "base_url") }

// nothingReturned is in the diagnostics of reads that failed after the first page.
const nothingReturned = "Nothing was returned, so that no policy decides on only part of the feed."

// readError tells the person at the terminal what happened, where, and what to do.
func (r readContext) readError(err error) diag.Diagnostic {
	var read *feed.ReadError
	if !errors.As(err, &read) {
		return diag.NewErrorDiagnostic("The activity feed could not be read", "This is a bug of the provider: "+err.Error()+".")
	}
	where := r.what
	var connection *compliance.ConnectionError
	if read.Page > 1 || !errors.As(read.Err, &connection) || connection.Stage >= compliance.AtRequest {
		where = fmt.Sprintf("Page %d of %s", read.Page, r.what)
	}
	summary, happened, advice := r.explain(read.Err, read.Last)
	var status *compliance.StatusError
	var argument string
	switch {
	case !errors.As(read.Err, &status):
	case status.Status == 400 && status.Type != "" && read.Page > 1 && !isNotEnabled(status):
		summary = "The server rejected the request"
		advice = "The server accepted the request for the first page, but it no longer knows the place that the read had reached. Run it again." +
			quoteRequestID(status.RequestID)
	default:
		argument, _ = r.argumentAtFault(status)
	}
	detail := where + ": " + happened
	heavy := compliance.TooHeavy(read.Err)
	switch {
	case read.Attempts > 1 && heavy:
		detail += fmt.Sprintf(" It was tried %d times, the last time for %s.", read.Attempts, count(read.PageSize))
	case read.Attempts > 1:
		detail += fmt.Sprintf(" It was tried %d times.", read.Attempts)
	}
	if read.Activities > 0 {
		detail += fmt.Sprintf(" %s had been read before it. %s", count(read.Activities), nothingReturned)
	}
	if heavy {
		advice = strings.TrimSpace(advice + " Each attempt at a page asks for half as many activities as the one before, down to 50: " +
			"raise max_retries, or begin with fewer (a lower limit).")
	}
	detail += "\n\n" + advice
	if argument != "" {
		return diag.NewAttributeErrorDiagnostic(path.Root(argument), summary, detail)
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// explain returns a summary, a sentence or two on what happened, and what to do. last is the
// attempt that failed before, or nil.
func (r readContext) explain(err, last error) (summary, happened, advice string) {
	var (
		status        *compliance.StatusError
		connection    *compliance.ConnectionError
		page          *compliance.PageError
		wait          *compliance.WaitError
		stale         *compliance.StaleError
		future        *feed.FutureError
		clockBehind   *feed.ClockError
		contradiction *feed.PageError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "The read took too long",
			fmt.Sprintf("the read did not end within %s (timeouts.read).", brief(r.timeout)) + r.lastAttempt(last),
			"Give it more time (timeouts.read), narrow the window or the filters, or count with compliance_activity_summary."
	case errors.Is(err, context.Canceled):
		return "The read was cancelled", "it was cancelled before it was complete." + r.lastAttempt(last), "Run it again."
	case errors.As(err, &wait):
		return r.explainWait(wait, last)
	case errors.As(err, &status):
		return r.explainStatus(status)
	case errors.As(err, &connection):
		return r.explainConnection(connection)
	case errors.As(err, &page):
		return r.explainPage(page)
	case errors.As(err, &contradiction):
		return r.explainContradiction(contradiction)
	case errors.As(err, &stale):
		return explainStale(stale)
	case errors.As(err, &future):
		return explainFuture(future)
	case errors.As(err, &clockBehind):
		return explainClock(clockBehind)
	}
	return "The activity feed could not be read", err.Error() + ".", "This is a bug of the provider. Please report it."
}

func (r readContext) explainWait(err *compliance.WaitError, last error) (summary, happened, advice string) {
	happened = fmt.Sprintf("the next request has to wait until %s, and the read may take no longer than %s (timeouts.read).", clock(err.Until), brief(r.timeout)) +
		r.lastAttempt(last)
	advice = "Run it again after that time, or give the read more time (timeouts.read)."
	var status *compliance.StatusError
	switch {
	case last == nil:
		return "The rate limit outlasts the read", happened, advice + " Requests wait for the API's own limit and for rate_limit_rpm, whichever is lower. " + rateLimitAdvice
	case errors.As(last, &status) && status.Status == 429:
		return "The rate limit outlasts the read", happened, advice + " " + rateLimitAdvice
	}
	return "No time is left for another attempt", happened, advice
}

func (r readContext) lastAttempt(err error) string {
	if err == nil {
		return ""
	}
	_, happened, _ := r.explain(err, nil)
	return " The last attempt failed: " + happened
}

const rateLimitAdvice = "The API's limit is shared by all keys of the parent organization and all compliance endpoints. " +
	"Fewer and larger requests help (limit = 5000 is the default), and so does a lower rate_limit_rpm if other programs need a share."

func parenthesis(requestID string) string {
	if requestID == "" {
		return " (no request-id)"
	}
	return " (request-id " + requestID + ")"
}

func quoteRequestID(requestID string) string {
	if requestID == "" {
		return ""
	}
	return " If it persists, ask Anthropic's support and quote the request-id " + requestID + "."
}

const cacheAdvice = "a proxy or gateway in between caches /v1/compliance/activities, although requests say Cache-Control: no-cache. Switch its cache off for them."

// explainStale says whether a cache is the cause or a clock, as far as the answer shows.
func explainStale(err *compliance.StaleError) (summary, happened, advice string) {
	age := brief(err.Behind.Round(time.Second))
	if err.ByAge {
		return "A cache answered instead of the API", fmt.Sprintf("the answer is %s old, by its header Age%s.", age, parenthesis(err.RequestID)),
			"It lacks what has happened since, so it was not used: " + cacheAdvice
	}
	return "The answer is older than the request",
		fmt.Sprintf("the Date of the answer is %s behind this machine's clock%s.", age, parenthesis(err.RequestID)),
		"If the clock is ahead, a lookback begins too late and finds too little: set the clock. If it is right, " + cacheAdvice
}

func explainFuture(err *feed.FutureError) (summary, happened, advice string) {
	whose := "by this machine's clock"
	if err.ByServer {
		whose = "by the server's clock"
	}
	return "The window begins in the future",
		fmt.Sprintf("the lower bound is %s, and %s it is %s.", clock(err.LowerBound), whose, clock(err.Now)),
		"Nothing can have happened in it yet, so finding nothing would mean nothing. Check the lower bound, or the upper bound that lookback counts from; " +
			"if the bound comes from this machine's clock, check that too."
}

func explainClock(err *feed.ClockError) (summary, happened, advice string) {
	return "The window ends before the newest activities",
		fmt.Sprintf("this machine's clock is %s behind the server's, by which it is %s, and the upper bound is %s.", brief(err.Behind.Round(time.Second)), clock(err.Now), clock(err.UpperBound)),
		"A bound that was made from this machine's clock leaves out what has happened since. Set the clock, or omit the upper bound."
}

func (r readContext) explainOrganization(err *feed.PageError) (summary, happened, advice string) {
	got := "the server does not say which organization the key belongs to"
	if err.Got != "" {
		got = "the key belongs to the organization " + err.Got
	}
	return "The API key belongs to another organization",
		fmt.Sprintf("%s, and the provider's key_organization_id is %s%s.", got, err.Want, parenthesis(err.RequestID)),
		"Finding nothing in another feed would mean nothing, so it was not used. The key came from " + r.keyOrigin + ". Use one of that organization, or correct key_organization_id: " +
			"it is the ID that the API uses, which the attribute key_organization_id of a read shows, and not the one on the settings page."
}

// oldReset is the warning about an answer that a cache may have had.
func (r readContext) oldReset(old time.Duration) diag.Diagnostic {
	return diag.NewWarningDiagnostic("A cache may have answered instead of the API",
		fmt.Sprintf("An answer to %s says that its rate limit began anew %s before it was made, as an answer does that a cache has kept and dated anew. "+
			"If so, what has happened since is missing: ", r.what, brief(old.Round(time.Second)))+cacheAdvice)
}

// stopped is about a read whose result cannot be returned.
func (r readContext) stopped(page int, summary, why, advice string) refusal {
	return refusal{diag.NewErrorDiagnostic(summary, fmt.Sprintf("%s stopped on page %d, %s%s. %s\n\n%s", r.what, page, r.windowText(), why, nothingReturned, advice))}
}

// tooManyActivities guards against results that are too large for a state.
func (r readContext) tooManyActivities(page int) refusal {
	return r.stopped(page, fmt.Sprintf("More than %s match", count(maxActivities)), "",
		"Narrow the window or the filters, set max_results to read only the first of them, or count with compliance_activity_summary.")
}

func (r readContext) resultTooLarge(page, activities int) refusal {
	return r.stopped(page, "The result is too large for Terraform", ": "+count(activities)+" are more than the 256 MiB that the plugin protocol takes",
		"Narrow the window or the filters, lower max_results, or count with compliance_activity_summary.")
}

func (r readContext) windowText() string {
	switch start, end := r.window.Start, r.window.End; {
	case start != nil && end != nil:
		return fmt.Sprintf("between %s and %s", timerange.Format(*start), timerange.Format(*end))
	case start != nil:
		return fmt.Sprintf("from %s until now", timerange.Format(*start))
	case end != nil:
		return fmt.Sprintf("until %s", timerange.Format(*end))
	}
	return "with no time bounds"
}
