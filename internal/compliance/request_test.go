package compliance

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// limitsOf are the page sizes that requests ask for.
func limitsOf(api *fakeapi.API) (limits []string) {
	for _, request := range api.Requests() {
		limits = append(limits, request.Query.Get("limit"))
	}
	return limits
}

// TestSmallerPages asks for half as many activities after each failure that fewer may mend,
// and for as many as before after any other.
func TestSmallerPages(t *testing.T) {
	t.Parallel()
	hang, half := fakeapi.Hang(), []string{"400", "200", "100"}
	for name, test := range map[string]struct {
		size   int
		fault  fakeapi.Fault
		times  int
		limits []string
		waits  bool
	}{
		"no answer":                {400, hang, 2, half, true},
		"a body that stands still": {400, fakeapi.HangBody(50), 2, half, true},
		"504":                      {400, fakeapi.Status(504, "timeout_error", "m"), 2, half, true},
		"504 of a proxy":           {400, fakeapi.HTML(504), 2, half, true},
		"413":                      {400, fakeapi.Status(413, "request_too_large", "m"), 2, half, false},
		"413 not to retry":         {400, fakeapi.Status(413, "request_too_large", "m", "x-should-retry", "false"), 2, half, false},
		"too large":                {400, fakeapi.GzipBomb(65 << 20), 2, half, false},
		"not below 50":             {120, fakeapi.HTML(504), 3, []string{"120", "60", "50", "50"}, true},
		"less than 50":             {20, fakeapi.HTML(504), 2, []string{"20", "20", "20"}, true},
		"overloaded":               {400, fakeapi.Overloaded(), 2, []string{"400", "400", "400"}, true},
		"503":                      {400, fakeapi.HTML(503), 2, []string{"400", "400", "400"}, true},
		"closed":                   {400, fakeapi.CloseBeforeHeader(), 2, []string{"400", "400", "400"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(500)
				api.Inject(fakeapi.First(test.times), test.fault)
				client := newClient(t, api.Transport())
				started := time.Now()
				answer, err := client.Page(t.Context(), Request{PageSize: test.size})
				if err != nil {
					t.Fatal(err)
				}
				feedtest.Equal(t, "limits", limitsOf(api), test.limits)
				if want := 1 + test.times; answer.Attempts != want || len(answer.Activities) != answer.PageSize {
					t.Errorf("got %d activities of %d after %d attempts, want %d", len(answer.Activities), answer.PageSize, answer.Attempts, want)
				}
				if waited := time.Since(started) > 0; waited != test.waits {
					t.Errorf("got a wait: %t, want %t", waited, test.waits)
				}
			})
		})
	}
}

// TestTooHeavy has no size that the server could bear, or no attempt left to find it.
func TestTooHeavy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size, retries int
		fault         fakeapi.Fault
		limits        []string
	}{
		"attempts used up":              {5000, 2, fakeapi.HTML(504), []string{"5000", "2500", "1250"}},
		"no retries":                    {5000, 0, fakeapi.HTML(413), []string{"5000"}},
		"413 at the least":              {100, 9, fakeapi.HTML(413), []string{"100", "50"}},
		"too large at the least":        {100, 9, fakeapi.GzipBomb(65 << 20), []string{"100", "50"}},
		"504 that is not to be retried": {5000, 9, fakeapi.Status(504, "timeout_error", "m", "x-should-retry", "false"), []string{"5000"}},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(500)
				api.Inject(fakeapi.Always, test.fault)
				_, err := newClient(t, api.Transport(), func(o *Options) { o.MaxRetries = test.retries }).Page(t.Context(), Request{PageSize: test.size})
				failed := feedtest.ErrorAs[*RequestError](t, err)
				feedtest.Equal(t, "limits", limitsOf(api), test.limits)
				if last := test.limits[len(test.limits)-1]; failed.Attempts != len(test.limits) || fmt.Sprint(failed.PageSize) != last {
					t.Errorf("got %+v, want %d attempts, the last with %s", failed, len(test.limits), last)
				}
			})
		})
	}
}

// TestRequestIsNotChanged sends a request's parameters with a limit beside them.
func TestRequestIsNotChanged(t *testing.T) {
	feedtest.InBubble(t, func(t *testing.T) {
		s := &feedtest.Script{Steps: []feedtest.Step{{Status: http.StatusGatewayTimeout}, {Body: feedtest.EmptyPage}}}
		request := Request{Parameters: map[string][]string{"order": {"asc"}}, PageSize: 100}
		if _, err := newClient(t, s).Page(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if got := s.Requests[1].URL.RawQuery; got != "limit=50&order=asc" || len(request.Parameters) != 1 {
			t.Errorf("got %s, and parameters %v afterwards", got, request.Parameters)
		}
	})
}
