package compliance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// testRoots has the certificate of all servers of httptest.
var testRoots = sync.OnceValue(func() *x509.CertPool {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
})

// socketClient is a client with the connections that it has in earnest, and the system's
// environment and certificates replaced.
func socketClient(t *testing.T, base string, edits ...func(*Options)) *Client {
	t.Helper()
	client := newClient(t, nil, append([]func(*Options){
		func(o *Options) { o.BaseURL, o.RequestsAtOnce = base, 8 }, environment(), withRoots(testRoots()),
	}, edits...)...)
	t.Cleanup(func() { client.connections.current.closeIdle() })
	return client
}

// environment has these variables, names and values in turn, and no others.
func environment(variables ...string) func(*Options) {
	return func(o *Options) {
		o.Getenv = func(name string) string {
			for i := 0; i < len(variables); i += 2 {
				if variables[i] == name {
					return variables[i+1]
				}
			}
			return ""
		}
	}
}

// edited has something else in its transports.
func edited(edit func(*http.Transport)) func(*Options) {
	return func(o *Options) {
		before := o.editTransport
		o.editTransport = func(transport *http.Transport) {
			if before != nil {
				before(transport)
			}
			edit(transport)
		}
	}
}

func withRoots(roots *x509.CertPool) func(*Options) {
	return edited(func(t *http.Transport) { t.TLSClientConfig.RootCAs = roots })
}

func noRetries(o *Options) { o.MaxRetries = 0 }

// sideBySide runs subtests at the same time, more of them than there are processors:
// they wait most of the time. wait has to be called at the end.
func sideBySide(t *testing.T) (run func(string, func(*testing.T)), wait func()) {
	t.Helper()
	var running sync.WaitGroup
	return func(name string, test func(*testing.T)) { running.Go(func() { t.Run(name, test) }) }, running.Wait
}

// connectionFailure is the failure that a request ends with.
func connectionFailure(t *testing.T, client *Client) (*ConnectionError, *RequestError) {
	t.Helper()
	failed := follow(t.Context(), client, 0).failure(t)
	return feedtest.ErrorAs[*ConnectionError](t, failed), failed
}

// versions are the two ways to speak HTTP over TLS.
var versions = map[string]func(*httptest.Server){
	"HTTP/1.1": func(*httptest.Server) {},
	"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true },
}

// relay passes bytes on between clients and a server, whatever they say, until it is told
// otherwise.
type relay struct {
	net.Listener
	mu       sync.Mutex
	conns    []*relayed
	accepted int
}

// relayed is a connection of a relay. A dead one stays open and passes on nothing.
type relayed struct {
	client, server net.Conn
	dead           atomic.Bool
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				return
			}
			c := &relayed{client: client, server: upstream}
			r.mu.Lock()
			r.conns = append(r.conns, c)
			r.accepted++
			r.mu.Unlock()
			running.Go(func() { c.pass(c.server, c.client) })
			running.Go(func() { c.pass(c.client, c.server) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		r.each((*relayed).close)
		running.Wait()
	})
	return r
}

func (c *relayed) pass(to, from net.Conn) {
	some := make([]byte, 32<<10)
	for {
		n, err := from.Read(some)
		if c.dead.Load() {
			if err != nil {
				return
			}
			continue
		}
		if n > 0 {
			_, _ = to.Write(some[:n])
		}
		if err != nil {
			c.close()
			return
		}
	}
}

func (c *relayed) close() {
	c.client.Close()
	c.server.Close()
}

func (r *relay) each(do func(*relayed)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		do(c)
	}
}

// deaden makes all connections that are there silent.
func (r *relay) deaden() { r.each(func(c *relayed) { c.dead.Store(true) }) }

// sever closes them.
func (r *relay) sever() { r.each((*relayed).close) }

func (r *relay) connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accepted
}

// TestConnectionsThatFail has a connection go silent, or close, at any point of a read
// over both versions of HTTP. One more attempt is enough, and the result is complete.
func TestConnectionsThatFail(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	half := func(harm func()) fakeapi.Fault {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			recorder := httptest.NewRecorder()
			r.Header.Del("Accept-Encoding")
			next.ServeHTTP(recorder, r)
			body := recorder.Body.Bytes()
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond) // until it is there
			harm()
			_, _ = w.Write(body[len(body)/2:])
		}
	}
	whole := func(harm func()) fakeapi.Fault {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			harm()
			next.ServeHTTP(w, r)
		}
	}
	for version, edit := range versions {
		for harm, do := range map[string]func(*relay){"silent": (*relay).deaden, "closed": (*relay).sever} {
			for place, fault := range map[string]func(func()) fakeapi.Fault{"before an answer": whole, "in an answer": half, "after an answer": nil} {
				run(version+"/"+harm+" "+place, func(t *testing.T) {
					server, api := newTLSServer(t, edit)
					api.Add(feedtest.Records(9)[3:]...)
					r := newRelay(t, server.Listener.Addr().String())
					client := socketClient(t, "https://"+r.Addr().String(), func(o *Options) { o.RequestTimeout, o.MaxRetries = 2*time.Second, 1 })
					if fault != nil {
						api.Inject(fakeapi.Nth(2), fault(func() { do(r) }))
					}
					follow(t.Context(), client, 4, func(page int) {
						if fault == nil && page == 1 {
							do(r)
						}
					}).mustBe(t, feedtest.IDs(9))
					if got := r.connections(); got != 2 {
						t.Errorf("got %d connections, want 2", got)
					}
				})
			}
		}
	}
}

// TestHTTP2 has a server end connections and streams. One more attempt, at the same cursor,
// is enough; where net/http may send the request again by itself, none is needed.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   fakeapi.Fault
		retries int
		cause   Cause // where there are no retries
		stage   Stage
	}{
		"GOAWAY":                   {fakeapi.Headers("connection", "close"), 0, "", 0},
		"RST_STREAM":               {fakeapi.CloseBeforeHeader(), 1, GivenUp, AtRequest},
		"RST_STREAM in the answer": {fakeapi.CutBody(100), 1, GivenUp, AtAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, api := newTLSServer(t, versions["HTTP/2"])
			api.Add(feedtest.Records(7)[3:]...)
			api.Inject(fakeapi.Nth(2), test.fault)
			client := socketClient(t, server.URL, func(o *Options) { o.MaxRetries = test.retries })
			follow(t.Context(), client, 3).mustBe(t, feedtest.IDs(7))
			if test.cause == "" {
				return
			}
			api.Inject(fakeapi.Always, test.fault)
			if got, _ := connectionFailure(t, client); got.Cause != test.cause || got.Stage != test.stage || got.Code != "INTERNAL_ERROR" || got.Timeout != 0 {
				t.Errorf("got %+v, want %s", got, test.cause)
			}
		})
	}
}

// TestPing has a connection go silent where the request would wait much longer.
func TestPing(t *testing.T) {
	t.Parallel()
	server, api := newTLSServer(t, versions["HTTP/2"])
	r := newRelay(t, server.Listener.Addr().String())
	api.Inject(fakeapi.Always, func(w http.ResponseWriter, request *http.Request, next http.Handler) {
		r.deaden()
		next.ServeHTTP(w, request)
	})
	client := socketClient(t, "https://"+r.Addr().String(), noRetries, func(o *Options) { o.RequestTimeout = time.Hour }, edited(func(t *http.Transport) {
		if total := t.HTTP2.SendPingTimeout + t.HTTP2.PingTimeout; total <= 0 || total > 20*time.Second {
			panic(fmt.Sprintf("a dead connection is given up after %v, want at most 20s", total))
		}
		t.HTTP2.SendPingTimeout, t.HTTP2.PingTimeout = 50*time.Millisecond, 50*time.Millisecond
	}))
	if got, _ := connectionFailure(t, client); got.Cause != NoPing || got.Stage != AtRequest || got.Timeout != 0 {
		t.Errorf("got %+v, want the ping without an answer", got)
	}
}

// TestLongQueries has a server refuse a query for its length by ending the connection, as
// nginx does, and refuse one in the middle of a read, where its length cannot be the reason.
func TestLongQueries(t *testing.T) {
	t.Parallel()
	long := Request{Parameters: url.Values{"actor_ids[]": {strings.Repeat("x", 12_000)}}, PageSize: 3, Number: 1}
	server, api := newTLSServer(t, func(s *httptest.Server) {
		versions["HTTP/2"](s)
		s.Config.MaxHeaderBytes = 1000
	})
	_, err := socketClient(t, server.URL).Page(t.Context(), long)
	if got, failed := feedtest.ErrorAs[*ConnectionError](t, err), feedtest.ErrorAs[*RequestError](t, err); got.QueryLength < LongQuery || failed.Attempts != 1 || len(api.Requests()) > 0 {
		t.Errorf("got %+v after %d attempts, want the length of the query after 1", got, failed.Attempts)
	}
	s := &feedtest.Script{Steps: []feedtest.Step{
		{Err: errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\"\"")},
		{Body: feedtest.EmptyPage},
		{Err: errors.New("stream error: stream ID 3; ENHANCE_YOUR_CALM; received from peer")},
		{Body: feedtest.EmptyPage},
	}}
	client := newClient(t, s)
	for range 2 {
		if answer, err := client.Page(t.Context(), long); err != nil || answer.Attempts != 2 {
			t.Errorf("got %+v and error %v, want a page after 2 attempts", answer, err)
		}
	}
	s.Steps = append(s.Steps, s.Steps[2])
	long.Parameters.Add("actor_ids[]", strings.Repeat("x", 12_000)) // longer than what was answered
	_, err = client.Page(t.Context(), long)
	if got := feedtest.ErrorAs[*ConnectionError](t, err); got.QueryLength < 24_000 || got.Cause != GivenUp || got.Code != "ENHANCE_YOUR_CALM" {
		t.Errorf("got %+v, want the length of the query", got)
	}
}

// TestLongestQuery loses none of the answers that come at once.
func TestLongestQuery(t *testing.T) {
	t.Parallel()
	client := newClient(t, nil)
	var all sync.WaitGroup
	for length := range 2000 {
		all.Go(func() { client.answered(length) })
	}
	all.Wait()
	if got := client.answered(0); got != 1999 {
		t.Errorf("got %d, want 1999", got)
	}
}

// TestConnecting tells the steps of connecting apart, also where the request's own
// timeout ends one of them.
func TestConnecting(t *testing.T) {
	t.Parallel()
	const short = 50 * time.Millisecond
	silent := newSilent(t)
	for name, test := range map[string]struct {
		edit    func(*http.Transport)
		timeout time.Duration
		want    ConnectionError
	}{
		"a handshake without an answer":  {func(t *http.Transport) { t.TLSHandshakeTimeout = short }, time.Minute, ConnectionError{Stage: AtTLS}},
		"a handshake beyond the request": {func(*http.Transport) {}, short, ConnectionError{Stage: AtTLS, Timeout: short}},
		"a connection that takes too long": {func(t *http.Transport) {
			t.DialContext = (&net.Dialer{Timeout: time.Nanosecond}).DialContext
		}, time.Minute, ConnectionError{Stage: AtConnection}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := socketClient(t, "https://"+silent, noRetries, edited(test.edit), func(o *Options) { o.RequestTimeout = test.timeout })
			got, _ := connectionFailure(t, client)
			if got.Cause != TimedOut || got.Stage != test.want.Stage || got.Timeout != test.want.Timeout || TooHeavy(got) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// newSilent is the address of somebody who listens and says nothing.
func newSilent(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
			})
		}
	})
	t.Cleanup(func() { listener.Close(); conns.Wait() })
	return listener.Addr().String()
}

// TestCancelledRequestsKeepConnections where a reader left.
func TestCancelledRequestsKeepConnections(t *testing.T) {
	t.Parallel()
	server, api := newTLSServer(t, versions["HTTP/2"])
	client := socketClient(t, server.URL, noRetries)
	before := client.connections.take()
	ctx, cancel := context.WithCancel(t.Context())
	api.Inject(fakeapi.Always, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		cancel()
		<-r.Context().Done()
	})
	if err := follow(ctx, client, 0).err; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the read cancelled", err)
	}
	if client.connections.take() != before {
		t.Error("got new connections after a read that was cancelled")
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for version, edit := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server, api := newTLSServer(t, edit)
			protocol := ""
			api.Inject(fakeapi.Always, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				protocol = r.Proto
				next.ServeHTTP(w, r)
			})
			follow(t.Context(), socketClient(t, server.URL), 0).mustBe(t, feedtest.IDs(3))
			if !strings.HasPrefix(protocol, version) {
				t.Errorf("got %s, want %s", protocol, version)
			}
		})
	}
	t.Run("1.1 is too old", func(t *testing.T) {
		t.Parallel()
		server, api := newTLSServer(t, func(s *httptest.Server) {
			s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		})
		got, _ := connectionFailure(t, socketClient(t, server.URL, noRetries))
		if got.Cause != TLSAlert || !strings.Contains(got.Detail, "protocol version") || got.Stage != AtTLS || len(api.Requests()) > 0 {
			t.Errorf("got %+v, want the protocol version refused", got)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		server := fakeapi.NewServer(fakeapi.Options{})
		t.Cleanup(server.Close)
		got, _ := connectionFailure(t, socketClient(t, "https"+strings.TrimPrefix(server.URL, "http"), noRetries))
		if got.Cause != NotTLS || got.Stage != AtTLS || len(server.Requests()) > 0 {
			t.Errorf("got %+v, want it without TLS", got)
		}
	})
}
