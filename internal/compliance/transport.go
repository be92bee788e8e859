package compliance

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"
)

const (
	// ConnectLimit is how long a connection may take, and its TLS handshake again. The request
	// timeout is for the answer.
	ConnectLimit = 10 * time.Second

	// pingAfter is how long a connection of HTTP/2 may be silent before a ping, and then
	// until its answer.
	pingAfter = 5 * time.Second
)

// connections are net/http's, with one rule added: after a failure, no existing connection
// is used for a new request. One that has gone dead (a firewall forgot it) is silent, and
// over HTTP/2 net/http would send the next attempt into the same silence.
type connections struct {
	proxy *url.URL // that all requests take, or nil
	fresh func() http.RoundTripper

	mu      sync.Mutex
	current *pool
}

// pool is the connections from one failure to the next.
type pool struct{ http.RoundTripper }

// newConnections reads the proxy variables of the environment; its errors are about those.
// edit, unless nil, is for tests.
func newConnections(base *url.URL, requestsAtOnce int, getenv func(string) string, edit func(*http.Transport)) (*connections, error) {
	proxy, err := proxyFor(base, getenv)
	if err != nil {
		return nil, err
	}
	c := &connections{proxy: proxy, fresh: func() http.RoundTripper {
		var protocols http.Protocols
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(true)
		transport := &http.Transport{
			Proxy:                  http.ProxyURL(proxy),
			OnProxyConnectResponse: refusal,
			DialContext:            (&net.Dialer{Timeout: ConnectLimit}).DialContext,
			TLSHandshakeTimeout:    ConnectLimit,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			Protocols:              &protocols,
			HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
			MaxIdleConnsPerHost:    requestsAtOnce,
			IdleConnTimeout:        90 * time.Second,
		}
		if edit != nil {
			edit(transport)
		}
		return transport
	}}
	c.current = &pool{c.fresh()}
	return c, nil
}

// take is the pool for a request.
func (c *connections) take() *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// release ends a request. Others that are under way stay on their connections, which may
// well be sound.
func (c *connections) release(used *pool, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failed && used == c.current {
		c.current = &pool{c.fresh()}
	}
	if used != c.current {
		used.closeIdle()
	}
}

func (p *pool) closeIdle() {
	if transport, ok := p.RoundTripper.(*http.Transport); ok {
		transport.CloseIdleConnections()
	}
}

// progress is how far a request has come. It may get another connection on its way.
type progress struct {
	proxy *url.URL

	mu      sync.Mutex
	stage   Stage
	atProxy bool // the stage is about the proxy
}

// newProgress is that of a request whose transport does not tell.
func newProgress(proxy *url.URL) *progress { return &progress{proxy: proxy, stage: AtRequest} }

func (p *progress) at(stage Stage, atProxy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage, p.atProxy = stage, atProxy && p.proxy != nil
}

func (p *progress) where() (stage Stage, atProxy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stage, p.atProxy
}

// trace has net/http tell of the progress of a request. A proxy that speaks TLS shakes hands
// first, before it is asked for a connection.
func (p *progress) trace(ctx context.Context) context.Context {
	secure := p.proxy != nil && p.proxy.Scheme == "https"
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { p.at(AtConnection, true) },
		DNSStart:     func(httptrace.DNSStartInfo) { p.at(AtName, true) },
		ConnectStart: func(string, string) { p.at(AtConnection, true) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil && p.proxy != nil && !secure {
				p.at(AtProxy, true)
			}
		},
		TLSHandshakeStart: func() {
			stage, _ := p.where()
			p.at(AtTLS, stage == AtConnection)
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if _, atProxy := p.where(); err == nil && atProxy {
				p.at(AtProxy, true)
			}
		},
		GotConn:              func(httptrace.GotConnInfo) { p.at(AtRequest, false) },
		GotFirstResponseByte: func() { p.at(AtAnswer, false) },
	})
}
