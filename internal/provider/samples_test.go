package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// sample is an activity that somebody has published, and what it has to be in Terraform.
type sample struct {
	text string
	at   time.Time
	want values
}

// samples are newest first. An ID that several activities share, as made-up ones do,
// gets a number, since the feed has each ID once.
func samples(t *testing.T) []sample {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "fakeapi", "testdata", "samples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []sample
	seen := map[string]int{}
	for line := range strings.Lines(string(file)) {
		var head struct {
			ID        string
			CreatedAt time.Time `json:"created_at"`
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatal(err)
		}
		if seen[head.ID]++; seen[head.ID] > 1 {
			line = strings.ReplaceAll(line, `"`+head.ID+`"`, fmt.Sprintf(`"%s_%02d"`, head.ID, seen[head.ID]))
		}
		all = append(all, sample{text: line, at: head.CreatedAt, want: wantedActivity(t, line)})
	}
	if len(all) != 122 {
		t.Fatalf("got %d samples, want 122", len(all))
	}
	slices.SortFunc(all, func(a, b sample) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.want["id"].(string), a.want["id"].(string)))
	})
	return all
}

func texts(samples []sample) []string {
	all := make([]string, len(samples))
	for i, sample := range samples {
		all[i] = sample.text
	}
	return all
}

// wantedActivity is an activity as package activity has it, whose tests hold it against
// another decoder.
func wantedActivity(t *testing.T, text string) values {
	t.Helper()
	page, err := activity.Decode([]byte(`{"has_more":false,"data":[` + text + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	a := page.Activities[0]
	want := fieldValues(activity.Fields, &a, a.Extra)
	if want["actor"] = nil; a.Actor != nil {
		want["actor"] = fieldValues(activity.ActorFields, a.Actor, a.Actor.Extra)
	}
	return want
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

func wants(samples []sample) []any {
	all := make([]any, len(samples))
	for i, sample := range samples {
		all[i] = sample.want
	}
	return all
}

// What others have seen of the real feed comes through whole: every field, in order,
// with its numbers as sent, however the pages fall.
func TestSamples(t *testing.T) {
	t.Parallel()
	all := samples(t)
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(texts(all)...)})
	s := reading(t, fake, nil)
	for _, limit := range []int{7, 122, 5000} {
		requireEqualActivities(t, s.mustRead(listName, values{"limit": limit})["activities"].([]any), wants(all))
	}
	opened := s.mustOpen(listName, values{"order": "asc", "limit": 50})["activities"].([]any)
	slices.Reverse(opened)
	requireEqualActivities(t, opened, wants(all))
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
	all := samples(t)
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(texts(all)...)})
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
			requireEqualActivities(t, resource.Values.Activities, wants(all))
		default:
			requireEqual(t, "total", resource.Values.Total, len(all))
		}
	}
}

// And all of them are counted.
func TestSamplesAreCounted(t *testing.T) {
	t.Parallel()
	all := samples(t)
	byType, byActorType, byOrganization, byDay := values{}, values{}, values{}, values{}
	count := func(counts values, key any) {
		name, _ := key.(string)
		name = cmp.Or(name, "none")
		n, _ := counts[name].(int)
		counts[name] = n + 1
	}
	for _, sample := range all {
		actor, _ := sample.want["actor"].(values)
		count(byType, sample.want["type"])
		count(byActorType, actor["type"])
		count(byOrganization, sample.want["organization_id"])
		count(byDay, sample.at.UTC().Format(time.DateOnly))
	}
	s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(texts(all)...)}), nil)
	got := s.mustRead(summaryName, nil)
	for name, want := range (values{
		"total": len(all), "by_type": byType, "by_actor_type": byActorType, "by_organization": byOrganization, "by_day": byDay,
		"newest_created_at": all[0].want["created_at"], "oldest_created_at": all[len(all)-1].want["created_at"],
	}) {
		requireEqual(t, name, got[name], want)
	}
}
