package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestEngineStoresNothing looks for what was read in all that an engine leaves behind.
func TestEngineStoresNothing(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	// A plan file holds the configuration too, so what is looked for is not written in it.
	const gate = `
ephemeral "compliance_activities" "keys" {
  activity_types = provider::compliance::activity_types("api_key_created")
}
ephemeral "compliance_activity_summary" "keys" {
  activity_types = ["api_key_created"]
}
variable "domain" {
  default = "@example.com"
}
resource "terraform_data" "gate" {
  input = var.domain
  lifecycle {
    precondition {
      condition = ephemeral.compliance_activity_summary.keys.total == 3 && alltrue([
        for a in ephemeral.compliance_activities.keys.activities : try(endswith(a.actor.email_address, var.domain), true)
      ])
      error_message = "Somebody from outside made a key."
    }
  }
}
check "addresses" {
  assert {
    condition     = alltrue([for a in ephemeral.compliance_activities.keys.activities : try(a.actor.ip_address != "192.0.2.${4 * 2}", true)])
    error_message = "A key was made from the wrong address."
  }
}
`
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(people...)})
	w := newWorkspace(t, fake, gate)
	w.Must("plan", "-input=false", "-out=first.tfplan")
	w.Must("apply", "-input=false", "first.tfplan")
	reads := len(fake.Requests())
	if reads < 4 {
		t.Errorf("got %d requests, want both read at plan and at apply", reads)
	}
	plan := w.Must("plan", "-input=false", "-var=domain=example.com", "-out=second.tfplan")
	requireContains(t, plan, "A key was made from the wrong address.") // so it was read, and looked at
	w.Must("apply", "-input=false", "second.tfplan")

	seen := map[string]bool{}
	for _, name := range []string{"first.tfplan", "second.tfplan", "terraform.tfstate", "terraform.tfstate.backup"} {
		file := filepath.Join(w.Dir, name)
		var text string
		if strings.HasSuffix(name, ".tfplan") {
			text = unzipped(t, file) + w.Must("show", "-json", name)
		} else {
			text = fileText(t, file)
		}
		for _, read := range []string{"user@example.com", "192.0.2.8", "user_1", `"a2"`, "api_key_created\":"} {
			if strings.Contains(text, read) {
				t.Errorf("%s holds %q, want nothing of what was read", name, read)
			}
		}
		seen[name] = strings.Contains(text, "terraform_data")
	}
	for name, ok := range seen {
		if !ok {
			t.Errorf("%s does not hold the resource, so nothing could be found in it", name)
		}
	}

	// And the gate closes.
	result := w.Run("plan", "-input=false", "-no-color", "-var=domain=@example.org")
	requireEqual(t, "exit code", result.Code, 1)
	requireContains(t, result.Output(), "Somebody from outside made a key.")
	if strings.Contains(result.Output(), "user@example.com") {
		t.Errorf("the output of the plan quotes an address:\n%s", result.Output())
	}
	if _, err := os.Stat(filepath.Join(w.Dir, "crash.log")); err == nil {
		t.Error("the engine has crashed")
	}
}
