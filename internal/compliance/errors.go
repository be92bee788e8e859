package compliance

import (
	"fmt"
	"strings"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// Errors are data: what happened, on which page, what the server said. All text
// in them that comes from the server is cleaned (see [cleaner]). The API key is
// in none of them.

// OptionError is why an option cannot be used. What the option holds may be secret, and is not
// in it.
type OptionError string

// What may be wrong with a base URL, and with an API key.
const (
	NoURL             OptionError = "the base URL is none"
	URLHasCredentials OptionError = "the base URL has credentials"
	URLHasQuery       OptionError = "the base URL has a query or a fragment"
	URLNotHTTPS       OptionError = "the base URL has another scheme"
	URLWithoutHost    OptionError = "the base URL has no host"
	URLWithOddPort    OptionError = "the base URL has a port that is none"
	URLWithOddPath    OptionError = "the base URL has a path that would be sent otherwise"
	URLOfEndpoint     OptionError = "the base URL has the endpoint's path"
	URLInTheClear     OptionError = "the base URL is http and not loopback"

	NoKey           OptionError = "the API key is empty"
	KeyQuoted       OptionError = "the API key has quotation marks"
	KeyPadded       OptionError = "the API key has space around it"
	KeyOddCharacter OptionError = "the API key has a character that no key has"
)

func (e OptionError) Error() string { return string(e) }

// RequestError is what [Client.Page] returns if it could not get a page. Err is one of the
// other error types of this package, or the context's error.
type RequestError struct {
	Attempts int   // requests sent
	PageSize int   // how many activities the last of them asked for
	Last     error // the attempt before, which failed, too; where Err is the context's or a [WaitError], the last one; or nil
	Err      error
}

func (e *RequestError) Error() string { return fmt.Sprintf("after %d attempts: %v", e.Attempts, e.Err) }

func (e *RequestError) Unwrap() error { return e.Err }

// StatusError is an answer with a status other than 200.
type StatusError struct {
	Status    int
	Type      string // error.type, the contract; "" where the body was not the API's
	Code      string // error.details.error_code, which tells apart errors of one status and type; often ""
	Message   string // error.message, for people
	URL       string // that was asked, without its query
	RequestID string // from a header (request-id, on AWS x-amzn-requestid) or the body; "" without one

	QueryLength  int       // of the request, in bytes, since servers in between refuse long ones
	HTML         bool      // the body was an HTML page, as proxies send it; nothing of it is kept
	RedirectHost string    // where a redirect would have led; redirects are not followed
	ResumeAt     time.Time // when the server will take requests again; zero if it did not say
}

func (e *StatusError) Error() string {
	parts := []string{fmt.Sprintf("HTTP %d", e.Status)}
	for _, more := range []struct{ name, text string }{
		{"", e.Type}, {"", e.Code}, {"redirect to ", e.RedirectHost}, {"message ", e.Message}, {"request-id ", e.RequestID},
	} {
		if more.text != "" {
			parts = append(parts, more.name+more.text)
		}
	}
	return strings.Join(parts, ", ")
}

// Stage is how far a request had come when it failed.
type Stage int

// The stages of a request, in their order.
const (
	AtName       Stage = iota + 1 // looking up the host's name
	AtConnection                  // connecting to the host
	AtProxy                       // waiting for the proxy to connect to the host
	AtTLS                         // the TLS handshake
	AtRequest                     // connected; the answer had not come, or not all of it
)

// Cause is why a connection failed. Its text is for a log.
type Cause string

// The causes, in the order of the stages at which they are usual.
const (
	NoSuchName       Cause = "no such name" // the name server says so
	NameServerSilent Cause = "the name server is silent"
	NameServerFailed Cause = "the name server failed"
	Refused          Cause = "refused"
	Unreachable      Cause = "unreachable"
	ProxyRefused     Cause = "refused by the proxy" // see ProxyStatus; by a SOCKS proxy, see Detail
	NotTLS           Cause = "no TLS"
	TLSAlert         Cause = "TLS alert" // see Detail
	BadCertificate   Cause = "certificate refused"
	TimedOut         Cause = "timed out" // see Timeout
	Closed           Cause = "closed"
	NoPing           Cause = "a ping had no answer"
	GoneAway         Cause = "GOAWAY"       // see Code
	GivenUp          Cause = "stream reset" // see Code
	BrokenHTTP2      Cause = "broken HTTP/2"
	NotHTTP          Cause = "no HTTP"
	BrokenGzip       Cause = "broken gzip"
	Unexplained      Cause = "failed" // see Detail
)

// ConnectionError means that no whole answer arrived.
type ConnectionError struct {
	Host   string // host and port that were asked
	Proxy  string // host and port of the proxy, where it is the proxy that failed
	Stage  Stage
	Cause  Cause
	Detail string // what Go's libraries say, of some causes
	Code   string // of HTTP/2 (RFC 9113, section 7), where there is one
	Name   string // that was looked up

	// Timeout is the limit for one request, if that is what ended it. The steps of
	// connecting have limits of their own ([ConnectLimit]), which leave this zero.
	Timeout time.Duration
	// ProxyStatus is what the proxy answered to CONNECT, or 0.
	ProxyStatus int
	// ProxySchemes are the kinds of authentication that the proxy takes, where it says so.
	ProxySchemes []string
	// Certificate is about the certificate that was refused, or nil.
	Certificate *CertificateError
	// QueryLength is the length in bytes of a query that was probably too long for the
	// server, or for something in front of it that does not say so; else 0.
	QueryLength int

	final bool // another attempt would end in the same way
}

func (e *ConnectionError) Error() string {
	text := e.Host
	if e.Proxy != "" {
		text += ", proxy " + e.Proxy
	}
	if e.ProxyStatus > 0 {
		return fmt.Sprintf("%s: %s: %d", text, e.Cause, e.ProxyStatus)
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", text, e.Cause, e.Code, e.Detail))
}

// CertificateError says what is wrong with a certificate that was refused.
type CertificateError struct {
	Fault               CertificateFault
	Detail              string          // of another fault
	NotBefore, NotAfter time.Time       // of the certificate that is not valid now
	Names               []string        // that it is for
	Name                string          // that it should be for, where that is the fault
	Issuer              string          // that is not trusted, where that is the fault
	File                CertificateFile // likewise
}

// CertificateFault is a reason to refuse a certificate.
type CertificateFault int

// The faults of certificates.
const (
	UnknownIssuer CertificateFault = iota
	OutsideValidity
	OtherName
	OtherFault
)

// CertificateFile says what became of the environment variable SSL_CERT_FILE.
type CertificateFile int

// What may become of it.
const (
	FileNotSet   CertificateFile = iota
	FileIgnored                  // on this system, only its own list of certificates counts
	FileRead                     // and does not have the issuer
	FileUnusable                 // it cannot be read, or has no certificate in PEM form
)

// PageError is a 200 answer that cannot be taken for a page of the feed.
type PageError struct {
	Fault     PageFault
	Body      *activity.PageError // why the body is no page, where that is the fault
	RequestID string
}

// PageFault is why an answer is no page. Its text is for a log.
type PageFault string

// The faults of pages.
const (
	NoPage    PageFault = "not a page" // see Body
	BrokenOff PageFault = "broken off"
	HTML      PageFault = "an HTML page"
	TooLarge  PageFault = "larger than MaxPageBytes"
)

func (e *PageError) Error() string {
	if e.Body != nil {
		return e.Body.Error()
	}
	return string(e.Fault)
}

// StaleError is a 200 answer that does not show the feed as it is now: it came from a
// cache; or this machine's clock is ahead, so that a lookback would begin too late.
type StaleError struct {
	ByAge     bool          // by the header Age, which only a cache sends; else by Date, which may be the clock
	Behind    time.Duration // how much older than it should be
	RequestID string
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("the answer is %v older than it should be", e.Behind)
}

// WaitError means that the next request would have to wait longer than the
// context of the read lasts, so that waiting could only end in a timeout.
type WaitError struct {
	Until time.Time // when requests are welcome again
}

func (e *WaitError) Error() string {
	return "the next request has to wait until " + e.Until.UTC().Format(time.RFC3339)
}
