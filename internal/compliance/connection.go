package compliance

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
)

// connectionError says in words why no whole answer came: Go's own errors are chains of
// addresses, system calls and internals.
func (c *Client) connectionError(ctx context.Context, err error) *ConnectionError {
	failure := &ConnectionError{Host: c.endpoint.Host}
	var (
		nameError   *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
		corrupt     flate.CorruptInputError
		netError    net.Error
	)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		failure.Reason = "no complete answer within " + c.requestTimeout.String()
		failure.Timeout = c.requestTimeout
	case errors.As(err, &certificate):
		failure.Reason = "the server's certificate was refused: " + c.cleaner.clean(certificate.Err.Error())
		failure.Untrusted = true
	case errors.As(err, &nameError):
		failure.Reason = "the name " + c.cleaner.clean(nameError.Name) + " could not be resolved"
	case errors.As(err, &notTLS):
		failure.Reason = "the server does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		failure.Reason = "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		failure.Reason = "the connection was closed before the answer was complete"
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		// Go's own text has an offset that differs between its versions.
		failure.Reason = "the gzip compression of the answer is broken"
	case errors.As(err, &netError) && netError.Timeout():
		failure.Reason = "the connection timed out"
	default:
		failure.Reason = "the answer could not be read: " + c.cleaner.clean(innermost(err).Error())
	}
	if operation := (*net.OpError)(nil); errors.As(err, &operation) && operation.Op == "proxyconnect" {
		failure.Reason = "on the way to the proxy: " + failure.Reason
	}
	return failure
}

// innermost leaves the chain away.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
