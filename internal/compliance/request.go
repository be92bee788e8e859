package compliance

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// MaxPageSize is the most activities that the server puts on one page.
const MaxPageSize = 5000

// Request asks for one page.
type Request struct {
	// Parameters are those of the query but for limit, the cursor included. They are
	// sent as they are: the server has the last word on them.
	Parameters url.Values
	// PageSize is the most activities to ask for, 1 to [MaxPageSize].
	PageSize int
	// Number is the page's, from 1, for the log.
	Number int
}

// Answer is a page with what came beside it.
type Answer struct {
	*activity.Page

	RequestID         string // the request-id header, or x-amzn-requestid
	KeyOrganizationID string // the organization of the API key; "" where the server does not say
	Remaining         string // the server's own budget for this minute, for the log
	Attempts          int    // requests sent for the page

	bytes int
}

// Page asks for one page, as often as it takes and [Options] allow: a failed request never
// moves a cursor, so it is sent again. Its error is a [*RequestError].
func (c *Client) Page(ctx context.Context, request Request) (*Answer, error) {
	parameters := maps.Clone(request.Parameters)
	parameters.Set("limit", strconv.Itoa(request.PageSize))
	var last error
	fail := func(attempts int, err error) (*Answer, error) {
		var wait *WaitError
		switch {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			err = &InterruptedError{Err: ctx.Err(), Last: last}
		case errors.As(err, &wait):
			err = &WaitError{Until: wait.Until, Last: last}
		}
		return nil, &RequestError{Attempts: attempts, Err: err}
	}
	for attempt := 1; ; attempt++ {
		release, err := c.limiter.acquire(ctx)
		if err != nil {
			return fail(attempt-1, err)
		}
		started := time.Now()
		answer, failure := c.attempt(ctx, parameters, release)
		log := c.log.With(slog.Int("page", request.Number), slog.Int("attempt", attempt), slog.Duration("took", time.Since(started)))
		if failure == nil {
			log.DebugContext(ctx, "request answered", slog.Int("bytes", answer.bytes))
			answer.Attempts = attempt
			return answer, nil
		}
		retry := failure.retry && attempt <= c.maxRetries
		wait := failure.wait
		if !failure.asked {
			wait = backoff(attempt, rand.Float64())
		}
		log.DebugContext(ctx, "request failed", slog.String("error", failure.err.Error()), slog.Bool("retry", retry), slog.Duration("wait", wait))
		if !retry {
			return fail(attempt, failure.err)
		}
		last = failure.err
		if err := sleep(ctx, wait); err != nil {
			return fail(attempt, err)
		}
	}
}

// RequestsAtOnce is how many requests of all reads may be in flight together.
func (c *Client) RequestsAtOnce() int { return cap(c.limiter.slots) }

// Log is the logger of the options, or one that logs nothing.
func (c *Client) Log() *slog.Logger { return c.log }
