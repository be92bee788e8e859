package fakeapi

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
)

// A Server is an [API] on a port of 127.0.0.1. Its URL has the path prefix.
type Server struct {
	*API
	*httptest.Server
}

// NewServer starts a Server; the caller closes it.
func NewServer(o Options) *Server {
	a := New(o)
	s := httptest.NewServer(a)
	s.URL += o.PathPrefix
	return &Server{a, s}
}

// Close ends all connections, those of hanging faults too, and waits for their handlers.
func (s *Server) Close() {
	s.CloseClientConnections()
	s.Server.Close()
}

// Transport returns a round tripper that reaches the API in process, without sockets, for
// use in a testing/synctest bubble. It is net/http's own client and server, with a pipe
// between them for each request, so that nothing stays behind when an answer has been read
// or closed. Every host leads to the API, and https does without TLS; [Request].Host tells
// which host it was. Since no connection is used twice, no request is sent again by itself.
func (a *API) Transport() http.RoundTripper {
	var http1 http.Protocols
	http1.SetHTTP1(true) // preparing for HTTP/2 would take longer than a small page
	dial := func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() { _ = (&http.Server{Handler: a, Protocols: &http1}).Serve(&onePipe{server}) }()
		return client, nil
	}
	return &http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true}
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
