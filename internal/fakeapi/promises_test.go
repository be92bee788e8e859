package fakeapi_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

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

// Generated activities have the fields and actors of the list of types: an optional field
// is sometimes absent, a nullable one sometimes null.
func TestGenerateFollowsTheTypes(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("testdata/activity-types.tsv")
	if err != nil {
		t.Fatal(err)
	}
	columns := make(map[string][]string)
	for line := range strings.Lines(string(table)) {
		if !strings.HasPrefix(line, "#") {
			row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			columns[row[0]] = row[1:]
		}
	}
	var absent, null, noOrganization int
	actors := make(map[string]bool)
	for _, text := range texts(fakeapi.Generate(fakeapi.Spec{Activities: 4000, Seed: 5})) {
		var a map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		one := decode(t, []byte(text))
		row, ok := columns[one.Type]
		if !ok || row[2] == "removed" || row[2] == "retired" {
			t.Fatalf("of a type that is not recorded: %s", text)
		}
		if row[1] != "" && row[1] != "any" && !slices.Contains(strings.Split(row[1], ","), one.Actor.Type) {
			t.Fatalf("the type has the actors %s: %s", row[1], text)
		}
		actors[one.Actor.Type] = true
		if _, ok := a["organization_id"]; !ok {
			noOrganization++
		}
		for _, name := range []string{"id", "created_at", "organization_id", "organization_uuid", "actor", "type"} {
			delete(a, name)
		}
		for field := range strings.SplitSeq(row[0], ",") {
			name := strings.TrimRight(field, "?~")
			value, ok := a[name]
			switch {
			case name == "":
			case !ok && strings.Contains(field, "?"):
				absent++
			case !ok:
				t.Fatalf("%s is missing: %s", field, text)
			case string(value) == "null" && strings.Contains(field, "~"):
				null++
			case string(value) == "null" && name != "request_body":
				t.Fatalf("%s is null: %s", field, text)
			}
			delete(a, name)
			checkShape(t, name, value)
		}
		if len(a) != 0 {
			t.Fatalf("has more fields than %q: %s", row[0], text)
		}
	}
	if absent == 0 || null == 0 || noOrganization == 0 || len(actors) != 11 {
		t.Errorf("got %d absent fields, %d null ones, %d absent organizations, the actors %v", absent, null, noOrganization, actors)
	}
}

// checkShape looks at the fields whose shape the contract names.
func checkShape(t *testing.T, name string, value []byte) {
	t.Helper()
	if len(value) == 0 || string(value) == "null" {
		return
	}
	var err error
	switch name {
	case "enabled", "compliance_api_enabled", "compliance_api_logging_enabled":
		err = json.Unmarshal(value, new(bool))
	case "updates":
		var updates []struct {
			Type     *string
			Previous *json.RawMessage `json:"previous_value"`
			Current  *json.RawMessage `json:"current_value"`
		}
		err = json.Unmarshal(value, &updates)
		for _, u := range updates {
			if u.Type == nil || u.Previous == nil || u.Current == nil {
				t.Errorf("updates: %s", value)
			}
		}
	case "audience":
		var audience []struct{ Type string }
		err = json.Unmarshal(value, &audience)
		for _, a := range audience {
			if !slices.Contains([]string{"user", "group", "organization", "anyone_with_link"}, a.Type) {
				t.Errorf("audience: %s", value)
			}
		}
	}
	if err != nil {
		t.Errorf("%s: %v in %s", name, err, value)
	}
}

// Servers that break a promise, each by what it answers to the same query.
func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	minutes := func(n int) []string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = record(fmt.Sprintf("a%02d", i), time.Date(2026, 5, 1, 10, 10*i, 30, 0, time.UTC).Format(time.RFC3339), "t")
		}
		return texts
	}
	const window = "order=asc&created_at.gte=2026-05-01T10:10:30Z&created_at.lt=2026-05-01T11:10:30Z"
	for name, test := range map[string]struct {
		fault fakeapi.Fault
		want  string // IDs
		times string // seconds of created_at
	}{
		"none":         {nil, "a01 a02 a03 a04 a05 a06", "30"},
		"hours":        {fakeapi.CoarseBounds(time.Hour), "a00 a01 a02 a03 a04 a05", "30"},
		"days":         {fakeapi.CoarseBounds(24 * time.Hour), "", ""},
		"lt_as_lte":    {fakeapi.InclusiveUntil(), "a01 a02 a03 a04 a05 a06 a07", "30"},
		"lt_ignored":   {fakeapi.IgnoreParameter("created_at.lt"), "a01 a02 a03 a04 a05 a06 a07 a08 a09", "30"},
		"coarse_times": {fakeapi.CoarseTimes(time.Minute), "a01 a02 a03 a04 a05 a06", "00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := fakeapi.New(quiet(minutes(10)...))
			if test.fault != nil {
				api.Inject(fakeapi.Always, test.fault)
			}
			a := inProcess(api).get(t, window)
			if got := strings.Join(a.ids(t), " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			for _, raw := range a.Data {
				if got := decode(t, raw).CreatedAt.Format("05"); got != test.times {
					t.Errorf("got %s, want %s seconds", raw, test.times)
				}
			}
		})
	}
}

// Late activities stand where they were indexed, and are selected by their created_at.
func TestAddLate(t *testing.T) {
	t.Parallel()
	feed := fakeapi.NewFeed(records(6)...)
	feed.AddLate(time.Date(2026, 5, 1, 0, 0, 4, 1, time.UTC), record("late1", "2026-05-01T00:00:01Z", "t"))
	feed.AddLate(time.Date(2026, 5, 1, 0, 0, 2, 1, time.UTC), record("late0", "2026-05-01T00:00:00Z", "t"))
	c := inProcess(fakeapi.New(fakeapi.Options{Feed: feed, SkipReadLog: true}))
	for query, want := range map[string]string{
		"":                                     "a00 a01 a02 late0 a03 a04 late1 a05",
		"&created_at.lt=2026-05-01T00:00:02Z":  "a00 a01 late0 late1",
		"&created_at.gte=2026-05-01T00:00:01Z": "a01 a02 a03 a04 late1 a05",
		"&created_at.gte=2026-05-01T00:00:02Z": "a02 a03 a04 a05",
	} {
		got := c.walk(t, "&limit=2&order=asc"+query, "after_id", "")
		if got := strings.Join(slices.Concat(got...), " "); got != want {
			t.Errorf("%s: got %s, want %s", cmp.Or(query, "all"), got, want)
		}
	}
}
