package compliance

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	netproxy "golang.org/x/net/proxy"
)

// ProxyVariableError is a proxy variable of the environment that cannot be used. Its value
// may hold a password, and is not in it.
type ProxyVariableError struct {
	Variable string
	Problem  string // continues a sentence about the variable: "has no host"
}

func (e *ProxyVariableError) Error() string {
	return "the environment variable " + e.Variable + " " + e.Problem
}

// proxyFor is the proxy that the environment names for a URL, or nil. NO_PROXY is read as
// Go and curl read it. A value of HTTPS_PROXY that cannot be used is an error: Go's own
// reading of it would leave the proxy out, and send the key past it.
func proxyFor(target *url.URL, getenv func(string) string) (*url.URL, error) {
	variable := "HTTPS_PROXY"
	value := getenv(variable)
	if value == "" {
		variable = "https_proxy"
		value = getenv(variable)
	}
	if value == "" || target.Scheme != "https" {
		return nil, nil
	}
	exceptions := httpproxy.Config{HTTPSProxy: "http://proxy.invalid", NoProxy: cmp.Or(getenv("NO_PROXY"), getenv("no_proxy"))}
	if used, err := exceptions.ProxyFunc()(target); err != nil || used == nil {
		return nil, err
	}
	proxy, problem := parseProxy(value)
	if problem != "" {
		return nil, &ProxyVariableError{Variable: variable, Problem: problem}
	}
	return proxy, nil
}

var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// parseProxy reads a URL, or host and port alone. The problem continues a sentence about it.
func parseProxy(value string) (proxy *url.URL, problem string) {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, "has a space, a line break or another control character in it; set it without"
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	const encode = "; in a user name or password, write special characters as percent codes: % as %25, # as %23, / as %2F, @ as %40"
	proxy, err := url.Parse(value)
	switch {
	case err != nil:
		return nil, "is not a valid URL" + encode
	case proxyPorts[proxy.Scheme] == "":
		return nil, "has a scheme other than http, https, socks5 and socks5h"
	case proxy.Hostname() == "":
		return nil, "has no host"
	case !isPort(proxy.Port()):
		return nil, "has an invalid port"
	case strings.Trim(proxy.Path, "/") != "" || proxy.RawQuery != "" || proxy.Fragment != "":
		return nil, "has something behind its host and port" + encode
	}
	return proxy, ""
}

// hostPort is where a proxy listens.
func hostPort(proxy *url.URL) string {
	return net.JoinHostPort(proxy.Hostname(), cmp.Or(proxy.Port(), proxyPorts[proxy.Scheme]))
}

// proxyRefusal is a proxy's answer to CONNECT with a status other than 2xx.
type proxyRefusal struct {
	status  int
	schemes []string // of authentication that it accepts, for 407
}

func (e *proxyRefusal) Error() string { return fmt.Sprintf("HTTP %d", e.status) }

// maxConnectBytes bounds a proxy's answer to CONNECT.
const maxConnectBytes = 64 << 10

// openTunnel has a proxy connect to an address, over a connection to the proxy.
func openTunnel(ctx context.Context, conn net.Conn, proxy *url.URL, address string) error {
	if strings.HasPrefix(proxy.Scheme, "socks") {
		return socks(ctx, conn, proxy, address)
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{"User-Agent": {""}}}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxConnectBytes))
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // that of CONNECT has none
	if response.StatusCode/100 != 2 {
		refusal := &proxyRefusal{status: response.StatusCode}
		for _, challenge := range response.Header.Values("Proxy-Authenticate") {
			scheme, _, _ := strings.Cut(challenge, " ")
			refusal.schemes = append(refusal.schemes, scheme)
		}
		return refusal
	}
	if reader.Buffered() > 0 { // TLS begins with the client
		return fmt.Errorf("%d bytes too many behind the answer to CONNECT", reader.Buffered())
	}
	return nil
}

func socks(ctx context.Context, conn net.Conn, proxy *url.URL, address string) error {
	var auth *netproxy.Auth
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		auth = &netproxy.Auth{User: user.Username(), Password: password}
	}
	dialer, err := netproxy.SOCKS5("tcp", hostPort(proxy), auth, ready{conn})
	if err != nil {
		return err
	}
	_, err = dialer.(netproxy.ContextDialer).DialContext(ctx, "tcp", address)
	return err
}

// ready "dials" by handing out a connection that exists already.
type ready struct{ net.Conn }

func (r ready) Dial(string, string) (net.Conn, error) { return r.Conn, nil }

func (r ready) DialContext(context.Context, string, string) (net.Conn, error) {
	return r.Conn, nil
}

// within does something with a connection for a limited time, and no longer than the
// context lasts.
func within(ctx context.Context, limit time.Duration, conn net.Conn, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err := do(ctx)
	if !stop() && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
