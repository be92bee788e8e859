package provider

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// explainConnection is about an answer that did not come, or not all of it.
func (r readContext) explainConnection(err *compliance.ConnectionError) (summary, happened, advice string) {
	party, place, setting := "server", err.Host, r.base()
	if err.Proxy != "" {
		party, place, setting = "proxy", err.Proxy, "HTTPS_PROXY"
	}
	happened = connectionText(err)
	if !strings.Contains(happened, place) {
		happened += " (" + place + ")"
	}
	happened += "."
	switch {
	case err.QueryLength > 0:
		return "The query may be too long for a server in between", happened + queryLength(err.QueryLength), longQueryAdvice
	case compliance.TooHeavy(err):
		return "A request took too long", happened, "Raise request_timeout in the provider's configuration."
	case err.Cause == compliance.BadCertificate:
		return "The " + party + "'s certificate is not trusted", happened, certificateAdvice(err.Certificate, setting)
	}
	switch err.Stage {
	case compliance.AtName:
		summary = "The " + party + "'s name could not be resolved"
		if err.Cause == compliance.NoSuchName {
			return summary, happened, "Check the spelling in " + setting + ", and whether this machine's name server knows the name." + proxyHint(err)
		}
		return summary, happened, "Check this machine's network and its name server." + proxyHint(err) + " Run it again."
	case compliance.AtConnection:
		return "There is no connection to the " + party, happened, "Check " + setting + ", and whether a firewall is in the way." + proxyHint(err) + " Run it again."
	case compliance.AtProxy:
		summary, advice = r.proxyAdvice(err)
		return summary, happened, advice + withoutProxy
	case compliance.AtTLS:
		if err.Proxy != "" {
			return "TLS with the proxy failed", happened, "An HTTPS_PROXY that begins with https:// has to speak TLS itself; most begin with http://."
		}
		return "TLS with the server failed", happened, "Check " + setting + ", and what is between you and the server: a firewall may let the connection through but not its TLS. " +
			"HTTPS_PROXY and NO_PROXY say which way requests go. Run it again."
	}
	return "No complete answer came from the server", happened, "Run it again. If it persists, check the network, " + setting + ", and the proxy settings HTTPS_PROXY and NO_PROXY."
}

// connectionTexts are of causes that say all, at whatever stage.
var connectionTexts = map[compliance.Cause]string{
	compliance.Refused:     "the connection was refused",
	compliance.Unreachable: "there is no way to it through the network",
	compliance.NotTLS:      "what answers there does not speak TLS",
	compliance.NoPing:      "the connection went silent, and a ping over it had no answer",
	compliance.GoneAway:    "the server closed the connection",
	compliance.GivenUp:     "the server gave the request up",
	compliance.BrokenHTTP2: "the HTTP/2 connection failed",
	compliance.BrokenGzip:  "the gzip compression of the answer is broken",
}

// connectionText says what happened, to be continued with where it did.
func connectionText(err *compliance.ConnectionError) string {
	if text := connectionTexts[err.Cause]; text != "" && err.Code != "" {
		return text + " with the HTTP/2 code " + err.Code
	} else if text != "" {
		return text
	}
	connecting := err.Stage < compliance.AtRequest
	switch err.Cause {
	case compliance.NoSuchName:
		return "the name " + err.Name + " does not exist"
	case compliance.NameServerSilent:
		return "the name " + err.Name + " could not be looked up: the name server did not answer"
	case compliance.NameServerFailed:
		return "the name " + err.Name + " could not be looked up: the name server failed"
	case compliance.ProxyRefused:
		return proxyText(err)
	case compliance.TLSAlert:
		return "the TLS handshake was refused: " + err.Detail
	case compliance.BadCertificate:
		return certificateText(err.Certificate)
	case compliance.TimedOut:
		return timeoutText(err)
	case compliance.Closed:
		switch {
		case err.Stage == compliance.AtProxy:
			return "the proxy closed the connection without a word"
		case connecting:
			return "the connection was closed during the TLS handshake"
		}
		return "the connection was closed before the answer was complete"
	case compliance.NotHTTP:
		if connecting {
			return "what answers there is not a proxy of that kind"
		}
		return "the answer is not HTTP"
	}
	if connecting {
		return "the connection failed: " + err.Detail
	}
	return "the answer could not be read: " + err.Detail
}

func timeoutText(err *compliance.ConnectionError) string {
	limit := brief(compliance.ConnectLimit)
	if err.Timeout > 0 {
		limit = "the request timeout, " + brief(err.Timeout)
	}
	switch {
	case err.Stage == compliance.AtProxy:
		return "the proxy did not answer within " + limit
	case err.Stage == compliance.AtTLS:
		return "the TLS handshake was not complete within " + limit
	case err.Stage < compliance.AtRequest:
		return "there was no connection within " + limit
	case err.Timeout > 0:
		return "no complete answer within " + brief(err.Timeout)
	}
	return "the connection timed out"
}

func proxyText(err *compliance.ConnectionError) string {
	if err.ProxyStatus == 0 {
		return "the SOCKS proxy did not connect: " + err.Detail
	}
	text := fmt.Sprintf("the proxy refused to connect: HTTP %d", err.ProxyStatus)
	basic := slices.ContainsFunc(err.ProxySchemes, func(scheme string) bool { return strings.EqualFold(scheme, "Basic") })
	if err.ProxyStatus == 407 && len(err.ProxySchemes) > 0 && !basic {
		text += ", and takes " + listed("and", err.ProxySchemes...) + " alone, not a user name and password"
	}
	return text
}

// proxyVariableText says what is wrong with a value, which may hold a password.
func proxyVariableText(err *compliance.ProxyVariableError) string {
	value := "The value of the environment variable " + err.Variable
	if err.Scheme {
		return value + " has a scheme other than http, https, socks5 and socks5h."
	}
	return value + " is not the URL of a proxy: host and port, with nothing behind them and no spaces or line breaks. " +
		"In a user name or password, write special characters as percent codes: % as %25, # as %23, / as %2F, @ as %40."
}

const withoutProxy = " NO_PROXY names the hosts that are reached without it."

// proxyHint is for machines that cannot reach the outside themselves.
func proxyHint(err *compliance.ConnectionError) string {
	if err.Proxy != "" {
		return withoutProxy
	}
	return " If this machine reaches the internet only through a proxy, name it in HTTPS_PROXY (ALL_PROXY is not read)."
}

func (r readContext) proxyAdvice(err *compliance.ConnectionError) (summary, advice string) {
	owner := "ask whoever runs the proxy about " + err.Host + "."
	switch status := err.ProxyStatus; {
	case status == 407:
		return "The proxy wants a user name and password", "Put the right ones into HTTPS_PROXY: http://name:password@host:port, with special characters as percent codes (@ as %40)."
	case status == 403:
		return "The proxy does not allow the connection", "Ask whoever runs the proxy to allow " + err.Host + "."
	case status >= 500:
		return "The proxy could not reach the server", "The proxy itself answers; what is behind it does not. Run it again later, check " + r.base() + ", or " + owner
	case status > 0:
		return "The proxy refused the connection", "Check HTTPS_PROXY, or " + owner
	}
	return "The proxy did not connect to the server", "Check HTTPS_PROXY: its host, port, scheme, user name and password, and whether the proxy may reach " + err.Host + "."
}

func certificateText(err *compliance.CertificateError) string {
	switch err.Fault {
	case compliance.OutsideValidity:
		return "the certificate is valid from " + err.NotBefore.UTC().Format(time.DateOnly) + " to " + err.NotAfter.UTC().Format(time.DateOnly)
	case compliance.OtherName:
		names := err.Names
		switch {
		case len(names) == 0:
			names = []string{"no name"}
		case len(names) > 3:
			names = append(slices.Clone(names[:3]), "others")
		}
		return "the certificate is for " + listed("and", names...) + ", and not for " + err.Name
	case compliance.UnknownIssuer:
		return fmt.Sprintf("the certificate's issuer is not trusted here: %q", err.Issuer)
	}
	return "the certificate was refused: " + err.Detail
}

func certificateAdvice(err *compliance.CertificateError, setting string) string {
	const opens = "If a proxy of your network opens TLS connections, "
	switch err.Fault {
	case compliance.OutsideValidity:
		return "Check this machine's clock. If it is right, the certificate has to be renewed by whoever runs the server, or a proxy before it."
	case compliance.OtherName:
		return "Check " + setting + ": another server, or a proxy's page, answers for that name."
	case compliance.OtherFault:
		return "Whoever runs the server, or a proxy in front of it, has to renew the certificate."
	}
	switch err.File {
	case compliance.FileUnusable:
		return "SSL_CERT_FILE is set, but its file cannot be used. It has to be a file that can be read, with CA certificates in PEM form (-----BEGIN CERTIFICATE-----)."
	case compliance.FileIgnored:
		return opens + "add its CA certificate to this system's list of trusted ones (SSL_CERT_FILE is read on Linux and the BSDs only)."
	case compliance.FileRead:
		return "SSL_CERT_FILE is set, and its file was read, but the issuer's certificate is not in it. " + opens + "add its CA certificate to that file."
	}
	return opens + "name a file with its CA certificate, in PEM form, in the environment variable SSL_CERT_FILE."
}
