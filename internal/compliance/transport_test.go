package compliance

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// testLimits are short, and long enough for a busy machine.
var testLimits = stepLimits{dial: 2 * time.Second, proxy: 2 * time.Second, tls: 2 * time.Second, ping: 500 * time.Millisecond}

// testRoots has the certificate of all servers of httptest.
var testRoots = sync.OnceValue(func() *x509.CertPool {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
})

// socketOptions are those of a transport that a test wants to be otherwise.
type socketOptions struct {
	environment map[string]string
	roots       *x509.CertPool
	limits      stepLimits
}

// socketClient is a client with the transport that it has in earnest, and the system's
// environment and certificates replaced.
func socketClient(t *testing.T, base string, edit func(*socketOptions), edits ...func(*Options)) *Client {
	t.Helper()
	options := socketOptions{roots: testRoots(), limits: testLimits}
	if edit != nil {
		edit(&options)
	}
	endpoint, err := ParseBaseURL(base)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := newTransport(endpoint, 8, func(name string) string { return options.environment[name] }, options.roots, options.limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { transport.retire(transport.current, errRefusedAgain) })
	return newClient(t, transport, append([]func(*Options){func(o *Options) { o.BaseURL, o.RequestsAtOnce = base, 8 }}, edits...)...)
}

// newSocketClient is one that tries once.
func newSocketClient(t *testing.T, base string, edits ...func(*Options)) *Client {
	t.Helper()
	return socketClient(t, base, nil, append([]func(*Options){noRetries}, edits...)...)
}

func noRetries(o *Options) { o.MaxRetries = 0 }

// sideBySide runs subtests at the same time, more of them than there are processors:
// they wait most of the time. wait has to be called at the end.
func sideBySide(t *testing.T) (run func(string, func(*testing.T)), wait func()) {
	t.Helper()
	var running sync.WaitGroup
	return func(name string, test func(*testing.T)) { running.Go(func() { t.Run(name, test) }) }, running.Wait
}

// connectionFailure reads and returns the failure that the read ends with.
func connectionFailure(t *testing.T, client *Client, query Query) (*ConnectionError, *ReadError) {
	t.Helper()
	failed := read(client.Pages(t.Context(), query)).readError(t)
	return errorAs[*ConnectionError](t, failed), failed
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
					api.Add(records(9)[3:]...)
					r := newRelay(t, server.Listener.Addr().String())
					client := socketClient(t, "https://"+r.Addr().String(), nil, func(o *Options) { o.RequestTimeout, o.MaxRetries = 2*time.Second, 1 })
					if fault != nil {
						api.Inject(fakeapi.Nth(2), fault(func() { do(r) }))
					}
					var ids []string
					for page, err := range client.Pages(t.Context(), Query{PageSize: 4}) {
						if err != nil {
							t.Fatal(err)
						}
						for _, activity := range page.Activities {
							ids = append(ids, activity.ID)
						}
						if fault == nil && len(ids) == 4 {
							do(r)
						}
					}
					equal(t, "ids", ids, idsOf(records(9)))
					if got := r.connections(); got != 2 {
						t.Errorf("got %d connections, want 2", got)
					}
				})
			}
		}
	}
}

// TestManyReadsOnDeadConnections has everything that is pooled go silent at once: one
// connection for all over HTTP/2, one each over HTTP/1.1. Each read needs one more attempt.
func TestManyReadsOnDeadConnections(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	for version, edit := range versions {
		run(version, func(t *testing.T) {
			const reads = 8
			server, api := newTLSServer(t, edit)
			r := newRelay(t, server.Listener.Addr().String())
			client := socketClient(t, "https://"+r.Addr().String(), nil, func(o *Options) { o.RequestTimeout, o.MaxRetries = 2*time.Second, 1 })
			all := func() {
				var wait sync.WaitGroup
				for range reads {
					wait.Go(func() {
						if got := read(client.Pages(t.Context(), Query{})); got.err != nil || len(got.ids()) != 3 {
							t.Errorf("got %d activities and error %v, want 3", len(got.ids()), got.err)
						}
					})
				}
				wait.Wait()
			}
			var wait sync.WaitGroup // so that HTTP/1.1 needs a connection for each
			wait.Add(reads)
			api.Inject(fakeapi.First(reads), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				wait.Done()
				wait.Wait()
				next.ServeHTTP(w, r)
			})
			all()
			r.deaden()
			all()
		})
	}
}

// TestRequestsWaitForStreams has a server take one request at a time on a connection.
func TestRequestsWaitForStreams(t *testing.T) {
	t.Parallel()
	server, api := newTLSServer(t, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1}
	})
	api.Inject(fakeapi.Always, fakeapi.Drip(1<<20, 0))
	client := socketClient(t, server.URL, nil)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := read(client.Pages(t.Context(), Query{PageSize: 1})); got.err != nil || len(got.ids()) != 3 {
				t.Errorf("got %d activities and error %v, want 3", len(got.ids()), got.err)
			}
		})
	}
	wait.Wait()
}

// frames is a server of HTTP/2 made by hand, beside one of HTTP/1.1 on the same port.
type frames struct {
	*httptest.Server
	api         *fakeapi.API
	handle      func(*stream)
	requests    atomic.Int32
	connections atomic.Int32
	http1       atomic.Int32
}

// stream is a request, and what it came by.
type stream struct {
	*frames
	*http2.Framer
	conn    net.Conn
	id      uint32
	n       int // the number of the request of all
	request *http.Request
}

func newFrames(t *testing.T, n int, handle func(*stream)) *frames {
	t.Helper()
	f := &frames{api: newFake(n), handle: handle}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.http1.Add(1)
		f.api.ServeHTTP(w, r)
	}))
	f.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, conn *tls.Conn, _ http.Handler) { f.serve(conn) },
	}
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *frames) serve(conn net.Conn) {
	defer conn.Close()
	f.connections.Add(1)
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = framer.WriteSettings()
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				_ = framer.WritePing(true, frame.Data)
			}
		case *http2.MetaHeadersFrame:
			request := httptest.NewRequest(http.MethodGet, frame.PseudoValue("path"), http.NoBody)
			for _, field := range frame.RegularFields() {
				request.Header.Add(field.Name, field.Value)
			}
			request.Header.Del("Accept-Encoding")
			f.handle(&stream{f, framer, conn, frame.StreamID, int(f.requests.Add(1)), request})
		}
	}
}

// answer sends what the fake says to the request, of its body the part given.
func (s *stream) answer(part float64) {
	recorder := httptest.NewRecorder()
	s.api.ServeHTTP(recorder, s.request)
	var header bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: fmt.Sprint(recorder.Code)})
	for name := range recorder.Header() {
		_ = encoder.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: recorder.Header().Get(name)})
	}
	_ = s.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: header.Bytes(), EndHeaders: true})
	body := recorder.Body.Bytes()
	_ = s.WriteData(s.id, part == 1, body[:int(part*float64(len(body)))])
}

// TestFramesThatPass has a server say no once in all the ways of HTTP/2.
func TestFramesThatPass(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	reset := func(code http2.ErrCode) func(*stream) {
		return func(s *stream) { _ = s.WriteRSTStream(s.id, code) }
	}
	for name, refuse := range map[string]func(*stream){
		"GOAWAY without the request":        func(s *stream) { _ = s.WriteGoAway(max(s.id, 2)-2, http2.ErrCodeNo, nil) },
		"GOAWAY with the request":           func(s *stream) { _ = s.WriteGoAway(s.id, http2.ErrCodeNo, nil); s.answer(1) },
		"GOAWAY with the request, and gone": func(s *stream) { _ = s.WriteGoAway(s.id, http2.ErrCodeNo, nil); s.conn.Close() },
		"GOAWAY in the answer, and gone": func(s *stream) {
			s.answer(0.5)
			_ = s.WriteGoAway(s.id, http2.ErrCodeInternal, nil)
			s.conn.Close()
		},
		"GOAWAY without the request, INTERNAL_ERROR":    func(s *stream) { _ = s.WriteGoAway(max(s.id, 2)-2, http2.ErrCodeInternal, nil) },
		"GOAWAY with the request, ENHANCE_YOUR_CALM":    func(s *stream) { _ = s.WriteGoAway(s.id, http2.ErrCodeEnhanceYourCalm, nil); s.conn.Close() },
		"GOAWAY without the request, ENHANCE_YOUR_CALM": func(s *stream) { _ = s.WriteGoAway(max(s.id, 2)-2, http2.ErrCodeEnhanceYourCalm, nil) },
		"REFUSED_STREAM":           reset(http2.ErrCodeRefusedStream),
		"RST_STREAM INTERNAL":      reset(http2.ErrCodeInternal),
		"RST_STREAM CANCEL":        reset(http2.ErrCodeCancel),
		"RST_STREAM CALM":          reset(http2.ErrCodeEnhanceYourCalm),
		"RST_STREAM PROTOCOL":      reset(http2.ErrCodeProtocol),
		"RST_STREAM in the answer": func(s *stream) { s.answer(0.5); _ = s.WriteRSTStream(s.id, http2.ErrCodeInternal) },
		"a frame that is none":     func(s *stream) { _, _ = s.conn.Write(bytes.Repeat([]byte{0xff}, 64)) },
		"closed":                   func(s *stream) { s.conn.Close() },
	} {
		for _, at := range []int{1, 2} { // the first request of a connection is treated otherwise
			run(fmt.Sprint(name, " at request ", at), func(t *testing.T) {
				f := newFrames(t, 7, func(s *stream) {
					if s.n == at {
						refuse(s)
					} else {
						s.answer(1)
					}
				})
				client := socketClient(t, f.URL, nil, func(o *Options) { o.MaxRetries = 1 })
				read(client.Pages(t.Context(), Query{PageSize: 3})).mustBe(t, idsOf(records(7)))
				if f.http1.Load() > 0 {
					t.Error("got a request over HTTP/1.1")
				}
			})
		}
	}
}

// TestFramesThatStay has a server say no for ever: it is not asked for ever, and no word
// of the error is net/http's.
func TestFramesThatStay(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	for name, test := range map[string]struct {
		refuse func(*stream)
		want   string
	}{
		"GOAWAY without the request": {func(s *stream) { _ = s.WriteGoAway(max(s.id, 2)-2, http2.ErrCodeNo, nil) }, "the server refused the request again and again, by REFUSED_STREAM or GOAWAY of HTTP/2"},
		"REFUSED_STREAM":             {func(s *stream) { _ = s.WriteRSTStream(s.id, http2.ErrCodeRefusedStream) }, "the server refused the request again and again, by REFUSED_STREAM or GOAWAY of HTTP/2"},
		"GOAWAY, an error":           {func(s *stream) { _ = s.WriteGoAway(0, http2.ErrCodeInternal, []byte("CANCEL")) }, "the server closed the connection with the HTTP/2 code INTERNAL_ERROR"},
		"GOAWAY and gone":            {func(s *stream) { _ = s.WriteGoAway(s.id, http2.ErrCodeNo, []byte("\x1b[31m")); s.conn.Close() }, "the server closed the connection with the HTTP/2 code NO_ERROR"},
		"RST_STREAM":                 {func(s *stream) { _ = s.WriteRSTStream(s.id, http2.ErrCodeInternal) }, "the server gave the request up with the HTTP/2 code INTERNAL_ERROR"},
		"RST_STREAM, a new code":     {func(s *stream) { _ = s.WriteRSTStream(s.id, 0x77) }, "the server gave the request up with the HTTP/2 code unknown error code 0x77"},
		"RST_STREAM in the answer":   {func(s *stream) { s.answer(0.5); _ = s.WriteRSTStream(s.id, http2.ErrCodeInternal) }, "the server gave the request up with the HTTP/2 code INTERNAL_ERROR"},
		"a frame that is none":       {func(s *stream) { _, _ = s.conn.Write(bytes.Repeat([]byte{0xff}, 64)) }, "the answer breaks the rules of HTTP/2"},
	} {
		run(name, func(t *testing.T) {
			f := newFrames(t, 3, test.refuse)
			got, failed := connectionFailure(t, socketClient(t, f.URL, nil, noRetries), Query{})
			if got.Reason != test.want || failed.Attempts != 1 || f.requests.Load() > mostSends || got.Timeout != 0 {
				t.Errorf("got %+v after %d attempts and %d requests, want %q", got, failed.Attempts, f.requests.Load(), test.want)
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
	client := socketClient(t, "https://"+r.Addr().String(), func(o *socketOptions) { o.limits.ping = 50 * time.Millisecond }, noRetries,
		func(o *Options) { o.RequestTimeout = time.Hour })
	got, _ := connectionFailure(t, client, Query{})
	if want := "the connection went silent, and a ping over it had no answer"; got.Reason != want || got.Stage != AtRequest || got.Timeout != 0 {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// TestHTTP1Required has a server that speaks HTTP/2 and takes this request over HTTP/1.1
// only. That costs no attempt, and is remembered.
func TestHTTP1Required(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(*stream){
		"RST_STREAM": func(s *stream) { _ = s.WriteRSTStream(s.id, http2.ErrCodeHTTP11Required) },
		"GOAWAY":     func(s *stream) { _ = s.WriteGoAway(0, http2.ErrCodeHTTP11Required, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFrames(t, 7, refuse)
			read(socketClient(t, f.URL, nil, noRetries).Pages(t.Context(), Query{PageSize: 3})).mustBe(t, idsOf(records(7)))
			if f.requests.Load() != 1 || f.http1.Load() != 3 {
				t.Errorf("got %d requests over HTTP/2 and %d over HTTP/1.1, want 1 and 3", f.requests.Load(), f.http1.Load())
			}
		})
	}
}

// TestLongQueries has servers refuse a query for its length, as nginx does, and refuse
// one in the middle of a read, where its length cannot be the reason.
func TestLongQueries(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	long := Request{Parameters: url.Values{}, PageSize: 3, Number: 1}
	for i := range 400 {
		long.Parameters.Add("actor_ids[]", fmt.Sprintf("user_01long%d", i))
	}
	for name, refuse := range map[string]func(*stream){
		"GOAWAY":           func(s *stream) { _ = s.WriteGoAway(s.id, http2.ErrCodeEnhanceYourCalm, nil); s.conn.Close() },
		"GOAWAY, not seen": func(s *stream) { _ = s.WriteGoAway(max(s.id, 2)-2, http2.ErrCodeEnhanceYourCalm, nil) },
		"RST_STREAM":       func(s *stream) { _ = s.WriteRSTStream(s.id, http2.ErrCodeInternal) },
	} {
		run(name, func(t *testing.T) {
			f := newFrames(t, 7, refuse)
			_, err := socketClient(t, f.URL, nil).Page(t.Context(), long)
			got, failed := errorAs[*ConnectionError](t, err), errorAs[*RequestError](t, err)
			if got.QueryLength < LongQuery || failed.Attempts != 1 || f.requests.Load() != 1 {
				t.Errorf("got %+v after %d attempts and %d requests, want the length of the query after 1", got, failed.Attempts, f.requests.Load())
			}
		})
	}
	run("in the middle", func(t *testing.T) {
		f := newFrames(t, 7, func(s *stream) {
			if s.n == 2 {
				_ = s.WriteRSTStream(s.id, http2.ErrCodeInternal)
			} else {
				s.answer(1)
			}
		})
		client := socketClient(t, f.URL, nil, func(o *Options) { o.MaxRetries = 1 })
		for attempts := 1; attempts <= 2; attempts++ {
			answer, err := client.Page(t.Context(), long)
			if err != nil || answer.Attempts != attempts {
				t.Fatalf("got %+v and error %v, want a page after %d attempts", answer, err, attempts)
			}
		}
	})
}

// TestConnecting tells the steps of connecting apart, also where the request's own
// timeout ends one of them.
func TestConnecting(t *testing.T) {
	t.Parallel()
	silent := newSilent(t)
	for name, test := range map[string]struct {
		limits  func(*stepLimits)
		timeout time.Duration
		want    string
	}{
		"a handshake without an answer":    {func(l *stepLimits) { l.tls = 50 * time.Millisecond }, time.Minute, "the TLS handshake was not complete within 50ms"},
		"a handshake beyond the request":   {func(*stepLimits) {}, 50 * time.Millisecond, "there was no connection within the request timeout, 50ms"},
		"a connection that takes too long": {func(l *stepLimits) { l.dial = time.Nanosecond }, time.Minute, "there was no connection within 1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := socketClient(t, "https://"+silent, func(o *socketOptions) { test.limits(&o.limits) }, noRetries, func(o *Options) { o.RequestTimeout = test.timeout })
			got, _ := connectionFailure(t, client, Query{})
			if got.Reason != test.want || got.Stage >= AtRequest || got.Timeout != 0 {
				t.Errorf("got %+v, want %q", got, test.want)
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

// TestCancelledRequestsRetireNothing keeps the connections where a reader left.
func TestCancelledRequestsRetireNothing(t *testing.T) {
	t.Parallel()
	server, api := newTLSServer(t, versions["HTTP/2"])
	client := socketClient(t, server.URL, nil, noRetries)
	before := client.transport.(*transport).current
	ctx, cancel := context.WithCancel(t.Context())
	api.Inject(fakeapi.Always, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		cancel()
		<-r.Context().Done()
	})
	if err := read(client.Pages(ctx, Query{})).err; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the read cancelled", err)
	}
	if client.transport.(*transport).current != before {
		t.Error("got new connections after a read that was cancelled")
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for version, edit := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server, _ := newTLSServer(t, edit)
			client := socketClient(t, server.URL, nil)
			inner, protocol := client.transport, ""
			client.transport = roundTripper(func(request *http.Request) (*http.Response, error) {
				response, err := inner.RoundTrip(request)
				if err == nil {
					protocol = response.Proto
				}
				return response, err
			})
			read(client.Pages(t.Context(), Query{})).mustBe(t, idsOf(records(3)))
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
		got, _ := connectionFailure(t, newSocketClient(t, server.URL), Query{})
		if !strings.Contains(got.Reason, "protocol version") || got.Stage != AtTLS || len(api.Requests()) > 0 {
			t.Errorf("got %+v, want the protocol version refused", got)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		server := fakeapi.NewServer(fakeapi.Options{})
		t.Cleanup(server.Close)
		got, _ := connectionFailure(t, newSocketClient(t, "https"+strings.TrimPrefix(server.URL, "http")), Query{})
		if got.Reason != "what answers there does not speak TLS" || got.Stage != AtTLS || len(server.Requests()) > 0 {
			t.Errorf("got %+v, want it without TLS", got)
		}
	})
}
