package compliance

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

const (
	// MaxPageSize is the most activities that the server puts on one page.
	MaxPageSize = 5000

	// minPageSize is the fewest that are asked for where a page is too heavy.
	minPageSize = 50
)

// Request asks for one page.
type Request struct {
	// Parameters are those of the query but for limit, the cursor included. They are
	// sent as they are: the server has the last word on them.
	Parameters url.Values
	// PageSize is the most activities to ask for, 1 to [MaxPageSize]. Where that is too
	// heavy for the server, it will be fewer; see [Answer].
	PageSize int
	// Number is the page's, from 1, for the log.
	Number int
}

// Answer is a page, with what its headers say and what it took to get it.
type Answer struct {
	*activity.Page

	RequestID         string    // the request-id header, or x-amzn-requestid
	KeyOrganizationID string    // the organization of the API key; "" where the server does not say
	Remaining         string    // the server's own budget for this minute, for the log
	Sent, Received    time.Time // the request and its answer, by this machine's clock
	Date              time.Time // when it was answered, by the server's; zero where it does not say

	// OldReset is how long before the answer's own Date its rate limit began anew, if that
	// is more than a minute; else 0. A cache that writes a Date of its own, as nginx does,
	// keeps the reset as it was.
	OldReset time.Duration

	Attempts int // requests sent for the page
	PageSize int // how many activities the last of them asked for

	bytes int
}

// Page asks for one page, as often as it takes and [Options] allow. A failed request moves
// no cursor, so it can be sent again; it then asks for half as many activities where there
// may have been too many. Its error is a [*RequestError].
//
// The loop is our own. go-retryablehttp (0.7.8) waits as long as Retry-After says, whatever
// its maximum and the deadline, and not at all if that is a very large number (issues 247
// and 297). It knows nothing of x-should-retry, discards the last answer unless told
// otherwise, and sends the same request again, where this loop goes through the limiter
// each time and may ask for less.
func (c *Client) Page(ctx context.Context, request Request) (*Answer, error) {
	size := request.PageSize
	var last error
	fail := func(attempts int, err error) (*Answer, error) {
		return nil, &RequestError{Attempts: attempts, PageSize: size, Last: last, Err: err}
	}
	for attempt := 1; ; attempt++ {
		release, err := c.limiter.acquire(ctx)
		if err != nil {
			return fail(attempt-1, err)
		}
		parameters := url.Values{"limit": {strconv.Itoa(size)}}
		maps.Copy(parameters, request.Parameters)
		started := c.options.Now()
		answer, header, err := c.attempt(ctx, parameters)
		now := c.options.Now()
		wait, asked := retryAfter(header, now)
		if status, ok := errors.AsType[*StatusError](err); ok && asked && status.Status == http.StatusTooManyRequests {
			c.limiter.pause(now.Add(wait))
		}
		release(header) // after that, so that no other request slips out before the pause
		log := c.options.Logger.With(slog.Int("page", request.Number), slog.Int("attempt", attempt), slog.Int("limit", size), slog.Duration("took", now.Sub(started)))
		if err == nil {
			log.DebugContext(ctx, "request answered", slog.Int("bytes", answer.bytes))
			answer.Attempts, answer.PageSize = attempt, size
			return answer, nil
		}
		if ctx.Err() != nil {
			header = nil // the server has no say in whether the read goes on
		}
		smaller, another := smallerPage(err, size)
		retry := (shouldRetry(err, header) || another) && attempt <= c.options.MaxRetries
		if !asked && !another { // for a smaller page, the server is not too busy
			wait = backoff(attempt)
		}
		log.DebugContext(ctx, "request failed", slog.String("error", err.Error()), slog.Bool("retry", retry), slog.Duration("wait", wait))
		if !retry {
			return fail(attempt, err)
		}
		last, size = err, smaller
		if err := c.limiter.sleep(ctx, wait); err != nil {
			return fail(attempt, err)
		}
	}
}

// smallerPage is how many activities to ask for after a failure: half as many where there
// may have been too many, and else the same. It says whether that makes it another request,
// to be sent although the one before is not to be sent again: of a 413, x-should-retry is
// about the one before, while a 504 may have any cause.
func smallerPage(err error, size int) (smaller int, another bool) {
	if !TooHeavy(err) {
		return size, false
	}
	smaller = min(size, max(size/2, minPageSize))
	status, answered := errors.AsType[*StatusError](err)
	_, page := errors.AsType[*PageError](err)
	return smaller, smaller < size && (page || answered && status.Status == http.StatusRequestEntityTooLarge)
}

// TooHeavy says whether a failed request may have asked for more than the server can give
// in one page: it took too long, or the page was too large.
func TooHeavy(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Status == http.StatusGatewayTimeout || status.Status == http.StatusRequestEntityTooLarge
	}
	if connection, ok := errors.AsType[*ConnectionError](err); ok {
		return connection.Timeout > 0 && connection.Stage >= AtRequest
	}
	page, ok := errors.AsType[*PageError](err)
	return ok && page.Fault == TooLarge
}

// shouldRetry says whether a request that failed may be sent again. The server's
// x-should-retry overrules the rule for the failure.
func shouldRetry(err error, header http.Header) bool {
	switch strings.ToLower(header.Get("x-should-retry")) {
	case "true":
		return true
	case "false":
		return false
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return retryStatus(status.Status)
	}
	if connection, ok := errors.AsType[*ConnectionError](err); ok {
		return !connection.final
	}
	page, ok := errors.AsType[*PageError](err)
	return ok && page.Fault == BrokenOff
}

// retryStatus is the rule for a status other than 200.
func retryStatus(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

// backoff is the wait after the given number of failed attempts, where the server asks for none:
// 1 s, doubled each time, at most 60 s. Up to a quarter is added, so that clients that failed
// together do not come back together.
func backoff(failed int) time.Duration {
	wait := min(48*time.Second, time.Second<<min(failed-1, 6))
	return wait + rand.N(wait/4)
}

// RequestsAtOnce is how many requests of all reads may be in flight together.
func (c *Client) RequestsAtOnce() int { return c.options.RequestsAtOnce }

// Log is the logger of the options.
func (c *Client) Log() *slog.Logger { return c.options.Logger }
