package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
	enginetest.Engine(t)
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

	// With nothing in any setting they compile, too, and say so.
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
	needs(t, enginetest.EphemeralResources)
	const (
		list    = "data.compliance_activity_summary.sign_in_settings"
		summary = "module.sign_ins.data.compliance_activity_summary.failed"
	)
	const first = "\nresource \"terraform_data\" \"first\" {}\n"
	for _, test := range []struct {
		name string
		feed []string
		// edits change main.tf of the copy, from one text into the next, and signIns that of its module.
		edits, signIns []string
		more           string // after main.tf
		plan           []string
		// planCode is that of the plan, which is judged in any case.
		planCode int
		denied   []string // none: the policies pass
	}{
		{
			name:    "passes", // as it does with a window whose end has settled
			feed:    append(failedSignIns(3), switches(5, robin, true)...),
			signIns: []string{`lookback       = "24h"`, "lookback = \"24h\"\ncreated_at_lt = timeadd(plantimestamp(), \"-2m\")"},
		},
		{
			name: "found",
			feed: slices.Concat(failedSignIns(101), switches(6, robin, true), []string{
				activity("activity_01Off", "org_sso_toggled", stranger, time.Hour, `"enabled":false`),
				activity("activity_02Deleted", "org_sso_connection_deleted", "null", time.Hour),
				activity("activity_03Export", "org_data_export_started", robin, time.Hour),
			}),
			denied: []string{
				list + " found 2 times what must not be:", "org_sso_toggled  activity_01Off  by user_01Stranger", "activity_02Deleted  by nobody named",
				list + " leaves 6 activities out by except and reviewed, and 5 are agreed.",
				"sso_login_failed: 101 in 24 hours, at most 100 allowed.",
				"check.no_exports failed: Data of the organization was exported in the last 24 hours.",
			},
		},
		{
			name:   "missing",
			edits:  []string{`"sign_in_settings" {`, `"other" {`, `source = "./sign-ins"`, "source = \"./sign-ins\"\ncount = 0", `check "no_exports"`, `check "other"`},
			denied: []string{list + " is not in the plan", summary + " is not in the plan", "check.no_exports has not passed: it is not in the plan."},
		},
		{
			name: "deferred",
			edits: []string{
				`"sign_in_settings" {`, "\"sign_in_settings\" {\ndepends_on = [terraform_data.first]",
				`source = "./sign-ins"`, "source = \"./sign-ins\"\ndepends_on = [terraform_data.first]",
				"exports.total == 0", `exports.total == 0 && terraform_data.first.id != ""`,
			},
			more:   first,
			feed:   switches(1, stranger, false),
			denied: []string{list + " is read only at apply", summary + " is read only at apply", "check.no_exports has not passed: it is not known before apply."},
		},
		{
			name:     "plan_that_failed",
			more:     "\ndata \"compliance_activities\" \"failing\" { after_id = \"made-up\" }\n",
			planCode: 1,
			denied:   []string{"The plan has failed"},
		},
		{
			name:   "targeted",
			more:   first,
			plan:   []string{"-target=terraform_data.first"},
			denied: []string{list + " is not in the plan", "check.no_exports has not passed"},
		},
		{
			name:    "other_windows",
			edits:   []string{`lookback = "24h"`, "lookback = \"24h\"\ncreated_at_lt = timeadd(plantimestamp(), \"-1h\")"},
			signIns: []string{`"24h"`, `"12h"`},
			denied:  []string{list + " has another window than the 24 hours until the plan", summary + " has another window than the 24 hours until the plan"},
		},
		{
			name:    "narrower_filter",
			edits:   []string{`topics   = ["sign_in_settings_changed"]`, `activity_types = ["org_sso_toggled"]`},
			signIns: []string{`lookback       = "24h"`, "lookback = \"24h\"\norganization_ids = [\"org_01Example\"]"},
			denied:  []string{list + " does not ask for sign_in_settings_changed.", summary + " leaves activities out, by organization_ids."},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, newFeed(t, test.feed...), filepath.Join(conftestFolder, "plan"))
			for i := 0; i < len(test.edits); i += 2 {
				replace(t, w.Dir, "main.tf", test.edits[i], test.edits[i+1])
			}
			if len(test.signIns) > 0 {
				replace(t, w.Dir, "sign-ins/main.tf", test.signIns[0], test.signIns[1])
			}
			w.Write("main.tf", read(t, filepath.Join(w.Dir, "main.tf"))+test.more)
			require(t, w.Plan(append(test.plan, "-out=plan.tfplan")...), test.planCode)
			judge(t, w, w.Must("show", "-json", "plan.tfplan"), test.denied...)
		})
	}
}

// judge runs the policies over a plan as JSON. They fail with each of the texts, or they pass.
func judge(t *testing.T, w *enginetest.Workspace, plan string, denied ...string) {
	t.Helper()
	w.Write("plan.json", plan)
	result := tool(t, w.Dir, "conftest", "test", "--no-color", "--policy", adapted(t), "plan.json")
	require(t, result, min(len(denied), 1), denied...)
	forbid(t, result.Output(), addresses...)
}

// TestConftestStale judges plans that hold what an earlier plan has read.
func TestConftestStale(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	w := workspace(t, newFeed(t), filepath.Join(conftestFolder, "plan"))
	w.Write("first.tf", "variable \"input\" { default = \"1\" }\nresource \"terraform_data\" \"first\" { input = var.input }")
	require(t, w.Apply(), 0)
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
	w.Write("terraform.tfstate", encode(t, state))

	require(t, w.Plan("-out=plan.tfplan", "-target=terraform_data.first", "-var=input=2"), 0)
	judge(t, w, w.Must("show", "-json", "plan.tfplan"), "sign_in_settings has another window", "check.no_exports has not passed")
	require(t, w.Plan("-out=plan.tfplan", "-destroy"), 0)
	judge(t, w, w.Must("show", "-json", "plan.tfplan"), "check.no_exports has not passed")
	for _, other := range []string{w.Must("show", "-json"), "{}"} { // a state, and nothing
		judge(t, w, other, "This is no plan.")
	}
	if result := tool(t, w.Dir, "conftest", "test", "--policy", t.TempDir(), "plan.json"); result.Code == 0 {
		t.Errorf("conftest passes without policies:\n%s", result.Output())
	}
}
