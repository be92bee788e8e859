package fakeapi

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// The types, how often they occur, who causes them and their own fields.
//
//go:embed testdata/types.tsv
var typesTable string

// An activityType is a line of the table.
type activityType struct {
	name           string
	actor          string
	noOrganization bool
	fields         []field
}

// A field is one of a type's own: `,"name":` and what makes its value.
type field struct {
	prefix string
	value  value
}

// mix returns the types, each as often as its weight says.
var mix = sync.OnceValue(func() []*activityType {
	var types []*activityType
	for line := range strings.Lines(typesTable) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		weight, err := strconv.Atoi(columns[1])
		if err != nil {
			panic(err)
		}
		t := &activityType{name: columns[0], actor: columns[2] + "_actor", noOrganization: columns[3] == "null"}
		for name := range strings.SplitSeq(columns[4], ",") {
			if name != "" {
				t.fields = append(t.fields, field{`,"` + name + `":`, valueOf(name)})
			}
		}
		for range weight {
			types = append(types, t)
		}
	}
	return types
})

// A world is who causes the activities of a generated feed.
type world struct {
	organizations []organization
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
	add := func(kind, userID string, client clientFields, format string, args ...any) {
		json := `{"type":"` + kind + `",` + fmt.Sprintf(format, args...)
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
		add("admin_api_key_actor", "", sometimesClient, `"admin_api_key_id":%q`, id("adminkey"))
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
	if !d.kind.noOrganization {
		// The first organization has most of the activities.
		d.organization = &g.world.organizations[r.below(len(g.world.organizations))*r.below(2)]
	}
	kind := d.kind.actor
	if kind == "user_actor" && r.oneIn(20) {
		// A user's work can also be a program's.
		kind = []string{"api_actor", "api_actor", "admin_api_key_actor", "anthropic_actor"}[r.below(4)]
	}
	actors := g.world.actors[kind]
	d.actor = &actors[r.below(r.below(len(actors))+1)] // some are much busier than others
	d.random = r
	return d
}

// appendJSON appends all of an activity that comes after its created_at.
func (d draft) appendJSON(dst []byte) []byte {
	r := &d.random
	if d.organization == nil {
		dst = append(dst, `,"organization_id":null,"organization_uuid":null`...)
	} else {
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
		dst = append(dst, f.prefix...)
		if r.oneIn(16) {
			dst = append(dst, "null"...)
			continue
		}
		dst = f.value(dst, r)
	}
	return append(dst, '}')
}
