package activity

import (
	"errors"
	"slices"
	"testing"
)

// TestPath follows keys to what an activity has there: each text, whether there is one and
// nothing else, and the text of it all.
func TestPath(t *testing.T) {
	t.Parallel()
	page, err := Decode([]byte(`{"data":[{"id":"a1","created_at":"2026-04-10T08:00:00Z","type":"t","organization_id":null,
		"enabled":true,"count":1.0,"nothing":null,"empty":[],"provider":{"type":"saml","of":{"id":7}},"other":{},
		"audience":[{"type":"user"},{"type":"group"},{"name":"x"}],"words":["a",["b"]],"things":[{},[]],"twice":1,"twice":"2",
		"\u0065scaped":"yes",
		"actor":{"type":"user_actor","user_id":"user_1","email_address":5,"device":{"name":"d"}}}],"has_more":false}`))
	if err != nil {
		t.Fatal(err)
	}
	a := &page.Activities[0]
	for key, want := range map[string]struct {
		values []string
		every  bool
		text   string
	}{
		"id":                  {[]string{"a1"}, true, "a1"},
		"type":                {[]string{"t"}, true, "t"},
		"organization_id":     {nil, false, ""},
		"enabled":             {[]string{"true"}, true, "true"},
		"count":               {[]string{"1.0"}, true, "1.0"},
		"nothing":             {nil, false, ""},
		"empty":               {nil, false, "[]"},
		"missing":             {nil, false, ""},
		"provider":            {nil, false, `{"type":"saml","of":{"id":7}}`},
		"provider.type":       {[]string{"saml"}, true, "saml"},
		"provider.of.id":      {[]string{"7"}, true, "7"},
		"provider.other":      {nil, false, ""},
		"other.type":          {nil, false, ""},
		"audience.type":       {[]string{"user", "group"}, false, `["user","group",null]`},
		"things.name":         {nil, false, ""},
		"words":               {[]string{"a", "b"}, true, `["a",["b"]]`},
		"twice":               {[]string{"1", "2"}, true, "2"},
		"escaped":             {[]string{"yes"}, true, "yes"},
		"actor.type":          {[]string{"user_actor"}, true, "user_actor"},
		"actor.user_id":       {[]string{"user_1"}, true, "user_1"},
		"actor.email_address": {[]string{"5"}, true, "5"},
		"actor.device.name":   {[]string{"d"}, true, "d"},
		"actor.missing":       {nil, false, ""},
	} {
		p, err := NewPath(key)
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		every := p.Every(a, func(text string) bool {
			values = append(values, text)
			return true
		})
		if !slices.Equal(values, want.values) || every != want.every || p.Text(a) != want.text {
			t.Errorf("%s: got %q, %t and %q, want %+v", key, values, every, p.Text(a), want)
		}
	}
}

func TestKeysThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]PathFault{
		"": EmptyKey, "created_at": TimeKey, "created_at.x": TimeKey, "actor": ActorKey, "actor.": EmptyName, "a..b": EmptyName, "id.x": InsideText, "type.x": InsideText,
	} {
		_, err := NewPath(key)
		if fault, ok := errors.AsType[*PathError](err); !ok || fault.Fault != want || fault.Key != key || fault.Error() == "" {
			t.Errorf("%q: got %v, want the fault %d", key, err, want)
		}
	}
}

func TestKindOfPath(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]Kind{
		"id": Identifier, "actor.user_id": Identifier, "actor.ip_address": Address,
		"actor.email_address": Mail, "invited_email": Mail, "user.email_address": Mail, "name": Text, "actor.subject": Text,
	} {
		p, err := NewPath(key)
		if err != nil || p.Kind != want {
			t.Errorf("%s: got %v, %v, want %v", key, p.Kind, err, want)
		}
	}
	if a, b := FoldMail("Kim@EXAMPLE.com"), FoldMail("kim@example.COM"); a != b {
		t.Errorf("%q and %q differ", a, b)
	}
}
