package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// oddities are activities with all that could be changed on the way to the state.
var oddities = []string{
	`{"id":"a1","created_at":"2026-04-10T08:00:01Z","type":"role_assignment_granted","organization_id":"org_1","organization_uuid":"abcdef01-2345-6789-abcd-ef0123456789",` +
		`"actor":{"type":"user_actor","email_address":"user@example.com","user_id":"user_1","ip_address":"192.0.2.34","user_agent":"Mozilla/5.0","shoe_size":44},` +
		`"zebra":12345678901234567890,"apple":[1.0,1e400,null],"a":1,"a":2}`,
	`{"id":"a2","created_at":"2026-04-10T08:00:02Z","type":"user_signed_out","organization_id":null,"organization_uuid":null,"actor":null}`,
	`{"id":"a3","created_at":"2026-04-10T08:00:03Z","type":"t","actor":{"type":"anthropic_actor","email_address":null},"organization_id":17}`,
	"{\"id\":\"a4\",\"created_at\":\"2026-04-10T08:00:04Z\",\"type\":\"t\",\"organization_id\":\"\xff 日本語 \\u0000\",\"actor\":{\"type\":\"new_actor\"}}",
	`{"id":"a5","created_at":"2026-04-10T08:00:05Z","type":"t","actor":{},"name":"` + strings.Repeat("x", 100_000) + `"}`,
}

// published are activities that somebody has published.
func published(t testing.TB) []string {
	t.Helper()
	all := strings.Split(strings.TrimSpace(fileText(t, filepath.Join("..", "fakeapi", "testdata", "samples.jsonl"))), "\n")
	requireEqual(t, "number of samples", len(all), 122)
	return all
}

// newFakeOfSamples has them, and oddities; the second result is what they have to be in Terraform, newest first. An ID that several of them share, as
// made-up ones do, gets a number, since the feed has each ID once.
func newFakeOfSamples(t *testing.T) (fake *fakeapi.Server, want []any) {
	t.Helper()
	texts := append(published(t), oddities...)
	seen := map[string]int{}
	for i := range texts {
		id := decodeRecords(t, texts[i])[0].ID
		if seen[id]++; seen[id] > 1 {
			texts[i] = strings.ReplaceAll(texts[i], `"`+id+`"`, fmt.Sprintf(`"%s_%02d"`, id, seen[id]))
		}
	}
	decoded := decodeRecords(t, texts...)
	at := func(a activity.Activity) time.Time {
		parsed, err := time.Parse(time.RFC3339, a.CreatedAt)
		must(err)
		return parsed
	}
	slices.SortFunc(decoded, func(a, b activity.Activity) int { return cmp.Or(at(b).Compare(at(a)), cmp.Compare(b.ID, a.ID)) })
	for _, a := range decoded {
		fields := fieldValues(activity.Fields, &a, a.Extra)
		if fields["actor"] = nil; a.Actor != nil {
			fields["actor"] = fieldValues(activity.ActorFields, a.Actor, a.Actor.Extra)
		}
		want = append(want, fields)
	}
	return newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(texts...)}), want
}

// decodeRecords are activities as package activity has them, whose tests hold it against
// another decoder.
func decodeRecords(t testing.TB, records ...string) []activity.Activity {
	t.Helper()
	page, err := activity.Decode([]byte(`{"has_more":false,"data":[` + strings.Join(records, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return page.Activities
}

func fieldValues[T any](fields []activity.Field[T], of *T, extra string) values {
	all := values{"extra": extra}
	for _, field := range fields {
		if all[field.Name] = nil; field.Of(of) != nil {
			all[field.Name] = *field.Of(of)
		}
	}
	return all
}

// What others have seen of the real feed comes through whole: every field, in order,
// with its numbers as sent, however the pages fall.
func TestSamples(t *testing.T) {
	t.Parallel()
	fake, want := newFakeOfSamples(t)
	s := reading(t, fake, nil)
	for _, limit := range []int{7, 127, 5000} {
		requireEqualActivities(t, s.list(values{"limit": limit})["activities"].([]any), want)
	}
	opened := s.mustOpen(listName, values{"order": "asc", "limit": 50})["activities"].([]any)
	slices.Reverse(opened)
	requireEqualActivities(t, opened, want)
}

// requireEqualActivities says which activity is not as it should be.
func requireEqualActivities(t *testing.T, got, want []any) {
	t.Helper()
	requireEqual(t, "number of activities", len(got), len(want))
	for i := range want {
		requireEqual(t, fmt.Sprintf("activity %d", i+1), got[i], want[i])
	}
}

// TestSamples has the provider alone; here an engine has them in its plan.
func TestEngineSamples(t *testing.T) {
	t.Parallel()
	fake, want := newFakeOfSamples(t)
	w := newWorkspace(t, fake, `
data "compliance_activities" "all" {
  limit = 50
}
data "compliance_activity_summary" "all" {}
`)
	w.Must("plan", "-input=false", "-out=plan.bin")
	var plan struct {
		PriorState struct {
			Values struct {
				RootModule struct {
					Resources []struct {
						Address string
						Values  struct {
							Activities []any
							Total      int
						}
					}
				} `json:"root_module"`
			}
		} `json:"prior_state"`
	}
	if err := json.Unmarshal([]byte(w.Must("show", "-json", "plan.bin")), &plan); err != nil {
		t.Fatal(err)
	}
	resources := plan.PriorState.Values.RootModule.Resources
	requireEqual(t, "data sources", len(resources), 2)
	for _, resource := range resources {
		switch resource.Address {
		case "data.compliance_activities.all":
			requireEqualActivities(t, resource.Values.Activities, want)
		default:
			requireEqual(t, "total", resource.Values.Total, len(want))
		}
	}
}
