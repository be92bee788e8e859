package compliance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

const (
	path = "v1/compliance/activities"

	// MaxPageBytes is how long a page's body may be, once decompressed.
	MaxPageBytes = 64 << 20

	maxErrorBytes = 64 << 10
)

// Client asks the Activity Feed for pages. It is safe for use by several reads at once,
// which share its connections and its pace. Make one with [New].
type Client struct {
	endpoint       *url.URL
	header         http.Header // of every request, including the key
	requestTimeout time.Duration
	maxRetries     int
	connections    *connections
	limiter        *limiter
	cleaner        *cleaner
	now            func() time.Time
	log            *slog.Logger
	getenv         func(string) string

	mu           sync.Mutex
	longestQuery int // that the server has answered, in bytes
}

// New makes a client. It sends nothing; its errors are about the options.
func New(options Options) (*Client, error) {
	base, err := ParseBaseURL(cmp.Or(options.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, fmt.Errorf("the base URL %w", err)
	}
	if err := CheckAPIKey(options.APIKey); err != nil {
		return nil, fmt.Errorf("the API key %w", err)
	}
	if options.RequestTimeout <= 0 || options.MaxRetries < 0 || options.RequestsPerMinute < 0 || options.RequestsAtOnce < 1 {
		return nil, errors.New("a timeout, a number of retries or a limit is out of range")
	}
	version := cmp.Or(options.Version, DefaultVersion)
	if err := CheckVersion(version); err != nil {
		return nil, fmt.Errorf("the API version %w", err)
	}
	getenv := options.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	connections := &connections{fresh: func() http.RoundTripper { return options.Transport }, current: &pool{options.Transport}}
	if options.Transport == nil {
		connections, err = newConnections(base, options.RequestsAtOnce, getenv, options.editTransport)
		if err != nil {
			return nil, err
		}
	}
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	now := options.Now
	if now == nil {
		now = time.Now
	}
	return &Client{
		endpoint: base.JoinPath(path),
		header: http.Header{
			"X-Api-Key":         {options.APIKey},
			"Anthropic-Version": {version},
			"User-Agent":        {printable(options.UserAgent)},
			"Accept":            {"application/json"},
			"Cache-Control":     {"no-cache"},
		},
		requestTimeout: options.RequestTimeout,
		maxRetries:     options.MaxRetries,
		connections:    connections,
		limiter:        newLimiter(options.RequestsAtOnce, options.RequestsPerMinute, now),
		cleaner:        newCleaner(options.APIKey),
		now:            now,
		log:            logger,
		getenv:         getenv,
	}, nil
}

// attemptError is a request that failed: what the caller may see of it, and what
// that means for another attempt.
type attemptError struct {
	err   error
	retry bool
	wait  time.Duration // what the server asks for, if asked
	asked bool
}

// attempt sends one request and reads its answer. The limiter has let it through, and
// release tells it of the answer. Either the answer or the failure is nil.
func (c *Client) attempt(ctx context.Context, parameters url.Values, release func(http.Header)) (*Answer, *attemptError) {
	sent := c.now()
	response, body, failure := c.exchange(ctx, parameters) //nolint:bodyclose // closed there
	if response == nil {
		release(nil)
		return nil, failure
	}
	// At the end, so that no other request slips out before a pause has begun.
	defer release(response.Header)
	now := c.now()
	if failure == nil {
		var result *Answer
		if result, failure = c.read(response, body, sent, now); failure == nil {
			return result, nil
		}
	}
	if ctx.Err() == nil { // the server has no say in whether the read goes on
		failure.retry = shouldRetry(failure.retry, response.Header)
	}
	failure.wait, failure.asked = retryAfter(response.Header, now)
	if failure.asked && response.StatusCode == http.StatusTooManyRequests {
		c.limiter.pause(now.Add(failure.wait))
	}
	return nil, failure
}

// exchange sends one request and reads the body, within the request timeout. The
// response is nil where none came; its body is read and closed.
func (c *Client) exchange(ctx context.Context, parameters url.Values) (response *http.Response, body []byte, failure *attemptError) {
	requestCtx, cancel := context.WithTimeout(ctx, c.requestTimeout)
	defer cancel()
	way := newProgress(c.connections.proxy)
	target := *c.endpoint
	target.RawQuery = parameters.Encode()
	request, err := http.NewRequestWithContext(way.trace(requestCtx), http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, nil, &attemptError{err: c.connectionError(requestCtx, way, err)}
	}
	request.Header = c.header.Clone()
	used := c.connections.take()
	// What the reader gave up says nothing about a connection.
	defer func() { c.connections.release(used, failure != nil && ctx.Err() == nil) }()
	// Not http.Client.Do, which follows redirects and takes x-api-key along.
	response, err = used.RoundTrip(request)
	if err != nil {
		return nil, nil, c.unanswered(ctx, requestCtx, way, err, len(target.RawQuery))
	}
	defer func() { _ = response.Body.Close() }()
	limit := int64(maxErrorBytes)
	if response.StatusCode == http.StatusOK {
		c.answered(len(target.RawQuery))
		limit = MaxPageBytes + 1 // one more shows that it is too much
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil && response.StatusCode == http.StatusOK {
		return response, nil, c.unanswered(ctx, requestCtx, way, err, len(target.RawQuery))
	}
	return response, body, nil
}

// answered notes that a query of a length has had an answer, and returns the length of the
// longest that has.
func (c *Client) answered(queryLength int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.longestQuery = max(c.longestQuery, queryLength)
	return c.longestQuery
}

// unanswered is the failure of a request whose answer did not come, or not all of it.
// Its error is the context's where the whole read has ended.
func (c *Client) unanswered(ctx, requestCtx context.Context, way *progress, err error, queryLength int) *attemptError {
	if ctx.Err() != nil {
		return &attemptError{err: ctx.Err()}
	}
	failure := c.connectionError(requestCtx, way, err)
	// If one of about this length has been answered, length is not the cause. Queries of one
	// read differ in their cursors only.
	if queryLength > LongQuery && queryLength > c.answered(0)+LongQuery/4 && refusesLength(failure, err) {
		failure.QueryLength, failure.final = queryLength, true
	}
	return &attemptError{err: failure, retry: !failure.final}
}

// read makes a page of a response, or an error.
func (c *Client) read(response *http.Response, body []byte, sent, now time.Time) (*Answer, *attemptError) {
	requestID := c.requestID(response.Header)
	if response.StatusCode != http.StatusOK {
		return nil, &attemptError{
			err:   c.statusError(response, body, requestID, now),
			retry: retryStatus(response.StatusCode),
		}
	}
	if sign, behind, stale := staleness(response.Header, sent); stale {
		return nil, &attemptError{err: &StaleError{Sign: sign, Behind: behind, RequestID: requestID}}
	}
	if len(body) > MaxPageBytes {
		return nil, &attemptError{err: &PageError{Fault: TooLarge, RequestID: requestID}}
	}
	decoded, err := activity.Decode(body)
	if err != nil {
		failure := &PageError{Fault: BrokenOff, RequestID: requestID}
		switch {
		case looksLikeHTML(body):
			failure.Fault = HTML
		case errors.As(err, &failure.Body):
			failure.Fault = NoPage
		}
		return nil, &attemptError{err: failure, retry: errors.Is(err, activity.ErrBrokenOff)}
	}
	date, _ := http.ParseTime(response.Header.Get("Date")) // zero where it is none
	return &Answer{
		Page:              decoded,
		Sent:              sent,
		Received:          now,
		Date:              date,
		OldReset:          oldReset(response.Header),
		RequestID:         requestID,
		KeyOrganizationID: c.cleaner.clean(response.Header.Get("anthropic-organization-id")),
		Remaining:         c.cleaner.clean(response.Header.Get("anthropic-ratelimit-requests-remaining")),
		bytes:             len(body),
	}, nil
}

// requestID is what the server's operators find a request by. The API on AWS has another
// header for it.
func (c *Client) requestID(header http.Header) string {
	return c.cleaner.clean(cmp.Or(header.Get("request-id"), header.Get("x-amzn-requestid")))
}

// statusError reads the API's error body, {"error": {"type": "…", "message": "…", "details":
// {"error_code": "…"}}, "request_id": "…"}, of which only the type is always there. Of any other
// body it takes the text, unless that is HTML.
func (c *Client) statusError(response *http.Response, body []byte, requestID string, now time.Time) *StatusError {
	result := &StatusError{Status: response.StatusCode, URL: c.endpoint.String(), RequestID: requestID}
	if response.Request != nil {
		result.QueryLength = len(response.Request.URL.RawQuery)
	}
	var document struct {
		Error struct {
			Type, Message string
			Details       json.RawMessage
		}
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &document); err == nil && document.Error.Type != "" {
		result.Type = c.cleaner.clean(document.Error.Type)
		result.Message = c.cleaner.clean(document.Error.Message)
		var details struct {
			ErrorCode string `json:"error_code"`
		}
		_ = json.Unmarshal(document.Error.Details, &details) // nobody has promised what they are
		result.Code = c.cleaner.clean(details.ErrorCode)
		result.RequestID = cmp.Or(requestID, c.cleaner.clean(document.RequestID))
	} else if result.HTML = looksLikeHTML(body); !result.HTML {
		result.Message = c.cleaner.clean(string(body))
	}
	if target, err := response.Location(); err == nil && result.Status/100 == 3 {
		result.RedirectHost = c.cleaner.clean(target.Host)
	}
	if wait, ok := retryAfter(response.Header, now); ok {
		result.ResumeAt = now.Add(wait)
	} else if reset, ok := resetTime(response.Header, now); ok && reset.After(now) && result.Status == http.StatusTooManyRequests {
		result.ResumeAt = reset
	}
	return result
}

func looksLikeHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// printable drops what no header may hold.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
}
