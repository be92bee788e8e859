package compliance

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// inBubbles runs the tests of a table, each in a bubble of its own.
func inBubbles[K comparable, T any](t *testing.T, tests map[K]T, run func(t *testing.T, key K, test T)) {
	t.Helper()
	t.Parallel()
	for key, test := range tests {
		t.Run(fmt.Sprint(key), func(t *testing.T) {
			feedtest.InBubble(t, func(t *testing.T) { run(t, key, test) })
		})
	}
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
		Getenv:            func(string) string { return "" },
		Now:               time.Now,
		Logger:            slog.New(slog.DiscardHandler),
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

// connectionFailure is the failure that a request ends with.
func connectionFailure(t *testing.T, client *Client) (*ConnectionError, *RequestError) {
	t.Helper()
	failed := follow(t.Context(), client, 0).failure(t)
	return feedtest.ErrorAs[*ConnectionError](t, failed), failed
}

// gaps are the times between the requests of a script.
func gaps(s *feedtest.Script) []time.Duration {
	gaps := []time.Duration{}
	for i := 1; i < len(s.Times); i++ {
		gaps = append(gaps, s.Times[i].Sub(s.Times[i-1]))
	}
	return gaps
}

// testRoots has the certificate of all servers of httptest.
var testRoots = sync.OnceValue(func() *x509.CertPool {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
})

// socketClient is a client with the connections that it has in earnest, and the system's
// environment and certificates replaced.
func socketClient(t *testing.T, base string, edits ...func(*Options)) *Client {
	t.Helper()
	client := newClient(t, nil, append([]func(*Options){func(o *Options) { o.BaseURL, o.RequestsAtOnce = base, 8 }}, edits...)...)
	client.editTransport(func(t *http.Transport) { t.TLSClientConfig.RootCAs = testRoots() })
	t.Cleanup(func() { client.connections.current.Load().CloseIdleConnections() })
	return client
}

// editTransport has something else in the connections of a client that has none yet.
func (c *Client) editTransport(edit func(*http.Transport)) *Client {
	fresh := c.connections.fresh
	c.connections.fresh = func() *http.Client {
		client := fresh()
		edit(client.Transport.(*http.Transport))
		return client
	}
	c.connections.current.Store(c.connections.fresh())
	return c
}

// through has a proxy in the environment.
func through(proxy string) func(*Options) {
	return func(o *Options) {
		o.Getenv = func(name string) string { return map[string]string{"HTTPS_PROXY": proxy}[name] }
	}
}

func noRetries(o *Options) { o.MaxRetries = 0 }

// versions are the two ways to speak HTTP over TLS.
var versions = map[string]func(*httptest.Server){
	"HTTP/1.1": func(*httptest.Server) {},
	"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true },
}

// newTLSServer is the fake behind TLS.
func newTLSServer(t *testing.T, edit func(*httptest.Server)) (*httptest.Server, *fakeapi.API) {
	t.Helper()
	api := feedtest.NewFake(3)
	server := httptest.NewUnstartedServer(api)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	edit(server)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, api
}

// sideBySide runs subtests at the same time, more of them than there are processors:
// they wait most of the time. wait has to be called at the end.
func sideBySide(t *testing.T) (run func(string, func(*testing.T)), wait func()) {
	t.Helper()
	var running sync.WaitGroup
	return func(name string, test func(*testing.T)) { running.Go(func() { t.Run(name, test) }) }, running.Wait
}

// listen serves connections on loopback until the test ends.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		running sync.WaitGroup
		open    []net.Conn
	)
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open = append(open, conn)
			running.Go(func() { defer conn.Close(); serve(conn) })
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-accepting
		for _, conn := range open {
			conn.Close()
		}
		running.Wait()
	})
	return listener.Addr().String()
}

// silent listens and says nothing.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// relay passes bytes on between a client and a server, whatever they say.
type relay struct {
	client, server net.Conn
	dead           atomic.Bool // it stays open to the client and passes on nothing
}

// run returns when either side has ended.
func (r *relay) run() {
	var both sync.WaitGroup
	both.Go(func() { r.pass(r.server, r.client) })
	both.Go(func() { r.pass(r.client, r.server) })
	both.Wait()
}

func (r *relay) pass(to, from net.Conn) {
	some := make([]byte, 32<<10)
	for {
		n, err := from.Read(some)
		dead := r.dead.Load()
		if !dead {
			_, _ = to.Write(some[:n])
		}
		if err != nil {
			if !dead || from == r.client {
				r.close()
			}
			return
		}
	}
}

func (r *relay) close() {
	r.client.Close()
	r.server.Close()
}

func (r *relay) deaden() { r.dead.Store(true) }
