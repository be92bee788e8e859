package compliance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"time"
)

// dialer makes connections to a server, directly or through a proxy, each step with a
// limit of its own. Its errors are a [*dialError]. net/http could dial too, but its errors
// do not say which step failed, and its wait for a proxy has no limit that can be set.
type dialer struct {
	limits stepLimits
	proxy  *url.URL       // nil for none
	roots  *x509.CertPool // nil for the system's
}

// dialError says which step of connecting failed.
type dialError struct {
	stage Stage
	proxy string        // host and port of the proxy, if that is what failed
	limit time.Duration // of the step
	err   error
}

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// dial connects to an address without TLS and without a proxy.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return d.connect(ctx, network, address, "")
}

func (d *dialer) connect(ctx context.Context, network, address, proxy string) (net.Conn, error) {
	reach(ctx, AtConnection)
	conn, err := (&net.Dialer{Timeout: d.limits.dial}).DialContext(ctx, network, address)
	if err != nil {
		return nil, &dialError{stage: AtConnection, proxy: proxy, limit: d.limits.dial, err: err}
	}
	return conn, nil
}

// dialTLS connects to an address, through the proxy if there is one, and shakes hands.
func (d *dialer) dialTLS(ctx context.Context, network, address string, http1 bool) (net.Conn, error) {
	conn, err := d.throughProxy(ctx, network, address)
	if err != nil {
		return nil, err
	}
	protocols := []string{"h2", "http/1.1"}
	if http1 {
		protocols = protocols[1:]
	}
	return d.handshake(ctx, conn, address, "", protocols)
}

// throughProxy connects to an address, through the proxy if there is one. TLS comes next.
func (d *dialer) throughProxy(ctx context.Context, network, address string) (net.Conn, error) {
	if d.proxy == nil {
		return d.connect(ctx, network, address, "")
	}
	proxy := hostPort(d.proxy)
	conn, err := d.connect(ctx, network, proxy, proxy)
	if err != nil {
		return nil, err
	}
	if d.proxy.Scheme == "https" {
		if conn, err = d.handshake(ctx, conn, proxy, proxy, nil); err != nil {
			return nil, err
		}
	}
	reach(ctx, AtProxy)
	if err := within(ctx, d.limits.proxy, conn, func(ctx context.Context) error { return openTunnel(ctx, conn, d.proxy, address) }); err != nil {
		_ = conn.Close()
		return nil, &dialError{stage: AtProxy, proxy: proxy, limit: d.limits.proxy, err: err}
	}
	return conn, nil
}

// handshake begins TLS with the owner of an address. It closes the connection if that fails.
func (d *dialer) handshake(ctx context.Context, conn net.Conn, address, proxy string, protocols []string) (net.Conn, error) {
	reach(ctx, AtTLS)
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	secured := tls.Client(conn, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, NextProtos: protocols, RootCAs: d.roots})
	ctx, cancel := context.WithTimeout(ctx, d.limits.tls)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &dialError{stage: AtTLS, proxy: proxy, limit: d.limits.tls, err: err}
	}
	return secured, nil
}
