package provider

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// The run of characters of a key's secret part that must not be found anywhere.
const secretRun = 8

// secretParts are all runs of the secret part of testKey.
func secretParts() []string {
	secret := strings.TrimPrefix(testKey, "sk-fake-key01-")
	var parts []string
	for i := range len(secret) - secretRun + 1 {
		parts = append(parts, secret[i:i+secretRun])
	}
	return parts
}

func requireNoSecret(t *testing.T, what, text string) {
	t.Helper()
	if text == "" {
		t.Errorf("%s is empty, so that nothing could be found in it", what)
	}
	lower := strings.ToLower(text)
	for _, part := range secretParts() {
		if at := strings.Index(lower, strings.ToLower(part)); at >= 0 {
			t.Errorf("%s has a part of the key: …%q…", what, text[max(0, at-100):min(len(text), at+100)])
			return
		}
	}
}

// The key in an error's message, whole and in pieces, and in a body that is no JSON.
func TestKeyIsInNoDiagnostic(t *testing.T) {
	t.Parallel()
	secret := strings.TrimPrefix(testKey, "sk-fake-key01-")
	for name, fault := range map[string]fakeapi.Fault{
		"echoed":                fakeapi.Status(401, "authentication_error", "No such key: "+testKey),
		"in the error's type":   fakeapi.Status(401, testKey, "no"),
		"its first half":        fakeapi.Status(401, "authentication_error", "key "+secret[:12]+"…"),
		"its second half":       fakeapi.Status(401, "authentication_error", "key …"+secret[12:]),
		"with escape sequences": fakeapi.Status(401, "authentication_error", secret[:6]+"\x1b[31m"+secret[6:]),
		"in the request-id":     fakeapi.Status(401, "authentication_error", "no", "request-id", testKey),
		"in a redirect":         fakeapi.Status(302, "", "", "location", "https://"+testKey+".example.com/?key="+testKey),
		"in lower case":         fakeapi.Status(302, "", "", "location", "https://"+strings.ToLower(testKey)+".example.com/"),
		"in a page":             edit(`{"data":[{"` + testKey + `"}]}`),
		"in plain text":         fakeapi.Status(503, "", testKey),
		"in created_at":         fakeapi.SetField(0, "created_at", `"`+testKey+`"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(1)...)})
			fake.Inject(fakeapi.Always, fault)
			_, diags := reading(t, fake, nil).read(summaryName, values{}) // which looks at created_at, too
			if len(diags) == 0 {
				t.Fatal("got no diagnostics, want an error")
			}
			requireNoSecret(t, "the diagnostic", render(diags))
		})
	}
}

// The log tells of each page and each attempt, and of no activity and no key.
func TestLog(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(5)...)})
	fake.Inject(fakeapi.Nth(2), fakeapi.Status(503, "overloaded_error", "The key "+testKey+" has to wait", "retry-after", "0"))
	var log bytes.Buffer
	ctx := tflogtest.RootLogger(context.Background(), &log)
	_, diags := reading(t, fake, values{"max_retries": 1}).readContext(ctx, listName, values{"limit": 3})
	requireNone(t, diags)
	requireNoSecret(t, "the log", log.String())

	entries, err := tflogtest.MultilineJSONDecode(&log)
	if err != nil {
		t.Fatal(err)
	}
	var got []values
	for _, entry := range entries {
		if entry["@module"] == "provider" {
			got = append(got, entry)
		}
	}
	requireEqual(t, "lines", len(got), 5)
	requireAttributes(t, got[1], values{"@level": "info", "page": "1", "activities": "3", "last_created_at": "2026-04-10T08:00:02Z", "request_id": fake.Requests()[0].RequestID})
	requireAttributes(t, got[2], values{"@level": "debug", "page": "2", "attempt": "1", "retry": "true", "wait": "0s"})
}

// A run of the engine with the most talkative log leaves the key nowhere.
func TestEngineKeepsTheKeySecret(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(3)...)})
	const reads = `
data "compliance_activities" "all" {}
ephemeral "compliance_activities" "all" {}
output "all" {
  value = data.compliance_activities.all
}
`
	w := newWorkspace(t, fake, reads)
	file := func(name string) string { return filepath.Join(w.Dir, name) }
	w.Setenv("TF_LOG", "TRACE")
	w.Setenv("TF_LOG_PATH", file("trace.log"))

	requireNoSecret(t, "the output of the plan", w.Must("plan", "-input=false", "-out=plan.bin"))
	requireNoSecret(t, "the plan", unzipped(t, file("plan.bin")))
	requireNoSecret(t, "the output of the apply", w.Must("apply", "-input=false", "plan.bin"))
	requireNoSecret(t, "the state", fileText(t, file("terraform.tfstate")))

	// From a variable, which is kept out of plans by being ephemeral.
	w.Write("key.tf", `
variable "key" {
  type      = string
  sensitive = true
  ephemeral = true
}
provider "compliance" {
  api_key = var.key
}
`)
	w.Setenv(keyVariables[0], "")
	w.Setenv("TF_VAR_key", testKey)
	requireNoSecret(t, "the output of the plan with a variable", w.Must("plan", "-input=false", "-out=plan.bin"))
	requireNoSecret(t, "the plan with a variable", unzipped(t, file("plan.bin")))

	// And a server that repeats the key.
	fake.Inject(fakeapi.Always, fakeapi.Status(401, "authentication_error", "No such key: "+testKey))
	result := w.Run("plan", "-input=false", "-no-color")
	requireEqual(t, "exit code of the plan that fails", result.Code, 1)
	requireContains(t, result.Output(), "The API key was refused", "No such key")
	requireNoSecret(t, "the output of the plan that fails", result.Output())

	log := fileText(t, file("trace.log"))
	requireNoSecret(t, "the log", log)
	for _, message := range []string{"read a page of activities", "request failed"} {
		if !strings.Contains(log, message) {
			t.Errorf("the log has no line %q, so that nothing could be found in it", message)
		}
	}

	// OpenTofu tells providers the version of a Terraform that it is compatible with.
	userAgents := regexp.MustCompile(`^terraform-provider-compliance/\S+ \(\+https://registry\.terraform\.io/compliance-feed/compliance\) Terraform/\d+\.\d+\.\d+(?:-[\w.-]+)?$`)
	if got := fake.Requests()[0].Header.Get("User-Agent"); !userAgents.MatchString(got) {
		t.Errorf("got the User-Agent %q, want the provider's and Terraform's versions", got)
	}
}

func fileText(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unzipped(t *testing.T, name string) string {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var text strings.Builder
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, file); err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
	}
	return text.String()
}
