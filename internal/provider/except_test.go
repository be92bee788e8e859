package provider

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Switched off, switched on, and switched on by somebody else somewhere else.
var toggles = []string{
	`{"id":"a1","created_at":"2026-04-10T08:00:01Z","type":"org_sso_toggled","enabled":false,"actor":{"type":"user_actor","user_id":"user_1","ip_address":"192.0.2.7"}}`,
	`{"id":"a2","created_at":"2026-04-10T08:00:02Z","type":"org_sso_toggled","enabled":true,"actor":{"type":"user_actor","user_id":"user_1","ip_address":"192.0.2.7"}}`,
	`{"id":"a3","created_at":"2026-04-10T08:00:03Z","type":"org_sso_toggled","enabled":false,"actor":{"type":"user_actor","user_id":"user_2","ip_address":"198.51.100.7"}}`,
	`{"id":"a4","created_at":"2026-04-10T08:00:04Z","type":"org_sso_toggled","actor":{"type":"user_actor","user_id":"user_2","ip_address":"192.0.2.8"}}`,
}

func TestExcept(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(toggles...)}), nil)
	on := values{"enabled": []string{"true"}}
	office := values{"actor.ip_address": []string{"192.0.2.0/24"}, "actor.user_id": []string{"user_1"}}
	for name, test := range map[string]struct {
		except any
		want   []string
	}{
		"null":          {nil, []string{"a4", "a3", "a2", "a1"}},
		"empty":         {[]any{}, []string{"a4", "a3", "a2", "a1"}},
		"none reviewed": {[]any{values{"id": []any{}}}, []string{"a4", "a3", "a2", "a1"}},
		"switched on":   {[]any{on}, []string{"a4", "a3", "a1"}},
		"either":        {[]any{on, office, values{"id": []string{"a3"}}}, []string{"a4"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
				list := read(listName, values{"except": test.except})
				requireEqual(t, "ids", ids(list), test.want)
				requireEqual(t, "excepted", list["excepted"], len(toggles)-len(test.want))
				summary := read(summaryName, values{"except": test.except, "created_at_gte": "2026-01-01T00:00:00Z"})
				requireAttributes(t, summary, values{"total": len(test.want), "excepted": len(toggles) - len(test.want)})
				requireEqual(t, "newest", len(summary["newest"].([]any)), len(test.want))
			}
		})
	}
	// What no engine hands over, since validate refuses it.
	_, diags := s.read(listName, values{"except": []any{values{"actor": []string{"user_1"}}}})
	requireError(t, diags, "except[0][actor]", "actor.user_id")
	// Nor does it read with unknown values: half an exception would let through more than the whole.
	list := types.ListType{ElemType: types.StringType}
	half := types.MapValueMust(list, map[string]attr.Value{"id": types.ListUnknown(types.StringType), "type": types.ListValueMust(types.StringType, []attr.Value{types.StringValue("a")})})
	exceptions, halfDiags := exceptionsOf(path.Root("except"), types.ListValueMust(half.Type(t.Context()), []attr.Value{half}))
	requireEqual(t, "exceptions and diagnostics", []int{len(exceptions), len(halfDiags)}, []int{0, 0})
}

// TestReviewed leaves out what somebody has looked at, and says which of it was there.
func TestReviewed(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(toggles...)})
	s := reading(t, fake, nil)
	config := values{
		"except":   []any{values{"type": []string{"org_sso_toggled"}, "enabled": []string{"true"}}},
		"reviewed": values{"a3": "Planned, OPS-812.", "a1": "secret reason", "a2": "an exception, too", "gone": "long ago", "A4": "another case"},
	}
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		for _, name := range []string{listName, summaryName} {
			result := read(name, config)
			requireEqual(t, "excepted", result["excepted"], 3)
			requireEqual(t, "reviewed_ids", result["reviewed_ids"], []any{"a1", "a2", "a3"})
		}
		requireEqual(t, "total", read(summaryName, config)["total"], 1)
		requireEqual(t, "reviewed_ids without it", read(listName, nil)["reviewed_ids"], []any{})
		requireEqual(t, "excepted with none", read(listName, values{"reviewed": values{}})["excepted"], 0)
	}
	for _, request := range fake.Requests() {
		if strings.Contains(request.URL.RawQuery, "reason") {
			t.Errorf("a request has a reason: %s", request.URL.RawQuery)
		}
	}
	// In the baseline, too, which counts for nothing else.
	baseline := s.mustRead(summaryName, values{"created_at_gte": "2026-04-10T08:00:03Z", "group_by": []string{"type"}, "baseline": "1h", "reviewed": values{"a1": "before", "a4": "now"}})
	requireEqual(t, "reviewed_ids", baseline["reviewed_ids"], []any{"a1", "a4"})
	requireEqual(t, "excepted", baseline["excepted"], 1)
}

// A gate that looks at fields which the state does not hold, and whose message names who,
// what and when.
func TestEngineExcepts(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(toggles...)})
	w := newWorkspace(t, fake, `
variable "office" {
  type    = list(string)
  default = ["192.0.2.0/24", "2001:db8::/32"]
}
variable "reviewed" {
  type    = map(string)
  default = {}
}
data "compliance_activity_summary" "sso_off" {
  activity_types = ["org_sso_toggled"]
  except = [
    { enabled = [true] },
    { "actor.ip_address" = var.office, "actor.user_id" = ["user_1"] },
    { id = keys(var.reviewed) },
  ]
  group_by  = ["actor", "day"]
  min_count = 2
  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = join("\n", [for a in self.newest : "${a.id}: ${a.type} by ${a.actor_id} at ${a.created_at}"])
    }
  }
}
output "counts" {
  value = "${data.compliance_activity_summary.sso_off.excepted} ${length(data.compliance_activity_summary.sso_off.groups)}"
}
`)
	w.Must("validate")
	result := w.Run("plan", "-no-color", "-input=false")
	requireEqual(t, "exit code", result.Code, 1)
	requireContains(t, result.Output(), "a4: org_sso_toggled by user_2 at 2026-04-10T08:00:04Z a3: org_sso_toggled by user_2 at 2026-04-10T08:00:03Z")

	result = w.Run("plan", "-no-color", "-input=false", `-var=office=["192.0.2.0/33"]`, `-var=reviewed={"a*"="all is well"}`)
	requireContains(t, result.Output(), `Error: Invalid except[1]["actor.ip_address"]`, `Error: Invalid except[2]["id"]`)

	w.Must("apply", "-no-color", "-auto-approve", `-var=reviewed={"a3"="a drill","a4"="a drill"}`)
	requireContains(t, w.Must("output"), `counts = "4 0"`)
	state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate")) // not by show, for which old OpenTofu lacks the provider
	if err != nil || bytes.Contains(state, []byte("192.0.2.7")) {
		t.Errorf("the state has an address: %v\n%s", err, state)
	}
}
