package fakeapi

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// The known types, their own fields, who causes them and whether they are still recorded.
//
//go:embed testdata/activity-types.tsv
var typesTable string

// An activityType is a line of the table.
type activityType struct {
	name   string
	fields []field
	actors []string // nil for any
	status string
}

// A field is one of a type's own: `,"name":` and what makes its value.
type field struct {
	prefix             string
	value              value
	optional, nullable bool
}

var allTypes = sync.OnceValue(func() []*activityType {
	var types []*activityType
	for line := range strings.Lines(typesTable) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		t := &activityType{name: columns[0], status: columns[3]}
		if columns[2] != "" && columns[2] != "any" {
			t.actors = strings.Split(columns[2], ",")
		}
		for text := range strings.SplitSeq(columns[1], ",") {
			if name := strings.TrimRight(text, "?~"); name != "" {
				optional, nullable := strings.Contains(text, "?"), strings.Contains(text, "~")
				t.fields = append(t.fields, field{`,"` + name + `":`, valueOf(name), optional, nullable})
			}
		}
		types = append(types, t)
	}
	return types
})

var knownTypes = sync.OnceValue(func() map[string]*activityType {
	types := make(map[string]*activityType)
	for _, t := range allTypes() {
		types[t.name] = t
	}
	return types
})

// weights tell how often a type occurs in a generated feed, where that is not once.
var weights = map[string]int{
	"claude_chat_created": 400, "claude_chat_viewed": 300, "claude_chat_updated": 200, "claude_chat_deleted": 30,
	"sso_login_initiated": 150, "sso_login_succeeded": 150, "sso_login_failed": 10, "user_logged_out": 60,
	"magic_link_login_initiated": 30, "magic_link_login_succeeded": 25, "magic_link_login_failed": 6,
	"claude_file_uploaded": 120, "claude_file_viewed": 80, "claude_project_viewed": 120, "claude_project_created": 20,
	"claude_artifact_viewed": 60, "ccr_session_updated": 60, "compliance_api_accessed": 100, "scim_user_updated": 20,
}

// mix returns the types that are recorded, each as often as its weight says.
var mix = sync.OnceValue(func() []*activityType {
	var types []*activityType
	for _, t := range allTypes() {
		if t.status == "removed" || t.status == "retired" {
			continue
		}
		for range max(1, weights[t.name]) {
			types = append(types, t)
		}
	}
	return types
})

// noOrganization tells of what happens before an organization is known.
func (t *activityType) noOrganization() bool {
	return t.name == "compliance_api_accessed" || t.name == "user_logged_out" || strings.Contains(t.name, "_login_")
}

// A world is who causes the activities of a generated feed.
type world struct {
	organizations []organization
	kinds         []string // of actors, the commonest first
	actors        map[string][]actor
}

type organization struct{ id, uuid string }

// An actor is the JSON of one without its end, and whether an address and a user
// agent come after it.
type actor struct {
	userID string
	json   string
	client clientFields
}

type clientFields int

const (
	noClient clientFields = iota
	sometimesClient
	alwaysClient
)

func newWorld(seed uint64) *world {
	r := newRandom(seed, 1<<63)
	id := func(prefix string) string { return string(r.appendLetters([]byte(prefix+"_01"), 22)) }

	w := &world{actors: make(map[string][]actor)}
	for range 4 {
		w.organizations = append(w.organizations, organization{id("org"), string(r.appendUUID(nil))})
	}
	w.organizations[0].id = Organization
	add := func(kind, userID string, client clientFields, format string, args ...any) {
		json := strings.TrimSuffix(`{"type":"`+kind+`",`+fmt.Sprintf(format, args...), ",")
		if w.actors[kind] == nil {
			w.kinds = append(w.kinds, kind)
		}
		w.actors[kind] = append(w.actors[kind], actor{userID, json, client})
	}
	for i := range 200 {
		user := id("user")
		add("user_actor", user, alwaysClient, `"email_address":"user%03d@example.%s","user_id":%q`, i, []string{"com", "org"}[i%2], user)
	}
	for range 12 {
		add("api_actor", "", alwaysClient, `"api_key_id":%q`, id("apikey"))
	}
	for range 4 {
		add("admin_api_key_actor", "", sometimesClient, `"admin_api_key_id":%q`, id("admin_api_key"))
	}
	for range 6 {
		add("service_account_actor", "", alwaysClient, `"service_account_id":%q`, id("svac"))
	}
	for i := range 30 {
		add("unauthenticated_user_actor", "", alwaysClient, `"unauthenticated_email_address":"visitor%02d@example.org"`, i)
	}
	add("anthropic_actor", "", noClient, `"email_address":null`)
	for i := range 6 {
		connection := []string{`"OktaSCIMV2.0"`, `"AzureSCIMV2.0"`, "null"}[i%3]
		add("scim_directory_sync_actor", "", noClient, `"workos_event_id":%q,"directory_id":%q,"idp_connection_type":%s`,
			id("event"), id("directory"), connection)
	}
	for _, audience := range []string{"", `,"audience":["https://api.anthropic.com"]`} {
		add("federated_identity_actor", "", sometimesClient, `"issuer":"https://tokens.example.com","subject":"repo:example/app:ref:refs/heads/main"%s`, audience)
	}
	for _, subject := range []string{"", `,"subject":"deploy@example.com"`} {
		add("federated_actor", "", sometimesClient, `"provider":{"type":"aws","account_id":"111122223333"}%s`, subject)
	}
	add("attested_device_actor", "", sometimesClient, `"external_client_id":%q,"kid_hash":"5f70bf18a086007016e948b04aed3b82"`, id("client"))
	for _, service := range []string{"", `"service":"retention"`} {
		add("system_actor", "", noClient, `%s`, service)
	}
	return w
}

// A draft is an activity whose type, organization and actor are chosen.
type draft struct {
	kind         *activityType
	organization *organization // nil for none
	actor        *actor
	random       random
}

func (g *generated) draft(i int) draft {
	r := newRandom(g.Seed+4, uint64(i))
	types := mix()
	d := draft{kind: types[r.below(len(types))]}
	if !d.kind.noOrganization() {
		// The first organization has most of the activities.
		d.organization = &g.world.organizations[r.below(len(g.world.organizations))*r.below(2)]
	}
	kinds := d.kind.actors
	if kinds == nil {
		kinds = g.world.kinds[:1+r.below(len(g.world.kinds))*r.below(2)]
	}
	kind := kinds[r.below(r.below(len(kinds))+1)]
	actors := g.world.actors[kind]
	d.actor = &actors[r.below(r.below(len(actors))+1)] // some are much busier than others
	d.random = r
	return d
}

// appendJSON appends all of an activity that comes after its created_at.
func (d draft) appendJSON(dst []byte) []byte {
	r := &d.random
	switch {
	case d.organization == nil && r.oneIn(8): // absent
	case d.organization == nil:
		dst = append(dst, `,"organization_id":null,"organization_uuid":null`...)
	default:
		dst = append(dst, `,"organization_id":"`...)
		dst = append(dst, d.organization.id...)
		dst = append(dst, `","organization_uuid":"`...)
		dst = append(dst, d.organization.uuid...)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"actor":`...)
	dst = append(dst, d.actor.json...)
	if d.actor.client == alwaysClient || d.actor.client == sometimesClient && r.oneIn(2) {
		dst = append(dst, `,"ip_address":`...)
		dst = ipAddress(dst, r)
		dst = append(dst, `,"user_agent":`...)
		dst = userAgent(dst, r)
	}
	dst = append(dst, `},"type":"`...)
	dst = append(dst, d.kind.name...)
	dst = append(dst, '"')
	for _, f := range d.kind.fields {
		if f.optional && r.oneIn(4) {
			continue
		}
		dst = append(dst, f.prefix...)
		if f.nullable && r.oneIn(4) {
			dst = append(dst, "null"...)
			continue
		}
		dst = f.value(dst, r)
	}
	return append(dst, '}')
}
