package compliance

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// ProxyVariableError is a proxy variable of the environment that cannot be used. Its value
// may hold a password, and is not in it.
type ProxyVariableError struct {
	Variable string
	Scheme   bool // it is a URL, of a scheme that is not known
}

func (e *ProxyVariableError) Error() string {
	return "the environment variable " + e.Variable + " names no proxy"
}

// proxyFor is the proxy that the environment names for a URL, with its port, or nil. NO_PROXY is
// read as Go and curl read it. A value of HTTPS_PROXY that cannot be used is an error: Go's own
// reading of it would leave the proxy out, and send the key past it.
func proxyFor(target *url.URL, getenv func(string) string) (*url.URL, error) {
	variable := "HTTPS_PROXY"
	if getenv(variable) == "" {
		variable = "https_proxy"
	}
	value := getenv(variable)
	if value == "" || target.Scheme != "https" {
		return nil, nil
	}
	exceptions := httpproxy.Config{HTTPSProxy: "http://proxy.invalid", NoProxy: cmp.Or(getenv("NO_PROXY"), getenv("no_proxy"))}
	if used, err := exceptions.ProxyFunc()(target); err != nil || used == nil {
		return nil, err
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	proxy, err := url.Parse(value)
	unknown := err == nil && proxyPorts[proxy.Scheme] == ""
	if err != nil || unknown || proxy.Hostname() == "" || !isPort(proxy.Port()) ||
		strings.Trim(proxy.Path, "/") != "" || proxy.RawQuery != "" || proxy.Fragment != "" { // of a password, probably
		return nil, &ProxyVariableError{Variable: variable, Scheme: unknown}
	}
	proxy.Host = net.JoinHostPort(proxy.Hostname(), cmp.Or(proxy.Port(), proxyPorts[proxy.Scheme]))
	return proxy, nil
}

var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// refusal is a proxy's answer to CONNECT, as it came, unless it is 200. It is asked by net/http
// before it looks at the body, which may never come.
func refusal(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return &ConnectionError{ProxyStatus: response.StatusCode, ProxySchemes: response.Header.Values("Proxy-Authenticate")}
}
