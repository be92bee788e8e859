package fakeapi_test

import (
	"bytes"
	"os"
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
	id := regexp.MustCompile(`^activity_01[1-9A-HJ-NP-Za-km-z]{22}$`)
	order := regexp.MustCompile(`^\{"id":"[^"]*","created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z","organization_id":[^,]*,"organization_uuid":[^,]*,"actor":\{.*\},"type":"`)
	types, actors, ids := make(map[string]int), make(map[string]int), make(map[string]bool)
	var ties, fractions, noOrganization, onBehalf int
	var previous activity
	for _, text := range texts(fakeapi.Generate(fakeapi.Spec{Activities: n})) {
		a := decode(t, []byte(text))
		if !id.MatchString(a.ID) || ids[a.ID] || !order.MatchString(text) || regexp.MustCompile(`"(filename|title)":"[^"]`).MatchString(text) {
			t.Fatalf("a bad or repeated id, another order of fields than the documented one, or a name of a file: %s", text)
		}
		if a.CreatedAt.After(newest) || a.CreatedAt.Before(newest.Add(-30*24*time.Hour-time.Second)) {
			t.Fatalf("outside of the span: %s", text)
		}
		for found, count := range map[*int]bool{&ties: a.CreatedAt.Equal(previous.CreatedAt), &fractions: a.CreatedAt.Nanosecond() != 0,
			&noOrganization: a.OrganizationID == nil, &onBehalf: strings.Contains(text, `"ip_address":"0.0.0.0"`)} {
			if count {
				*found++
			}
		}
		types[a.Type]++
		actors[a.Actor.Type]++
		ids[a.ID], previous = true, a
	}
	if len(ids) != n || len(types) < 50 || len(actors) != 11 || ties < n/10 || fractions < n/10 || noOrganization < n/100 || onBehalf == 0 {
		t.Errorf("got %d activities, %d types, the actors %v, %d ties, %d fractions, %d without an organization, %d on somebody's behalf, want more",
			len(ids), len(types), actors, ties, fractions, noOrganization, onBehalf)
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

// What others have published of the feed is served as it is, the many IDs that occur more
// than once included.
func TestSamples(t *testing.T) {
	t.Parallel()
	samples, err := os.ReadFile("testdata/samples.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	feed := fakeapi.NewFeed()
	if err := feed.Load(bytes.NewReader(samples), time.Now()); err != nil {
		t.Fatal(err)
	}
	c := inProcess(fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true}))
	got := []string{}
	for _, raw := range c.get(t, "limit=5000").Data {
		got = append(got, string(raw))
	}
	want := strings.Split(strings.TrimSuffix(string(samples), "\n"), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if len(want) < 100 || !slices.Equal(got, want) {
		t.Errorf("got %d samples, want %d, or others", len(got), len(want))
	}
}
