package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestAuditGate runs the module as a user's configuration calls it. Whatever it finds, no
// address is in what it prints or keeps.
func TestAuditGate(t *testing.T) {
	t.Parallel()
	const (
		header  = "The audit gate is closed. Since 20"
		keys    = `forbidden_activity_types = ["admin_api_key_created", "api_key_created"]`
		signIns = "thresholds = { sso_login_failed = 3 }"
		service = `{"type":"service_account_actor","service_account_id":"svac_01Rotation","ip_address":"192.0.2.40","user_agent":"python-httpx/0.28"}`
		device  = `{"type":"attested_device_actor","external_client_id":"user_01Robin","ip_address":"192.0.2.40","kid_hash":"a"}`
		system  = `{"type":"system_actor","service":"192.0.2.41"}`
	)
	one := func(actor string, fields ...string) []string {
		return []string{activity("activity_01Key", "api_key_created", actor, time.Hour, fields...)}
	}
	module := auditGateModule(t)
	for _, test := range []struct {
		name, inputs string
		feed         []string
		code         int
		says, not    []string
		fault        fakeapi.Fault
	}{
		{
			name: "open", inputs: keys,
			feed: []string{activity("activity_01", "api_key_created", robin, 25*time.Hour)},
			says: []string{"excepted = 0"},
		},
		{
			name: "forbidden", inputs: keys, code: 1,
			feed: []string{
				activityAt("activity_01Key", "admin_api_key_created", robin, time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC)),
				activity("activity_02Key", "admin_api_key_created", robin, time.Hour),
				activity("activity_03Nobody", "api_key_created", "null", 2*time.Hour),
			},
			says: []string{header, "admin_api_key_created activity_02Key by user_01Robin", "api_key_created activity_03Nobody by nobody named", "In all: 1 admin_api_key_created, 1 api_key_created."},
			not:  []string{"activity_01Key"},
		},
		{
			name: "forbidden_topic", inputs: `forbidden_topics = ["credential_created"]`, code: 1,
			feed: []string{activity("activity_01Token", "tunnel_token_minted", robin, time.Hour)},
			says: []string{"tunnel_token_minted activity_01Token by user_01Robin"},
		},
		{
			name: "excepted",
			inputs: keys + `
allowed_actors = ["user_01Robin", "svac_01Rotation", "directory_01Example", "system_actor"]
except         = [{ scopes = ["api:admin"], "actor.ip_address" = ["192.0.2.0/24"] }]
reviewed       = { activity_06 = "rotation", activity_07 = "not there" }`,
			feed: []string{
				activity("activity_01", "api_key_created", robin, time.Hour),
				activity("activity_02", "api_key_created", service, time.Hour),
				activity("activity_03", "api_key_created", directory, time.Hour),
				activity("activity_04", "api_key_created", system, time.Hour),
				activity("activity_05", "api_key_created", stranger, time.Hour, `"scopes":["api:admin"]`),
				activity("activity_06", "api_key_created", stranger, time.Hour),
			},
			says: []string{"excepted = 6", `"activity_06",`},
			not:  []string{"activity_05", "activity_07"},
		},
		{
			name: "not_excepted", code: 1,
			inputs: keys + `
allowed_actors = ["user_01Robin"]
except         = [{ scopes = ["api:admin"], "actor.ip_address" = ["192.0.2.0/24"] }]
reviewed       = { activity_01Other = "rotation" }`,
			feed: []string{
				activity("activity_01Robin", "api_key_created", robin, time.Hour),
				activity("activity_02Stranger", "api_key_created", stranger, time.Hour, `"scopes":["api:admin","read:compliance_activities"]`),
				activity("activity_03Claimed", "api_key_created", anonymous, time.Hour),
				activity("activity_04Directory", "api_key_created", directory, time.Hour),
				activity("activity_05Service", "api_key_created", service, time.Hour),
				activity("activity_06Device", "api_key_created", device, time.Hour), // calls itself so
			},
			says: []string{"activity_02Stranger by user_01Stranger", "activity_03Claimed by unauthenticated_user_actor", "activity_04Directory by directory_01Example", "activity_05Service by svac_01Rotation", "activity_06Device by user_01Robin"},
			not:  []string{"activity_01Robin"},
		},
		{
			name: "threshold_holds_for_allowed_actors", inputs: `thresholds = { api_key_created = 0 }` + "\n" + `allowed_actors = ["user_01Robin"]`, code: 1,
			feed: one(robin), says: []string{"newest activity_01Key"},
		},
		{
			name: "both", inputs: keys + "\n" + signIns, code: 1,
			feed: append(failedSignIns(30), activity("activity_01Key", "api_key_created", stranger, 2*time.Hour)),
			says: []string{"api_key_created activity_01Key by user_01Stranger", "more often than allowed (sso_login_failed 3)", "30 activities type sso_login_failed"},
		},
		{
			name: "window", code: 1,
			inputs: keys + "\n" + `window = { start = "2026-04-10T00:00:00Z", end = "2026-04-11T00:00:00Z" }`,
			feed: []string{
				activityAt("activity_01Before", "api_key_created", robin, time.Date(2026, 4, 9, 23, 59, 59, 0, time.UTC)),
				activityAt("activity_02Within", "api_key_created", robin, time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC)),
				activityAt("activity_03After", "api_key_created", robin, time.Date(2026, 4, 11, 0, 0, 0, 0, time.UTC)),
			},
			says: []string{"Since 2026-04-10T00:00:00Z", "activity_02Within"},
			not:  []string{"activity_01Before", "activity_03After"},
		},
		{
			// What was asked for has been counted, under a name that nobody looks up.
			name: "answered_under_a_newer_name", inputs: "thresholds = { api_key_created = 100 }", code: 1,
			feed: one(robin), fault: fakeapi.SetField(0, "type", `"api_key_created_v2"`),
			says: []string{"type api_key_created_v2"},
		},
		{
			name: "nothing_to_look_for", inputs: "", code: 1,
			says: []string{"The audit gate has nothing to look for"},
		},
		{
			name: "refused", code: 1,
			inputs: "forbidden_activity_types = null\nwindow = { start = null }\nallowed_actors = [\"user_actor\"]\n" + signIns,
			says:   []string{"null would do that without a word", "The window has no start", "or a type of actors that have none"},
		},
		{
			// Where the counts are known only at apply, a condition would pass; count does not.
			name: "deferred", inputs: keys + "\ndepends_on = [terraform_data.change]", code: 1,
			says: []string{"Invalid count argument"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			feed := newFeed(t, test.feed...)
			if test.fault != nil {
				feed.Inject(fakeapi.Always, test.fault)
			}
			use(t, "modules/audit-gate")
			w := configuration(t, feed, fmt.Sprintf(`
module "audit_gate" {
  source = %q
  %s
}

resource "terraform_data" "change" {}

output "listing" {
  value = module.audit_gate.listing
}

output "reviewed_ids" {
  value = module.audit_gate.reviewed_ids
}

output "excepted" {
  value = module.audit_gate.excepted
}`, module, test.inputs))
			result := w.Plan("-out=gate.tfplan")
			require(t, result, test.code, test.says...)
			// The range of an exception is of the configuration, not of the feed.
			private := []string{"@example", "192.0.2.34", "192.0.2.40", "192.0.2.41", "192.0.2.99"}
			forbid(t, unwrapped(result.Output()), append(test.not, private...)...)
			if strings.Contains(result.Output(), "Invalid") { // never read, or never planned
				return
			}
			if n := len(feed.Requests()); n > 2 {
				t.Errorf("%d requests, want one for what is forbidden and one for thresholds", n)
			}
			if _, err := os.Stat(filepath.Join(w.Dir, "gate.tfplan")); err == nil {
				forbid(t, w.Must("show", "-json", "gate.tfplan"), private...)
			}
		})
	}
}

// auditGateModule is the module of the working tree.
func auditGateModule(t *testing.T) string {
	t.Helper()
	module, err := filepath.Abs("modules/audit-gate")
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// TestEveryWayOfPlanning plans with a finding in all ways that may leave something out,
// against the module and each kind of gate: all close, but for a check.
func TestEveryWayOfPlanning(t *testing.T) {
	t.Parallel()
	w := configuration(t, newFeed(t, activity("activity_01Key", "api_key_created", robin, time.Hour)), fmt.Sprintf(`
module "gate" {
  source                   = %q
  forbidden_activity_types = ["api_key_created"]
}

data "compliance_activity_summary" "gate" {
  lookback       = "25h"
  activity_types = ["api_key_created"]
  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The data source is closed."
    }
  }
}

data "compliance_activity_summary" "checked" {
  lookback       = "25h"
  activity_types = ["api_key_created"]
}

check "gate" {
  assert {
    condition     = data.compliance_activity_summary.checked.total == 0
    error_message = "The check warns."
  }
}

resource "terraform_data" "production" {
  depends_on = [module.gate, data.compliance_activity_summary.gate]
}`, auditGateModule(t)))
	const inModule, inData, inEphemeral = "The audit gate is closed.", "The data source is closed.", "The ephemeral gate is closed."
	all := []string{inModule, inData}
	ways := map[string][]string{
		"-target=terraform_data.production":                                 all,
		"-target=module.gate":                                               {inModule},
		"-target=module.gate.terraform_data.read_at_plan":                   {inModule},
		"-target=module.gate.data.compliance_activity_summary.forbidden":    {inModule},
		"-target=module.gate.data.compliance_activity_summary.forbidden[0]": {inModule},
		"-target=data.compliance_activity_summary.gate":                     {inData},
	}
	if !enginetest.Older(t, enginetest.EphemeralResources) {
		w.Write("ephemeral.tf", `
ephemeral "compliance_activity_summary" "gate" {
  lookback       = "25h"
  activity_types = ["api_key_created"]
}

resource "terraform_data" "gate" {
  lifecycle {
    precondition {
      condition     = ephemeral.compliance_activity_summary.gate.total == 0
      error_message = "The ephemeral gate is closed."
    }
  }
}

resource "terraform_data" "more" {
  depends_on = [terraform_data.gate]
}`)
		all = append(all, inEphemeral)
		ways["-target=terraform_data.gate"] = []string{inEphemeral}
		ways["-target=terraform_data.more"] = []string{inEphemeral}
	}
	ways["-refresh=true"], ways["-refresh=false"], ways["-replace=terraform_data.production"] = all, all, all
	for arg, says := range ways {
		t.Run(arg, func(t *testing.T) { require(t, w.Plan(arg), 1, says...) })
	}
	// A check is left out as soon as there is a target.
	result := w.Plan("-target=data.compliance_activity_summary.checked")
	require(t, result, 0)
	forbid(t, result.Output(), "The check warns.")
}

// TestUnknownInputs plans a module for each input that is known only after apply, in whole or in
// part: an unknown condition passes, so nothing may get that far.
func TestUnknownInputs(t *testing.T) {
	t.Parallel()
	module := auditGateModule(t)
	const id = "terraform_data.later.id"
	unknown := map[string]string{
		"lookback":                 id,
		"window":                   "{ start = " + id + " }",
		"forbidden_topics":         "[" + id + "]",
		"forbidden_activity_types": "toset([" + id + "])",
		"thresholds":               "{ api_key_created = length(" + id + ") }",
		"allowed_actors":           "[" + id + "]",
		"except":                   "[{ type = [" + id + "] }]",
		"reviewed":                 "{ activity_01 = " + id + " }",
		"organization_ids":         "[" + id + "]",
		"enforce":                  id + ` != "x"`,
	}
	text := "resource \"terraform_data\" \"later\" {}\n"
	var whole, forbidden, counted []string
	for input, value := range unknown {
		inputs := map[string]string{"forbidden_activity_types": `["api_key_created"]`, "thresholds": "{ api_key_created = 0 }"}
		inputs[input] = value
		text += fmt.Sprintf("\nmodule %q {\n  source = %q\n", input, module)
		for name, value := range inputs {
			text += "  " + name + " = " + value + "\n"
		}
		text += "}\n"
		target := "-target=module." + input
		whole = append(whole, target)
		forbidden = append(forbidden, target+".data.compliance_activity_summary.forbidden")
		counted = append(counted, target+".data.compliance_activity_summary.counted")
	}
	w := configuration(t, newFeed(t, activity("activity_01Key", "api_key_created", robin, time.Hour)), text)
	for _, test := range []struct {
		targets []string
		errors  int
	}{{whole, 2 * len(unknown)}, {forbidden, len(unknown)}, {counted, len(unknown)}} {
		result := w.Plan(test.targets...)
		if n := strings.Count(result.Output(), "Invalid count argument"); n != test.errors {
			t.Errorf("%d modules with an input that is not known close %d reads, want %d:\n%s", len(unknown), n, test.errors, result.Output())
		}
	}
}
