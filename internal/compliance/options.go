package compliance

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
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
	// or an Admin API key. The server decides; the key is sent as it is. See [CheckAPIKey].
	APIKey string
	// BaseURL is where the API is; see [ParseBaseURL]. Empty means [DefaultBaseURL].
	BaseURL string
	// Version is the anthropic-version header; see [ValidVersion]. Empty means [DefaultVersion].
	Version string
	// UserAgent names the program to the server. Characters that no header may hold are
	// left out of it. Empty sends none.
	UserAgent string

	// RequestTimeout is for one request with its whole body, waits excluded.
	RequestTimeout time.Duration
	// MaxRetries is how often the request for one page is sent again. Zero means never.
	MaxRetries int
	// RequestsPerMinute is a ceiling for all reads of the client together; the
	// server's own limit is kept anyway. Zero means no ceiling.
	RequestsPerMinute int
	// RequestsAtOnce is how many requests of all reads are in flight together, at least 1.
	RequestsAtOnce int

	// Getenv is where HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are looked up.
	Getenv func(string) string
	// Now is this machine's clock, which the answers' is compared with.
	Now func() time.Time
	// Logger gets a line for each attempt (debug): numbers and times, never a header or a
	// body.
	Logger *slog.Logger
	// Transport sends the requests, in tests. Nil means a pool of connections of its own.
	Transport http.RoundTripper
}

// ParseBaseURL checks a base URL: https, or http on a loopback host, so that a key never
// crosses a network in the clear; a path is kept, and has to be as it is sent; credentials, a
// query or a fragment are refused. Errors are an [OptionError].
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, NoURL
	case base.User != nil:
		return nil, URLHasCredentials
	case base.RawQuery != "" || base.ForceQuery || strings.Contains(text, "#"):
		return nil, URLHasQuery
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, URLNotHTTPS
	case base.Hostname() == "":
		return nil, URLWithoutHost
	case !isPort(base.Port()):
		return nil, URLWithOddPort
	case strings.Contains(base.Path, "//") || slices.ContainsFunc(strings.Split(base.Path, "/"), func(part string) bool { return part == "." || part == ".." }):
		return nil, URLWithOddPath
	case strings.HasSuffix(strings.TrimRight(base.Path, "/"), "/"+path):
		return nil, URLOfEndpoint
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		return nil, URLInTheClear
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

// isPort is also true for "", which means the scheme's own.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// CheckAPIKey says whether a key can be sent at all; only the server can tell whether it is
// valid. Errors are an [OptionError].
func CheckAPIKey(key string) error {
	switch {
	case key == "":
		return NoKey
	case strings.ContainsAny(key, "\"'"):
		return KeyQuoted
	case visible.MatchString(key):
		return nil
	case visible.MatchString(strings.TrimSpace(key)):
		return KeyPadded
	}
	return KeyOddCharacter
}

// ValidVersion says whether a version can be sent at all; only the server knows which ones
// there are.
func ValidVersion(version string) bool { return visible.MatchString(version) }

// visible is text of printable ASCII characters without spaces.
var visible = regexp.MustCompile("^[!-~]+$")
