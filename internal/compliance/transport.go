package compliance

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
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
	fresh   func() *http.Client
	current atomic.Pointer[http.Client] // from one failure to the next; for its CloseIdleConnections
}

func newConnections(options Options, proxy *url.URL) *connections {
	c := &connections{fresh: func() *http.Client {
		if options.Transport != nil {
			return &http.Client{Transport: options.Transport}
		}
		return &http.Client{Transport: &http.Transport{
			Proxy:                  http.ProxyURL(proxy),
			OnProxyConnectResponse: refusal,
			DialContext:            (&net.Dialer{Timeout: ConnectLimit}).DialContext,
			TLSHandshakeTimeout:    ConnectLimit,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true, // as without a dialer and a configuration of TLS of one's own
			HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
			MaxIdleConnsPerHost:    options.RequestsAtOnce,
			IdleConnTimeout:        90 * time.Second,
		}}
	}}
	c.current.Store(c.fresh())
	return c
}

// release ends a request. Others that are under way stay on their connections, which may
// well be sound.
func (c *connections) release(used *http.Client, failed bool) {
	if failed {
		c.current.CompareAndSwap(used, c.fresh())
	}
	if used != c.current.Load() {
		used.CloseIdleConnections()
	}
}

// progress is how far a request has come. It may get another connection on its way.
type progress struct {
	proxy *url.URL
	place atomic.Pointer[place]
}

type place struct {
	stage   Stage
	atProxy bool // the stage is about the proxy
}

func (p *progress) at(stage Stage, atProxy bool) {
	p.place.Store(&place{stage, atProxy && p.proxy != nil})
}

// trace has net/http tell of the progress of a request. A proxy that speaks TLS shakes hands
// first, before it is asked for a connection.
func (p *progress) trace(ctx context.Context) context.Context {
	p.at(AtRequest, false) // for transports that do not tell
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
		TLSHandshakeStart: func() { p.at(AtTLS, p.place.Load().stage == AtConnection) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil && p.place.Load().atProxy {
				p.at(AtProxy, true)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { p.at(AtRequest, false) },
	})
}
