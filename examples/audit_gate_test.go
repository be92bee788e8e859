package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestAuditGate runs the module as a user's configuration calls it. Whatever it finds, it
// is one request, and no address is in what it prints or keeps.
func TestAuditGate(t *testing.T) {
	t.Parallel()
	const (
		header  = "The audit gate is closed. Findings since 20"
		keys    = `forbidden_activity_types = ["admin_api_key_created", "api_key_created"]`
		signIns = "thresholds = { sso_login_failed = 3 }"
		service = `{"type":"service_account_actor","service_account_id":"svac_01Rotation","ip_address":"192.0.2.40","user_agent":"python-httpx/0.28"}`
		system  = `{"type":"system_actor","service":"192.0.2.41"}`
	)
	one := func(actor string, fields ...string) []string {
		return []string{activity("activity_01Key", "api_key_created", actor, time.Hour, fields...)}
	}
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
			says: []string{"findings = []", "excepted = 0"},
		},
		{
			name: "forbidden", inputs: keys, code: 1,
			feed: []string{
				activityAt("activity_01Key", "admin_api_key_created", robin, time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC)),
				activity("activity_02Key", "admin_api_key_created", robin, time.Hour),
				activity("activity_03Nobody", "api_key_created", "null", 2*time.Hour),
			},
			says: []string{header, "admin_api_key_created activity_02Key by user_01Robin, forbidden", "api_key_created activity_03Nobody by unknown, forbidden"},
			not:  []string{"activity_01Key"},
		},
		{
			name: "allowed_actors", inputs: keys + "\n" + `allowed_actors = ["user_01Robin", "svac_01Rotation", "directory_01Example", "system_actor"]`,
			feed: []string{
				activity("activity_01", "api_key_created", robin, time.Hour),
				activity("activity_02", "api_key_created", service, time.Hour),
				activity("activity_03", "api_key_created", directory, time.Hour),
				activity("activity_04", "api_key_created", system, time.Hour),
			},
			says: []string{"findings = []", "excepted = 4"},
		},
		{
			name: "other_actors", inputs: keys + "\n" + `allowed_actors = ["user_01Robin"]`, code: 1,
			feed: []string{
				activity("activity_01Robin", "api_key_created", robin, time.Hour),
				activity("activity_02Stranger", "api_key_created", stranger, time.Hour),
				activity("activity_03Claimed", "api_key_created", anonymous, time.Hour),
				activity("activity_04Directory", "api_key_created", directory, time.Hour),
				activity("activity_05Service", "api_key_created", service, time.Hour),
			},
			says: []string{"activity_02Stranger by user_01Stranger", "activity_03Claimed by unauthenticated_user_actor", "activity_04Directory by directory_01Example", "activity_05Service by svac_01Rotation"},
			not:  []string{"activity_01Robin"},
		},
		{
			name: "type_of_actors_with_ids", inputs: keys + "\n" + `allowed_actors = ["user_actor"]`, code: 1,
			says: []string{"would let all of them through"},
		},
		{
			name: "excepted", inputs: keys + "\n" + `except = [{ scopes = ["api:admin"], "actor.ip_address" = ["192.0.2.0/24"] }]`,
			feed: one(robin, `"scopes":["api:admin"]`), says: []string{"findings = []", "excepted = 1"},
		},
		{
			name: "not_excepted", inputs: keys + "\n" + `except = [{ scopes = ["api:admin"] }]`, code: 1,
			feed: one(robin, `"scopes":["api:admin","read:compliance_activities"]`), says: []string{"activity_01Key by user_01Robin, forbidden"},
		},
		{
			name: "reviewed", inputs: keys + "\n" + `reviewed = { activity_01Key = "rotation" }`,
			feed: one(stranger), says: []string{"findings = []", "excepted = 1"},
		},
		{
			name: "another_was_reviewed", inputs: keys + "\n" + `reviewed = { activity_01Other = "rotation" }`, code: 1,
			feed: one(stranger), says: []string{"activity_01Key by user_01Stranger, forbidden"},
		},
		{
			name: "at_the_threshold", inputs: signIns,
			feed: failedSignIns(3), says: []string{"findings = []"},
		},
		{
			name: "above_the_threshold", inputs: signIns + "\nmax_listed = 2", code: 1,
			feed: failedSignIns(4),
			says: []string{header, "activity_SignIniii by unauthenticated_user_actor, 4 in the window, at most 3 allowed", "and 2 more"},
			not:  []string{"activity_SignIni "},
		},
		{
			name: "threshold_holds_for_allowed_actors", inputs: `thresholds = { api_key_created = 0 }` + "\n" + `allowed_actors = ["user_01Robin"]`, code: 1,
			feed: one(robin), says: []string{"activity_01Key by user_01Robin, 1 in the window, at most 0 allowed"},
		},
		{
			name: "older_than_the_newest", inputs: keys + "\n" + signIns, code: 1,
			feed: append(failedSignIns(30), activity("activity_01Key", "api_key_created", stranger, 2*time.Hour)),
			says: []string{"api_key_created activity_01Key by (see the feed), forbidden", "30 in the window, at most 3 allowed", "and 11 more"},
		},
		{
			name: "report_only", inputs: keys + "\nenforce = false",
			feed: one(robin), says: []string{"activity_01Key", "Changes to Outputs"},
		},
		{
			name: "window", code: 1,
			inputs: keys + "\n" + `window = { start = "2026-04-10T00:00:00Z", end = "2026-04-11T00:00:00Z" }`,
			feed: []string{
				activityAt("activity_01Before", "api_key_created", robin, time.Date(2026, 4, 9, 23, 59, 59, 0, time.UTC)),
				activityAt("activity_02Within", "api_key_created", robin, time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC)),
				activityAt("activity_03After", "api_key_created", robin, time.Date(2026, 4, 11, 0, 0, 0, 0, time.UTC)),
			},
			says: []string{"Findings since 2026-04-10T00:00:00Z", "activity_02Within"},
			not:  []string{"activity_01Before", "activity_03After"},
		},
		{
			// What was asked for has been counted, under a name that nobody looks up.
			name: "answered_under_a_newer_name", inputs: keys, code: 1,
			feed: one(robin), fault: fakeapi.SetField(0, "type", `"api_key_created_v2"`),
			says: []string{"none of the types that were asked for: api_key_created_v2."},
		},
		{
			name: "nothing_to_look_for", inputs: "", code: 1,
			says: []string{"The audit gate has nothing to look for"},
		},
		{
			name: "forbidden_with_a_threshold", inputs: keys + "\nthresholds = { api_key_created = 3 }", code: 1,
			says: []string{"either forbidden or has a threshold: api_key_created."},
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
			w := workspace(t, feed)
			use(t, "modules/audit-gate")
			module, err := filepath.Abs("modules/audit-gate")
			if err != nil {
				t.Fatal(err)
			}
			complete(w, "")
			w.Write("main.tf", fmt.Sprintf(`
module "audit_gate" {
  source = %q
  %s
}

resource "terraform_data" "change" {}

output "findings" {
  value = module.audit_gate.findings
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
			if n := len(feed.Requests()); n > 1 {
				t.Errorf("%d requests, want one", n)
			}
			if _, err := os.Stat(filepath.Join(w.Dir, "gate.tfplan")); err == nil {
				forbid(t, w.Must("show", "-json", "gate.tfplan"), private...)
			}
		})
	}
}
