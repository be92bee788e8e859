// Package feedtest has what the tests of package compliance and of package feed share: a
// clock that leaps over waits, feeds of numbered activities, and a server that answers by a
// script. It knows neither of the two, so that both can use it.
package feedtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// InBubble runs a test in parallel with others and on a clock of its own, which
// stands still while anything runs and leaps over every wait.
func InBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// After is a context with a deadline in the bubble.
func After(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// ID is the id of the nth of [Records].
func ID(n int) string { return fmt.Sprintf("activity_%05d", n) }

// Activity is the text of an activity; more are further members, such as `,"a":1`.
func Activity(id string, at time.Time, more string) string {
	return fmt.Sprintf(`{"id":%q,"created_at":%q,"organization_id":null,"organization_uuid":null,`+
		`"actor":{"type":"user_actor","email_address":"user@example.com","user_id":"user_01","ip_address":"192.0.2.1","user_agent":"test"},`+
		`"type":"claude_chat_created"%s}`, id, at.Format(time.RFC3339Nano), more)
}

// Records are n activities, a second apart, oldest first.
func Records(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = Activity(ID(i), time.Date(2026, 4, 10, 8, 0, i, 0, time.UTC), "")
	}
	return texts
}

// IDs are those of n records, newest first.
func IDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = ID(n - 1 - i)
	}
	return ids
}

// NewFake makes a fake with n records, which does not log its own reads and has a limit
// that is in no test's way.
func NewFake(n int, edits ...func(*fakeapi.Options)) *fakeapi.API {
	options := fakeapi.Options{Feed: fakeapi.NewFeed(Records(n)...), SkipReadLog: true}
	for _, edit := range edits {
		edit(&options)
	}
	return fakeapi.New(options)
}

// RoundTripper is a function that answers requests.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f RoundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// Uncompressed leads to the fake without gzip, which is most of the time that a small
// page takes.
func Uncompressed(api *fakeapi.API) http.RoundTripper {
	transport := api.Transport().(*http.Transport)
	transport.DisableCompression = true
	return transport
}

// ErrorAs returns the error of type T in a chain, and fails the test where there is none.
func ErrorAs[T error](t *testing.T, err error) T {
	t.Helper()
	target, ok := errors.AsType[T](err)
	if !ok {
		t.Fatalf("got error %v (%[1]T), want a %T", err, target)
	}
	return target
}

// Equal fails the test unless two lists are the same.
func Equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %d %v, want %d %v", what, len(got), got, len(want), want)
	}
}

// Step is one answer of a [Script].
type Step struct {
	Status int      // 0 means 200
	Header []string // names and values in turn
	Body   string
	Err    error // instead of an answer
}

// Script is a server that gives one answer after the other and notes the requests. One
// request too many is answered with an error that is not tried again.
type Script struct {
	Steps []Step

	mu       sync.Mutex
	Requests []*http.Request
	Times    []time.Time // of the requests
}

// RoundTrip gives the next answer.
func (s *Script) RoundTrip(request *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Requests = append(s.Requests, request)
	s.Times = append(s.Times, time.Now())
	next := Step{Status: http.StatusTeapot, Body: "the script has ended"}
	if n := len(s.Requests); n <= len(s.Steps) {
		next = s.Steps[n-1]
	}
	if next.Err != nil {
		return nil, next.Err
	}
	return next.Answer(request), nil
}

// Answer is the step as an answer.
func (s Step) Answer(request *http.Request) *http.Response {
	header := http.Header{}
	header.Set("request-id", "req_test")
	for i := 0; i < len(s.Header); i += 2 {
		header.Set(s.Header[i], s.Header[i+1])
	}
	return &http.Response{StatusCode: cmp.Or(s.Status, http.StatusOK), Header: header, Body: io.NopCloser(strings.NewReader(s.Body)), Request: request}
}

// Page is the body of a page. A cursor that is "" is null.
func Page(hasMore bool, firstID, lastID string, activities ...string) string {
	cursor := func(id string) []byte {
		if id == "" {
			return []byte("null")
		}
		quoted, _ := json.Marshal(id) // of no string is there an error
		return quoted
	}
	return fmt.Sprintf(`{"data":[%s],"has_more":%t,"first_id":%s,"last_id":%s}`, strings.Join(activities, ","), hasMore, cursor(firstID), cursor(lastID))
}

// EmptyPage is the body of the only page of an empty feed.
var EmptyPage = Page(false, "", "")
