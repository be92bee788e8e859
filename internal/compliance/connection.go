package compliance

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// connectionError says why no whole answer came: Go's own errors are chains of addresses,
// system calls and internals. It is the context's error where the whole read has ended.
func (c *Client) connectionError(ctx context.Context, request *http.Request, way *progress, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	at := way.place.Load()
	failure := &ConnectionError{Host: c.endpoint.Host, Stage: at.stage}
	if at.atProxy {
		failure.Proxy = way.proxy.Host
	}
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		timeout     net.Error
		notTLS      tls.RecordHeaderError
		refused     *ConnectionError // made by [refusal]
		corrupt     flate.CorruptInputError
		text        = err.Error()
		innermost   = err
	)
	for errors.Unwrap(innermost) != nil {
		innermost = errors.Unwrap(innermost)
	}
	detail := c.Clean(innermost.Error())
	if match := http2Codes.FindStringSubmatch(text); match != nil {
		failure.Code = match[1]
	}
	switch {
	case errors.As(err, &name):
		failure.Stage, failure.Name, failure.Cause = AtName, c.Clean(name.Name), NameServerFailed
		if name.IsNotFound {
			failure.Cause = NoSuchName
		} else if name.IsTimeout {
			failure.Cause = NameServerSilent
		}
	case errors.As(err, &certificate):
		failure.Cause, failure.Certificate = BadCertificate, c.certificateError(certificate)
		failure.final = true
	case errors.As(err, &refused):
		failure.Cause, failure.ProxyStatus = ProxyRefused, refused.ProxyStatus
		for _, challenge := range refused.ProxySchemes {
			scheme, _, _ := strings.Cut(challenge, " ")
			failure.ProxySchemes = append(failure.ProxySchemes, c.Clean(scheme))
		}
		failure.final = !retryStatus(refused.ProxyStatus)
	case errors.Is(request.Context().Err(), context.DeadlineExceeded):
		failure.Cause, failure.Timeout = TimedOut, c.options.RequestTimeout
	case errors.As(err, &timeout) && timeout.Timeout(), has(err, 10060):
		failure.Cause = TimedOut
	case errors.As(err, &notTLS):
		failure.Cause = NotTLS
	case strings.Contains(text, "remote error: tls: "):
		failure.Cause, failure.Detail = TLSAlert, strings.TrimPrefix(detail, "tls: ")
	case has(err, syscall.ECONNREFUSED, 10061):
		failure.Cause = Refused
	case has(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, 10065, 10051):
		failure.Cause = Unreachable
	case strings.Contains(text, "client connection lost"):
		failure.Cause = NoPing
	case strings.Contains(text, "GOAWAY"):
		failure.Cause = GoneAway
	case failure.Code != "" && strings.Contains(text, "received from peer"):
		failure.Cause = GivenUp
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		has(err, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, 10054, 10053):
		failure.Cause = Closed
	case failure.Code != "", strings.Contains(text, "http2:"):
		failure.Cause = BrokenHTTP2
	case strings.Contains(text, "malformed HTTP"):
		failure.Cause = NotHTTP
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		failure.Cause = BrokenGzip
	case strings.Contains(text, "socks connect "): // net/http has no types for the answers
		failure.Cause, failure.Detail = ProxyRefused, strings.TrimPrefix(detail, "unknown error ")
		failure.final = strings.Contains(detail, "authentication") || strings.Contains(detail, "ruleset")
	default:
		failure.Cause, failure.Detail = Unexplained, detail
	}
	// If one of about this length has been answered, length is not the cause. Queries of one
	// read differ in their cursors only.
	if length := len(request.URL.RawQuery); length > max(LongQuery, c.answered(0)+LongQuery/4) && refusesLength(failure, err) {
		failure.QueryLength, failure.final = length, true
	}
	return failure
}

// has says whether a system call failed with one of these numbers. A socket of Windows
// returns Winsock's, from 10000, which errors.Is does not match with the names of syscall.
func has(err error, numbers ...syscall.Errno) bool {
	number, ok := errors.AsType[syscall.Errno](err)
	return ok && slices.Contains(numbers, number)
}

func (c *Client) certificateError(err *tls.CertificateVerificationError) *CertificateError {
	leaf := err.UnverifiedCertificates[0]
	result := &CertificateError{NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Issuer: c.Clean(leaf.Issuer.String())}
	for _, name := range leaf.DNSNames {
		result.Names = append(result.Names, c.Clean(name))
	}
	for _, address := range leaf.IPAddresses {
		result.Names = append(result.Names, address.String())
	}
	var (
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		issuer  x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		result.Fault, result.NotBefore, result.NotAfter = OutsideValidity, invalid.Cert.NotBefore, invalid.Cert.NotAfter
	case errors.As(err, &name):
		result.Fault, result.Name = OtherName, c.Clean(name.Host)
	case errors.As(err, &issuer):
		result.Fault, result.File = UnknownIssuer, certificateFile(c.options.Getenv, runtime.GOOS)
	default:
		result.Fault, result.Detail = OtherFault, strings.TrimPrefix(c.Clean(err.Err.Error()), "x509: ")
	}
	return result
}

// certificateFile says what became of SSL_CERT_FILE. crypto/x509 reads it on systems other
// than those below, and ignores a file that it cannot use without saying so.
func certificateFile(getenv func(string) string, system string) CertificateFile {
	name := getenv("SSL_CERT_FILE")
	switch {
	case slices.Contains([]string{"darwin", "windows", "ios"}, system):
		return FileIgnored
	case name == "":
		return FileNotSet
	}
	if text, err := os.ReadFile(name); err != nil || !x509.NewCertPool().AppendCertsFromPEM(text) {
		return FileUnusable
	}
	return FileRead
}

// http2Codes finds a code of RFC 9113, section 7, in an error of HTTP/2. net/http exports no
// type that has it.
var http2Codes = regexp.MustCompile(`(?:, ErrCode=|stream ID \d+; |connection error: )((?:unknown error code 0x)?\w+)`)

// LongQuery is the number of bytes from which a query may be too long for a server with
// its default settings: nginx accepts a line of 8 KiB.
const LongQuery = 8000

// refusesLength says whether a failure is what a server does to a request whose header is
// too large for it: nginx and others then say ENHANCE_YOUR_CALM, or reset the stream.
// Go's client asks none that has told it of a limit.
func refusesLength(failure *ConnectionError, err error) bool {
	return (failure.Cause == GoneAway || failure.Cause == GivenUp) && failure.Code != "NO_ERROR" && failure.Code != "REFUSED_STREAM" ||
		strings.Contains(err.Error(), "header list larger")
}
