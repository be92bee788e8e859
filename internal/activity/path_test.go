package activity

import (
	"errors"
	"slices"
	"testing"
)

// TestPath follows keys to what an activity has there: each value, "?" for what is no text,
// and the text of it all.
func TestPath(t *testing.T) {
	t.Parallel()
	page, err := Decode([]byte(`{"data":[{"id":"a1","created_at":"2026-04-10T08:00:00Z","type":"t","organization_id":null,
		"enabled":true,"count":1.0,"nothing":null,"empty":[],"provider":{"type":"saml","of":{"id":7}},"other":{},
		"audience":[{"type":"user"},{"type":"group"},{"name":"x"}],"words":["a",["b"]],"twice":1,"twice":"2",
		"\u0065scaped":"yes",
		"actor":{"type":"user_actor","user_id":"user_1","email_address":5,"device":{"name":"d"}}}],"has_more":false}`))
	if err != nil {
		t.Fatal(err)
	}
	a := &page.Activities[0]
	for key, want := range map[string]struct {
		values []string
		text   string
	}{
		"id":                  {[]string{"a1"}, "a1"},
		"type":                {[]string{"t"}, "t"},
		"organization_id":     {nil, ""},
		"enabled":             {[]string{"true"}, "true"},
		"count":               {[]string{"1.0"}, "1.0"},
		"nothing":             {[]string{"?"}, ""},
		"empty":               {[]string{"?"}, "[]"},
		"missing":             {nil, ""},
		"provider":            {[]string{"?"}, `{"type":"saml","of":{"id":7}}`},
		"provider.type":       {[]string{"saml"}, "saml"},
		"provider.of.id":      {[]string{"7"}, "7"},
		"provider.other":      {[]string{"?"}, ""},
		"other.type":          {[]string{"?"}, ""},
		"audience.type":       {[]string{"user", "group", "?"}, `["user","group",null]`},
		"words":               {[]string{"a", "b"}, `["a",["b"]]`},
		"twice":               {[]string{"1", "2"}, "2"},
		"escaped":             {[]string{"yes"}, "yes"},
		"actor.type":          {[]string{"user_actor"}, "user_actor"},
		"actor.user_id":       {[]string{"user_1"}, "user_1"},
		"actor.email_address": {[]string{"5"}, "5"},
		"actor.device.name":   {[]string{"d"}, "d"},
		"actor.missing":       {nil, ""},
	} {
		p, err := NewPath(key)
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for text, known := range p.Values(a) {
			if !known {
				text = "?"
			}
			values = append(values, text)
		}
		if !slices.Equal(values, want.values) || p.Text(a) != want.text {
			t.Errorf("%s: got %q and %q, want %q and %q", key, values, p.Text(a), want.values, want.text)
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
		"id": Identifier, "actor.user_id": Identifier, "actor.external_client_id": Identifier, "actor.ip_address": Address,
		"actor.email_address": Mail, "invited_email": Mail, "user.email_address": Mail, "name": Text, "actor.subject": Text,
	} {
		p, err := NewPath(key)
		if err != nil || p.Kind() != want || p.OfActor() != (p.Names()[0] == "actor") {
			t.Errorf("%s: got %v, %v, want %v", key, p.Kind(), err, want)
		}
	}
	if a, b := FoldMail("Kim@EXAMPLE.com"), FoldMail("kim@example.COM"); a != b {
		t.Errorf("%q and %q differ", a, b)
	}
}
