package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// These tests run Terraform or OpenTofu; package enginetest says which. The one that looks at
// values in the state has the provider in this process, by the test library of HashiCorp's.
// The others run commands as a user does.

// factories run the provider in this process, for the test library.
var factories = map[string]func() (tfprotov6.ProviderServer, error){
	TypeName: func() (tfprotov6.ProviderServer, error) { return newServer(newTestProvider())(), nil },
}

func providerBlock(fake *fakeapi.Server) string {
	return fmt.Sprintf("provider \"compliance\" {\n  api_key  = %q\n  base_url = %q\n}\n", testKey, fake.URL)
}

func TestEngineReads(t *testing.T) {
	t.Parallel()
	enginetest.Engine(t)
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(oddities...)})
	text, null := knownvalue.StringExact, knownvalue.Null()
	all := "data.compliance_activities.all"
	result := func(name string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(all, tfjsonpath.New(name), check)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: providerBlock(fake) + `
				data "compliance_activities" "all" {
				  limit          = 2
				  created_at_gte = "2026-04-10T10:00:00+02:00"
				  created_at_lt  = "2026-04-10T09:00:00Z"
				  timeouts       = { read = "1m" }
				}
				data "compliance_activities" "head" {
				  max_results = 2
				}
				data "compliance_activities" "tail" {
				  after_id = data.compliance_activities.head.last_id
				  limit    = 2
				}
				data "compliance_activities" "back" {
				  before_id = data.compliance_activities.tail.first_id
				  limit     = 1
				}
				data "compliance_activities" "since" {
				  before_id = data.compliance_activities.all.first_id
				}
				output "ids" {
				  value = [for read in [
				    data.compliance_activities.all, data.compliance_activities.head, data.compliance_activities.tail,
				    data.compliance_activities.back, data.compliance_activities.since,
				  ] : join(" ", read.activities[*].id)]
				}
				output "has_more" {
				  value = data.compliance_activities.head.has_more
				}`,
			ConfigStateChecks: []statecheck.StateCheck{
				result("has_more", knownvalue.Bool(false)),
				result("first_id", knownvalue.NotNull()),
				result("last_id", knownvalue.NotNull()),
				result("request_id", knownvalue.NotNull()),
				result("limit", knownvalue.Int64Exact(2)),
				result("order", null),
				result("timeouts", knownvalue.ObjectExact(map[string]knownvalue.Check{"read": text("1m")})),
				result("window", knownvalue.ObjectExact(map[string]knownvalue.Check{"start": text("2026-04-10T08:00:00Z"), "end": text("2026-04-10T09:00:00Z")})),
				statecheck.ExpectKnownValue("data.compliance_activities.since", tfjsonpath.New("activities"), knownvalue.ListExact(nil)),
				statecheck.ExpectKnownValue("data.compliance_activities.since", tfjsonpath.New("first_id"), null),
				statecheck.ExpectKnownOutputValue("ids", knownvalue.ListExact([]knownvalue.Check{
					text("a5 a4 a3 a2 a1"), text("a5 a4"), text("a3 a2 a1"), text("a5 a4"), text(""),
				})),
				statecheck.ExpectKnownOutputValue("has_more", knownvalue.Bool(true)),
			},
		}},
	})
}

// What is read for an ephemeral is in no plan and no state, so a condition compares it.
func TestEngineOpensEphemerals(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(oddities...)})
	w := newWorkspace(t, fake, `
ephemeral "compliance_activities" "all" {
  order       = "asc"
  max_results = 2
  timeouts    = { read = "1m" }
}
variable "actor" {
  type    = string
  default = null
}
resource "terraform_data" "gate" {
  lifecycle {
    precondition {
      condition = jsonencode({
        ids      = ephemeral.compliance_activities.all.activities[*].id
        email    = ephemeral.compliance_activities.all.activities[0].actor.email_address
        actor    = ephemeral.compliance_activities.all.activities[1].actor
        has_more = ephemeral.compliance_activities.all.has_more
      }) == jsonencode({ ids = ["a1", "a2"], email = "user@example.com", actor = var.actor, has_more = true })
      error_message = "Something else was read."
    }
  }
}
`)
	w.Must("apply", "-auto-approve", "-input=false")
	result := w.Run("plan", "-input=false", "-no-color", "-var=actor=somebody")
	requireEqual(t, "exit code", result.Code, 1)
	requireContains(t, result.Output(), "Something else was read.")
}

// newWorkspace takes the blocks of a configuration. The key is in the environment, from
// where it gets into no plan.
func newWorkspace(t *testing.T, fake *fakeapi.Server, blocks string) *enginetest.Workspace {
	t.Helper()
	w := enginetest.New(t, fake.URL)
	w.Setenv(keyVariables[0], testKey)
	w.Write("main.tf", fmt.Sprintf("terraform {\n  required_providers {\n    compliance = { source = %q }\n  }\n}\n", Address)+blocks)
	w.Init()
	return w
}

// unwrapped is output without the frame and the line breaks of diagnostics.
func unwrapped(output string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)), " ")
}

func requireContains(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(unwrapped(output), text) {
			t.Errorf("want %q in:\n%s", text, output)
		}
	}
}

// Each diagnostic points at the line of its argument. No key is needed for that.
func TestEngineValidates(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	fake := newFake(t, fakeapi.Options{})
	w := newWorkspace(t, fake, `
data "compliance_activities" "one" {
  actor_ids = []
  lookback  = "soon"
  timeouts = {
    read = "never"
  }
}
ephemeral "compliance_activities" "two" {
  activity_types = ["a", ""]
  created_at_gt  = "yesterday"
  limit          = 5001
}
data "compliance_activities" "three" {
  created_at_gte = "2026-04-10T09:00:00Z"
  created_at_lt  = "2026-04-10T09:00:00Z"
}
`)
	w.Setenv(keyVariables[0], "")
	result := w.Run("validate", "-json")
	requireEqual(t, "exit code", result.Code, 1)
	var report struct {
		Diagnostics []struct {
			Severity, Summary string
			Snippet           struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(result.Stdout), &report); err != nil {
		t.Fatalf("%v in:\n%s", err, result.Output())
	}
	var got []string
	for _, diagnostic := range report.Diagnostics {
		if diagnostic.Severity == "error" {
			line := strings.Join(strings.Fields(diagnostic.Snippet.Code), " ")
			if line == `read = "never"` {
				line = `data "compliance_activities" "one" {` // as far as engines before Terraform 1.17 point
			}
			got = append(got, line)
		}
	}
	slices.Sort(got)
	requireEqual(t, "lines with errors", got, []string{
		`activity_types = ["a", ""]`,
		`actor_ids = []`,
		`created_at_gt = "yesterday"`,
		`created_at_gte = "2026-04-10T09:00:00Z"`,
		`data "compliance_activities" "one" {`,
		`limit = 5001`,
		`lookback = "soon"`,
	})
	requireEqual(t, "requests", len(fake.Requests()), 0)
}

// What validate cannot know, because it depends on variables or on what is not there yet, is
// checked before a read. An unknown key or base URL is an error, although the environment has both.
func TestEngineChecksWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	fake := newFake(t, fakeapi.Options{})
	w := newWorkspace(t, fake, `
variable "none" {
  type    = set(string)
  default = []
}
variable "empty" {
  type    = string
  default = ""
}
resource "terraform_data" "later" {}
provider "compliance" {
  alias   = "empty"
  api_key = var.empty
}
provider "compliance" {
  alias   = "key"
  api_key = terraform_data.later.id
}
provider "compliance" {
  alias    = "url"
  base_url = "https://${terraform_data.later.id}"
}
data "compliance_activities" "actors" {
  actor_ids = var.none
}
ephemeral "compliance_activities" "types" {
  activity_types = var.none
}
data "compliance_activities" "cursor" {
  after_id = var.empty
}
data "compliance_activities" "empty" {
  provider = compliance.empty
}
data "compliance_activities" "key" {
  provider = compliance.key
}
ephemeral "compliance_activities" "url" {
  provider = compliance.url
}
`)
	w.Must("validate")
	result := w.Run("plan", "-no-color", "-input=false")
	requireEqual(t, "exit code", result.Code, 1)
	requireContains(t, result.Output(), "Error: Invalid actor_ids", "Error: Invalid activity_types", "Error: Invalid after_id", "Error: Invalid api_key",
		"The provider's api_key is not known yet", "The provider's base_url is not known yet")
	requireEqual(t, "requests", len(fake.Requests()), 0)
}

// A read whose filter is not known yet waits for the apply.
func TestEngineDefersUnknownFilters(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(3)...)})
	w := newWorkspace(t, fake, `
resource "terraform_data" "since" {
  input = "2026-04-10T08:00:01Z"
}
data "compliance_activities" "since" {
  created_at_gte = terraform_data.since.output
}
output "ids" {
  value = data.compliance_activities.since.activities[*].id
}
`)
	w.Must("plan", "-input=false", "-out=plan.bin")
	requireEqual(t, "requests of the plan", len(fake.Requests()), 0)
	w.Must("apply", "-input=false", "plan.bin")
	requireEqual(t, "requests of the apply", len(fake.Requests()), 1)
	var ids []string
	if err := json.Unmarshal([]byte(w.Must("output", "-json", "ids")), &ids); err != nil {
		t.Fatal(err)
	}
	requireEqual(t, "ids", ids, []string{"a002", "a001"})
}

// Policies are tried out with made-up activities and without a key.
func TestEngineMocks(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	fake := newFake(t, fakeapi.Options{})
	w := newWorkspace(t, fake, `
data "compliance_activities" "logins" {
  activity_types = ["sso_login_failed"]
  lookback       = "1d"
}
data "compliance_activity_summary" "guessing" {
  group_by = ["account", "hour"]
}
output "found" {
  value = concat(
    [for a in data.compliance_activities.logins.activities : a.actor.email_address],
    data.compliance_activity_summary.guessing.newest[*].id, data.compliance_activity_summary.guessing.groups[*].count,
  )
}
`)
	w.Setenv(keyVariables[0], "")
	w.Write("policy.tftest.hcl", `
mock_provider "compliance" {
  mock_data "compliance_activities" {
    defaults = {
      has_more = false
      activities = [{
        id                = "activity_1"
        created_at        = "2026-04-10T08:00:00Z"
        type              = "sso_login_failed"
        organization_id   = null
        organization_uuid = null
        extra             = "{}"
        actor = {
          type                          = "user_actor"
          user_id                       = "user_1"
          email_address                 = "user@example.com"
          unauthenticated_email_address = null
          api_key_id                    = null
          admin_api_key_id              = null
          service_account_id            = null
          ip_address                    = "192.0.2.34"
          user_agent                    = null
          directory_id                  = null
          idp_connection_type           = null
          workos_event_id               = null
          extra                         = "{}"
        }
      }]
    }
  }
  mock_data "compliance_activity_summary" {
    defaults = {
      total  = 50
      newest = [{ id = "activity_1", created_at = "2026-04-10T08:00:00Z", type = "sso_login_failed", organization_id = null, actor_type = null, actor_id = null }]
      groups = [{ count = 50, keys = { hour = "2026-04-10T08" }, by_type = { sso_login_failed = 50 }, baseline = { count = 0, mean = 0, deviation = 0 }, distinct = { account = 1 }, newest_id = "activity_1", newest_created_at = "2026-04-10T08:00:00Z" }]
    }
  }
}
run "found" {
  command = plan
  assert {
    condition     = join(" ", output.found) == "user@example.com activity_1 50"
    error_message = "The mocks did not arrive."
  }
}
`)
	requireContains(t, w.Must("test", "-no-color"), "1 passed, 0 failed")
	requireEqual(t, "requests", len(fake.Requests()), 0)
}
