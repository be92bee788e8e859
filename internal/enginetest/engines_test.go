package enginetest_test

import (
	"os"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

// Each engine plans with what package engines says that it knows, and refuses the rest:
// the versions that the docs name are neither too high nor too low.
func TestWhatTheEngineKnows(t *testing.T) {
	t.Parallel()
	engine := enginetest.New(t)
	feed := fakeapi.NewServer(fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: 3})})
	t.Cleanup(feed.Close)
	const provider = `
terraform {
  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}
`
	for name, test := range map[string]struct {
		since         engines.Versions
		configuration string
	}{
		"data sources": {engines.DataSources, `
data "compliance_activities" "all" {}
data "compliance_activity_summary" "all" {}
`},
		"functions": {engines.Functions, `
output "types" {
  value = provider::compliance::activity_types("*_created")
}
`},
		"ephemeral resources": {engines.EphemeralResources, `
ephemeral "compliance_activities" "all" {}
ephemeral "compliance_activity_summary" "all" {}
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := engine.Workspace(t, feed.URL)
			w.Write("main.tf", provider+test.configuration)
			known := test.since.KnownTo(w.Must("version"))
			w.Run("init", "-input=false", "-no-color") // refuses already what it cannot parse
			if result := w.Run("plan", "-input=false", "-no-color"); (result.Code == 0) != known {
				t.Errorf("knows it: %t; plan ended with %d\n%s", known, result.Code, result.Output())
			}
		})
	}
}
