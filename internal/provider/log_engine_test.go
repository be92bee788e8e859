//go:build unix

package provider

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// loggedWorkspace puts a script between engine and provider, which keeps what the provider
// writes in the file whose name it returns.
func loggedWorkspace(t *testing.T, w *enginetest.Workspace) (file string) {
	t.Helper()
	installed, err := filepath.Glob(filepath.Join(w.Dir, ".terraform/providers/*/compliance-feed/compliance/*/*/*"))
	if err != nil || len(installed) != 1 {
		t.Fatalf("got the providers %v and the error %v, want one provider", installed, err)
	}
	file = filepath.Join(w.Dir, "provider.log")
	w.Write("bin/terraform-provider-compliance", fmt.Sprintf("#!/bin/sh\nexec %q 2>>%q\n", installed[0], file))
	if err := os.Chmod(filepath.Join(w.Dir, "bin/terraform-provider-compliance"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.Write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides { %q = %q }\n}\n", Address, filepath.Join(w.Dir, "bin")))
	w.Setenv("TF_CLI_CONFIG_FILE", filepath.Join(w.Dir, "cli.tfrc"))
	return file
}

// Go's own log of HTTP/2 has the headers of requests and what the engine hands to the
// provider, and no part of the key, wherever the key comes from.
func TestEngineKeepsTheKeyOutOfGoLogs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "darwin" {
		t.Skip("SSL_CERT_FILE is not read here")
	}
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(3)...)})
	server := httptest.NewUnstartedServer(fake)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	w := newWorkspace(t, fake, fmt.Sprintf("provider \"compliance\" {\n  api_key = %q\n}\ndata \"compliance_activities\" \"all\" {}\n", testKey))
	file := loggedWorkspace(t, w)
	w.Write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	w.Setenv("SSL_CERT_FILE", filepath.Join(w.Dir, "ca.pem"))
	w.Setenv(baseURLVariable, server.URL+pathPrefix)
	w.Setenv("GODEBUG", "http2debug=2")
	w.Setenv("TF_LOG_PROVIDER", "TRACE")
	w.Setenv("TF_LOG_PATH", filepath.Join(w.Dir, "trace.log"))
	w.Must("plan", "-input=false", "-no-color")
	log := fileText(t, file)
	requireNoSecret(t, "the log", log)
	for _, text := range []string{`encoding header "x-api-key" = "`, "data=[left out]"} {
		if !strings.Contains(log, text) {
			t.Errorf("the log has no %s, so that nothing could be found in it", text)
		}
	}
}
