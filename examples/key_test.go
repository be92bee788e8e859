package examples_test

import (
	"archive/zip"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestKeyInPlan shows what the provider's page says of a key in a variable: with one that is
// only sensitive, a saved plan and its JSON hold the key; with one that is ephemeral they do
// not, and it has to be given again at apply.
func TestKeyInPlan(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	const file = "provider/variable.tf"
	ephemeral := read(t, file)
	lines := strings.SplitAfter(ephemeral, "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "ephemeral ") {
			lines[i] = ""
		}
	}
	for name, text := range map[string]string{"ephemeral": ephemeral, "sensitive": strings.Join(lines, "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := configuration(t, newFeed(t, activity("activity_01SignIn", "sso_login_failed", anonymous, time.Hour)), text+`
data "compliance_activity_summary" "day" {
  lookback = "24h"
}

output "total" {
  value = data.compliance_activity_summary.day.total
}
`)
			w.Setenv("ANTHROPIC_COMPLIANCE_API_KEY", "")
			key := "-var=compliance_api_key=" + fakeapi.Key
			require(t, w.Plan(key, "-out=saved.tfplan"), 0, "total")
			for where, text := range map[string]string{"plan": planFile(t, w), "JSON": w.Must("show", "-json", "saved.tfplan")} {
				if found := strings.Contains(text, fakeapi.Key); found != (name == "sensitive") {
					t.Errorf("the key is in the %s: %t", where, found)
				}
			}
			result := w.Apply("saved.tfplan")
			if name == "ephemeral" && !enginetest.IsOpenTofu(t) {
				require(t, result, 1, "compliance_api_key")
				result = w.Apply(key, "saved.tfplan")
			}
			require(t, result, 0, "Apply complete!")
			forbid(t, read(t, filepath.Join(w.Dir, "terraform.tfstate")), fakeapi.Key)
		})
	}
}

// planFile is all that a saved plan holds, which is an archive.
func planFile(t *testing.T, w *enginetest.Workspace) string {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(w.Dir, "saved.tfplan"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var text strings.Builder
	for _, member := range archive.File {
		content, err := fs.ReadFile(archive, member.Name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
	}
	return text.String()
}
