package compliance

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// stepLimits are how long each step of connecting may take, and for how long a connection
// may be silent. They are apart from the request timeout, which is for the answer.
type stepLimits struct {
	dial  time.Duration // a name and a TCP connection
	proxy time.Duration // a proxy's consent
	tls   time.Duration // a TLS handshake
	ping  time.Duration // of silence before a ping (HTTP/2), and again until its answer
}

var defaultLimits = stepLimits{dial: 10 * time.Second, proxy: 10 * time.Second, tls: 10 * time.Second, ping: 5 * time.Second}

// mostSends is how often net/http may send a request by itself. It does so, safely, where
// the server says that it has not looked at the request; but a server that always says so
// would be asked until the request timeout ends it.
const mostSends = 3

var errRefusedAgain = errors.New("refused again and again")

// transport is net/http's, with one rule added: after a failure, no existing connection is
// used for a new request. If one has gone dead (a firewall forgot it), it is silent, and so
// are the others of its pool; net/http would try them one by one.
type transport struct {
	dialer         *dialer
	requestsAtOnce int
	pingAfter      time.Duration

	mu      sync.Mutex
	current *pool
	http1   bool // the server wants no HTTP/2
}

// pool is the connections from one failure to the next.
type pool struct {
	*http.Transport
	http1    bool
	inFlight int // answers whose bodies are open included
	retired  bool
}

// newTransport makes connections to the host of one URL. The proxy variables of the
// environment are read here; its errors are about those. roots are nil for the system's.
func newTransport(base *url.URL, requestsAtOnce int, getenv func(string) string, roots *x509.CertPool, l stepLimits) (*transport, error) {
	via, err := proxyFor(base, getenv)
	if err != nil {
		return nil, err
	}
	t := &transport{dialer: &dialer{limits: l, proxy: via, roots: roots}, requestsAtOnce: requestsAtOnce, pingAfter: l.ping}
	t.current = t.newPool()
	return t, nil
}

func (t *transport) newPool() *pool {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!t.http1)
	http1 := t.http1
	return &pool{http1: http1, Transport: &http.Transport{
		// What goes without TLS goes to this machine (see ParseBaseURL), and so never to a proxy.
		DialContext: t.dialer.dial,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return t.dialer.dialTLS(ctx, network, address, http1)
		},
		Protocols:           &protocols,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: t.pingAfter, PingTimeout: t.pingAfter},
		MaxIdleConnsPerHost: t.requestsAtOnce,
		IdleConnTimeout:     90 * time.Second,
	}}
}

// RoundTrip sends a request, a second time over HTTP/1.1 where the server does not take it
// over HTTP/2. Errors, those of the body too, are a [*stageError].
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.send(request)
	if err != nil && needsHTTP1(err) {
		return t.send(request)
	}
	return response, err
}

func (t *transport) send(request *http.Request) (*http.Response, error) {
	p := t.take()
	way := &reached{}
	ctx, cancel := context.WithCancelCause(context.WithValue(request.Context(), reachedKey{}, way))
	var sends atomic.Int32
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { way.connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) {
			way.connected.Store(true)
			if sends.Add(1) > mostSends {
				cancel(errRefusedAgain)
			}
		},
	})
	response, err := p.RoundTrip(request.WithContext(ctx))
	if err != nil {
		if context.Cause(ctx) == errRefusedAgain { //nolint:errorlint // the very one
			err = errRefusedAgain
		}
		cancel(nil)
		t.release(p, err)
		return nil, &stageError{stage: way.stage(), err: err}
	}
	response.Body = &trackedBody{ReadCloser: response.Body, close: sync.OnceFunc(func() { cancel(nil); t.release(p, nil) }), failed: func(err error) { t.retire(p, err) }}
	return response, nil
}

func (t *transport) take() *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current.inFlight++
	return t.current
}

// release ends the use of a pool by a request, whose error is nil where it had an answer.
func (t *transport) release(p *pool, err error) {
	t.retire(p, err)
	t.mu.Lock()
	defer t.mu.Unlock()
	p.inFlight--
	if p.retired && p.inFlight == 0 {
		p.CloseIdleConnections()
	}
}

// retire makes a new pool after a failure. Requests under way stay on their connections,
// which may well be sound. A request that the reader gave up says nothing about those.
func (t *transport) retire(p *pool, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if needsHTTP1(err) {
		t.http1 = true
	}
	p.retired = true
	if p == t.current {
		t.current = t.newPool()
	}
	p.CloseIdleConnections()
}

// needsHTTP1 says whether the server does not take a request over HTTP/2.
func needsHTTP1(err error) bool { return http2Code(err) == "HTTP_1_1_REQUIRED" }

// trackedBody tells of the end of an answer.
type trackedBody struct {
	io.ReadCloser
	close  func()
	failed func(error)
}

func (b *trackedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.failed(err)
		return n, &stageError{stage: AtAnswer, err: err}
	}
	return n, err
}

func (b *trackedBody) Close() error {
	err := b.ReadCloser.Close()
	b.close()
	return err
}

// reached is how far a request has come. The dialling that it started tells, and net/http,
// which may give it another connection in the meantime.
type reached struct {
	dialling  atomic.Int32 // a Stage
	connected atomic.Bool
}

type reachedKey struct{}

// reach notes the stage of the dialling that goes on for a request.
func reach(ctx context.Context, stage Stage) {
	if r, ok := ctx.Value(reachedKey{}).(*reached); ok {
		r.dialling.Store(int32(stage))
	}
}

func (r *reached) stage() Stage {
	if r.connected.Load() {
		return AtRequest
	}
	return max(AtConnection, Stage(r.dialling.Load()))
}

// stageError is a failure of net/http's, with how far the request had come.
type stageError struct {
	stage Stage
	err   error
}

func (e *stageError) Error() string { return e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }
