package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func texts(feed *fakeapi.Feed) []string {
	var texts []string
	for raw := range feed.All() {
		texts = append(texts, string(raw))
	}
	return texts
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	spec := fakeapi.Spec{Activities: 500, Seed: 3}
	one, two := texts(fakeapi.Generate(spec)), texts(fakeapi.Generate(spec))
	if !slices.Equal(one, two) {
		t.Error("the same Spec made two feeds")
	}
	spec.Seed++
	if slices.Equal(one, texts(fakeapi.Generate(spec))) {
		t.Error("another seed made the same feed")
	}
}

func TestGenerateIsRealistic(t *testing.T) {
	t.Parallel()
	const n = 4000
	newest := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	feed := fakeapi.Generate(fakeapi.Spec{Activities: n})
	if got := len(texts(feed)); got != n {
		t.Errorf("got %d activities, want %d", got, n)
	}
	id := regexp.MustCompile(`^activity_01[1-9A-HJ-NP-Za-km-z]{22}$`)
	order := regexp.MustCompile(`^\{"id":"[^"]*","created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z",("organization_id":[^,]*,"organization_uuid":[^,]*,)?"actor":\{"type":.*\},"type":"`)
	actorFields := map[string][]string{
		"user_actor":                 {"email_address", "ip_address", "type", "user_agent", "user_id"},
		"api_actor":                  {"api_key_id", "ip_address", "type", "user_agent"},
		"admin_api_key_actor":        {"admin_api_key_id", "type"},
		"unauthenticated_user_actor": {"ip_address", "type", "unauthenticated_email_address", "user_agent"},
		"service_account_actor":      {"ip_address", "service_account_id", "type", "user_agent"},
		"federated_identity_actor":   {"issuer", "subject", "type"},
		"federated_actor":            {"provider", "type"},
		"attested_device_actor":      {"external_client_id", "kid_hash", "type"},
		"system_actor":               {"type"},
		"anthropic_actor":            {"email_address", "type"},
		"scim_directory_sync_actor":  {"directory_id", "idp_connection_type", "type", "workos_event_id"},
	}
	client := []string{"ip_address", "user_agent"}
	optional := map[string][]string{
		"admin_api_key_actor": client, "attested_device_actor": client, "system_actor": {"service"},
		"federated_identity_actor": append(client, "audience"), "federated_actor": append(client, "subject"),
	}
	documentation := []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	}

	ids := make(map[string]bool)
	types, actors := make(map[string]int), make(map[string]int)
	var ties, fractions, nullOrganizations int
	var previous activity
	for _, text := range texts(feed) {
		a := decode(t, []byte(text))
		if !id.MatchString(a.ID) || ids[a.ID] {
			t.Fatalf("bad or repeated id in %s", text)
		}
		if !order.MatchString(text) {
			t.Fatalf("the fields' order is not the documented one: %s", text)
		}
		if a.CreatedAt.After(newest) || a.CreatedAt.Before(newest.Add(-30*24*time.Hour-time.Second)) {
			t.Fatalf("outside of the span: %s", text)
		}
		if a.CreatedAt.Equal(previous.CreatedAt) {
			ties++
		}
		if a.CreatedAt.Nanosecond() != 0 {
			fractions++
		}
		if a.OrganizationID == nil {
			nullOrganizations++
		}
		ids[a.ID] = true
		types[a.Type]++
		actors[a.Actor.Type]++
		previous = a

		var fields struct{ Actor map[string]any }
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if address, ok := fields.Actor["ip_address"].(string); ok {
			ip, err := netip.ParseAddr(address)
			if err != nil || !slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(ip) }) {
				t.Fatalf("not an address for documentation in %s", text)
			}
		}
		var names []string
		for name := range fields.Actor {
			if !slices.Contains(optional[a.Actor.Type], name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if want := actorFields[a.Actor.Type]; !slices.Equal(names, want) {
			t.Fatalf("got the actor's fields %v, want %v, in %s", names, want, text)
		}
	}
	if len(types) < 300 {
		t.Errorf("got %d types, want most", len(types))
	}
	if len(actors) != len(actorFields) {
		t.Errorf("got the actors %v, want all of %d types", actors, len(actorFields))
	}
	if ties < n/10 || fractions < n/10 || nullOrganizations < n/10 {
		t.Errorf("got %d ties, %d fractions, %d null organizations of %d activities, want more", ties, fractions, nullOrganizations, n)
	}
}

// Pages of any usual size have borders within a tie somewhere.
func TestTiesAcrossBorders(t *testing.T) {
	t.Parallel()
	activities := all(t, fakeapi.Generate(fakeapi.Spec{Activities: 5000}))
	slices.Reverse(activities)
	for _, limit := range []int{10, 100, 500} {
		ties := 0
		for i := limit; i < len(activities); i += limit {
			if activities[i].CreatedAt.Equal(activities[i-1].CreatedAt) {
				ties++
			}
		}
		if ties == 0 {
			t.Errorf("limit %d: no tie lies across a border", limit)
		}
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const n = 1000
	newest := time.Date(2026, 1, 11, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, test := range map[string]struct {
		shape  fakeapi.Shape
		perDay [10]int
	}{
		"evenly":       {fakeapi.Evenly, [10]int{100, 100, 100, 100, 100, 100, 100, 100, 100, 100}},
		"empty_middle": {fakeapi.EmptyMiddle(0.8), [10]int{500, 0, 0, 0, 0, 0, 0, 0, 0, 500}},
		"bursts":       {fakeapi.Bursts(2), [10]int{500, 0, 0, 0, 0, 500, 0, 0, 0, 0}},
		"one_instant":  {func(float64) float64 { return 0.3 }, [10]int{0, 0, 0, n, 0, 0, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed := fakeapi.Generate(fakeapi.Spec{Activities: n, Newest: newest, Span: 10 * day, Shape: test.shape})
			var got [10]int
			activities := all(t, feed)
			for _, a := range activities {
				got[min(9, int(a.CreatedAt.Sub(newest.Add(-10*day))/day))]++
			}
			for i, want := range test.perDay {
				if got[i] < want-8 || got[i] > want+8 || want == 0 && got[i] != 0 {
					t.Errorf("got %v activities a day, want about %v", got, test.perDay)
					break
				}
			}
			want := make([]string, n)
			for i, a := range activities {
				want[i] = a.ID
			}
			c := inProcess(fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true}))
			if got := slices.Concat(c.walk(t, "&limit=83&order=asc", "after_id", "")...); !slices.Equal(got, want) {
				t.Errorf("walk: got %d activities, want %d, or others", len(got), len(want))
			}
		})
	}
}

const million = 1_000_000

// Not parallel, since it counts what is allocated meanwhile.
func TestGenerateIsLazy(t *testing.T) {
	allocations := testing.AllocsPerRun(1, func() { fakeapi.Generate(fakeapi.Spec{Activities: million}) })
	if allocations > 10_000 {
		t.Errorf("got %g allocations, want nothing near a million", allocations)
	}
}

// A page anywhere in a feed of a million is found without making what lies before it. Not
// parallel either.
func TestMillion(t *testing.T) {
	feed := fakeapi.Generate(fakeapi.Spec{Activities: million, Span: 365 * 24 * time.Hour})
	c := inProcess(fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true}))
	const middle = "created_at.lt=2026-03-01T00:00:00Z&limit=10"
	var query string
	allocations := testing.AllocsPerRun(1, func() {
		a := c.get(t, middle+query)
		if len(a.Data) != 10 || !a.HasMore {
			t.Fatalf("got %d activities, has_more %t", len(a.Data), a.HasMore)
		}
		query = "&after_id=" + url.QueryEscape(*a.LastID)
	})
	if allocations > 10_000 {
		t.Errorf("got %g allocations, want nothing near a million", allocations)
	}
}

func ExampleGenerate() {
	feed := fakeapi.Generate(fakeapi.Spec{Activities: million, Shape: fakeapi.EmptyMiddle(0.9)})
	for raw := range feed.All() {
		fmt.Println(strings.HasPrefix(string(raw), `{"id":"activity_01`))
		break
	}
	// Output: true
}

func BenchmarkGenerate(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		for raw := range fakeapi.Generate(fakeapi.Spec{Activities: n}).All() {
			b.SetBytes(int64(len(raw)) * n)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "activities/s")
}
