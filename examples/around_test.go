package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// openTofu112 is when OpenTofu ceased to judge an ephemeral resource's own condition at apply.
var openTofu112 = engines.Versions{Terraform: "1.10", OpenTofu: "1.12"}

// TestWaysAroundAGate shows what the guide of that name says, case by case: where a gate does
// not close although it should, and that the pattern of the guide closes it.
func TestWaysAroundAGate(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	const (
		dataClosed      = "primary_owner_transferred  activity_01Owner  by user_01Robin"
		ephemeralClosed = "The primary owner changed in the last 24 hours."
		applied         = "Apply complete!"
	)
	bad := activity("activity_01Owner", "primary_owner_transferred", robin, time.Hour)
	guarded := func(t *testing.T, feed *fakeapi.Server) *enginetest.Workspace {
		w := workspace(t, feed, "guides/around")
		w.Write("unguarded.tf", `resource "terraform_data" "unguarded" { input = "made without asking the gate" }`)
		w.Init()
		return w
	}
	// made says whether the state has a resource.
	made := func(t *testing.T, w *enginetest.Workspace, name string) bool {
		t.Helper()
		state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
		// Engines differ in the spaces that they write.
		return err == nil && regexp.MustCompile(`"name": ?"`+name+`"`).Match(state)
	}
	apply := func(w *enginetest.Workspace, args ...string) enginetest.Result {
		return w.Run(append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, args...)...)
	}

	t.Run("plan", func(t *testing.T) {
		t.Parallel()
		w := guarded(t, newFeed(t, bad))
		require(t, w.Plan(), 1, dataClosed, ephemeralClosed)
		require(t, w.Plan("-refresh=false"), 1, dataClosed)
	})
	t.Run("target", func(t *testing.T) {
		t.Parallel()
		w := guarded(t, newFeed(t, bad))
		result := w.Plan("-target=terraform_data.unguarded")
		require(t, result, 0)
		forbid(t, result.Output(), "The primary owner changed")
		require(t, w.Plan("-target=terraform_data.production"), 1, dataClosed)
	})
	t.Run("exclude", func(t *testing.T) {
		t.Parallel()
		if !enginetest.New(t).IsOpenTofu(t) {
			t.Skip("Terraform has no -exclude")
		}
		w := guarded(t, newFeed(t, bad))
		result := apply(w, "-exclude=module.gate")
		require(t, result, 0, applied)
		if made(t, w, "production") || !made(t, w, "unguarded") {
			t.Errorf("want the unguarded resource alone:\n%s", result.Output())
		}
	})
	t.Run("refresh_only", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := guarded(t, feed)
		require(t, apply(w), 0, applied)
		feed.Add(bad)
		require(t, w.Plan("-refresh-only"), 0, "Warning: ")
	})
	t.Run("destroy", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := guarded(t, feed)
		require(t, apply(w), 0, applied)
		feed.Add(bad)
		require(t, w.Plan("-destroy"), 0, "to destroy")
	})
	t.Run("saved_plan", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := guarded(t, feed)
		require(t, w.Plan("-out=saved.tfplan"), 0)
		feed.Add(bad)
		// The data source is not judged again; the ephemeral gate is, and before what depends on it.
		result := w.Run("apply", "-input=false", "-no-color", "saved.tfplan")
		require(t, result, 1, ephemeralClosed)
		forbid(t, result.Output(), dataClosed)
		if made(t, w, "production") || !made(t, w, "unguarded") {
			t.Errorf("want the unguarded resource alone:\n%s", result.Output())
		}
	})
	t.Run("saved_plan_of_a_data_source", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := guarded(t, feed)
		text, _, _ := strings.Cut(read(t, filepath.Join(w.Dir, "gate", "main.tf")), "# Checked at plan and again")
		write(t, filepath.Join(w.Dir, "gate", "main.tf"), text)
		require(t, w.Plan("-out=saved.tfplan"), 0)
		feed.Add(bad)
		require(t, w.Run("apply", "-input=false", "-no-color", "saved.tfplan"), 0, applied)
	})
	t.Run("condition_of_the_ephemeral_resource", func(t *testing.T) {
		t.Parallel()
		feed := newFeed(t)
		w := workspace(t, feed)
		complete(w, "")
		w.Write("main.tf", `
ephemeral "compliance_activity_summary" "owner" {
  lookback       = "24h"
  activity_types = ["primary_owner_transferred"]
  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The primary owner changed in the last 24 hours."
    }
  }
}
resource "terraform_data" "production" { input = "x" }
`)
		w.Init()
		require(t, w.Plan("-out=saved.tfplan"), 0)
		feed.Add(bad)
		require(t, w.Plan(), 1, ephemeralClosed)
		result := w.Run("apply", "-input=false", "-no-color", "saved.tfplan")
		if enginetest.New(t).IsOpenTofu(t) && !enginetest.Older(t, openTofu112) {
			require(t, result, 0, applied)
		} else {
			require(t, result, 1, ephemeralClosed)
		}
	})
	t.Run("ephemeral_argument_not_known", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t, bad))
		complete(w, "")
		w.Write("main.tf", `
resource "terraform_data" "later" { input = "primary_owner_transferred" }
ephemeral "compliance_activity_summary" "owner" {
  lookback       = "24h"
  activity_types = [terraform_data.later.output]
  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The primary owner changed in the last 24 hours."
    }
  }
}`)
		w.Init()
		result := apply(w)
		if enginetest.New(t).IsOpenTofu(t) && !enginetest.Older(t, openTofu112) {
			require(t, result, 0, applied)
		} else {
			require(t, result, 1, ephemeralClosed)
		}
	})
	t.Run("timestamp_in_a_condition", func(t *testing.T) {
		t.Parallel()
		for function, code := range map[string]int{"timestamp": 0, "plantimestamp": 1} {
			w := workspace(t, newFeed(t, bad))
			complete(w, "")
			w.Write("main.tf", `
data "compliance_activity_summary" "owner" {
  lookback       = "24h"
  activity_types = ["primary_owner_transferred"]
  lifecycle {
    postcondition {
      condition     = self.total == 0 || timecmp(self.newest_created_at, timeadd(`+function+`(), "-12h")) < 0
      error_message = "The primary owner changed in the last 12 hours."
    }
  }
}`)
			w.Init()
			result := apply(w)
			if result.Code != code {
				t.Errorf("%s: exit code %d, want %d:\n%s", function, result.Code, code, result.Output())
			}
		}
	})
	t.Run("reviewed_on_the_command_line", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t, bad))
		complete(w, "")
		w.Write("main.tf", `
variable "reviewed" {
  type    = map(string)
  default = {}
}
data "compliance_activity_summary" "owner" {
  lookback       = "24h"
  activity_types = ["primary_owner_transferred"]
  reviewed       = var.reviewed
  lifecycle {
    postcondition {
      condition     = self.total == 0
      error_message = "The primary owner changed:\n${self.listing}"
    }
  }
}`)
		require(t, w.Plan(), 1, dataClosed)
		require(t, w.Plan(`-var=reviewed={activity_01Owner="no comment"}`), 0)
	})
	t.Run("another_organization", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, gateFeed(t, "org_01Other", bad)) // as a demo's leftover, or a key of another organization
		w.Write("zz_requirement.tf", requirement)
		w.Write("main.tf", `
provider "compliance" {
  key_organization_id = "org_01Example"
}
data "compliance_activity_summary" "owner" {
  lookback = "24h"
}`)
		require(t, w.Plan(), 1, "The API key belongs to another organization", "org_01Other", "org_01Example")
	})
	t.Run("one_organization_of_several", func(t *testing.T) {
		t.Parallel()
		// Of what a key does not reach it finds nothing; named, it is refused.
		feed := fakeapi.NewServer(fakeapi.Options{Feed: fakeapi.NewFeed(), Keys: map[string]fakeapi.Grant{
			fakeapi.Key: {Scopes: []string{fakeapi.Scope}, Organizations: []string{organization}},
		}})
		t.Cleanup(feed.Close)
		w := workspace(t, feed)
		complete(w, "")
		w.Write("main.tf", `
data "compliance_activity_summary" "owner" {
  lookback         = "24h"
  organization_ids = ["org_01Example", "org_01Linked"]
}`)
		require(t, w.Plan(), 1, "The API key may not read these organizations")
	})
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t, bad))
		complete(w, "")
		w.Write("main.tf", `
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
	})
	t.Run("left_over_base_url", func(t *testing.T) {
		t.Parallel()
		w := workspace(t, newFeed(t)) // whose base URL is in the environment
		complete(w, "")
		w.Write("main.tf", `
data "compliance_activity_summary" "owner" {
  lookback = "24h"
}
output "organization" {
  value = data.compliance_activity_summary.owner.key_organization_id
}`)
		require(t, w.Plan(), 0, "Warning: The activity feed is read from another host", "ANTHROPIC_COMPLIANCE_BASE_URL names 127.0.0.1:", organization)
	})
}
