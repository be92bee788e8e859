package compliance

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// newFake has the clock of the client.
func newFake(n int, edits ...func(*fakeapi.Options)) *fakeapi.API {
	return feedtest.NewFake(n, append([]func(*fakeapi.Options){func(o *fakeapi.Options) { o.Now = nil }}, edits...)...)
}

// testRetries is MaxRetries in tests.
const testRetries = 3

func newClient(t *testing.T, transport http.RoundTripper, edits ...func(*Options)) *Client {
	t.Helper()
	options := Options{
		APIKey:            fakeapi.Key,
		BaseURL:           "https://feed.example.com",
		UserAgent:         "test",
		RequestTimeout:    30 * time.Second,
		MaxRetries:        testRetries,
		RequestsPerMinute: 600,
		RequestsAtOnce:    4,
		Transport:         transport,
	}
	for _, edit := range edits {
		edit(&options)
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// result is what requests for one page after the other came to.
type result struct {
	pages []*Answer
	err   error
}

// follow asks for pages until there are no more, and calls a function after each.
func follow(ctx context.Context, c *Client, pageSize int, after ...func(page int)) (r result) {
	request := Request{Parameters: url.Values{}, PageSize: cmp.Or(pageSize, MaxPageSize), Number: 1}
	for more := true; more; request.Number++ {
		answer, err := c.Page(ctx, request)
		if err != nil {
			r.err = err
			return r
		}
		r.pages = append(r.pages, answer)
		for _, do := range after {
			do(request.Number)
		}
		request.Parameters.Set("after_id", answer.LastID)
		more = answer.HasMore
	}
	return r
}

// followScript asks for all that a script has to give.
func followScript(t *testing.T, s *feedtest.Script, edits ...func(*Options)) result {
	t.Helper()
	return follow(t.Context(), newClient(t, s, edits...), 0)
}

// ids are those of all activities in the order of arrival.
func (r result) ids() []string {
	ids := []string{}
	for _, page := range r.pages {
		for _, activity := range page.Activities {
			ids = append(ids, activity.ID)
		}
	}
	return ids
}

// mustBe fails the test unless all pages came, with exactly these ids.
func (r result) mustBe(t *testing.T, want []string) {
	t.Helper()
	if r.err != nil {
		t.Fatalf("got error %v, want %d activities", r.err, len(want))
	}
	feedtest.Equal(t, "ids", r.ids(), want)
}

// failure fails the test unless a request failed.
func (r result) failure(t *testing.T) *RequestError {
	t.Helper()
	return feedtest.ErrorAs[*RequestError](t, r.err)
}

// gaps are the times between the requests of a script.
func gaps(s *feedtest.Script) []time.Duration {
	gaps := []time.Duration{}
	for i := 1; i < len(s.Times); i++ {
		gaps = append(gaps, s.Times[i].Sub(s.Times[i-1]))
	}
	return gaps
}
