package examples_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// openTofu112 is when OpenTofu ceased to judge an ephemeral resource's own condition at apply.
var openTofu112 = enginetest.Versions{Terraform: "1.10", OpenTofu: "1.12"}

// ownerGate is a gate of its own, with these arguments besides.
func ownerGate(block, arguments, condition string) string {
	return block + ` "compliance_activity_summary" "owner" {
  lookback = "24h"
  ` + arguments + `
  lifecycle {
    postcondition {
      condition     = ` + condition + `
      error_message = "The primary owner changed in the last 24 hours."
    }
  }
}
resource "terraform_data" "later" { input = "primary_owner_transferred" }
`
}

// TestWaysAroundAGate shows what the guide of that name says, case by case: where a gate does
// not close although it should, and that the pattern of the guide closes it.
func TestWaysAroundAGate(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	const (
		dataClosed      = "primary_owner_transferred  activity_01Owner  by user_01Robin"
		ephemeralClosed = "The primary owner changed in the last 24 hours."
		applied         = "Apply complete!"
		ofOwner         = `activity_types = ["primary_owner_transferred"]`
	)
	bad := activity("activity_01Owner", "primary_owner_transferred", robin, time.Hour)
	guarded := func(t *testing.T, activities ...string) (*enginetest.Workspace, *fakeapi.Server) {
		feed := newFeed(t, activities...)
		w := workspace(t, feed, "guides/around")
		w.Write("unguarded.tf", `resource "terraform_data" "unguarded" { input = "made without asking the gate" }`)
		return w, feed
	}
	// unguardedAlone fails the test unless only what the gate does not guard was made.
	unguardedAlone := func(t *testing.T, w *enginetest.Workspace) {
		t.Helper()
		// Engines differ in the spaces that they write.
		names := regexp.MustCompile(`"name": ?"(?:production|unguarded)"`).FindAllString(read(t, filepath.Join(w.Dir, "terraform.tfstate")), -1)
		if len(names) != 1 || !strings.Contains(names[0], "unguarded") {
			t.Errorf("want the unguarded resource alone, the state has %q", names)
		}
	}
	// Engines differ in whether they judge an ephemeral resource's own condition at apply.
	ownConditionAtApply := func(t *testing.T, result enginetest.Result) {
		t.Helper()
		if enginetest.IsOpenTofu(t) && !enginetest.Older(t, openTofu112) {
			require(t, result, 0, applied)
		} else {
			require(t, result, 1, ephemeralClosed)
		}
	}

	for name, test := range map[string]func(t *testing.T){
		"plan": func(t *testing.T) {
			w, _ := guarded(t, bad)
			require(t, w.Plan(), 1, dataClosed, ephemeralClosed)
			require(t, w.Plan("-refresh=false"), 1, dataClosed)
		},
		"target": func(t *testing.T) {
			w, _ := guarded(t, bad)
			result := w.Plan("-target=terraform_data.unguarded")
			require(t, result, 0)
			forbid(t, result.Output(), "The primary owner changed")
			require(t, w.Plan("-target=terraform_data.production"), 1, dataClosed)
		},
		"exclude": func(t *testing.T) {
			if !enginetest.IsOpenTofu(t) {
				t.Skip("Terraform has no -exclude")
			}
			w, _ := guarded(t, bad)
			require(t, w.Apply("-exclude=module.gate"), 0, applied)
			unguardedAlone(t, w)
		},
		"refresh_only and destroy": func(t *testing.T) {
			w, feed := guarded(t)
			require(t, w.Apply(), 0, applied)
			feed.Add(bad)
			require(t, w.Plan("-refresh-only"), 0, "Warning: ")
			require(t, w.Plan("-destroy"), 0, "to destroy")
			// What was taken out of the configuration has lost its depends_on.
			text, _, _ := strings.Cut(read(t, filepath.Join(w.Dir, "main.tf")), `resource "terraform_data" "production"`)
			w.Write("main.tf", text)
			require(t, w.Plan(), 1, dataClosed)
			require(t, w.Plan("-target=terraform_data.production"), 0, "1 to destroy")
		},
		"saved_plan": func(t *testing.T) {
			w, feed := guarded(t)
			require(t, w.Plan("-out=saved.tfplan"), 0)
			feed.Add(bad)
			// The data source is not judged again; the ephemeral gate is, and before what depends on it.
			result := w.Apply("saved.tfplan")
			require(t, result, 1, ephemeralClosed)
			forbid(t, result.Output(), dataClosed)
			unguardedAlone(t, w)
		},
		"saved_plan_of_a_data_source": func(t *testing.T) {
			w, feed := guarded(t)
			text, _, _ := strings.Cut(read(t, filepath.Join(w.Dir, "gate", "main.tf")), "# Checked at plan and again")
			w.Write("gate/main.tf", text)
			require(t, w.Plan("-out=saved.tfplan"), 0)
			feed.Add(bad)
			require(t, w.Apply("saved.tfplan"), 0, applied)
		},
		"condition_of_the_ephemeral_resource": func(t *testing.T) {
			feed := newFeed(t)
			w := configuration(t, feed, ownerGate("ephemeral", ofOwner, "self.total == 0"))
			require(t, w.Plan("-out=saved.tfplan"), 0)
			feed.Add(bad)
			require(t, w.Plan(), 1, ephemeralClosed)
			ownConditionAtApply(t, w.Apply("saved.tfplan"))
		},
		"ephemeral_argument_not_known": func(t *testing.T) {
			w := configuration(t, newFeed(t, bad), ownerGate("ephemeral", "activity_types = [terraform_data.later.output]", "self.total == 0"))
			ownConditionAtApply(t, w.Apply())
		},
		"timestamp_in_a_condition": func(t *testing.T) {
			w := configuration(t, newFeed(t, bad), ownerGate("data", ofOwner, `self.total == 0 || timecmp(self.newest_created_at, timeadd(plantimestamp(), "-12h")) < 0`))
			require(t, w.Apply(), 1, ephemeralClosed)
			replace(t, w.Dir, "main.tf", "plantimestamp()", "timestamp()")
			require(t, w.Apply(), 0, applied)
		},
		"reviewed_on_the_command_line": func(t *testing.T) {
			w := configuration(t, newFeed(t, bad), "variable \"reviewed\" {\n  type = map(string)\n  default = {}\n}\n"+ownerGate("data", ofOwner+"\nreviewed = var.reviewed", "self.total == 0"))
			require(t, w.Plan(), 1, ephemeralClosed)
			require(t, w.Plan(`-var=reviewed={activity_01Owner="no comment"}`), 0)
		},
		"another_organization": func(t *testing.T) { // as a demo's leftover, or a key of another organization
			w := configuration(t, gateFeed(t, "org_01Other", bad), "provider \"compliance\" { key_organization_id = \"org_01Example\" }\n"+ownerGate("data", "", "self.total == 0"))
			require(t, w.Plan(), 1, "The API key belongs to another organization", "org_01Other", "org_01Example")
		},
		"one_organization_of_several": func(t *testing.T) {
			// Of what a key does not reach it finds nothing; named, it is refused.
			feed := start(t, fakeapi.Options{Feed: fakeapi.NewFeed(), Keys: map[string]fakeapi.Grant{
				fakeapi.Key: {Organizations: []string{organization}},
			}})
			w := configuration(t, feed, ownerGate("data", `organization_ids = ["org_01Example", "org_01Linked"]`, "self.total == 0"))
			require(t, w.Plan(), 1, "The API key may not read these organizations")
		},
		"check": func(t *testing.T) {
			w := configuration(t, newFeed(t, bad), `
check "owner" {
  data "compliance_activity_summary" "owner" {
    activity_types = ["primary_owner_transferred"]
  }
  assert {
    condition     = data.compliance_activity_summary.owner.total == 0
    error_message = "The owner changed."
  }
}`)
			require(t, w.Plan(), 0, "Warning: ", "The owner changed.")
			w.Setenv("ANTHROPIC_COMPLIANCE_API_KEY", "wrong")
			result := w.Plan()
			require(t, result, 0, "Warning: ", "key")
			forbid(t, result.Output(), "The owner changed.")
		},
		"left_over_base_url": func(t *testing.T) { // which is in the environment
			w := configuration(t, newFeed(t), `
data "compliance_activity_summary" "owner" {
  lookback = "24h"
}
output "organization" {
  value = data.compliance_activity_summary.owner.key_organization_id
}`)
			require(t, w.Plan(), 0, "Warning: The activity feed is read from another host", "ANTHROPIC_COMPLIANCE_BASE_URL names 127.0.0.1:", organization)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}
