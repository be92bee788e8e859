package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// state is a policy against one feed.
type state struct {
	name string
	feed []string
	args []string // of plan
	code int
	says []string
}

// runStates plans the sources with each feed.
func runStates(t *testing.T, source string, states []state) {
	t.Helper()
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, newFeed(t, s.feed...), source)
			if filepath.Ext(source) == ".tf" {
				complete(w, read(t, source))
			}
			result := w.Plan(s.args...)
			require(t, result, s.code, s.says...)
			// What a policy prints ends in logs and comments.
			forbid(t, result.Output(), addresses...)
		})
	}
}

func failedSignIns(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = activity("activity_SignIn"+strings.Repeat("i", i), "sso_login_failed", anonymous, time.Hour)
	}
	return all
}

// TestNativePolicies runs what Terraform itself has for policies.
func TestNativePolicies(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	t.Run("check", func(t *testing.T) {
		runStates(t, "policies/terraform/check", []state{
			{"passes", failedSignIns(2), []string{"-var=most=2"}, 0, []string{"No changes."}},
			{"warns", failedSignIns(3), []string{"-var=most=2"}, 0, []string{"Warning: Check block assertion failed", "3 failed sign-ins in 24 hours, the last at 20", "Up to 2 are normal."}},
		})
	})
	t.Run("precondition", func(t *testing.T) {
		const closed = "an API key was made by somebody from outside"
		runStates(t, "policies/terraform/precondition", []state{
			{"passes", []string{activity("activity_01", "api_key_created", robin, time.Hour)}, nil, 0, []string{"Plan: 2 to add"}},
			{"outsider", []string{activity("activity_01", "api_key_created", stranger, time.Hour)}, nil, 1, []string{"Resource precondition failed", closed}},
			{"no_actor", []string{activity("activity_01", "api_key_created", "null", time.Hour)}, nil, 1, []string{closed}},
			{"claimed_address", []string{activity("activity_01", "api_key_created", anonymous, time.Hour)}, nil, 1, []string{closed}},
		})
	})
	t.Run("postcondition", func(t *testing.T) {
		runStates(t, "policies/terraform/postcondition", []state{
			{"passes", []string{activity("activity_01", "org_sso_toggled", robin, time.Hour)}, nil, 0, []string{"No changes."}},
			{"switched_on", []string{activity("activity_01On", "org_compliance_api_settings_updated", robin, time.Hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":true`)}, nil, 0, []string{"No changes."}},
			{"switched_off", []string{activity("activity_01Off", "org_compliance_api_settings_updated", robin, time.Hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":false`)}, nil, 1, []string{"org_compliance_api_settings_updated by user_01Robin activity_01Off"}},
			{"fails", []string{activity("activity_01Owner", "primary_owner_transferred", robin, time.Hour)}, nil, 1, []string{"Resource postcondition failed", "primary_owner_transferred by user_01Robin activity_01Owner"}},
		})
	})
}

// TestEphemeralGateStoresNothing looks for addresses in what the ephemeral gate leaves.
func TestEphemeralGateStoresNothing(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	w := workspace(t, newFeed(t, activity("activity_01", "api_key_created", robin, time.Hour)), "policies/terraform/precondition")
	require(t, w.Plan("-out=plan.tfplan"), 0)
	forbid(t, w.Must("show", "-json", "plan.tfplan"), addresses...)
	w.Must("apply", "-input=false", "-no-color", "plan.tfplan")
	forbid(t, read(t, filepath.Join(w.Dir, "terraform.tfstate")), addresses...)
}

// TestTraps shows what the examples' comments warn of, so that they are taken back when an
// engine has changed.
func TestTraps(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	closed := activity("activity_01Owner", "primary_owner_transferred", robin, time.Hour)

	t.Run("a_deferred_gate_passes_at_plan_and_closes_at_apply", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t, closed), "policies/terraform/postcondition")
		w.Write("deferred.tf", `resource "terraform_data" "first" {}`)
		replace(t, w.Dir, "main.tf", `lookback       = "7d"`, `lookback = terraform_data.first.id == "" ? "1d" : "7d"`)
		require(t, w.Plan(), 0, "will be read during apply")
		require(t, w.Run("apply", "-auto-approve", "-input=false", "-no-color"), 1, "primary_owner_transferred by user_01Robin activity_01Owner")
	})

	t.Run("timestamp_defers_plantimestamp_does_not", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t, closed), "policies/terraform/postcondition")
		replace(t, w.Dir, "main.tf", `lookback       = "7d"`, `created_at_gte = timeadd(plantimestamp(), "-24h")`)
		require(t, w.Plan(), 1, "activity_01Owner")
		replace(t, w.Dir, "main.tf", "plantimestamp()", "timestamp()")
		require(t, w.Run("plan", "-input=false", "-no-color"), 0, "will be read during apply")
	})
}

// replace changes a copy of an example. The text must be there.
func replace(t *testing.T, dir, name, old, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	before := read(t, file)
	if !strings.Contains(before, old) {
		t.Fatalf("%s has no %q any more", name, old)
	}
	write(t, file, strings.ReplaceAll(before, old, text))
}

// TestTerraformTest runs the tests of policies that users copy: with mocks, and with the
// real provider.
func TestTerraformTest(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	t.Run("mocked", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := workspace(t, feed, "policies/terraform-test")
		w.Setenv("ANTHROPIC_COMPLIANCE_API_KEY", "")
		w.Init()
		require(t, w.Run("test", "-no-color"), 0, "2 passed, 0 failed")
		unread(t, feed)
	})
	t.Run("mocked_policy_that_is_broken", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t), "policies/terraform-test")
		replace(t, w.Dir, "main.tf", "total == 0", "total <= 1")
		w.Init()
		require(t, w.Run("test", "-no-color"), 1, "Missing expected failure", "sign_in_settings")
	})
	t.Run("with_feed", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t), "policies/terraform-test")
		w.Setenv("ENGINE", os.Getenv("TF_ACC_TERRAFORM_PATH"))
		w.Setenv("FAKEAPI", feedCommand(t))
		command := exec.CommandContext(t.Context(), filepath.Join(w.Dir, "with-feed.sh"))
		command.Env = w.Environ()
		output, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "2 passed, 0 failed") {
			t.Errorf("%v\n%s", err, output)
		}
	})
	t.Run("audit_gate", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := workspace(t, feed, "modules/audit-gate")
		w.Init()
		require(t, w.Run("test", "-no-color"), 0, "8 passed, 0 failed")
		unread(t, feed)
	})
}

// feedCommand builds the command of the made-up feed.
func feedCommand(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fakeapi")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "../internal/fakeapi/cmd/fakeapi").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return file
}

// unread fails the test if the feed was read.
func unread(t *testing.T, feed *fakeapi.Server) {
	t.Helper()
	if n := len(feed.Requests()); n > 0 {
		t.Errorf("%d requests, want none", n)
	}
}
