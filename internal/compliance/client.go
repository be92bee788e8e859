package compliance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
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
	*cleaner
	options     Options
	endpoint    *url.URL
	header      http.Header // of every request, including the key
	proxy       *url.URL    // that all requests take, or nil
	connections *connections
	limiter     *limiter

	mu           sync.Mutex
	longestQuery int // that the server has answered, in bytes
}

// New makes a client. It sends nothing; its errors are an [OptionError] or a
// [*ProxyVariableError].
func New(options Options) (*Client, error) {
	base, err := ParseBaseURL(cmp.Or(options.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, err
	}
	if err := CheckAPIKey(options.APIKey); err != nil {
		return nil, err
	}
	proxy, err := proxyFor(base, options.Getenv)
	if err != nil {
		return nil, err
	}
	return &Client{
		cleaner:  newCleaner(options.APIKey),
		options:  options,
		endpoint: base.JoinPath("/").JoinPath(path), // of a host alone, too, the path begins with a slash
		header: http.Header{
			"X-Api-Key":         {options.APIKey},
			"Anthropic-Version": {cmp.Or(options.Version, DefaultVersion)},
			"User-Agent":        {unprintable.ReplaceAllString(options.UserAgent, "")},
			"Accept":            {"application/json"},
			"Cache-Control":     {"no-cache"},
		},
		proxy:       proxy,
		connections: newConnections(options, proxy),
		limiter:     newLimiter(options.RequestsAtOnce, options.RequestsPerMinute, options.Now),
	}, nil
}

// attempt sends one request and reads its answer, within the request timeout. The header is nil
// where no answer came. The error is the context's where the whole read has ended.
func (c *Client) attempt(ctx context.Context, parameters url.Values) (answer *Answer, header http.Header, err error) {
	requestCtx, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	defer cancel()
	way := &progress{proxy: c.proxy}
	target := *c.endpoint
	target.RawQuery = parameters.Encode()
	request := (&http.Request{Method: http.MethodGet, URL: &target, Header: c.header.Clone()}).WithContext(way.trace(requestCtx))
	used := c.connections.current.Load()
	defer func() {
		_, broken := errors.AsType[*ConnectionError](err)
		c.connections.release(used, broken)
	}()
	sent := c.options.Now()
	// Not http.Client.Do, which follows redirects and takes x-api-key along.
	response, err := used.Transport.RoundTrip(request)
	if err != nil {
		return nil, nil, c.connectionError(ctx, request, way, err)
	}
	defer func() { _ = response.Body.Close() }()
	limit := int64(maxErrorBytes)
	if response.StatusCode == http.StatusOK {
		c.answered(len(target.RawQuery))
		limit = MaxPageBytes + 1 // one more shows that it is too much
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil && response.StatusCode == http.StatusOK { // what came of an error's body will do
		return nil, response.Header, c.connectionError(ctx, request, way, err)
	}
	answer, err = c.read(response, body, sent)
	return answer, response.Header, err
}

// answered notes that a query of a length has had an answer, and returns the length of the
// longest that has.
func (c *Client) answered(queryLength int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.longestQuery = max(c.longestQuery, queryLength)
	return c.longestQuery
}

// read makes a page of a response, or an error.
func (c *Client) read(response *http.Response, body []byte, sent time.Time) (*Answer, error) {
	now, header := c.options.Now(), response.Header
	requestID := c.Clean(cmp.Or(header.Get("request-id"), header.Get("x-amzn-requestid"))) // the latter on AWS
	if response.StatusCode != http.StatusOK {
		return nil, c.statusError(response, body, requestID, now)
	}
	date, _ := http.ParseTime(header.Get("Date")) // zero where it is none
	// An answer without a Date passes; so does every answer where this machine's clock is behind,
	// which makes a window longer and never shorter.
	if age := ageOf(header); age > freshFor {
		return nil, &StaleError{ByAge: true, Behind: age, RequestID: requestID}
	} else if behind := sent.Sub(date); behind > freshFor && !date.IsZero() {
		return nil, &StaleError{Behind: behind, RequestID: requestID}
	}
	if len(body) > MaxPageBytes {
		return nil, &PageError{Fault: TooLarge, RequestID: requestID}
	}
	decoded, err := activity.Decode(body)
	if err != nil {
		failure := &PageError{Fault: BrokenOff, RequestID: requestID}
		if looksLikeHTML(body) {
			failure.Fault = HTML
		} else if errors.As(err, &failure.Body) {
			failure.Fault = NoPage
		}
		return nil, failure
	}
	return &Answer{
		Page:              decoded,
		Sent:              sent,
		Received:          now,
		Date:              date,
		OldReset:          oldReset(header, date),
		RequestID:         requestID,
		KeyOrganizationID: c.Clean(header.Get("anthropic-organization-id")),
		Remaining:         c.Clean(header.Get("anthropic-ratelimit-requests-remaining")),
		bytes:             len(body),
	}, nil
}

// statusError reads the API's error body, {"error": {"type": "…", "message": "…", "details":
// {"error_code": "…"}}, "request_id": "…"}, of which only the type is always there. Of any other
// body it takes the text, unless that is HTML.
func (c *Client) statusError(response *http.Response, body []byte, requestID string, now time.Time) *StatusError {
	result := &StatusError{Status: response.StatusCode, URL: c.endpoint.String(), RequestID: requestID, QueryLength: len(response.Request.URL.RawQuery)}
	var document struct {
		Error struct {
			Type, Message string
			Details       any // nobody has promised what they are
		}
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &document); err == nil && document.Error.Type != "" {
		result.Type = c.Clean(document.Error.Type)
		result.Message = c.Clean(document.Error.Message)
		details, _ := document.Error.Details.(map[string]any)
		code, _ := details["error_code"].(string)
		result.Code = c.Clean(code)
		result.RequestID = cmp.Or(requestID, c.Clean(document.RequestID))
	} else if result.HTML = looksLikeHTML(body); !result.HTML {
		result.Message = c.Clean(string(body))
	}
	if target, err := response.Location(); err == nil && result.Status/100 == 3 {
		result.RedirectHost = c.Clean(target.Host)
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

// unprintable is what no header may hold.
var unprintable = regexp.MustCompile("[^ -~]")
