package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
)

const conftestFolder = "policies/conftest"

// switches are of single sign-on, on or off.
func switches(n int, actor string, on bool) (feed []string) {
	for i := range n {
		feed = append(feed, activity(fmt.Sprintf("activity_%02dSwitch", i), "org_sso_toggled", actor, time.Hour, fmt.Sprintf(`"enabled":%t`, on)))
	}
	return feed
}

// adapted returns a copy of the policies, with the settings changed as they ask for.
func adapted(t *testing.T) string {
	t.Helper()
	use(t, filepath.Join(conftestFolder, "policy"))
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(conftestFolder, "policy"))); err != nil {
		t.Fatal(err)
	}
	replace(t, dir, "settings.rego", "organization := null", fmt.Sprintf("organization := %q", organization))
	return dir
}

// TestConftestVerify runs the policies' own tests, with whatever settings.
func TestConftestVerify(t *testing.T) {
	t.Parallel()
	enginetest.New(t)
	changed := adapted(t)
	replace(t, changed, "settings.rego", `"check.no_exports"`, `"check.of_mine"`)
	replace(t, changed, "settings.rego", "plan_hours := 1", "plan_hours := 2")
	for _, policy := range []string{"policy", changed} {
		result := tool(t, conftestFolder, "conftest", "verify", "--policy", policy, "--no-color")
		require(t, result, 0, " 0 failures")
		if !strings.Contains(result.Output(), "tests,") || strings.Contains(result.Output(), "\n0 tests") {
			t.Errorf("no test ran:\n%s", result.Output())
		}
	}
	require(t, tool(t, conftestFolder, "conftest", "fmt", "--check", "policy"), 0)
}

// TestConftestEmptySettings compiles the policies with nothing in any setting, which is then
// said, and is no error of types.
func TestConftestEmptySettings(t *testing.T) {
	t.Parallel()
	enginetest.New(t)
	dir := adapted(t)
	write(t, filepath.Join(dir, "settings.rego"), `package settings
required := {}
forbidden := {}
thresholds := {}
most_excepted := {}
organization := ""
required_checks := set()
plan_hours := 1
`)
	write(t, filepath.Join(dir, "plan.json"), `{"planned_values": {}, "timestamp": "2026-04-10T08:00:00Z"}`)
	result := tool(t, dir, "conftest", "test", "--no-color", "--policy", dir, "plan.json")
	require(t, result, 1, "nothing would be judged", "more than 1 hours ago")
	forbid(t, result.Output(), "rego_type_error")
}

// TestConftest judges the JSON of real plans.
func TestConftest(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	const (
		list    = "data.compliance_activity_summary.sign_in_settings"
		summary = "module.sign_ins.data.compliance_activity_summary.failed"
	)
	for _, test := range []struct {
		name string
		feed []string
		// edit changes the copy of the configuration.
		edit func(t *testing.T, w *enginetest.Workspace)
		plan []string
		// planCode is that of the plan, which is judged in any case.
		planCode int
		denied   []string // none: the policies pass
	}{
		{
			name: "passes",
			feed: append(failedSignIns(3), switches(5, robin, true)...),
		},
		{
			name: "forbidden_activity",
			feed: append(switches(1, stranger, false), activity("activity_02Deleted", "org_sso_connection_deleted", "null", time.Hour)),
			denied: []string{
				list + " found 2 times what must not be:", "org_sso_toggled  activity_00Switch  by user_01Stranger", "activity_02Deleted  by nobody named",
			},
		},
		{
			name:   "counts_in_a_module",
			feed:   failedSignIns(101),
			denied: []string{"sso_login_failed: 101 in 24 hours, at most 100 allowed."},
		},
		{
			name:   "failed_check",
			feed:   []string{activity("activity_01", "org_data_export_started", robin, time.Hour)},
			denied: []string{"check.no_exports failed: Data of the organization was exported in the last 24 hours."},
		},
		{
			name: "missing",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", `"sign_in_settings" {`, `"other" {`)
			},
			denied: []string{list + " is not in the plan"},
		},
		{
			name: "missing_in_the_module",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", `source = "./sign-ins"`, "source = \"./sign-ins\"\ncount = 0")
			},
			denied: []string{summary + " is not in the plan"},
		},
		{
			name: "deferred",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", `data "compliance_activity_summary" "sign_in_settings" {`, `resource "terraform_data" "first" {}

data "compliance_activity_summary" "sign_in_settings" {
  depends_on = [terraform_data.first]`)
			},
			feed:   switches(1, stranger, false),
			denied: []string{list + " is read only at apply"},
		},
		{
			name: "deferred_in_the_module",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", `source = "./sign-ins"`, "source = \"./sign-ins\"\ndepends_on = [terraform_data.first]")
				w.Write("first.tf", `resource "terraform_data" "first" {}`)
			},
			denied: []string{summary + " is read only at apply"},
		},
		{
			name: "deferred_check",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", "exports.total == 0", `exports.total == 0 && terraform_data.first.id != ""`)
				w.Write("first.tf", `resource "terraform_data" "first" {}`)
			},
			denied: []string{"check.no_exports has not passed: it is not known before apply."},
		},
		{
			name: "no_check",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", `check "no_exports"`, `check "other"`)
			},
			denied: []string{"check.no_exports has not passed: it is not in the plan."},
		},
		{
			name: "plan_that_failed",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				w.Write("failing.tf", `data "compliance_activities" "failing" { after_id = "made-up" }`)
			},
			planCode: 1,
			denied:   []string{"The plan has failed"},
		},
		{
			name: "targeted",
			edit: func(_ *testing.T, w *enginetest.Workspace) {
				w.Write("first.tf", `resource "terraform_data" "first" {}`)
			},
			plan:   []string{"-target=terraform_data.first"},
			denied: []string{list + " is not in the plan", "check.no_exports has not passed"},
		},
		{
			name: "shorter_window",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "sign-ins/main.tf", `"24h"`, `"12h"`)
			},
			denied: []string{summary + " has another window than the 24 hours until the plan"},
		},
		{
			name: "window_of_the_past",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "sign-ins/main.tf", `lookback       = "24h"`, "lookback = \"24h\"\ncreated_at_lt = timeadd(plantimestamp(), \"-1h\")")
			},
			denied: []string{summary + " has another window"},
		},
		{
			name: "settled_window_passes",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "sign-ins/main.tf", `lookback       = "24h"`, "lookback = \"24h\"\ncreated_at_lt = timeadd(plantimestamp(), \"-2m\")")
			},
		},
		{
			name:   "more_excepted_than_agreed",
			feed:   switches(6, robin, true),
			denied: []string{list + " leaves 6 activities out by except and reviewed, and 5 are agreed."},
		},
		{
			name: "narrower_filter",
			edit: func(t *testing.T, w *enginetest.Workspace) {
				replace(t, w.Dir, "main.tf", `topics   = ["sign_in_settings_changed"]`, `activity_types = ["org_sso_toggled"]`)
				replace(t, w.Dir, "sign-ins/main.tf", `lookback       = "24h"`, "lookback = \"24h\"\norganization_ids = [\"org_01Example\"]")
			},
			denied: []string{list + " does not ask for sign_in_settings_changed.", summary + " leaves activities out, by organization_ids."},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, newFeed(t, test.feed...), filepath.Join(conftestFolder, "plan"))
			if test.edit != nil {
				test.edit(t, w)
			}
			require(t, w.Plan(append(test.plan, "-out=plan.tfplan")...), test.planCode)
			write(t, filepath.Join(w.Dir, "plan.json"), w.Must("show", "-json", "plan.tfplan"))
			judge(t, w.Dir, "plan.json", test.denied...)
		})
	}
}

// judge runs the policies over a file. They fail with each of the texts, or they pass.
func judge(t *testing.T, dir, file string, denied ...string) {
	t.Helper()
	result := tool(t, dir, "conftest", "test", "--no-color", "--policy", adapted(t), file)
	code := 0
	if len(denied) > 0 {
		code = 1
	}
	require(t, result, code, denied...)
	forbid(t, result.Output(), addresses...)
}

// TestConftestStale judges plans that hold what an earlier plan has read.
func TestConftestStale(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	w := workspace(t, newFeed(t), filepath.Join(conftestFolder, "plan"))
	w.Write("first.tf", "variable \"input\" { default = \"1\" }\nresource \"terraform_data\" \"first\" { input = var.input }")
	w.Init()
	w.Must("apply", "-auto-approve", "-input=false", "-no-color")
	// As if that had been an hour ago.
	state := decode[map[string]any](t, read(t, filepath.Join(w.Dir, "terraform.tfstate")))
	for _, resource := range state["resources"].([]any) {
		for _, instance := range resource.(map[string]any)["instances"].([]any) {
			if window, ok := instance.(map[string]any)["attributes"].(map[string]any)["window"].(map[string]any); ok {
				start, err := time.Parse(time.RFC3339, window["start"].(string))
				if err != nil {
					t.Fatal(err)
				}
				window["start"] = start.Add(-time.Hour).Format(time.RFC3339)
			}
		}
	}
	write(t, filepath.Join(w.Dir, "terraform.tfstate"), encode(t, state))

	t.Run("target", func(t *testing.T) {
		w.Must("plan", "-input=false", "-no-color", "-out=plan.tfplan", "-target=terraform_data.first", "-var=input=2")
		write(t, filepath.Join(w.Dir, "plan.json"), w.Must("show", "-json", "plan.tfplan"))
		judge(t, w.Dir, "plan.json", "sign_in_settings has another window", "check.no_exports has not passed")
	})
	t.Run("destroy", func(t *testing.T) {
		w.Must("plan", "-input=false", "-no-color", "-out=plan.tfplan", "-destroy")
		write(t, filepath.Join(w.Dir, "plan.json"), w.Must("show", "-json", "plan.tfplan"))
		judge(t, w.Dir, "plan.json", "check.no_exports has not passed")
	})
	t.Run("state_for_a_plan", func(t *testing.T) {
		write(t, filepath.Join(w.Dir, "plan.json"), w.Must("show", "-json"))
		judge(t, w.Dir, "plan.json", "This is no plan.")
	})
	t.Run("nothing_for_a_plan", func(t *testing.T) {
		write(t, filepath.Join(w.Dir, "plan.json"), "{}")
		judge(t, w.Dir, "plan.json", "This is no plan.")
	})
	t.Run("no_policies", func(t *testing.T) {
		empty := filepath.Join(w.Dir, "empty")
		if err := os.Mkdir(empty, 0o700); err != nil {
			t.Fatal(err)
		}
		if result := tool(t, w.Dir, "conftest", "test", "--policy", empty, "plan.json"); result.Code == 0 {
			t.Errorf("conftest passes without policies:\n%s", result.Output())
		}
	})
}
