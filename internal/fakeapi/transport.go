package fakeapi

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
)

// Transport returns a round tripper that reaches the API in process, without sockets, for
// use in a testing/synctest bubble. It is net/http's own client and server, with a pipe
// between them for each request, so that nothing stays behind when an answer has been read
// or closed. Every host leads to the API, and https does without TLS; [Request].Host tells
// which host it was. Since no connection is used twice, no request is sent again by itself.
func (a *API) Transport() http.RoundTripper {
	secure := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.TLS = &tls.ConnectionState{}
		a.ServeHTTP(w, r)
	})
	return &http.Transport{DialContext: dialPipe(a), DialTLSContext: dialPipe(secure), DisableKeepAlives: true}
}

func dialPipe(handler http.Handler) func(ctx context.Context, network, address string) (net.Conn, error) {
	var http1 http.Protocols
	http1.SetHTTP1(true) // preparing for HTTP/2 would take longer than a small page
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() { _ = (&http.Server{Handler: handler, Protocols: &http1}).Serve(&onePipe{server}) }()
		return client, nil
	}
}

// onePipe is a listener with one connection. Serving it ends when that has been taken.
type onePipe struct{ conn net.Conn }

func (p *onePipe) Accept() (net.Conn, error) {
	conn := p.conn
	if p.conn = nil; conn == nil {
		return nil, io.EOF
	}
	return conn, nil
}

func (p *onePipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
func (p *onePipe) Close() error   { return nil }
