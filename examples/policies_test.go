package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
)

// state is an example, a folder or a file, against one feed.
type state struct {
	name, source string
	feed         []string
	args         []string // of plan
	code         int
	says         []string
}

// runStates plans each.
func runStates(t *testing.T, states []state) {
	t.Helper()
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			result := example(t, newFeed(t, s.feed...), s.source).Plan(s.args...)
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
	needs(t, enginetest.EphemeralResources)
	const (
		check, precondition, postcondition = "policies/terraform/check", "policies/terraform/precondition", "policies/terraform/postcondition"

		closed   = "an API key was made by somebody from outside"
		settings = "org_compliance_api_settings_updated"
	)
	made := func(actor string) []string {
		return []string{activity("activity_01", "api_key_created", actor, time.Hour)}
	}
	switched := func(logging string) []string {
		return []string{activity("activity_01", settings, robin, time.Hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":`+logging)}
	}
	runStates(t, []state{
		{"few", check, failedSignIns(2), []string{"-var=most=2"}, 0, []string{"No changes."}},
		{"many", check, failedSignIns(3), []string{"-var=most=2"}, 0, []string{"Warning: Check block assertion failed", "3 failed sign-ins in 24 hours, the last at 20", "Up to 2 are normal."}},
		{"colleague", precondition, made(robin), nil, 0, []string{"Plan: 2 to add"}},
		{"outsider", precondition, made(stranger), nil, 1, []string{"Resource precondition failed", closed}},
		{"no_actor", precondition, made("null"), nil, 1, []string{closed}},
		{"claimed_address", precondition, made(anonymous), nil, 1, []string{closed}},
		{"another_type", postcondition, []string{activity("activity_01", "org_sso_toggled", robin, time.Hour)}, nil, 0, []string{"No changes."}},
		{"switched_on", postcondition, switched("true"), nil, 0, []string{"No changes."}},
		{"switched_off", postcondition, switched("false"), nil, 1, []string{"Resource postcondition failed", settings + " by user_01Robin activity_01"}},
	})
}

// TestEphemeralGateStoresNothing looks for addresses in what the ephemeral gate leaves.
func TestEphemeralGateStoresNothing(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	w := workspace(t, newFeed(t, activity("activity_01", "api_key_created", robin, time.Hour)), "policies/terraform/precondition")
	require(t, w.Plan("-out=plan.tfplan"), 0)
	forbid(t, w.Must("show", "-json", "plan.tfplan"), addresses...)
	require(t, w.Apply("plan.tfplan"), 0)
	forbid(t, read(t, filepath.Join(w.Dir, "terraform.tfstate")), addresses...)
}

// TestTraps shows what the examples' comments warn of, so that they are taken back when an
// engine has changed: a gate that is read at apply passes at plan, as with timestamp().
func TestTraps(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	w := workspace(t, newFeed(t, activity("activity_01Owner", "primary_owner_transferred", robin, time.Hour)), "policies/terraform/postcondition")
	replace(t, w.Dir, "main.tf", `lookback       = "7d"`, `created_at_gte = timeadd(plantimestamp(), "-24h")`)
	require(t, w.Plan(), 1, "activity_01Owner")
	replace(t, w.Dir, "main.tf", "plantimestamp()", "timestamp()")
	require(t, w.Plan(), 0, "will be read during apply")
	require(t, w.Apply(), 1, "primary_owner_transferred by user_01Robin activity_01Owner")
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
	needs(t, enginetest.EphemeralResources)
	for source, passed := range map[string]string{"policies/terraform-test": "2 passed, 0 failed", "modules/audit-gate": "8 passed, 0 failed"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			feed := newFeed(t)
			w := workspace(t, feed, source)
			w.Setenv("ANTHROPIC_COMPLIANCE_API_KEY", "")
			w.Init()
			require(t, w.Run("test", "-no-color"), 0, passed)
			if n := len(feed.Requests()); n > 0 {
				t.Errorf("%d requests, want none", n)
			}
			if source == "policies/terraform-test" { // a policy that is broken
				replace(t, w.Dir, "main.tf", "total == 0", "total <= 1")
				require(t, w.Run("test", "-no-color"), 1, "Missing expected failure", "sign_in_settings")
			}
		})
	}
	t.Run("with_feed", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t), "policies/terraform-test")
		w.Setenv("ENGINE", enginetest.Engine(t))
		command := filepath.Join(t.TempDir(), "fakeapi")
		require(t, enginetest.Exec(t, ".", os.Environ(), "go", "build", "-o", command, "../internal/fakeapi/cmd/fakeapi"), 0)
		w.Setenv("FAKEAPI", command)
		require(t, enginetest.Exec(t, w.Dir, w.Environ(), filepath.Join(w.Dir, "with-feed.sh")), 0, "2 passed, 0 failed")
	})
}
