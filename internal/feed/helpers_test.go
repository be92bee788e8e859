package feed

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

var seed = flag.Uint64("seed", rand.Uint64(), "of the property tests")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// rounds is how many inputs a property test tries.
func rounds(n int) int {
	if testing.Short() {
		return n / 5
	}
	return n
}

// testRetries is MaxRetries in tests.
const testRetries = 3

// bubbleNow is the time in a bubble, which begins in 2000, in a year that is later than all feeds
// and bounds.
func bubbleNow() time.Time { return time.Now().AddDate(27, 0, 0) }

// newFake has the clock of [bubbleNow].
func newFake(n int, edits ...func(*fakeapi.Options)) *fakeapi.API {
	return feedtest.NewFake(n, append([]func(*fakeapi.Options){func(o *fakeapi.Options) { o.Now = bubbleNow }}, edits...)...)
}

// reader reads with a client.
type reader struct{ *compliance.Client }

func newReader(t *testing.T, transport http.RoundTripper, edits ...func(*compliance.Options)) reader {
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
		Getenv:            func(string) string { return "" },
		Now:               bubbleNow,
		Logger:            slog.New(slog.DiscardHandler),
	}
	for _, edit := range edits {
		edit(&options)
	}
	client, err := compliance.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return reader{client}
}

func atOnce(n int) func(*compliance.Options) {
	return func(o *compliance.Options) { o.RequestsAtOnce, o.RequestsPerMinute = n, 0 }
}

// sink keeps all that it is given.
type sink struct {
	batches []Batch
	begun   int
	enough  int // batches, after which it takes no more; 0 for never
}

var errEnough = errors.New("enough")

func (s *sink) Begin() { s.batches, s.begun = nil, s.begun+1 }

func (s *sink) Add(batch Batch) error {
	s.batches = append(s.batches, batch)
	if len(s.batches) == s.enough {
		return errEnough
	}
	return nil
}

// outcome is what a read came to.
type outcome struct {
	Result
	sink
	err error
}

func (r reader) outcome(ctx context.Context, request Request) (o outcome) {
	o.Result, o.err = Read(ctx, r.Client, request, &o.sink)
	return o
}

// inOnePiece is a read that is never divided.
func (r reader) inOnePiece(ctx context.Context, request Request) (o outcome) {
	o.Result, o.err = newRead(r.Client, request, &o.sink, false).run(ctx)
	return o
}

// scriptOf answers with these bodies.
func scriptOf(bodies ...string) *feedtest.Script {
	s := &feedtest.Script{}
	for _, body := range bodies {
		s.Steps = append(s.Steps, feedtest.Step{Body: body})
	}
	return s
}

// readScript reads all that a script has to give.
func readScript(t *testing.T, s *feedtest.Script, request Request) outcome {
	t.Helper()
	return newReader(t, s).outcome(t.Context(), request)
}

// ids are those of all activities in the API's order.
func (o outcome) ids() []string {
	batches := slices.Clone(o.batches)
	slices.SortFunc(batches, func(a, b Batch) int { return a.Position.Compare(b.Position) })
	ids := []string{}
	for _, batch := range batches {
		for _, activity := range batch.Activities {
			ids = append(ids, activity.ID)
		}
	}
	return ids
}

// mustBe fails the test unless the read was complete, with exactly these ids.
func (o outcome) mustBe(t *testing.T, want []string) outcome {
	t.Helper()
	if o.err != nil {
		t.Fatalf("got error %v, want %d activities", o.err, len(want))
	}
	feedtest.Equal(t, "ids", o.ids(), want)
	return o
}

// mustBeAs fails the test unless the read came to the same as another one.
func (o outcome) mustBeAs(t *testing.T, want outcome) {
	t.Helper()
	if want.err != nil {
		t.Fatalf("-seed=%d: %v", *seed, want.err)
	}
	if o.err != nil || !slices.Equal(o.ids(), want.ids()) {
		t.Fatalf("-seed=%d: got %d activities and %v, want these %d", *seed, len(o.ids()), o.err, len(want.ids()))
	}
	type ends struct {
		first, last string
		more        bool
		excepted    int
	}
	if got, want := (ends{o.FirstID, o.LastID, o.HasMore, o.Excepted}), (ends{want.FirstID, want.LastID, want.HasMore, want.Excepted}); got != want {
		t.Errorf("-seed=%d: got %+v, want %+v", *seed, got, want)
	}
}

// mustFail fails the test unless the read ended with a [*ReadError].
func (o outcome) mustFail(t *testing.T) *ReadError {
	t.Helper()
	return feedtest.ErrorAs[*ReadError](t, o.err)
}

// oldestFirst are ids in the other order.
func oldestFirst(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

// inOrder are the ids of n records in an order.
func inOrder(order Order, n int) []string {
	if order == OldestFirst {
		return oldestFirst(feedtest.IDs(n))
	}
	return feedtest.IDs(n)
}

// numberOf is the n of [feedtest.ID].
func numberOf(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "activity_"))
	if err != nil {
		panic(err)
	}
	return n
}

func since(at time.Time) timerange.Bounds { return timerange.Bounds{GTE: &at} }

func between(from, to time.Time) timerange.Bounds { return timerange.Bounds{GTE: &from, LT: &to} }

var bothOrders = []Order{NewestFirst, OldestFirst}
