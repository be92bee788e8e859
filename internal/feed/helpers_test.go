package feed

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

var seed = flag.Uint64("seed", rand.Uint64(), "of the property tests")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// inBubble runs a test in parallel with others and on a clock of its own, which
// stands still while anything runs and leaps over every wait.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// numbered is the id of the nth activity of [records].
func numbered(n int) string { return fmt.Sprintf("activity_%05d", n) }

// activityText is the text of an activity; more are further members, such as `,"a":1`.
func activityText(id string, at time.Time, more string) string {
	return fmt.Sprintf(`{"id":%q,"created_at":%q,"organization_id":null,"organization_uuid":null,`+
		`"actor":{"type":"user_actor","email_address":"user@example.com","user_id":"user_01","ip_address":"192.0.2.1","user_agent":"test"},`+
		`"type":"claude_chat_created"%s}`, id, at.Format(time.RFC3339), more)
}

// records are n activities, a second apart, oldest first.
func records(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = activityText(numbered(i), time.Date(2026, 4, 10, 8, 0, i, 0, time.UTC), "")
	}
	return texts
}

// idsOf are the ids of records, in the order given.
func idsOf(order Order, texts []string) []string {
	ids := []string{}
	for _, text := range texts {
		var activity struct{ ID string }
		if err := json.Unmarshal([]byte(text), &activity); err != nil {
			panic(err)
		}
		ids = append(ids, activity.ID)
	}
	if order != OldestFirst {
		slices.Reverse(ids)
	}
	return ids
}

// newFake makes a fake with n activities that does not log its own reads.
func newFake(n int, edits ...func(*fakeapi.Options)) *fakeapi.API {
	options := fakeapi.Options{Now: bubbleNow, Feed: fakeapi.NewFeed(records(n)...), SkipReadLog: true}
	for _, edit := range edits {
		edit(&options)
	}
	return fakeapi.New(options)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// uncompressed leads to the fake without gzip, which is most of the time that a small
// page takes.
func uncompressed(api *fakeapi.API) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		request = request.Clone(request.Context())
		request.Header.Set("Accept-Encoding", "identity")
		return api.Transport().RoundTrip(request)
	})
}

// bubbleNow is the time in a bubble, which begins in 2000, in a year that is later than all
// feeds and bounds.
func bubbleNow() time.Time { return time.Now().AddDate(27, 0, 0) }

// testRetries is MaxRetries in tests.
const testRetries = 3

func newReader(t *testing.T, transport http.RoundTripper, edits ...func(*compliance.Options)) *Reader {
	t.Helper()
	options := compliance.Options{
		APIKey:            fakeapi.Key,
		BaseURL:           "https://feed.example.com",
		UserAgent:         "test",
		RequestTimeout:    30 * time.Second,
		MaxRetries:        testRetries,
		RequestsPerMinute: 600,
		RequestsAtOnce:    4,
		Transport:         transport,
		Now:               bubbleNow,
	}
	for _, edit := range edits {
		edit(&options)
	}
	client, err := compliance.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return New(client)
}

// result is what a read came to.
type result struct {
	pages    []*Page // in the direction of the walk
	restarts int
	err      error
}

func read(pages iter.Seq2[*Page, error]) result {
	var r result
	for page, err := range pages {
		if err != nil {
			r.err = err
			continue // an error must be the last that comes
		}
		if r.err != nil {
			panic("a page came after an error")
		}
		if page.Restart {
			r.pages = nil
			r.restarts++
		}
		r.pages = append(r.pages, page)
	}
	slices.SortStableFunc(r.pages, (*Page).Compare)
	return r
}

// ids are those of all activities in the direction of the walk.
func (r result) ids() []string {
	ids := []string{}
	for _, page := range r.pages {
		for _, activity := range page.Activities {
			ids = append(ids, activity.ID)
		}
	}
	return ids
}

// ordered are the ids in result order: for a walk from BeforeID, every page stands
// before the one that came before it.
func (r result) ordered(query Query) []string {
	if query.BeforeID != "" {
		slices.Reverse(r.pages)
		defer slices.Reverse(r.pages)
	}
	return r.ids()
}

func (r result) lastPage() *Page { return r.pages[len(r.pages)-1] }

// mustBe fails the test unless the read was complete, with exactly these ids.
func (r result) mustBe(t *testing.T, want []string) {
	t.Helper()
	if r.err != nil {
		t.Fatalf("got error %v, want %d activities", r.err, len(want))
	}
	equal(t, "ids", r.ids(), want)
}

// readError fails the test unless the read ended with a [*ReadError].
func (r result) readError(t *testing.T) *ReadError {
	t.Helper()
	var failed *ReadError
	if !errors.As(r.err, &failed) {
		t.Fatalf("got error %v (%[1]T) after %d pages, want a *ReadError", r.err, len(r.pages))
	}
	return failed
}

// errorAs returns the error of type T in a chain, and fails the test where there is none.
func errorAs[T error](t *testing.T, err error) T {
	t.Helper()
	var target T
	if !errors.As(err, &target) {
		t.Fatalf("got error %v (%[1]T), want a %T", err, target)
	}
	return target
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %d %v, want %d %v", what, len(got), got, len(want), want)
	}
}

// step is one answer of a [script].
type step struct {
	status int      // 0 means 200
	header []string // names and values in turn
	body   string
	err    error // instead of an answer
}

// script is a server that gives one answer after the other and notes the requests. One
// request too many is an error that is not retried.
type script struct {
	steps []step

	mu       sync.Mutex
	requests []*http.Request
}

var errScriptEnded = errors.New("the script has ended")

func (s *script) RoundTrip(request *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
	if len(s.requests) > len(s.steps) {
		return answered(step{status: http.StatusTeapot, body: errScriptEnded.Error()}, request), nil
	}
	next := s.steps[len(s.requests)-1]
	if next.err != nil {
		return nil, next.err
	}
	return answered(next, request), nil
}

func answered(s step, request *http.Request) *http.Response {
	header := http.Header{}
	header.Set("request-id", "req_test")
	for i := 0; i < len(s.header); i += 2 {
		header.Set(s.header[i], s.header[i+1])
	}
	status := s.status
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(s.body)), Request: request}
}

// pageOf is the body of a page. A cursor that is "" is null.
func pageOf(hasMore bool, firstID, lastID string, activities ...string) string {
	cursor := func(id string) string {
		if id == "" {
			return "null"
		}
		return fmt.Sprintf("%q", id)
	}
	return fmt.Sprintf(`{"data":[%s],"has_more":%t,"first_id":%s,"last_id":%s}`, strings.Join(activities, ","), hasMore, cursor(firstID), cursor(lastID))
}

// emptyPage is the body of the only page of an empty feed.
var emptyPage = pageOf(false, "", "")

// walkWith reads all that a script has to give.
func walkWith(t *testing.T, s *script, query Query, edits ...func(*compliance.Options)) result {
	t.Helper()
	return read(newReader(t, s, edits...).Pages(t.Context(), query))
}

// after is a context with a deadline in the bubble.
func after(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func jsonString(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}
