package compliance

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// connectionError says in words why no whole answer came: Go's own errors are chains of
// addresses, system calls and internals.
func (c *Client) connectionError(ctx context.Context, err error) *ConnectionError {
	failure := &ConnectionError{Host: c.endpoint.Host, Stage: AtRequest}
	var (
		staged  *stageError
		dialled *dialError
	)
	if errors.As(err, &staged) {
		failure.Stage = staged.stage
	}
	switch {
	case errors.As(err, &dialled):
		failure.Stage, failure.Proxy = dialled.stage, dialled.proxy
		c.explainDialling(failure, dialled)
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && failure.Stage < AtRequest:
		failure.Reason = "there was no connection within the request timeout, " + c.requestTimeout.String()
		if failure.Stage == AtProxy {
			failure.Proxy = c.proxyHost()
		}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		failure.Reason = "no complete answer within " + c.requestTimeout.String()
		failure.Timeout = c.requestTimeout
	default:
		failure.Reason = c.brokenAnswer(err)
	}
	return failure
}

// proxyHost is host and port of the proxy that requests take, or "".
func (c *Client) proxyHost() string {
	if t, ok := c.transport.(*transport); ok && t.dialer.proxy != nil {
		return hostPort(t.dialer.proxy)
	}
	return ""
}

// explainDialling is about a step of connecting that failed.
func (c *Client) explainDialling(failure *ConnectionError, err *dialError) {
	var (
		nameError   *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
		alert       tls.AlertError
		refusal     *proxyRefusal
	)
	late := isTimeout(err.err)
	switch {
	case errors.As(err, &nameError):
		failure.Stage = AtName
		failure.NoSuchName = nameError.IsNotFound
		failure.Reason = explainName(c.cleaner.clean(nameError.Name), nameError)
	case errors.As(err, &certificate):
		c.explainCertificate(failure, certificate)
	case errors.As(err, &refusal):
		failure.ProxyStatus = refusal.status
		failure.Reason = c.explainRefusal(refusal)
		failure.final = refusal.status < 500 && !retryStatus(refusal.status)
	case err.stage == AtProxy && isSOCKS(err):
		failure.Reason, failure.final = explainSOCKS(err)
	case late && err.stage == AtConnection:
		failure.Reason = "there was no connection within " + err.limit.String()
	case late && err.stage == AtProxy:
		failure.Reason = "the proxy did not answer within " + err.limit.String()
	case late:
		failure.Reason = "the TLS handshake was not complete within " + err.limit.String()
	case errors.As(err, &notTLS):
		failure.Reason = "what answers there does not speak TLS"
	case errors.As(err, &alert):
		failure.Reason = "the TLS handshake was refused: " + strings.TrimPrefix(alert.Error(), "tls: ")
	case errors.Is(err, syscall.ECONNREFUSED):
		failure.Reason = "the connection was refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		failure.Reason = "there is no way to it through the network"
	case isClosed(err) && err.stage == AtProxy:
		failure.Reason = "the proxy closed the connection without a word"
	case isClosed(err):
		failure.Reason = "the connection was closed during the TLS handshake"
	case err.stage == AtProxy:
		failure.Reason = "what answers there is not a proxy of that kind"
	default:
		failure.Reason = "the connection failed: " + c.cleaner.clean(innermost(err).Error())
	}
}

func explainName(name string, err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "the name " + name + " does not exist"
	case err.IsTimeout:
		return "the name " + name + " could not be looked up: the name server did not answer"
	}
	return "the name " + name + " could not be looked up: the name server failed"
}

// explainRefusal is about a proxy that answered CONNECT with a status other than 2xx.
func (c *Client) explainRefusal(refusal *proxyRefusal) string {
	reason := fmt.Sprintf("the proxy refused to connect: HTTP %d", refusal.status)
	if text := http.StatusText(refusal.status); text != "" {
		reason += ", " + text
	}
	offersBasic := slices.ContainsFunc(refusal.schemes, func(scheme string) bool { return strings.EqualFold(scheme, "Basic") })
	if refusal.status == http.StatusProxyAuthRequired && len(refusal.schemes) > 0 && !offersBasic {
		reason += ", and takes " + c.cleaner.clean(strings.Join(refusal.schemes, ", ")) + " alone, not a user name and password"
	}
	return reason
}

func isSOCKS(err error) bool {
	operation := (*net.OpError)(nil)
	return errors.As(err, &operation) && strings.HasPrefix(operation.Op, "socks") && !isClosed(err) && !isTimeout(err)
}

// explainSOCKS says what a SOCKS server answered. golang.org/x/net has no types for the
// replies, only these texts, which are those of RFC 1928.
func explainSOCKS(err error) (reason string, final bool) {
	text := innermost(err).Error()
	for _, reply := range []struct {
		has, reason string
		final       bool
	}{
		{"username/password authentication failed", "the proxy refused the user name or password", true},
		{"no acceptable authentication methods", "the proxy wants another way of authentication", true},
		{"connection not allowed by ruleset", "the proxy does not allow this connection", true},
		{"general SOCKS server failure", "the proxy could not connect: general failure", false},
		{"network unreachable", "the proxy could not connect: network unreachable", false},
		{"host unreachable", "the proxy could not connect: host unreachable", false},
		{"connection refused", "the proxy could not connect: connection refused", false},
		{"TTL expired", "the proxy could not connect: TTL expired", false},
	} {
		if strings.Contains(text, reply.has) {
			return reply.reason, reply.final
		}
	}
	return "what answers there is not a proxy of that kind", false
}

// explainCertificate is about a certificate that was refused.
func (c *Client) explainCertificate(failure *ConnectionError, err *tls.CertificateVerificationError) {
	failure.final = true
	var (
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		issuer  x509.UnknownAuthorityError
	)
	switch leaf := err.UnverifiedCertificates[0]; {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		failure.Certificate = OutsideValidity
		failure.Reason = "the certificate is valid from " + day(invalid.Cert.NotBefore) + " to " + day(invalid.Cert.NotAfter)
	case errors.As(err, &name):
		failure.Certificate = OtherName
		names := slices.Clone(leaf.DNSNames)
		for _, address := range leaf.IPAddresses {
			names = append(names, address.String())
		}
		failure.Reason = "the certificate is for " + c.cleaner.clean(enumerate(names)) + ", and not for " + c.cleaner.clean(name.Host)
	case errors.As(err, &issuer):
		failure.Certificate = UnknownIssuer
		failure.CertificateFile = certificateFile(c.getenv, runtime.GOOS)
		failure.Reason = fmt.Sprintf("the certificate's issuer is not trusted here: %q", c.cleaner.clean(leaf.Issuer.String()))
	default:
		failure.Certificate = OtherFault
		failure.Reason = "the certificate was refused: " + strings.TrimPrefix(c.cleaner.clean(err.Err.Error()), "x509: ")
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// enumerate names the first three.
func enumerate(names []string) string {
	switch {
	case len(names) == 0:
		return "no name"
	case len(names) > 3:
		return strings.Join(names[:3], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// certificateFile says what became of SSL_CERT_FILE. crypto/x509 reads it on systems other
// than those below, and ignores a file that it cannot use without saying so.
func certificateFile(getenv func(string) string, system string) CertificateFile {
	if slices.Contains([]string{"darwin", "windows", "ios"}, system) {
		return CertificateFile{Ignored: true}
	}
	name := getenv("SSL_CERT_FILE")
	if name == "" {
		return CertificateFile{}
	}
	result := CertificateFile{Set: true}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		result.Problem = "does not exist"
		return result
	case err == nil && info.IsDir():
		result.Problem = "is a folder; SSL_CERT_DIR is the variable for one"
		return result
	}
	text, err := os.ReadFile(name)
	switch {
	case err != nil:
		result.Problem = "cannot be read"
	case len(bytes.TrimSpace(text)) == 0:
		result.Problem = "is empty"
	case !x509.NewCertPool().AppendCertsFromPEM(text):
		result.Problem = "has no certificate in PEM form in it (-----BEGIN CERTIFICATE-----)"
		if block, _ := pem.Decode(text); block == nil {
			if _, err := x509.ParseCertificate(text); err == nil {
				result.Problem = "is in DER form and has to be in PEM form: openssl x509 -inform der -in old -out new"
			}
		}
	}
	return result
}

// brokenAnswer is about a connection that was made, and then failed.
func (c *Client) brokenAnswer(err error) string {
	text := err.Error()
	code := http2Code(err)
	if code != "" {
		code = " with the HTTP/2 code " + code
	}
	var (
		netError net.Error
		corrupt  flate.CorruptInputError
	)
	switch {
	case errors.Is(err, errRefusedAgain):
		return "the server refused the request again and again, by REFUSED_STREAM or GOAWAY of HTTP/2"
	case strings.Contains(text, "client connection lost"):
		return "the connection went silent, and a ping over it had no answer"
	case strings.Contains(text, "GOAWAY"):
		return "the server closed the connection" + code
	case code != "" && strings.Contains(text, "received from peer"):
		return "the server gave the request up" + code
	case code != "" || strings.Contains(text, "http2: frame too large"):
		return strings.TrimSuffix("the answer breaks the rules of HTTP/2,"+code, ",")
	case isClosed(err):
		return "the connection was closed before the answer was complete"
	case errors.As(err, &netError) && netError.Timeout():
		return "the connection timed out"
	case strings.Contains(text, "http2:"):
		return "the HTTP/2 connection failed"
	case strings.Contains(text, "malformed HTTP"):
		return "the answer is not HTTP"
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		// Go's own text has an offset that differs between its versions.
		return "the gzip compression of the answer is broken"
	}
	return "the answer could not be read: " + c.cleaner.clean(innermost(err).Error())
}

// http2Codes are the names of RFC 9113, section 7. net/http exports no type that has them.
var http2Codes = regexp.MustCompile(`\b(NO_ERROR|PROTOCOL_ERROR|INTERNAL_ERROR|FLOW_CONTROL_ERROR|SETTINGS_TIMEOUT|STREAM_CLOSED|FRAME_SIZE_ERROR|` +
	`REFUSED_STREAM|CANCEL|COMPRESSION_ERROR|CONNECT_ERROR|ENHANCE_YOUR_CALM|INADEQUATE_SECURITY|HTTP_1_1_REQUIRED|unknown error code 0x[0-9a-f]+)\b`)

// http2Code is the code of an error of HTTP/2, or "".
func http2Code(err error) string {
	text := err.Error()
	for _, sign := range []string{"http2:", "stream error:", "connection error:"} {
		if strings.Contains(text, sign) {
			return http2Codes.FindString(text)
		}
	}
	return ""
}

// LongQuery is the number of bytes from which a query may be too long for a server with
// its default settings: nginx accepts a line of 8 KiB.
const LongQuery = 8000

// refusesLength says whether a failure is what a server does to a request whose header is
// too large for it: nginx and others then say ENHANCE_YOUR_CALM, or reset the stream.
func refusesLength(err error) bool {
	switch http2Code(err) {
	case "", "NO_ERROR", "REFUSED_STREAM", "HTTP_1_1_REQUIRED":
		return false
	}
	return strings.Contains(err.Error(), "received from peer") || strings.Contains(err.Error(), "GOAWAY")
}

func isTimeout(err error) bool {
	var netError net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netError) && netError.Timeout()
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// innermost is the error at the end of the chain.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
