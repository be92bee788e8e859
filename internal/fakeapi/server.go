package fakeapi

import "net/http/httptest"

// A Server is an [API] on a port of 127.0.0.1.
type Server struct {
	*API
	// URL is the base URL, with the path prefix and without a trailing slash.
	URL    string
	server *httptest.Server
}

// NewServer starts a Server; the caller closes it.
func NewServer(o Options) *Server {
	a := New(o)
	s := httptest.NewServer(a)
	return &Server{API: a, URL: s.URL + a.options.PathPrefix, server: s}
}

// Close ends all connections, those of hanging faults too, and waits for their handlers.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}
