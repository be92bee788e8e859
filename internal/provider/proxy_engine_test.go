package provider

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// A proxy that says no is named, and its user and password appear nowhere, not even in the
// most talkative log. A variable that cannot be used lets no request past the proxy.
func TestEngineNamesTheProxy(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
		_, _ = io.WriteString(w, r.Header.Get("Proxy-Authorization"))
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	fake := newFake(t, fakeapi.Options{})
	w := newWorkspace(t, fake, `data "compliance_activities" "all" {}`)
	w.Setenv(baseURLVariable, "https://example.com")
	w.Setenv("TF_LOG", "TRACE")
	w.Setenv("TF_LOG_PATH", filepath.Join(w.Dir, "trace.log"))
	// A secret that requireNoSecret looks for.
	secret := strings.TrimPrefix(testKey, "sk-fake-key01-")
	for value, want := range map[string]string{
		"http://" + secret + ":" + secret + "@" + address.Host: "HTTP 407 (" + address.Host + ")",
		"http://user:" + secret + "%@" + address.Host:          "The proxy cannot be used",
	} {
		w.Setenv("HTTPS_PROXY", value)
		result := w.Run("plan", "-input=false", "-no-color")
		requireEqual(t, "exit code", result.Code, 1)
		requireContains(t, result.Output(), want)
		requireNoSecret(t, "the output", result.Output())
	}
	requireNoSecret(t, "the log", fileText(t, filepath.Join(w.Dir, "trace.log")))
}
