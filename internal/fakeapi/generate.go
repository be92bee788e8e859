package fakeapi

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Spec describes a generated feed. The same Spec always makes the same feed.
type Spec struct {
	// Activities is their number.
	Activities int
	// Seed makes feeds differ.
	Seed uint64
	// Newest is the time that no activity is newer than; zero means
	// 2026-09-01T00:00:00Z.
	Newest time.Time
	// Span is how long before Newest the feed begins; zero means 30 days.
	Span time.Duration
}

// Generate returns a feed of activities as others have published them, with IDs, times,
// organizations and users of its own, and now and then another kind of actor. Several
// often share their created_at; some have fractions of a second.
func Generate(s Spec) *Feed {
	if s.Newest.IsZero() {
		s.Newest = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	}
	s.Span = cmp.Or(s.Span, 30*24*time.Hour)
	random := newRandom(s.Seed)
	users := newUsers(random)
	activities := make([]string, s.Activities)
	var at time.Time
	for i := range activities {
		share := (float64(i) + random.Float64()) / float64(s.Activities)
		next := s.Newest.Add(-s.Span).Add(time.Duration(share * float64(s.Span)))
		if random.IntN(4) > 0 {
			next = next.Truncate(time.Second)
		}
		if i == 0 || random.IntN(4) > 0 {
			at = next
		}
		id := newID(random, "activity")
		drawn := templates()[random.IntN(len(templates()))]
		for !drawn.everyday && random.IntN(20) > 0 { // what policies look for is rare
			drawn = templates()[random.IntN(len(templates()))]
		}
		sender := drawn.actor
		if sender == "" {
			// Some are much busier than others.
			sender = users[random.IntN(random.IntN(len(users))+1)]
			if random.IntN(8) == 0 {
				sender = otherActors[random.IntN(len(otherActors))]
			}
		}
		organization := `"organization_id":null,"organization_uuid":null`
		if drawn.hasOrganization {
			organization = organizations[random.IntN(len(organizations))*random.IntN(2)]
		}
		activities[i] = fmt.Sprintf(`{"id":"%s","created_at":"%s",%s,"actor":%s,%s`, id, formatTime(at), organization, sender, drawn.rest)
	}
	return NewFeed(activities...)
}

// organizations: the first has most of the activities.
var organizations = []string{
	`"organization_id":"` + Organization + `","organization_uuid":"0f6a0b3e-53c5-4b1a-9a51-0c1a5f4e2d01"`,
	`"organization_id":"org_01FakeorganizationB2222222","organization_uuid":"2b7e1f60-8d1c-4a55-8e4f-6a2d9b3c7e02"`,
	`"organization_id":"org_01FakeorganizationC3333333","organization_uuid":"7c9d4e21-1f3a-4d6b-b0c8-5e8f7a6b9c03"`,
}

// newUsers makes users at documented addresses. Where the address is 0.0.0.0, it is the API's own
// staff on a user's behalf.
func newUsers(random *rand.Rand) []string {
	agents := []string{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "python-httpx/0.28.1", "curl/8.14.1"}
	users := make([]string, 200)
	for i := range users {
		address := fmt.Sprintf([]string{"192.0.2.%d", "198.51.100.%d", "2001:db8::%x"}[i%3], i+1)
		if i == 7 {
			address = "0.0.0.0"
		}
		users[i] = fmt.Sprintf(`{"type":"user_actor","email_address":"user%03d@example.%s","user_id":%q,"ip_address":%q,"user_agent":%q}`,
			i, []string{"com", "org"}[i%2], newID(random, "user"), address, agents[i%len(agents)])
	}
	return users
}

// otherActors are of the kinds that the samples lack.
var otherActors = []string{
	`{"type":"service_account_actor","service_account_id":"svac_01FakeServiceAccount111111","ip_address":"192.0.2.7","user_agent":"curl/8.14.1"}`,
	`{"type":"system_actor"}`,
	`{"type":"system_actor","service":"retention"}`,
	`{"type":"scim_directory_sync_actor","workos_event_id":"event_01FakeEvent","directory_id":"directory_01FakeDirectory","idp_connection_type":null}`,
	`{"type":"federated_identity_actor","issuer":"https://tokens.example.com","subject":"repo:example/app:ref:refs/heads/main","audience":["https://api.anthropic.com"]}`,
	`{"type":"federated_actor","provider":{"type":"aws","account_id":"111122223333"}}`,
	`{"type":"attested_device_actor","external_client_id":"client_01FakeClient","kid_hash":"5f70bf18a086007016e948b04aed3b82"}`,
}

// What others have published of the feed.
//
//go:embed testdata/samples.jsonl
var samples string

// A template is what a generated activity takes from a sample.
type template struct {
	actor           string // "" where it is any user
	rest            string // the type, the fields of its own and the end of the object
	hasOrganization bool
	everyday        bool
}

var everyday = regexp.MustCompile(`^(claude_(chat|file|project|artifact)_(created|viewed|updated|uploaded|deleted)|sso_login_.*|claude_user_settings_updated|compliance_api_accessed)$`)

var templates = sync.OnceValue(func() []template {
	var all []template
	seen := make(map[string]int)
	for sample := range strings.Lines(samples) {
		var fields, sender object
		_ = json.Unmarshal([]byte(sample), &fields)
		_ = json.Unmarshal(fields["actor"], &sender) // it may be anything
		name := fields.text("type")
		// Many samples of a type differ in what a client must survive, and not in what is usual.
		if seen[name]++; sender == nil || !slices.Contains(permittedTypes, name) || seen[name] > 4 {
			continue
		}
		drawn := template{hasOrganization: fields.text("organization_id") != "", everyday: everyday.MatchString(name)}
		if sender.text("type") != "user_actor" {
			drawn.actor = string(fields["actor"])
		}
		// The names of things are gone since September 2026.
		for _, name := range []string{"id", "created_at", "organization_id", "organization_uuid", "actor", "type", "filename", "title"} {
			delete(fields, name)
		}
		drawn.rest = `"type":` + quote(name) + "}"
		if len(fields) > 0 {
			drawn.rest = `"type":` + quote(name) + "," + strings.TrimPrefix(string(encode(fields)), "{")
		}
		all = append(all, drawn)
	}
	return all
})

// formatTime writes a time as the API does, in UTC with no decimals or exactly six.
func formatTime(t time.Time) string {
	return strings.Replace(t.UTC().Format("2006-01-02T15:04:05.000000Z"), ".000000", "", 1)
}

// newRandom is a stream of numbers that follows from one.
func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// newID returns an ID such as user_01…, with the letters of the real ones.
func newID(random *rand.Rand, kind string) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	id := []byte(kind + "_01")
	letters := uint64(0)
	for i := range 22 {
		if i%10 == 0 { // one number is good for ten letters
			letters = random.Uint64()
		}
		id = append(id, alphabet[letters%uint64(len(alphabet))])
		letters /= uint64(len(alphabet))
	}
	return string(id)
}
