package summary

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

func groupBy(t testing.TB, names ...string) (by []Grouping) {
	t.Helper()
	for _, name := range names {
		g, err := NewGrouping(name)
		if err != nil {
			t.Fatal(err)
		}
		by = append(by, g)
	}
	return by
}

// decode makes an activity of its members besides id, created_at and type.
func decode(t *testing.T, members string) *activity.Activity {
	t.Helper()
	page, err := activity.Decode([]byte(`{"has_more":false,"data":[{"id":"a1","created_at":"2026-04-10T08:00:00Z","type":"t"` + members + `}]}`))
	if err != nil {
		t.Fatalf("%s: %v", members, err)
	}
	return &page.Activities[0]
}

// Pairs of activities that are in one group, or in two, and what their keys show.
func TestSame(t *testing.T) {
	t.Parallel()
	none := func(name string) map[string]string { return map[string]string{name: None} }
	nothing := map[string]string{}
	for _, test := range []struct {
		by   string
		a, b string
		same bool
		keys map[string]string // of the first
	}{
		{"actor", `,"actor":{"user_id":"u"}`, `,"actor":{"type":"x","api_key_id":"u"}`, true, map[string]string{"actor": "u"}},
		{"actor", `,"actor":{"type":"system_actor"}`, `,"actor":{"type":"system_actor","subject":"x"}`, true, map[string]string{"actor": "system_actor"}},
		{"actor", `,"actor":{"type":"system_actor"}`, `,"actor":{"user_id":"system_actor"}`, false, map[string]string{"actor": "system_actor"}},
		{"actor", `,"actor":{"external_client_id":"a@example.com","type":"x"}`, `,"actor":{"type":"x"}`, true, map[string]string{"actor": "x"}},
		{"actor", `,"actor":{"external_client_id":"192.0.2.1"}`, `,"actor":null`, true, none("actor")},
		{"actor", `,"actor":{"type":"system_actor"}`, `,"actor":{"type":"anthropic_actor"}`, false, map[string]string{"actor": "system_actor"}},
		{"actor", ``, `,"actor":{"type":"system_actor"}`, false, none("actor")},
		{"actor", ``, `,"actor":{"user_id":"none"}`, false, none("actor")},
		{"account", `,"actor":{"email_address":"A@example.com"}`, `,"actor":{"email_address":"","unauthenticated_email_address":"a@EXAMPLE.com"}`, true, nothing},
		{"account", `,"actor":{"email_address":"a@example.com","unauthenticated_email_address":"b@example.com"}`, `,"actor":{"unauthenticated_email_address":"b@example.com"}`, false, nothing},
		{"account", `,"actor":{"email_address":""}`, ``, true, none("account")},
		{"actor.email_address", `,"actor":{"email_address":"A@example.com"}`, `,"actor":{"email_address":"a@EXAMPLE.com"}`, true, nothing},
		{"ip_address", `,"actor":{"ip_address":"192.0.2.1"}`, `,"actor":{"ip_address":"::ffff:192.0.2.1"}`, true, nothing},
		{"ip_address", `,"actor":{"ip_address":"192.0.2.1"}`, `,"actor":{"ip_address":"192.0.2.2"}`, false, nothing},
		{"ip_address", `,"actor":{"ip_address":"2001:db8::1"}`, `,"actor":{"ip_address":"2001:DB8:0:0:ffff::2"}`, true, nothing},
		{"ip_address", `,"actor":{"ip_address":"2001:db8::1"}`, `,"actor":{"ip_address":"2001:db8:0:1::1"}`, false, nothing},
		{"ip_address", `,"actor":{"ip_address":"fe80::1%eth0"}`, `,"actor":{"ip_address":"fe80::2"}`, true, nothing},
		{"ip_address", `,"actor":{"ip_address":"somewhere"}`, `,"actor":{"ip_address":"elsewhere"}`, false, nothing},
		{"actor.ip_address", `,"actor":{"ip_address":"2001:db8::1"}`, `,"actor":{"ip_address":"2001:db8::2"}`, true, nothing},
		{"user_agent", `,"actor":{"user_agent":"none"}`, ``, false, nothing},
		{"organization", `,"organization_id":""`, ``, true, none("organization")},
		{"organization", `,"organization_id":"org_1"`, `,"organization_id":"org_1"`, true, map[string]string{"organization": "org_1"}},
		{"type", ``, `,"type":"t"`, true, map[string]string{"type": "t"}},
		{"organization_id", `,"organization_id":"org_1"`, `,"organization_id":"org_2"`, false, nothing},
		{"name", `,"name":"cafe\u0301"`, `,"name":"caf\u00e9"`, true, nothing},
		{"name", `,"name":"a"`, `,"name":"A"`, false, nothing},
		{"name", `,"name":true`, `,"name":"true"`, true, nothing},
		{"name", `,"name":1.0`, `,"name":"1.0"`, true, nothing},
		{"name", `,"name":1.0`, `,"name":1`, false, nothing},
		{"name", `,"name":null`, ``, true, none("name")},
		{"name", `,"name":""`, ``, true, none("name")},
		{"name", `,"name":"none"`, ``, false, nothing},
		{"provider.type", `,"provider":{"type":"a","x":1}`, `,"provider":{"type":"a"}`, true, nothing},
		{"actor.idp_connection_type", `,"actor":{"idp_connection_type":"a"}`, `,"actor":{"idp_connection_type":"a","user_id":"u"}`, true, nothing},
		{"actor.issuer", `,"actor":{"issuer":"a"}`, `,"actor":{"issuer":"b"}`, false, nothing},
	} {
		s := New(Options{GroupBy: groupBy(t, test.by)})
		add(t, s, *decode(t, test.a))
		groups, _, err := s.Groups(0, 0)
		if err != nil || !maps.Equal(groups[0].Keys, test.keys) {
			t.Errorf("by %s: %s: got the keys %v, %v; want %v", test.by, test.a, groups[0].Keys, err, test.keys)
		}
		add(t, s, *decode(t, test.b))
		if groups, _, _ = s.Groups(0, 0); (len(groups) == 1) != test.same {
			t.Errorf("by %s: %s and %s: got %d groups", test.by, test.a, test.b, len(groups))
		}
	}
}

func TestGroupBounds(t *testing.T) {
	t.Parallel()
	s := New(Options{GroupBy: groupBy(t, "ip_address")})
	of := func(i int) activity.Activity {
		return activity.Activity{ID: fmt.Sprintf("a%04d", i), CreatedAt: "2026-04-10T08:00:00Z", Type: "t", Actor: &activity.Actor{IPAddress: new(fmt.Sprint(i))}}
	}
	for i := range MaxGroups + 1 {
		if got, more, err := s.Groups(0, 0); i == 1000 && (err != nil || len(got) != i || more != 0) {
			t.Fatalf("got %d groups, %d more and error %v, want %d", len(got), more, err, i)
		}
		add(t, s, of(i))
	}
	add(t, s, of(7))
	if _, _, err := s.Groups(1, 0); !errors.Is(err, ErrTooManyGroups) {
		t.Errorf("got error %v, want that there are too many groups", err)
	}
	for _, test := range []struct{ minCount, most, want, more int }{{2, 0, 1, 0}, {2, 1, 1, 0}, {1, 3, 3, 998}, {1, 1000, 1000, 1}, {3, 0, 0, 0}} {
		got, more, err := s.Groups(int64(test.minCount), test.most)
		if err != nil || len(got) != test.want || more != test.more || len(got) > 1 && (got[0].Count != 2 || got[1].NewestID != "a1000") {
			t.Errorf("%+v: got %d groups, %d more and error %v", test, len(got), more, err)
		}
	}
	s = New(Options{GroupBy: groupBy(t, "user_agent")})
	add(t, s, activity.Activity{ID: "1", CreatedAt: "2026-04-10T08:00:00Z", Actor: &activity.Actor{UserAgent: new(strings.Repeat("x", 1000))}})
	for value := range s.groups.numbers {
		if len(value) > 64 {
			t.Errorf("a value of %d bytes is kept", len(value))
		}
	}
}

// record is an activity as the model below has it.
type record struct {
	id     string
	at     time.Time
	values map[string]string // by the name of the grouping; "" for what is not known
	text   string
}

var fields = []string{"actor", "account", "ip_address", "user_agent", "type", "organization", "hour", "day", "name", "actor.provider.type"}

func randomRecord(r *rand.Rand, i int, start time.Time) record {
	one := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	at := start.Add(time.Duration(r.IntN(3*24*60)-2*24*60) * time.Minute / time.Duration(1+r.IntN(20)))
	if r.IntN(10) == 0 {
		at = start
	}
	v := map[string]string{
		"actor": one("", "u1", "u2"), "account": one("", "x@example.com", "y@example.com"), "ip_address": one("", "192.0.2.1", "2001:db8:0:1::"), "user_agent": one("", "curl"),
		"type": one("a", "b", "c"), "organization": one("", "org_1", "org_2"), "name": one("", "n", "none"), "actor.provider.type": one("", "p"),
		"hour": at.Format("2006-01-02T15"), "day": at.Format(time.DateOnly),
	}
	actor := map[string]any{"type": "t", "user_id": v["actor"], "email_address": v["account"], "ip_address": v["ip_address"], "user_agent": v["user_agent"]}
	if v["actor.provider.type"] != "" {
		actor["provider"] = map[string]any{"type": v["actor.provider.type"]}
	}
	id := fmt.Sprintf("a%03d", i)
	text, _ := json.Marshal(map[string]any{"id": id, "created_at": at.Format(time.RFC3339), "type": v["type"], "organization_id": v["organization"], "name": v["name"], "actor": actor})
	return record{id, at, v, string(text)}
}

func (r record) compare(q record) int { return cmp.Or(r.at.Compare(q.at), strings.Compare(r.id, q.id)) }

// model counts the records in the plainest way.
func model(all []record, by []string, o Options) (groups []Group) {
	keyOf := func(r record, times bool) string {
		var key []string
		for _, name := range by {
			if times || name != "hour" && name != "day" {
				key = append(key, r.values[name])
			}
		}
		return strings.Join(key, "|")
	}
	inWindow := func(r record) bool { return o.Baseline == 0 || r.at.After(o.Start) || r.at.Equal(o.Start) && !o.After }
	lists := map[string][]record{}
	for _, r := range all {
		if inWindow(r) {
			lists[keyOf(r, true)] = append(lists[keyOf(r, true)], r)
		}
	}
	for _, list := range lists {
		slices.SortFunc(list, record.compare)
		stretches := [][]record{list}
		if o.Within > 0 {
			stretches = nil
			for _, first := range list {
				stretches = append(stretches, slices.DeleteFunc(slices.Clone(list), func(r record) bool { return r.at.Before(first.at) || !r.at.Before(first.at.Add(o.Within)) }))
			}
		}
		g := Group{Keys: map[string]string{}, ByType: map[string]int64{}, Distinct: map[string]int64{}}
		for _, stretch := range stretches {
			types, distinct := map[string]int64{}, map[string]map[string]bool{}
			for _, r := range stretch {
				types[r.values["type"]]++
				for _, name := range fields[:6] {
					if distinct[name] == nil {
						distinct[name] = map[string]bool{}
					}
					if r.values[name] != "" {
						distinct[name][r.values[name]] = true
					}
				}
			}
			newest := stretch[len(stretch)-1]
			if n := int64(len(stretch)); n >= g.Count {
				g.Count, g.NewestID, g.NewestCreatedAt = n, newest.id, newest.at.Format(time.RFC3339)
			}
			for name, n := range types {
				g.ByType[name] = max(g.ByType[name], n)
			}
			for name, values := range distinct {
				g.Distinct[name] = max(g.Distinct[name], int64(len(values)))
			}
		}
		known := true
		for _, name := range by {
			value := list[0].values[name]
			known = known && value != ""
			switch {
			case name == "actor":
				g.Keys[name] = cmp.Or(value, "t")
			case value == "":
				g.Keys[name] = "none"
			case slices.Contains([]string{"type", "organization", "hour", "day"}, name):
				g.Keys[name] = value
			}
		}
		buckets := map[string]float64{}
		for _, r := range all {
			if known && !inWindow(r) && !r.at.Before(o.Start.Add(-o.Baseline)) && keyOf(r, false) == keyOf(list[0], false) {
				g.Usual.Count++
				switch {
				case slices.Contains(by, "hour"):
					buckets[r.values["hour"]]++
				case slices.Contains(by, "day"):
					buckets[r.values["day"]]++
				default:
					buckets[""]++
				}
			}
		}
		if len(buckets) > 0 {
			squares := 0.0
			for _, n := range buckets {
				g.Usual.Mean += n / float64(len(buckets))
				squares += n * n / float64(len(buckets))
			}
			g.Usual.Deviation = math.Sqrt(max(0, squares-g.Usual.Mean*g.Usual.Mean))
		}
		groups = append(groups, g)
	}
	newest := func(g Group) record {
		return all[slices.IndexFunc(all, func(r record) bool { return r.id == g.NewestID })]
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(cmp.Compare(b.Count, a.Count), newest(b).compare(newest(a))) })
	return groups
}

// Random feeds, windows and groups, in any order, against the model.
func TestGroupsAgainstModel(t *testing.T) {
	t.Parallel()
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		start := time.Date(2026, 4, 10, r.IntN(24), 0, 0, 0, time.UTC)
		var all []record
		for i := range 1 + r.IntN(60) {
			all = append(all, randomRecord(r, i, start))
		}
		var by []string
		for _, i := range r.Perm(len(fields))[:1+r.IntN(3)] {
			by = append(by, fields[i])
		}
		o := Options{GroupBy: groupBy(t, by...)}
		if r.IntN(3) > 0 {
			o.Start, o.After, o.Baseline = start, r.IntN(2) == 0, time.Duration(1+r.IntN(48))*time.Hour
		}
		if r.IntN(2) == 0 && !slices.Contains(by, "hour") && !slices.Contains(by, "day") {
			o.Within = time.Duration(1+r.IntN(100)) * time.Duration(r.IntN(2)*59+1) * time.Second
		}
		s := New(o)
		for _, i := range r.Perm(len(all)) {
			page, err := activity.Decode([]byte(`{"has_more":false,"data":[` + all[i].text + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			add(t, s, page.Activities...)
		}
		want := model(all, by, o)
		minCount := int64(r.IntN(4))
		want = slices.DeleteFunc(want, func(g Group) bool { return g.Count < minCount })
		most, wantMore := r.IntN(4), 0
		if most > 0 {
			wantMore = max(0, len(want)-most)
			want = want[:len(want)-wantMore]
		}
		got, more, err := s.Groups(minCount, most)
		if more != wantMore {
			t.Errorf("seed %d: got %d more, want %d", seed, more, wantMore)
		}
		for i := range got {
			if i < len(want) && math.Abs(got[i].Usual.Mean-want[i].Usual.Mean) < 1e-9 && math.Abs(got[i].Usual.Deviation-want[i].Usual.Deviation) < 1e-6 {
				got[i].Usual.Mean, got[i].Usual.Deviation = want[i].Usual.Mean, want[i].Usual.Deviation
			}
		}
		if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, by %v, %+v: got %v and\n%+v\nwant\n%+v", seed, by, o, err, got, want)
		}
	}
}

// What is not known was never usual, and neither is an actor that is known by its type only.
func TestUsualOfTheUnknown(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		by, members string
		want        int64
	}{
		{"actor", `,"actor":{"user_id":"u"}`, 1}, {"actor", `,"actor":{"type":"system_actor"}`, 0}, {"actor", ``, 0},
		{"name", `,"name":"none"`, 1}, {"name", `,"name":null`, 0}, {"name", `,"name":{}`, 1},
	} {
		s := New(Options{GroupBy: groupBy(t, test.by), Baseline: time.Minute, Start: start, After: true})
		before, inside := decode(t, test.members), decode(t, test.members) // on the bound
		inside.ID, inside.CreatedAt = "a2", "2026-04-10T08:00:01Z"
		add(t, s, *before, *inside)
		groups, _, err := s.Groups(0, 0)
		if err != nil || len(groups) != 1 || groups[0].Count != 1 || groups[0].Usual.Count != test.want || s.Total != 1 || s.InWindow(before) || !s.InWindow(inside) {
			t.Errorf("by %s: %s: got %+v and error %v, want the usual count %d", test.by, test.members, groups, err, test.want)
		}
	}
}
