package enginetest_test

import (
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Each engine plans with what package engines says that it knows, and refuses the rest:
// the versions that the docs name are neither too high nor too low.
func TestWhatTheEngineKnows(t *testing.T) {
	t.Parallel()
	feed := fakeapi.NewServer(fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: 3})})
	t.Cleanup(feed.Close)
	for _, test := range []struct {
		since         enginetest.Versions
		configuration string
	}{
		{enginetest.DataSources, "data \"compliance_activities\" \"all\" {}\ndata \"compliance_activity_summary\" \"all\" {}\n"},
		{enginetest.Functions, "output \"types\" {\n  value = provider::compliance::activity_types(\"*_created\")\n}\n"},
		{enginetest.EphemeralResources, "ephemeral \"compliance_activities\" \"all\" {}\nephemeral \"compliance_activity_summary\" \"all\" {}\n"},
	} {
		w := enginetest.New(t, feed.URL)
		w.Write("main.tf", enginetest.Requirement+test.configuration)
		known := !enginetest.Older(t, test.since)
		w.Run("init", "-input=false", "-no-color") // refuses already what it cannot parse
		if result := w.Run("plan", "-input=false", "-no-color"); (result.Code == 0) != known {
			t.Errorf("knows it: %t; plan ended with %d\n%s", known, result.Code, result.Output())
		}
	}
}
