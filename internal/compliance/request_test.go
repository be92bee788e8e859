package compliance

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// TestSmallerPages asks for half as many activities after each failure that fewer may mend,
// and for as many as before after any other, until there is no attempt left, or no size that
// the server could bear.
func TestSmallerPages(t *testing.T) {
	const always = 99
	refused := []string{"x-should-retry", "false"}
	html, hang := fakeapi.HTML(504), fakeapi.Hang
	half, same := []string{"400", "200", "100"}, []string{"400", "400", "400"}
	type test struct {
		size    int
		fault   fakeapi.Fault
		times   int
		retries int
		limits  []string
		waits   bool
	}
	inBubbles(t, map[string]test{
		"no answer":                {400, hang, 2, 3, half, true},
		"a body that stands still": {400, fakeapi.HangBody(50), 2, 3, half, true},
		"504":                      {400, fakeapi.Status(504, "timeout_error", "m"), 2, 3, half, true},
		"504 of a proxy":           {400, html, 2, 3, half, true},
		"413":                      {400, fakeapi.HTML(413), 2, 3, half, false},
		"413 not to retry":         {400, fakeapi.Status(413, "request_too_large", "m", refused...), 2, 3, half, false},
		"too large":                {400, endless, 2, 3, half, false},
		"not below 50":             {120, html, 3, 3, []string{"120", "60", "50", "50"}, true},
		"less than 50":             {20, html, 2, 3, []string{"20", "20", "20"}, true},
		"overloaded":               {400, fakeapi.Status(529, "overloaded_error", "Overloaded"), 2, 3, same, true},
		"503":                      {400, fakeapi.HTML(503), 2, 3, same, true},
		"closed":                   {400, fakeapi.CloseBeforeHeader, 2, 3, same, true},

		"attempts used up":       {400, html, always, 2, half, true},
		"no retries":             {400, fakeapi.HTML(413), always, 0, []string{"400"}, false},
		"413 at the least":       {100, fakeapi.HTML(413), always, 9, []string{"100", "50"}, false},
		"too large at the least": {100, endless, always, 9, []string{"100", "50"}, false},
		"504 not to retry":       {400, fakeapi.Status(504, "timeout_error", "m", refused...), always, 9, []string{"400"}, false},
	}, func(t *testing.T, _ string, test test) {
		api := feedtest.NewFake(500)
		api.Inject(fakeapi.Times(test.times, fakeapi.Always), test.fault)
		client := newClient(t, api.Transport(), func(o *Options) { o.MaxRetries = test.retries })
		started := time.Now()
		parameters := url.Values{"order": {"asc"}}
		answer, err := client.Page(t.Context(), Request{Parameters: parameters, PageSize: test.size})
		queries, want := []string{}, []string{}
		for _, request := range api.Requests() {
			queries = append(queries, request.URL.RawQuery)
		}
		for _, limit := range test.limits {
			want = append(want, "limit="+limit+"&order=asc")
		}
		feedtest.Equal(t, "queries", queries, want)
		if len(parameters) != 1 {
			t.Errorf("got %v afterwards, want the request unchanged", parameters)
		}
		var attempts, size int
		if test.times == always {
			failed := feedtest.ErrorAs[*RequestError](t, err)
			attempts, size = failed.Attempts, failed.PageSize
		} else if err != nil {
			t.Fatal(err)
		} else if attempts, size = answer.Attempts, answer.PageSize; len(answer.Activities) != size {
			t.Errorf("got %d activities of %d", len(answer.Activities), size)
		}
		if last := test.limits[len(test.limits)-1]; attempts != len(test.limits) || fmt.Sprint(size) != last {
			t.Errorf("got %d attempts, the last with %d, want %d, the last with %s", attempts, size, len(test.limits), last)
		}
		if waited := time.Since(started) > 0; waited != test.waits {
			t.Errorf("got a wait: %t, want %t", waited, test.waits)
		}
	})
}
