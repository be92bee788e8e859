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
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// connect is a proxy for CONNECT that leads every target to one server. answer, if there is
// one, says no by returning true; it may write what it likes.
func connect(conn net.Conn, server string, answer func(net.Conn, *http.Request) bool) {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || request.Method != http.MethodConnect || answer(conn, request) {
		return
	}
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	(&relay{client: conn, server: upstream}).run()
}

// The name that the certificates of httptest have, which is not loopback.
const proxied = "https://example.com"

// status is a proxy's answer, with a body that it announces and never sends.
func status(line string) func(net.Conn, *http.Request) bool {
	return func(conn net.Conn, _ *http.Request) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 "+line+"\r\nContent-Length: 1000000\r\n\r\n<html>")
		_, _ = io.Copy(io.Discard, conn)
		return true
	}
}

// TestProxies reads through proxies, over both versions of HTTP, by one connection.
func TestProxies(t *testing.T) {
	t.Parallel()
	const user, password = "user", "p@ss#word/%"
	credentials := url.UserPassword(user, password).String() + "@"
	for version, edit := range versions {
		server, _ := newTLSServer(t, edit)
		for _, scheme := range []string{"", "http://", "https://"} {
			for _, login := range []string{"", credentials} {
				t.Run(version+" "+scheme+login, func(t *testing.T) {
					t.Parallel()
					var asked atomic.Int64
					proxy := listen(t, func(conn net.Conn) {
						if scheme == "https://" {
							conn = tls.Server(conn, &tls.Config{Certificates: server.TLS.Certificates})
						}
						connect(conn, server.Listener.Addr().String(), func(_ net.Conn, request *http.Request) bool {
							asked.Add(1)
							request.Header.Set("Authorization", request.Header.Get("Proxy-Authorization"))
							name, secret, ok := request.BasicAuth()
							return request.Host != "example.com:443" || ok != (login != "") || ok && (name != user || secret != password)
						})
					})
					client := socketClient(t, proxied, through(scheme+login+proxy), noRetries)
					follow(t.Context(), client, 2).mustBe(t, feedtest.IDs(3))
					if asked.Load() != 1 {
						t.Errorf("got %d connections, want 1", asked.Load())
					}
				})
			}
		}
	}
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
		edit    func(*x509.Certificate)
		unknown bool // issuer
		want    CertificateError
	}{
		"expired":      {func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 30) }, false, CertificateError{Fault: OutsideValidity}},
		"not yet":      {func(c *x509.Certificate) { c.NotBefore = c.NotAfter.AddDate(0, 0, -1) }, false, CertificateError{Fault: OutsideValidity}},
		"another name": {func(*x509.Certificate) {}, false, CertificateError{Fault: OtherName, Name: "127.0.0.1"}},
		"another use": {func(c *x509.Certificate) {
			c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, false, CertificateError{Fault: OtherFault}},
		"another issuer": {func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }, true, CertificateError{Fault: UnknownIssuer}},
	} {
		run(name, func(t *testing.T) {
			var leaf *x509.Certificate
			certificate, roots := issue(t, func(c *x509.Certificate) { test.edit(c); leaf = c })
			if test.unknown {
				roots = x509.NewCertPool()
			}
			server, api := newTLSServer(t, func(s *httptest.Server) { s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}} })
			client := socketClient(t, server.URL).editTransport(func(t *http.Transport) { t.TLSClientConfig.RootCAs = roots })
			got, failed := connectionFailure(t, client)
			if got.Cause != BadCertificate || got.Stage != AtTLS || failed.Attempts != 1 || len(api.Requests()) > 0 {
				t.Fatalf("got %+v after %d attempts, want the certificate refused after 1", got, failed.Attempts)
			}
			c := *got.Certificate
			if c.Fault != test.want.Fault || c.Name != test.want.Name || c.Issuer != "CN=A Proxy's CA" || c.Names[0] != "example.com" ||
				!c.NotBefore.Equal(leaf.NotBefore) || !c.NotAfter.Equal(leaf.NotAfter) || (c.Detail != "") != (c.Fault == OtherFault) {
				t.Errorf("got %+v, want %+v", c, test.want)
			}
		})
	}
}

// TestProxiesThatFail tells what the matter is, by the proxy's own address, and without a
// word of the user's. An answer counts whose body never comes.
func TestProxiesThatFail(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	socks := func(answers ...string) func(*testing.T) string { // RFC 1928
		return func(t *testing.T) string {
			return "socks5://" + listen(t, func(conn net.Conn) {
				for _, answer := range answers {
					_, _ = conn.Read(make([]byte, 512))
					_, _ = io.WriteString(conn, answer)
				}
			})
		}
	}
	connect := func(answer func(net.Conn, *http.Request) bool) func(*testing.T) string {
		return func(t *testing.T) string {
			address := listen(t, func(conn net.Conn) { connect(conn, "", answer) })
			return "http://" + canaryPrefix + ":" + canarySecret + "@" + address
		}
	}
	say := func(text string) func(net.Conn, *http.Request) bool {
		return func(conn net.Conn, _ *http.Request) bool { _, _ = io.WriteString(conn, text); return true }
	}
	echo := func(conn net.Conn, request *http.Request) bool {
		return status("502 "+request.Header.Get("Proxy-Authorization")+canarySecret)(conn, request)
	}
	silent := func(scheme string) func(*testing.T) string {
		return func(t *testing.T) string { return scheme + listen(t, silent) }
	}
	refused := func(status int, schemes ...string) ConnectionError {
		return ConnectionError{Stage: AtProxy, Cause: ProxyRefused, ProxyStatus: status, ProxySchemes: schemes}
	}
	says := func(detail string) ConnectionError {
		return ConnectionError{Stage: AtProxy, Cause: ProxyRefused, Detail: detail}
	}
	for name, test := range map[string]struct {
		proxy    func(*testing.T) string
		attempts int
		want     ConnectionError
	}{
		"nobody there":        {func(*testing.T) string { return "http://127.0.0.1:1" }, 2, ConnectionError{Stage: AtConnection, Cause: Refused}},
		"407":                 {connect(status("407 Proxy Authentication Required")), 1, refused(407)},
		"407 of Windows":      {connect(status("407 No\r\nProxy-Authenticate: NTLM x\r\nProxy-Authenticate: " + fakeapi.Key)), 1, refused(407, "NTLM", "sk-ant-fake01-[redacted]")},
		"403":                 {connect(status("403 Forbidden")), 1, refused(403)},
		"302":                 {connect(status("302 Found")), 1, refused(302)},
		"503":                 {connect(status("503 \x1b[31m")), 2, refused(503)},
		"an echo":             {connect(echo), 2, refused(502)},
		"silent":              {silent("http://"), 2, ConnectionError{Stage: AtProxy, Cause: TimedOut, Timeout: 2 * time.Second}},
		"dying":               {connect(say("")), 2, ConnectionError{Stage: AtProxy, Cause: Closed}},
		"no proxy at all":     {connect(say("220 smtp.example.com ESMTP\r\n")), 2, ConnectionError{Stage: AtProxy, Cause: NotHTTP}},
		"dying in the tunnel": {connect(say("HTTP/1.1 200 OK\r\n\r\n")), 2, ConnectionError{Stage: AtTLS, Cause: Closed}},
		"no TLS": {func(t *testing.T) string {
			return strings.Replace(connect(say("HTTP/1.1 400 No\r\n\r\n"))(t), "http:", "https:", 1)
		}, 2, ConnectionError{Stage: AtTLS, Cause: Closed}},
		"TLS beyond the time": {silent("https://"), 2, ConnectionError{Stage: AtTLS, Cause: TimedOut, Timeout: 2 * time.Second}},
		"SOCKS: password":     {socks("\x05\xff"), 1, says("no acceptable authentication methods")},
		"SOCKS: rules":        {socks("\x05\x00", "\x05\x02\x00\x01"), 1, says("connection not allowed by ruleset")},
		"SOCKS: refused":      {socks("\x05\x00", "\x05\x05\x00\x01"), 2, says("connection refused")},
		"SOCKS: silent":       {silent("socks5://"), 2, ConnectionError{Stage: AtProxy, Cause: TimedOut, Timeout: 2 * time.Second}},
	} {
		run(name, func(t *testing.T) {
			proxy := test.proxy(t)
			var log bytes.Buffer
			client := socketClient(t, proxied, through(proxy), func(o *Options) {
				o.MaxRetries, o.RequestTimeout = 1, 2*time.Second
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
			})
			got, failed := connectionFailure(t, client)
			if failed.Attempts != test.attempts {
				t.Errorf("got %d attempts, want %d", failed.Attempts, test.attempts)
			}
			if address, _ := url.Parse(proxy); name != "dying in the tunnel" {
				test.want.Proxy = address.Host
			}
			test.want.Host, test.want.final = "example.com", test.attempts == 1
			if !reflect.DeepEqual(*got, test.want) || TooHeavy(got) {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
			said := fmt.Sprintf("%v %+v %v %+v", got, got, failed, failed) + log.String()
			if part := leak(said); part != "" || log.Len() == 0 {
				t.Errorf("got %q of the password in %s", part, said)
			}
		})
	}
}

// TestProxyVariables has values that are taken and values that are refused, none of which
// is repeated, and none dropped.
func TestProxyVariables(t *testing.T) {
	t.Parallel()
	const scheme, none = "!scheme", "!"
	for value, want := range map[string]string{
		"http://proxy.example.com:3128":            "proxy.example.com:3128",
		"proxy.example.com":                        "proxy.example.com:80",
		"https://proxy.example.com/":               "proxy.example.com:443",
		"socks5://proxy.example.com":               "proxy.example.com:1080",
		"socks5h://u:p@[::1]":                      "[::1]:1080",
		"http://[fe80::1%25eth0]:3128":             "[fe80::1%eth0]:3128",
		"u:p%40%23@proxy.example.com:3128":         "proxy.example.com:3128",
		"http://u:" + canarySecret + "%@proxy":     none,
		"http://u:" + canarySecret + "#@proxy":     none,
		"http://u:" + canarySecret + "/@proxy":     none,
		"http://" + canarySecret + ":12#3@proxy":   none,
		"http://proxy.example.com/" + canarySecret: none,
		" http://u:" + canarySecret + "@proxy":     none,
		"http://u:" + canarySecret + "@proxy\r":    none,
		"http://u:" + canarySecret + "@":           none,
		"http://:3128":                             none,
		"http://proxy:99999":                       none,
		"socks4://" + canarySecret + "@proxy":      scheme,
	} {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
			target, _ := url.Parse(proxied)
			getenv := func(variable string) string { return map[string]string{name: value}[variable] }
			if !strings.HasPrefix(want, none) {
				if proxy, err := proxyFor(target, getenv); err != nil || proxy == nil || proxy.Host != want {
					t.Errorf("%s=%q: got %v and error %v, want %s", name, value, proxy, err, want)
				}
				continue
			}
			_, err := New(Options{APIKey: "key", Getenv: getenv})
			if got := feedtest.ErrorAs[*ProxyVariableError](t, err); *got != (ProxyVariableError{name, want == scheme}) || leak(got.Error()) != "" {
				t.Errorf("%s=%q: got %+v", name, value, got)
			}
		}
	}
}

// TestNoProxy has NO_PROXY, and what goes past a proxy in any case.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target, noProxy string
		want            bool // through the proxy
	}{
		{"https://api.example.com", "", true},
		{"https://api.example.com", "other.example.org, API.example.com", false},
		{"https://api.example.com:8443", "api.example.com:443", true},
		{"https://api.example.com", "ple.com", true},
		{"https://192.0.2.7", "192.0.2.0/24", false},
		{"https://127.0.0.1:8443", "", false},
		{"http://LOCALHOST", "", false},
	} {
		target, err := url.Parse(test.target)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			variables := map[string]string{"HTTPS_PROXY": "proxy:3128", "HTTP_PROXY": "proxy:3128", "ALL_PROXY": "proxy:3128", name: test.noProxy}
			got, err := proxyFor(target, func(variable string) string { return variables[variable] })
			if err != nil || (got != nil) != test.want {
				t.Errorf("%s with %s=%q: got %v and error %v, want a proxy: %t", test.target, name, test.noProxy, got, err, test.want)
			}
			delete(variables, "HTTPS_PROXY")
			if got, err := proxyFor(target, func(variable string) string { return variables[variable] }); got != nil || err != nil {
				t.Errorf("got %v and error %v, want ALL_PROXY and HTTP_PROXY left alone", got, err)
			}
		}
	}
}

// TestCertificateFile says what became of SSL_CERT_FILE.
func TestCertificateFile(t *testing.T) {
	t.Parallel()
	certificate, _ := issue(t, func(*x509.Certificate) {})
	good, bad := filepath.Join(t.TempDir(), "good"), filepath.Join(t.TempDir(), "bad")
	err1 := os.WriteFile(good, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600)
	err2 := os.WriteFile(bad, certificate.Certificate[0], 0o600)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		system, value string
		want          CertificateFile
	}{
		{"linux", "", FileNotSet}, {"linux", good, FileRead}, {"linux", bad, FileUnusable}, {"freebsd", good + "x", FileUnusable},
		{"darwin", bad, FileIgnored}, {"windows", "", FileIgnored},
	} {
		if got := certificateFile(func(string) string { return test.value }, test.system); got != test.want {
			t.Errorf("%s, %s: got %v, want %v", test.system, test.value, got, test.want)
		}
	}
}
