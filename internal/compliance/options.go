package compliance

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultBaseURL is where the API is.
	DefaultBaseURL = "https://api.anthropic.com"
	// DefaultVersion is the API version that this package was written for.
	DefaultVersion = "2023-06-01"
)

// Options configure a [Client].
type Options struct {
	// APIKey is a Compliance Access Key with the scope read:compliance_activities,
	// or an Admin API key. The server decides; the key is sent as it is. Required;
	// see [CheckAPIKey].
	APIKey string
	// BaseURL is where the API is; see [ParseBaseURL]. Empty means [DefaultBaseURL].
	BaseURL string
	// Version is the anthropic-version header. Empty means [DefaultVersion]; see
	// [CheckVersion].
	Version string
	// UserAgent names the program to the server. Characters that no header may hold are
	// left out of it. Empty sends none.
	UserAgent string

	// RequestTimeout is for one request with its whole body, waits excluded. Required.
	RequestTimeout time.Duration
	// MaxRetries is how often the request for one page is sent again. Zero means never.
	MaxRetries int
	// RequestsPerMinute is a ceiling for all reads of the client together; the
	// server's own limit is kept anyway. Zero means no ceiling.
	RequestsPerMinute int
	// RequestsAtOnce is how many requests of all reads are in flight together, at
	// least 1.
	RequestsAtOnce int

	// Transport sends the requests. Nil means a pool of its own that honours
	// HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE.
	Transport http.RoundTripper
	// Getenv is where HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are looked up. Nil means os.Getenv.
	Getenv func(string) string
	// Now is this machine's clock, which the answers' is compared with. Nil means
	// [time.Now].
	Now func() time.Time
	// Logger gets a line for each page (info) and each attempt (debug): numbers,
	// times and request IDs, never a header or a body. Nil means no log.
	Logger *slog.Logger

	editTransport func(*http.Transport) // for tests: what is their own of a pool
}

// ParseBaseURL checks a base URL: https, or http on a loopback host, so that a key
// never crosses a network in the clear; a path is kept, and has to be as it is sent; credentials, a query or a
// fragment are errors. An error continues a sentence about the URL ("must not have a
// query", "has no host"), and does not repeat it, since it may hold a password.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a valid URL; it must begin with https:// and a host")
	case base.User != nil:
		return nil, errors.New("must not hold credentials; the API key has an argument of its own")
	case base.RawQuery != "" || base.ForceQuery || strings.Contains(text, "#"):
		return nil, errors.New("must not have a query or a fragment")
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("must begin with https://")
	case base.Hostname() == "":
		return nil, errors.New("has no host")
	case !isPort(base.Port()):
		return nil, errors.New("has an invalid port")
	case strings.Contains(base.Path, "//") || slices.ContainsFunc(strings.Split(base.Path, "/"), func(part string) bool { return part == "." || part == ".." }):
		return nil, errors.New("must not have //, /./ or /../ in its path")
	case strings.HasSuffix(strings.TrimRight(base.Path, "/"), "/"+path):
		return nil, errors.New("must not end with /" + path + ", which is appended to it")
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		return nil, errors.New("must begin with https://; http:// is only for a loopback host such as localhost or 127.0.0.1")
	}
	return base, nil
}

// OwnHost says whether a base URL names a host of the API itself: the default one, or one
// on AWS (aws-external-anthropic.REGION.api.aws).
func OwnHost(base *url.URL) bool {
	host := strings.ToLower(base.Hostname())
	return "https://"+host == DefaultBaseURL ||
		strings.HasPrefix(host, "aws-external-anthropic.") && strings.HasSuffix(host, ".api.aws")
}

// OnThisMachine says whether a base URL names a loopback host, as a made-up feed's does.
func OnThisMachine(base *url.URL) bool { return isLoopback(base.Hostname()) }

// isPort is also true for "", which means the scheme's own.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// CheckAPIKey says whether a key can be sent at all. Only the server can tell
// whether it is valid. An error continues a sentence about the key ("is empty"), and does
// not repeat it.
func CheckAPIKey(key string) error {
	if key == "" {
		return errors.New("is empty")
	}
	switch trimmed := strings.TrimSpace(key); {
	case strings.ContainsAny(key, "\"'"):
		return errors.New("has quotation marks in it, which no key has; set it without")
	case isVisible(key):
		return nil
	case trimmed != "" && isVisible(trimmed):
		return errors.New("begins or ends with a space or a line break, which no key does; set it without")
	}
	return errors.New("has a space, a line break or another character in it that no key has; set it without")
}

// CheckVersion says whether a version can be sent at all; only the server knows which ones
// there are. An error continues a sentence about it, and does not repeat it.
func CheckVersion(version string) error {
	if version == "" || !isVisible(version) {
		return errors.New("cannot be sent")
	}
	return nil
}

// isVisible is true for text of printable ASCII characters without spaces.
func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
