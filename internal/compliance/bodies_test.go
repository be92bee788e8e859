package compliance

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// TestLargeBodies reads bodies far beyond the limit, and some without an end, in memory that
// is a small multiple of it. It is not parallel to others, since it measures.
func TestLargeBodies(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault fakeapi.Fault
	}{
		{"2 GiB", fakeapi.HugePage(2 << 30)},
		{"endless", fakeapi.HugePage(math.MaxInt64)},
		{"gzip bomb", fakeapi.GzipBomb(1 << 40)},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newFake(0)
			api.Inject(fakeapi.Always, test.fault)
			client := newClient(t, api.Transport(), func(o *Options) { o.MaxRetries = 0 })
			var before, afterwards runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			got := follow(t.Context(), client, 0)
			took := time.Since(started)
			runtime.ReadMemStats(&afterwards)
			if allocated := afterwards.TotalAlloc - before.TotalAlloc; allocated > 16*MaxPageBytes {
				t.Errorf("got %d MiB allocated in all, want less than 16 times the limit", allocated>>20)
			}
			if took > time.Minute {
				t.Errorf("got an end after %v, want it soon", took)
			}
			if len(api.Requests()) != 1 {
				t.Errorf("got %d requests, want 1", len(api.Requests()))
			}
			if failed := feedtest.ErrorAs[*PageError](t, got.err); failed.Fault != TooLarge || failed.RequestID == "" {
				t.Errorf("got %+v, want it too large", failed)
			}
		})
	}
}

// TestPageOfExactlyTheLimit is accepted, and one byte more is not.
func TestPageOfExactlyTheLimit(t *testing.T) {
	for more, refused := range map[int]bool{0: false, 1: true} {
		padding := MaxPageBytes - len(feedtest.EmptyPage) + more
		transport := feedtest.RoundTripper(func(request *http.Request) (*http.Response, error) {
			response := feedtest.Step{}.Answer(request)
			body := io.MultiReader(io.LimitReader(spaces{}, int64(padding)), strings.NewReader(feedtest.EmptyPage))
			response.Body = io.NopCloser(body)
			return response, nil
		})
		got := follow(t.Context(), newClient(t, transport), 0)
		if (got.err != nil) != refused {
			t.Errorf("%d bytes more: got error %v, want one: %t", more, got.err, refused)
		}
	}
}

// spaces never ends.
type spaces struct{}

var someSpaces = bytes.Repeat([]byte{' '}, 32<<10)

func (spaces) Read(p []byte) (int, error) { return copy(p, someSpaces), nil }

// TestErrorBodies keeps the status of an answer, and of its body what fits or came.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	const cut = `{"error":{"type":"permission_error","mess`
	for name, test := range map[string]struct {
		fault fakeapi.Fault
		want  string
	}{
		"endless": {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(403)
			_, _ = io.CopyN(w, spaces{}, 1<<40) // fails when the client has read enough
		}, ""},
		"broken off": {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(403)
			_, _ = io.WriteString(w, cut)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, cut},
	} {
		t.Run(name, func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) {
				api := newFake(0)
				api.Inject(fakeapi.Always, test.fault)
				failed := feedtest.ErrorAs[*StatusError](t, follow(t.Context(), newClient(t, feedtest.Uncompressed(api)), 0).err)
				if failed.Status != 403 || failed.Message != test.want {
					t.Errorf("got %+v, want status 403 and %q", failed, test.want)
				}
			})
		})
	}
}
