package except

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// decode makes an activity of its members besides id, created_at and type.
func decode(t testing.TB, members string) *activity.Activity {
	t.Helper()
	page, err := activity.Decode([]byte(`{"has_more":false,"data":[{"id":"a1","created_at":"2026-04-10T08:00:00Z","type":"org_sso_toggled"` + members + `}]}`))
	if err != nil {
		t.Fatalf("%s: %v", members, err)
	}
	return &page.Activities[0]
}

func condition(t testing.TB, field string, values ...string) (*Condition, []*ValueError) {
	t.Helper()
	path, err := activity.NewPath(field)
	if err != nil {
		t.Fatal(err)
	}
	return NewCondition(path, values)
}

func exceptions(t *testing.T, maps ...map[string][]string) (all Exceptions) {
	t.Helper()
	for _, entries := range maps {
		var conditions []*Condition
		for field, values := range entries {
			c, faults := condition(t, field, values...)
			if len(faults) > 0 {
				t.Fatalf("%s: %+v", field, *faults[0])
			}
			conditions = append(conditions, c)
		}
		all.Add(conditions)
	}
	return all
}

const inOffice = `,"enabled":true,"actor":{"type":"user_actor","user_id":"user_1","ip_address":"192.0.2.7","team":"security"}`

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		members string
		field   string
		values  []string
		want    bool
	}{
		"id":                         {inOffice, "id", []string{"a1"}, true},
		"one of several":             {inOffice, "type", []string{"a", "org_sso_toggled"}, true},
		"none of none":               {inOffice, "id", nil, false},
		"the case counts":            {inOffice, "type", []string{"ORG_sso_toggled"}, false},
		"a boolean":                  {inOffice, "enabled", []string{"true"}, true},
		"a large number":             {`,"n":12345678901234567890`, "n", []string{"12345678901234567890"}, true},
		"null":                       {`,"n":null`, "n", []string{"null"}, false},
		"missing":                    {``, "n", []string{"1"}, false},
		"an empty string":            {`,"n":""`, "n", []string{"*a", "a*", "a"}, false},
		"an object":                  {`,"n":{"a":1}`, "n", []string{`{"a*`}, false},
		"an array":                   {`,"n":["a","b"]`, "n", []string{"a", "b"}, true},
		"an array of arrays":         {`,"n":[["a"],["a","a"]]`, "n", []string{"a"}, true},
		"through an array":           {`,"audience":[{"type":"user"},{"type":"group"}]`, "audience.type", []string{"user", "group"}, true},
		"a name twice, differently":  {`,"n":"b","n":"a"`, "n", []string{"a"}, false},
		"a known name twice, etc.":   {`,"type":"org_sso_deleted"`, "type", []string{"org_sso_deleted"}, false},
		"organization_id":            {`,"organization_id":"org_1"`, "organization_id", []string{"org_1"}, true},
		"no organization":            {`,"organization_id":null`, "organization_id", []string{"none", "null"}, false},
		"a number for a string":      {`,"organization_id":5`, "organization_id", []string{"5"}, true},
		"the actor's field":          {inOffice, "actor.user_id", []string{"user_1"}, true},
		"the actor's own field":      {inOffice, "actor.team", []string{"security"}, true},
		"the attribute extra":        {inOffice, "actor.extra", []string{`*security*`}, false},
		"a field extra":              {`,"actor":{"extra":"a"}`, "actor.extra", []string{"a"}, true},
		"missing actor":              {``, "actor.user_id", []string{"user_1"}, false},
		"several actors":             {`,"actor":[{"user_id":"user_1"},{"user_id":"user_2"}]`, "actor.user_id", []string{"user_1", "user_2"}, true},
		"two actors":                 {`,"actor":{"user_id":"user_3"},"actor":{"user_id":"user_1"}`, "actor.user_id", []string{"user_1"}, false},
		"a pattern":                  {inOffice, "type", []string{"org_*_toggled"}, true},
		"a pattern of everything":    {inOffice, "type", []string{"*sso*"}, true},
		"a pattern that overlaps":    {`,"n":"ab"`, "n", []string{"ab*b"}, false},
		"a pattern in order":         {`,"n":"a-c-b"`, "n", []string{"a*b*c*"}, false},
		"other signs are themselves": {`,"n":"abc"`, "n", []string{"a?c", "a[b]c", "a.c"}, false},
		"composed, as sent":          {",\"n\":\"e\u0301\"", "n", []string{"\u00e9"}, true},
		"decomposed, as written":     {",\"n\":\"\u00e9\"", "n", []string{"e\u0301"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := exceptions(t, map[string][]string{test.field: test.values}).Match(decode(t, test.members)); got != test.want {
				t.Errorf("%s = %q of {%s}: got %t, want %t", test.field, test.values, test.members, got, test.want)
			}
		})
	}
}

func TestMatchAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value, sent string
		want        bool
	}{
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.70", false},
		{"192.0.2.7", "::ffff:192.0.2.7", true},
		{"::FFFF:c000:207", "192.0.2.7", true},
		{"2001:DB8:0:0::1", "2001:db8::1", true},
		{"192.0.2.0/24", "192.0.2.7", true},
		{"192.0.2.99/24", "::ffff:192.0.2.7", true}, // with host bits
		{"192.0.2.0/24", "192.0.3.7", false},
		{"::ffff:192.0.2.0/120", "192.0.2.7", true},
		{"::ffff:192.0.2.0/120", "192.0.3.7", false},
		{"2001:db8::/32", "2001:db8:1::1", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"c000:207::/32", "192.0.2.7", false}, // IPv4 is not in a range of IPv6
		{"fe80::/16", "fe80::1%eth0", false},
		{"192.0.2.*", "192.0.2.7", true},
		{"192.0.2.0/24", "", false},
		{"192.0.2.0/24", "192.0.2.7, 198.51.100.1", false},
	} {
		a := decode(t, fmt.Sprintf(`,"actor":{"ip_address":%q,"other":"192.0.2.7"}`, test.sent))
		if got := exceptions(t, map[string][]string{"actor.ip_address": {test.value}}).Match(a); got != test.want {
			t.Errorf("%s, sent as %q: got %t, want %t", test.value, test.sent, got, test.want)
		}
	}
	if exceptions(t, map[string][]string{"actor.other": {"192.0.2.0/24"}}).Match(decode(t, `,"actor":{"other":"192.0.2.7"}`)) {
		t.Error("a range matches in another field")
	}
}

func TestEveryConditionOfOneException(t *testing.T) {
	t.Parallel()
	office := map[string][]string{"actor.ip_address": {"192.0.2.0/24"}, "actor.user_id": {"user_1"}, "enabled": {"true"}}
	a := decode(t, inOffice)
	for name, test := range map[string]struct {
		exceptions Exceptions
		want       bool
	}{
		"none":                         {nil, false},
		"one without conditions":       {Exceptions{nil}, false},
		"all of its conditions":        {exceptions(t, office), true},
		"the second of two":            {exceptions(t, map[string][]string{"id": {}}, office), true},
		"all but one":                  {exceptions(t, map[string][]string{"actor.user_id": {"user_1"}, "enabled": {"false"}}), false},
		"each meets one of the others": {exceptions(t, map[string][]string{"id": {"a1"}, "type": {"b"}}, map[string][]string{"id": {"b"}, "enabled": {"true"}}), false},
	} {
		if got := test.exceptions.Match(a); got != test.want {
			t.Errorf("%s: got %t, want %t", name, got, test.want)
		}
	}
}

func TestMatchMail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value, sent string
		want        bool
	}{
		{"Robin@Example.com", "robin@eXAMPLE.com", true},
		{"\u03a3@example.com", "\u03c2@example.com", true}, // one letter with two small forms
		{"e\u0301@example.com", "\u00c9@example.com", true},
		{"*@example.com", "robin@example.com", true},
		{"*@EXAMPLE.com", "Robin@example.com", true},
		{"*@example.com", "robin@sub.example.com", false},
		{"*@*.example.com", "robin@sub.example.com", true},
		{"*@example.com", "mallory@evil.test,a@example.com", false},
		{"*@example.com", "mallory@example.com@example.com", false},
		{"*@example.com", "mallory,a@example.com", false},
		{"*@example.com", "mallory;a@example.com", false},
		{"*@example.com", "mallory a@example.com", false},
		{"*@example.com", "mallory\u00a0a@example.com", false},
		{"*example.com", "robin@example.com", false},
		{"robin@*", "robin@example.com", true},
		{"r*n@e*e.com", "robin@example.com", true},
		{"r*n@e*e.com", "robin@example.org", false},
		{"a b*@example.com", "a bc@example.com", true},
	} {
		for _, field := range []string{"actor.email_address", "actor.unauthenticated_email_address", "invited_email", "user.email_address"} {
			members := fmt.Sprintf(`,"actor":{"email_address":%[1]q,"unauthenticated_email_address":%[1]q},"invited_email":%[1]q,"user":{"email_address":%[1]q}`, test.sent)
			if got := exceptions(t, map[string][]string{field: {test.value}}).Match(decode(t, members)); got != test.want {
				t.Errorf("%s = %s, sent as %q: got %t, want %t", field, test.value, test.sent, got, test.want)
			}
		}
	}
	if exceptions(t, map[string][]string{"mail": {"A@example.com"}}).Match(decode(t, `,"mail":"a@example.com"`)) {
		t.Error("the case does not count in another field")
	}
}

func TestValuesRefused(t *testing.T) {
	t.Parallel()
	for field, faults := range map[string]map[Fault]string{
		"id":                       {PatternOfID: "activity_* a* *", EmptyValue: ""},
		"a":                        {NothingNamed: "* ** *@* *_* -*. *-\u0301*", EmptyValue: ""},
		"type":                     {NothingNamed: "*_*", MatchesAll: "*e* *e*"},
		"organization_id":          {MatchesAll: "o* org_* org_0* org_01* *1* *o*g*_01**"},
		"organization_uuid":        {MatchesAll: "*-*4*-*"},
		"actor.type":               {MatchesAll: "*_actor *actor"},
		"actor.user_id":            {MatchesAll: "user_* user_01* *er_0*"},
		"actor.api_key_id":         {MatchesAll: "apikey_* apikey_01*"},
		"actor.admin_api_key_id":   {MatchesAll: "admin_api_key_* admin*01*"},
		"actor.service_account_id": {MatchesAll: "svac_* svac_01*"},
		"actor.directory_id":       {MatchesAll: "directory_* dir*"},
		"actor.external_client_id": {NothingNamed: "* *-*"},
		"actor.email_address":      {NothingNamed: "* *@* *@*.*"},
		"actor.ip_address":         {NothingNamed: "* *.*.*.* *:*", NotAnAddress: "office 10.0.0.300 fe80::1%eth0", NotARange: "10.0.0.0/33 10.0.0/8 10.0.0.0/ office/24 fe80::1%eth0/64", RangeTooWide: "0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 10.0.0.0/7 ::/0 2001::/15 ::ffff:0.0.0.0/96 ::ffff:10.0.0.0/103 ::/1"},
	} {
		for fault, values := range faults {
			for value := range strings.SplitSeq(values, " ") {
				_, got := condition(t, field, "192.0.2.1", value)
				if len(got) != 1 || *got[0] != (ValueError{fault, value}) {
					t.Errorf("%s = %q: got %v, want the fault %d", field, value, got, fault)
				}
			}
		}
	}
	for field, values := range map[string]string{
		"type": "*_deleted o* *", "actor.type": "*_user_actor user* a*", "actor.user_id": "user_01a* svac_* *x", "organization_id": "org_01A* org_02*", "organization_uuid": "0*",
		"actor.external_client_id": "build-* a*", "actor.ip_address": "10.0.0.0/8 2001::/16 ::ffff:10.0.0.0/104 192.0.2.* 2001:DB8::1 192.0.2.9/24", "a": "*a* 1* * *\u00e9*",
	} {
		for value := range strings.SplitSeq(values, " ") {
			if _, faults := condition(t, field, value); value != "*" && len(faults) > 0 {
				t.Errorf("%s = %q: got %+v, want no fault", field, value, *faults[0])
			}
		}
	}
}

// What 20,000 values of one condition cost, and whether each of 100,000 activities meets it.
func BenchmarkManyValues(b *testing.B) {
	for field, value := range map[string]string{"actor.user_id": "user_01%d", "actor.ip_address": "2001:db8:%x::/48", "actor.email_address": "*@example%d.com", "actor.user_agent": "agent%d*"} {
		b.Run(field, func(b *testing.B) {
			var values []string
			for i := range 20_000 {
				values = append(values, fmt.Sprintf(value, i))
			}
			a := decode(b, `,"actor":{"user_id":"user_02","ip_address":"2001:db9::1","email_address":"a@example.com","user_agent":"curl"}`)
			for b.Loop() {
				c, faults := condition(b, field, values...)
				if len(faults) > 0 {
					b.Fatal(*faults[0])
				}
				for range 100_000 {
					if (Exceptions{{c}}).Match(a) {
						b.Fatal("it matches")
					}
				}
			}
		})
	}
}

// pair is a member of an object; an object is a []pair here, so that it can have a name twice.
type pair struct {
	name  string
	value any
}

// parse is a value of encoding/json, with objects as above and numbers as sent.
func parse(d *json.Decoder) any {
	token, err := d.Token()
	if err != nil {
		panic(err) // the record has been decoded before
	}
	switch token {
	case json.Delim('{'):
		object := []pair{}
		for d.More() {
			name, _ := d.Token()
			object = append(object, pair{name.(string), parse(d)})
		}
		_, _ = d.Token()
		return object
	case json.Delim('['):
		array := []any{}
		for d.More() {
			array = append(array, parse(d))
		}
		_, _ = d.Token()
		return array
	}
	return token
}

// plain says by the words of the contract alone whether a value is excepted.
func plain(value any, path []string, is func(text string) bool) bool {
	switch value := value.(type) {
	case []any:
		return len(value) > 0 && !slices.ContainsFunc(value, func(element any) bool { return !plain(element, path, is) })
	case []pair:
		found := false
		for _, member := range value {
			if len(path) > 0 && member.name == path[0] {
				if found = true; !plain(member.value, path[1:], is) {
					return false
				}
			}
		}
		return found
	case nil:
		return false
	}
	return len(path) == 0 && is(norm.NFC.String(fmt.Sprint(value)))
}

func plainText(field, value string) func(string) bool {
	fold, anything := norm.NFC.String, `.*`
	if strings.HasSuffix(field, "email") || strings.HasSuffix(field, "email_address") {
		fold, anything = activity.FoldMail, `[^@,;\s\v\x{85}\p{Z}]*`
	}
	parts := strings.Split(fold(norm.NFC.String(value)), "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	pattern := regexp.MustCompile(`(?s)\A` + strings.Join(parts, anything) + `\z`)
	return func(text string) bool {
		text = fold(text)
		if field != "actor.ip_address" || strings.Contains(value, "*") {
			return pattern.MatchString(text)
		}
		ip := net.ParseIP(text)
		if _, network, err := net.ParseCIDR(value); err == nil {
			return ip != nil && network.Contains(ip)
		}
		return ip != nil && ip.Equal(net.ParseIP(value))
	}
}

func FuzzMatch(f *testing.F) {
	for _, members := range []string{
		inOffice, `,"n":[["a"],[]]`, `,"n":1.0`, `,"n":{"a":"a","a":null}`, `,"organization_id":5`, `,"type":"b"`, `,"\u006e":"a"`, `,"id":null,"id":"a2"`,
		`,"actor":[{"user_id":"user_1"},{"user_id":1e400}]`, `,"actor":{"user_id":"a"},"actor":{"user_id":"a","user_id":"b"}`, `,"actor":null,"actor":{"ip_address":["::ffff:192.0.2.7"]}`,
		",\"n\":\"e\u0301\xff\\ud800\"", `,"audience":[{"type":"user"},{"type":"group"}]`, `,"n":[]`, `,"n":{}`, `,"n":""`, `,"n":null`, `,"n":false`,
		`,"email":["a@B cd","A@b c"],"actor":{"email_address":"x@bc"}`, `,"n":["a","c"]`, `,"n":["a",null]`, `,"n":{"a":{"b":1}}`, `,"n.a":"a"`, `,"N":"a"`, `,"n":1`,
		`,"audience":[{"role":"user"},{"type":"user"}]`, `,"n":[[],["a"]]`, `,"audience":[]`, `,"n":"a","n":"b"`, `,"n":"b","n":"a"`, `,"n":"a","n":"a"`, `,"organization_id":{"id":"5"}`,
		`,"actor":"user_1"`, `,"actor":{"user_id":"user_1"},"actor":null`, `,"actor":{"user_id":"user_3","user_id":"user_1"}`, `,"actor":{"provider":{"type":"github"}}`,
	} {
		for _, entry := range [][2]string{
			{"n", "a"}, {"n", "*1*"}, {"n.a", "a"}, {"actor.user_id", "user_1"}, {"actor.ip_address", "192.0.2.0/24"}, {"type", "b"}, {"audience.type", "*r*"},
			{"n", "\u00e9*"}, {"organization_id", "5"}, {"actor.email_address", "*@b*"}, {"email", "A@b c*"}, {"id", "a1"}, {"n", "null"}, {"n", "1.0"}, {"n.a.b", "1"}, {"actor.provider.type", "g*"},
			{"organization_id.id", "5"},
		} {
			f.Add(members, entry[0], entry[1])
		}
	}
	f.Fuzz(func(t *testing.T, members, field, value string) {
		path, err := activity.NewPath(field)
		if err != nil {
			t.Skip()
		}
		c, faults := NewCondition(path, []string{value})
		if len(faults) > 0 || !utf8.ValidString(field) || !utf8.ValidString(value) || field == "actor.ip_address" && strings.Contains(value, "%") {
			t.Skip() // net knows no zones
		}
		record := `{"id":"a1","created_at":"2026-04-10T08:00:00Z","type":"org_sso_toggled"` + members + `}`
		page, err := activity.Decode([]byte(`{"has_more":false,"data":[` + record + `]}`))
		if err != nil || len(page.Activities) != 1 {
			t.Skip()
		}
		d := json.NewDecoder(strings.NewReader(record))
		if d.UseNumber(); !json.Valid([]byte(record)) {
			t.Skip() // more than one value in data's brackets, or nested too deeply
		}
		want := plain(parse(d), strings.Split(field, "."), plainText(field, value))
		if _, err := d.Token(); err != io.EOF {
			t.Skip()
		}
		if got := (Exceptions{{c}}).Match(&page.Activities[0]); got != want {
			t.Errorf("%s = %q of %s: got %t, want %t", field, value, record, got, want)
		}
	})
}
