package compliance

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// listenProxy runs a proxy on loopback until the test ends.
func listenProxy(t *testing.T, network, address string, serve func(net.Conn)) net.Addr {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), network, address)
	if err != nil {
		t.Skip(err) // no IPv6
	}
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		open    []net.Conn
	)
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			running.Go(func() { defer conn.Close(); serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return listener.Addr()
}

// join passes bytes on between two connections until either ends.
func join(client io.ReadWriteCloser, server net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, client); server.Close() })
	both.Go(func() { _, _ = io.Copy(client, server); client.Close() })
	both.Wait()
}

// connectProxy is a proxy for CONNECT that leads every target to one server.
type connectProxy struct {
	net.Addr
	mu      sync.Mutex
	targets []string
	auth    []string // of each request
}

func (p *connectProxy) URL() string { return "http://" + p.String() }

func (p *connectProxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.targets)
}

func (p *connectProxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.targets = nil
}

// newConnectProxy makes one. answer, if there is one, says no by returning true; it may
// write what it likes.
func newConnectProxy(t *testing.T, server string, answer func(net.Conn, *http.Request) bool) *connectProxy {
	t.Helper()
	p := &connectProxy{}
	p.Addr = listenProxy(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { p.serve(conn, server, answer) })
	return p
}

func (p *connectProxy) serve(conn net.Conn, server string, answer func(net.Conn, *http.Request) bool) {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	p.mu.Lock()
	p.targets = append(p.targets, request.Host)
	p.auth = append(p.auth, request.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if answer != nil && answer(conn, request) {
		return
	}
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	join(conn, upstream)
}

// serveSOCKS is a SOCKS5 server (RFC 1928, 1929) that leads every target to one server. reply is
// what it answers to a request, 0 for yes.
func serveSOCKS(conn net.Conn, server, user, password string, reply byte, asked func(string)) {
	read := func(n int) []byte {
		some := make([]byte, n)
		if _, err := io.ReadFull(conn, some); err != nil {
			return make([]byte, n)
		}
		return some
	}
	methods := read(int(read(2)[1]))
	method := byte(0)
	if user != "" {
		method = 2
	}
	if !slices.Contains(methods, method) {
		_, _ = conn.Write([]byte{5, 0xff})
		return
	}
	_, _ = conn.Write([]byte{5, method})
	if user != "" {
		name := string(read(int(read(2)[1])))
		if secret := string(read(int(read(1)[0]))); name != user || secret != password {
			_, _ = conn.Write([]byte{1, 1})
			return
		}
		_, _ = conn.Write([]byte{1, 0})
	}
	if head := read(4); head[1] != 1 || head[3] != 3 {
		return // a connection to a name, which the proxy looks up
	}
	host := string(read(int(read(1)[0])))
	asked(net.JoinHostPort(host, big.NewInt(int64(binary.BigEndian.Uint16(read(2)))).String()))
	_, _ = conn.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
	if reply != 0 {
		return
	}
	if upstream, err := net.Dial("tcp", server); err == nil {
		join(conn, upstream)
	}
}

// The name that the certificates of httptest have, which is not loopback.
const proxied = "https://example.com"

func through(proxy string, more ...string) func(*socketOptions) {
	return func(o *socketOptions) {
		o.environment = map[string]string{"HTTPS_PROXY": proxy}
		for i := 0; i < len(more); i += 2 {
			o.environment[more[i]] = more[i+1]
		}
	}
}

func status(line string) func(net.Conn, *http.Request) bool {
	return func(conn net.Conn, _ *http.Request) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 "+line+"\r\nContent-Length: 6\r\n\r\n<html>")
		return true
	}
}

// TestProxies reads through proxies of every kind, over both versions of HTTP.
func TestProxies(t *testing.T) {
	t.Parallel()
	const user, password = "user", "p@ss#word/%"
	credentials := url.UserPassword(user, password).String() + "@"
	withPassword := func(conn net.Conn, request *http.Request) bool {
		request.Header.Set("Authorization", request.Header.Get("Proxy-Authorization"))
		name, secret, _ := request.BasicAuth()
		return (name != user || secret != password) && status("407 No")(conn, request)
	}
	for version, edit := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server, _ := newTLSServer(t, edit)
			target := server.Listener.Addr().String()
			requireRead := func(t *testing.T, asked func() []string, edit func(*socketOptions)) {
				t.Helper()
				read(socketClient(t, proxied, edit, noRetries).Pages(t.Context(), Query{})).mustBe(t, idsOf(records(3)))
				equal(t, "targets", asked(), []string{"example.com:443"})
			}
			t.Run("CONNECT", func(t *testing.T) {
				t.Parallel()
				proxy := newConnectProxy(t, target, nil)
				requireRead(t, proxy.asked, through(proxy.URL()))
				proxy.forget()
				requireRead(t, proxy.asked, through(proxy.String())) // without a scheme
				proxy.forget()
				requireRead(t, proxy.asked, func(o *socketOptions) { o.environment = map[string]string{"https_proxy": proxy.URL() + "/"} })
			})
			t.Run("CONNECT with a password", func(t *testing.T) {
				t.Parallel()
				proxy := newConnectProxy(t, target, withPassword)
				requireRead(t, proxy.asked, through("http://"+credentials+proxy.String()))
			})
			t.Run("CONNECT over IPv6", func(t *testing.T) {
				t.Parallel()
				proxy := &connectProxy{}
				proxy.Addr = listenProxy(t, "tcp6", "[::1]:0", func(conn net.Conn) { proxy.serve(conn, target, nil) })
				requireRead(t, proxy.asked, through(proxy.URL()))
			})
			t.Run("CONNECT over TLS", func(t *testing.T) {
				t.Parallel()
				proxy := &connectProxy{}
				secured := httptest.NewUnstartedServer(http.NotFoundHandler())
				secured.StartTLS()
				defer secured.Close()
				config := &tls.Config{Certificates: secured.TLS.Certificates}
				proxy.Addr = listenProxy(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { proxy.serve(tls.Server(conn, config), target, nil) })
				requireRead(t, proxy.asked, through("https://"+proxy.String()))
			})
			for _, scheme := range []string{"socks5", "socks5h"} {
				for _, login := range []string{"", credentials} {
					t.Run(scheme+" "+login, func(t *testing.T) {
						t.Parallel()
						proxy := &connectProxy{}
						name, secret := "", ""
						if login != "" {
							name, secret = user, password
						}
						address := listenProxy(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
							serveSOCKS(conn, target, name, secret, 0, func(target string) { proxy.targets = append(proxy.targets, target) })
						})
						requireRead(t, proxy.asked, through(scheme+"://"+login+address.String()))
					})
				}
			}
			t.Run("a CA of its own", func(t *testing.T) {
				t.Parallel()
				opening, ca := openingProxy(t, target, edit)
				got, _ := connectionFailure(t, socketClient(t, proxied, through(opening.URL()), noRetries), Query{})
				if got.Certificate != UnknownIssuer || !strings.Contains(got.Reason, "A Proxy's CA") {
					t.Errorf("got %+v, want the proxy's CA refused", got)
				}
				opening.forget()
				requireRead(t, opening.asked, func(o *socketOptions) { through(opening.URL())(o); o.roots = ca })
			})
		})
	}
}

// openingProxy opens the TLS connections that go through it, with certificates of a CA of
// its own.
func openingProxy(t *testing.T, server string, edit func(*httptest.Server)) (*connectProxy, *x509.CertPool) {
	t.Helper()
	certificate, ca := issue(t, func(*x509.Certificate) {})
	protocols := []string{"http/1.1"}
	probe := httptest.NewUnstartedServer(nil)
	if edit(probe); probe.EnableHTTP2 {
		protocols = []string{"h2"}
	}
	probe.Listener.Close()
	proxy := newConnectProxy(t, server, func(conn net.Conn, _ *http.Request) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		client := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: protocols})
		if client.HandshakeContext(t.Context()) != nil {
			return true
		}
		upstream, err := tls.Dial("tcp", server, &tls.Config{RootCAs: testRoots(), ServerName: "example.com", NextProtos: protocols})
		if err == nil {
			join(client, upstream)
		}
		return true
	})
	return proxy, ca
}

// issue makes a certificate for example.com, and the list of CAs that makes it good.
func issue(t *testing.T, edit func(*x509.Certificate)) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A Proxy's CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"example.com"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter}
	edit(leaf)
	authority, err1 := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	signed, err2 := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), key)
	parsed, err3 := x509.ParseCertificate(authority)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, roots
}

// TestCertificates tells the faults of certificates apart. None is tried again.
func TestCertificates(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	for name, test := range map[string]struct {
		edit func(*x509.Certificate)
		want CertificateFault
		text string
	}{
		"expired": {func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 30) }, OutsideValidity, "the certificate is valid from 2020-01-01 to 2020-01-31"},
		"not yet": {func(c *x509.Certificate) { c.NotBefore = c.NotAfter.AddDate(0, 0, -1) }, OutsideValidity, "the certificate is valid from 2119-12-31 to 2120-01-01"},
		"another name": {func(c *x509.Certificate) { c.DNSNames = []string{"a.example.org", "b.example.org"} }, OtherName,
			"the certificate is for a.example.org, b.example.org, and not for 127.0.0.1"},
		"no name":    {func(c *x509.Certificate) { c.DNSNames = nil }, OtherName, "the certificate is for no name, and not for 127.0.0.1"},
		"many names": {func(c *x509.Certificate) { c.DNSNames = []string{"a", "b", "c", "d"} }, OtherName, "the certificate is for a, b, c and others, and not for 127.0.0.1"},
		"another use": {func(c *x509.Certificate) {
			c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, OtherFault, "the certificate was refused: "},
	} {
		run(name, func(t *testing.T) {
			certificate, roots := issue(t, test.edit)
			server, api := newTLSServer(t, func(s *httptest.Server) { s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}} })
			got, failed := connectionFailure(t, socketClient(t, server.URL, func(o *socketOptions) { o.roots = roots }), Query{})
			if got.Certificate != test.want || !strings.HasPrefix(got.Reason, test.text) || got.Stage != AtTLS || failed.Attempts != 1 || len(api.Requests()) > 0 {
				t.Errorf("got %+v after %d attempts, want %q after 1", got, failed.Attempts, test.text)
			}
		})
	}
	run("an unknown issuer", func(t *testing.T) {
		server, api := newTLSServer(t, func(*httptest.Server) {})
		got, failed := connectionFailure(t, socketClient(t, server.URL, func(o *socketOptions) { o.roots = x509.NewCertPool() }), Query{})
		if got.Certificate != UnknownIssuer || got.Reason != `the certificate's issuer is not trusted here: "O=Acme Co"` || failed.Attempts != 1 || len(api.Requests()) > 0 {
			t.Errorf("got %+v after %d attempts, want the issuer refused after 1", got, failed.Attempts)
		}
	})
}

// TestProxiesThatFail tells what the matter is, by the proxy's own address, and without a
// word of the user's.
func TestProxiesThatFail(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	socks := func(user string, reply byte) func(*testing.T) string {
		return func(t *testing.T) string {
			return "socks5://" + canaryPrefix + ":" + canarySecret + "@" + listenProxy(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
				serveSOCKS(conn, "", user, canarySecret, reply, func(string) {})
			}).String()
		}
	}
	connect := func(answer func(net.Conn, *http.Request) bool) func(*testing.T) string {
		return func(t *testing.T) string {
			return "http://" + canaryPrefix + ":" + canarySecret + "@" + newConnectProxy(t, "", answer).String()
		}
	}
	say := func(text string) func(net.Conn, *http.Request) bool {
		return func(conn net.Conn, _ *http.Request) bool { _, _ = io.WriteString(conn, text); return true }
	}
	echo := func(conn net.Conn, request *http.Request) bool {
		return status("502 "+request.Header.Get("Proxy-Authorization")+canarySecret)(conn, request)
	}
	hang := func(conn net.Conn, _ *http.Request) bool { _, _ = io.Copy(io.Discard, conn); return true }
	for name, test := range map[string]struct {
		proxy    func(*testing.T) string
		stage    Stage
		attempts int
		want     string
	}{
		"nobody there":        {func(*testing.T) string { return gone.URL }, AtConnection, 2, "the connection was refused"},
		"407":                 {connect(status("407 Proxy Authentication Required")), AtProxy, 1, "the proxy refused to connect: HTTP 407, Proxy Authentication Required"},
		"407 of Windows":      {connect(say("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")), AtProxy, 1, "the proxy refused to connect: HTTP 407, Proxy Authentication Required, and takes Negotiate, NTLM alone, not a user name and password"},
		"403":                 {connect(status("403 Forbidden")), AtProxy, 1, "the proxy refused to connect: HTTP 403, Forbidden"},
		"302":                 {connect(status("302 Found")), AtProxy, 1, "the proxy refused to connect: HTTP 302, Found"},
		"502":                 {connect(status("502 Bad Gateway")), AtProxy, 2, "the proxy refused to connect: HTTP 502, Bad Gateway"},
		"503":                 {connect(status("503 \x1b[31m")), AtProxy, 2, "the proxy refused to connect: HTTP 503, Service Unavailable"},
		"504":                 {connect(status("504 Gateway Timeout")), AtProxy, 2, "the proxy refused to connect: HTTP 504, Gateway Timeout"},
		"an echo":             {connect(echo), AtProxy, 2, "the proxy refused to connect: HTTP 502, Bad Gateway"},
		"silent":              {connect(hang), AtProxy, 2, "the proxy did not answer within 2s"},
		"dying":               {connect(say("")), AtProxy, 2, "the proxy closed the connection without a word"},
		"dying in its words":  {connect(say("HTTP/1.1 200 Conn")), AtProxy, 2, "the proxy closed the connection without a word"},
		"no proxy at all":     {connect(say("220 smtp.example.com ESMTP\r\n")), AtProxy, 2, "what answers there is not a proxy of that kind"},
		"endless words":       {connect(say("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", maxConnectBytes) + "\r\n\r\n")), AtProxy, 2, "the proxy closed the connection without a word"},
		"too many words":      {connect(say("HTTP/1.1 200 OK\r\n\r\nWelcome!")), AtProxy, 2, "what answers there is not a proxy of that kind"},
		"dying in the tunnel": {connect(say("HTTP/1.1 200 OK\r\n\r\n")), AtTLS, 2, "the connection was closed during the TLS handshake"},
		"TLS that is none":    {func(t *testing.T) string { return strings.Replace(connect(status("200 OK"))(t), "http:", "https:", 1) }, AtTLS, 2, "the connection was closed during the TLS handshake"},
		"SOCKS: password":     {socks("another", 0), AtProxy, 1, "the proxy refused the user name or password"},
		"SOCKS: rules":        {socks(canaryPrefix, 2), AtProxy, 1, "the proxy does not allow this connection"},
		"SOCKS: failure":      {socks(canaryPrefix, 1), AtProxy, 2, "the proxy could not connect: general failure"},
		"SOCKS: unreachable":  {socks(canaryPrefix, 4), AtProxy, 2, "the proxy could not connect: host unreachable"},
		"SOCKS: refused":      {socks(canaryPrefix, 5), AtProxy, 2, "the proxy could not connect: connection refused"},
		"SOCKS: new reply":    {socks(canaryPrefix, 99), AtProxy, 2, "what answers there is not a proxy of that kind"},
		"SOCKS: silent":       {func(t *testing.T) string { return "socks5://" + newSilent(t) }, AtProxy, 2, "the proxy did not answer within 2s"},
		"SOCKS: HTTP":         {func(t *testing.T) string { return strings.Replace(connect(nil)(t), "http:", "socks5:", 1) }, AtProxy, 2, "the proxy did not answer within 2s"},
		"SOCKS: dying": {func(t *testing.T) string {
			return "socks5h://" + listenProxy(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { _, _ = conn.Read(make([]byte, 3)) }).String()
		}, AtProxy, 2, "the proxy closed the connection without a word"},
	} {
		run(name, func(t *testing.T) {
			proxy := test.proxy(t)
			var log bytes.Buffer
			client := socketClient(t, proxied, func(o *socketOptions) { through(proxy)(o); o.limits.tls = o.limits.proxy }, func(o *Options) {
				o.MaxRetries = 1
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
			})
			got, failed := connectionFailure(t, client, Query{})
			if got.Reason != test.want || got.Stage != test.stage || failed.Attempts != test.attempts {
				t.Errorf("got %+v after %d attempts, want %q after %d", got, failed.Attempts, test.want, test.attempts)
			}
			address, _ := url.Parse(proxy)
			if (got.Proxy != address.Host) != (name == "dying in the tunnel") || got.Host != "example.com" || got.Timeout != 0 {
				t.Errorf("got %+v, want it to name the proxy %s", got, address.Host)
			}
			if part := leak(fmt.Sprintf("%v %+v %v %+v", got, got, failed, failed) + log.String()); part != "" || log.Len() == 0 {
				t.Errorf("got %q of the password in %s%s", part, fmt.Sprintf("%v %+v %v %+v", got, got, failed, failed), log.String())
			}
		})
	}
}

// TestProxyVariables has values that are taken and values that are refused, none of which
// is repeated, and none dropped.
func TestProxyVariables(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"http://proxy.example.com:3128":            "proxy.example.com:3128",
		"proxy.example.com:3128":                   "proxy.example.com:3128",
		"proxy.example.com":                        "proxy.example.com:80",
		"HTTP://proxy.example.com":                 "proxy.example.com:80",
		"https://proxy.example.com/":               "proxy.example.com:443",
		"socks5://proxy.example.com":               "proxy.example.com:1080",
		"socks5h://u:p@[::1]":                      "[::1]:1080",
		"http://[fe80::1%25eth0]:3128":             "[fe80::1%eth0]:3128",
		"http://u:p%40%23@proxy.example.com":       "proxy.example.com:80",
		"u:p@proxy.example.com:3128":               "proxy.example.com:3128",
		"http://u:" + canarySecret + "%@proxy":     "! is not a valid URL; ",
		"http://u:" + canarySecret + "#@proxy":     "! is not a valid URL; ",
		"http://u:" + canarySecret + "/@proxy":     "! is not a valid URL; ",
		"http://u:" + canarySecret + "[@proxy":     "! is not a valid URL; ",
		"http://" + canarySecret + ":12#3@proxy":   "! has something behind its host and port; ",
		"http://proxy.example.com/" + canarySecret: "! has something behind its host and port; ",
		" http://u:" + canarySecret + "@proxy":     "! has a space, a line break or another control character in it; set it without",
		"http://u:" + canarySecret + "@proxy\r":    "! has a space, a line break or another control character in it; set it without",
		"http://u:" + canarySecret + "@":           "! has no host",
		"http://":                                  "! has no host",
		"http://:3128":                             "! has no host",
		"http://proxy:99999":                       "! has an invalid port",
		"socks4://" + canarySecret + "@proxy":      "! has a scheme other than http, https, socks5 and socks5h",
		"ftp://proxy":                              "! has a scheme other than http, https, socks5 and socks5h",
	} {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
			target, _ := url.Parse(proxied)
			proxy, err := proxyFor(target, func(variable string) string { return map[string]string{name: value}[variable] })
			problem, refused := strings.CutPrefix(want, "!")
			switch {
			case refused && (err == nil || !strings.HasPrefix(err.Error(), "the environment variable "+name+problem) || leak(err.Error()) != ""):
				t.Errorf("%s=%q: got %v and error %v, want%s", name, value, proxy, err, problem)
			case !refused && (err != nil || proxy == nil || hostPort(proxy) != want):
				t.Errorf("%s=%q: got %v and error %v, want %s", name, value, proxy, err, want)
			}
		}
	}
}

// TestNoProxy has the forms of NO_PROXY, and what goes past a proxy in any case.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target, noProxy string
		want            bool // through the proxy
	}{
		{"https://api.example.com", "", true},
		{"https://api.example.com", "example.com", false},
		{"https://api.example.com", ".example.com", false},
		{"https://example.com", ".example.com", true},
		{"https://api.example.com", "*.example.com", false},
		{"https://api.example.com", "*", false},
		{"https://api.example.com", "other.example.org, API.example.com", false},
		{"https://api.example.com", "api.example.com:443", false},
		{"https://api.example.com:8443", "api.example.com:443", true},
		{"https://api.example.com", "ple.com", true},
		{"https://192.0.2.7", "192.0.2.0/24", false},
		{"https://192.0.3.7", "192.0.2.0/24", true},
		{"https://[2001:db8::7]", "2001:db8::/32", false},
		{"https://[2001:db8::7]:8443", "2001:db8::7", false},
		{"https://[2001:db9::7]", "2001:db8::/32", true},
		{"https://localhost", "", false},
		{"https://127.0.0.1:8443", "", false},
		{"https://[::1]", "", false},
		{"http://LOCALHOST", "", false},
		{"http://127.0.0.1", "", false},
	} {
		target, err := url.Parse(test.target)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			environment := map[string]string{"HTTPS_PROXY": "proxy:3128", "HTTP_PROXY": "proxy:3128", "ALL_PROXY": "proxy:3128", name: test.noProxy}
			got, err := proxyFor(target, func(variable string) string { return environment[variable] })
			if err != nil || (got != nil) != test.want {
				t.Errorf("%s with %s=%q: got %v and error %v, want a proxy: %t", test.target, name, test.noProxy, got, err, test.want)
			}
		}
	}
	target, _ := url.Parse(proxied)
	if got, err := proxyFor(target, func(variable string) string {
		return map[string]string{"ALL_PROXY": "proxy", "HTTP_PROXY": "proxy"}[variable]
	}); got != nil || err != nil {
		t.Errorf("got %v and error %v, want ALL_PROXY and HTTP_PROXY left alone", got, err)
	}
}

// TestCertificateFile says why a file of SSL_CERT_FILE is of no use.
func TestCertificateFile(t *testing.T) {
	t.Parallel()
	certificate, _ := issue(t, func(*x509.Certificate) {})
	der := certificate.Certificate[0]
	folder := t.TempDir()
	file := func(name string, text []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		system, value, want string
		ignored             bool
	}{
		{"linux", "", "", false},
		{"linux", file("good", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), "", false},
		{"freebsd", filepath.Join(folder, "none"), "does not exist", false},
		{"linux", folder, "is a folder; ", false},
		{"linux", file("empty", []byte("\n")), "is empty", false},
		{"linux", file("der", der), "is in DER form ", false},
		{"linux", file("key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "has no certificate in PEM form ", false},
		{"linux", file("text", []byte("certificate")), "has no certificate in PEM form ", false},
		{"darwin", folder, "", true},
		{"windows", "", "", true},
	} {
		got := certificateFile(func(string) string { return test.value }, test.system)
		if got.Ignored != test.ignored || got.Set != (test.value != "" && !test.ignored) || !strings.HasPrefix(got.Problem, test.want) || (got.Problem == "") != (test.want == "") {
			t.Errorf("%s, %s: got %+v, want %q", test.system, test.value, got, test.want)
		}
	}
}

// TestNames tells the failures of name servers apart.
func TestNames(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*net.DNSError{
		"the name feed.example.com does not exist":                                         {IsNotFound: true},
		"the name feed.example.com could not be looked up: the name server did not answer": {IsTimeout: true},
		"the name feed.example.com could not be looked up: the name server failed":         {IsTemporary: true, Err: "server misbehaving"},
	} {
		err.Name = "feed.example.com"
		client := newClient(t, nil)
		got := client.connectionError(t.Context(), &stageError{stage: AtConnection, err: &dialError{stage: AtConnection, err: &net.OpError{Op: "dial", Err: err}}})
		if got.Reason != want || got.Stage != AtName {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}
