package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// pageAround is a page with these activities.
func pageAround(activities string) []byte {
	return []byte(`{"data":[` + activities + `],"has_more":false,"first_id":null,"last_id":null}`)
}

// onlyPage is the only page of an empty feed.
var onlyPage = string(pageAround(""))

// TestDecodeGolden shows every attribute of the documented activity, of all kinds of
// actors, and of records as odd as JSON allows.
func TestDecodeGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"documented", "odd"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(map[string]any{
				"activities": decoded.Activities, "has_more": decoded.HasMore, "first_id": decoded.FirstID, "last_id": decoded.LastID,
			}); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwhich is not what %s has; if it is right: go test ./internal/activity -run TestDecodeGolden -update", got.Bytes(), file)
			}
		})
	}
}

func textOf(field *string) string {
	if field == nil {
		return ""
	}
	return *field
}

// TestTablesAreComplete fails where a member of the structs has no row, other than an ID's twin,
// the actor and what is extra.
func TestTablesAreComplete(t *testing.T) {
	t.Parallel()
	if got, want := len(Fields)+3, reflect.TypeFor[Activity]().NumField(); got != want {
		t.Errorf("got %d fields of an activity, want %d", got, want)
	}
	if got, want := len(ActorFields)+1, reflect.TypeFor[Actor]().NumField(); got != want {
		t.Errorf("got %d fields of an actor, want %d", got, want)
	}
}

func TestActorID(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]string{
		``:                                      "",
		`"user_id":"user_1","api_key_id":"key"`: "user_1",
		`"user_id":"","api_key_id":"key"`:       "key",
		`"directory_id":"d","service_account_id":"s","admin_api_key_id":"k"`:                    "k",
		`"external_client_id":"client","directory_id":"d"`:                                      "d",
		`"external_client_id":"client"`:                                                         "client",
		`"external_client_id":"a","external_client_id":"b"`:                                     "b",
		`"external_client_id":"a","external_client_id":5`:                                       "",
		`"external_client_id":{"external_client_id":"a"}`:                                       "",
		`"external_client_id":"robin@example.com"`:                                              "",
		`"external_client_id":"192.0.2.7"`:                                                      "",
		`"external_client_id":"2001:db8::1%eth0"`:                                               "",
		`"external_client_id":"[2001:db8::1]:443"`:                                              "",
		`"external_client_id":"192.0.2.0/24"`:                                                   "",
		`"external_client_id":"device.example"`:                                                 "device.example",
		`"user_id":"robin@example.com","service_account_id":"192.0.2.7","directory_id":"dir:1"`: "dir:1",
		`"email_address":"robin@example.com","workos_event_id":"event_1"`:                       "",
	} {
		decoded, err := Decode(pageAround(`{"id":"i","created_at":"c","type":"t","actor":{` + members + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded.Activities[0].Actor.ID(); got != want {
			t.Errorf("%s: got %q, want %q", members, got, want)
		}
	}
	if got := (*Actor)(nil).ID(); got != "" {
		t.Errorf("no actor: got %q", got)
	}
}

// TestIdentity has ids that are equal as text, where Go has no other text for them, and
// are not the same activity.
func TestIdentity(t *testing.T) {
	t.Parallel()
	rest := `,"created_at":"c","type":"t"}`
	for name, test := range map[string]struct {
		records []string
		want    int
	}{
		"the same":                     {[]string{`{"id":"a"` + rest, `{"id":"a"` + rest}, 1},
		"the same, escaped":            {[]string{`{"id":"a"` + rest, `{"id":"\u0061"` + rest}, 1},
		"the same, invalid":            {[]string{"{\"id\":\"a\xff\"" + rest, "{\"id\":\"a\xff\"" + rest}, 1},
		"invalid bytes differ":         {[]string{"{\"id\":\"a\xff\"" + rest, "{\"id\":\"a\xfe\"" + rest}, 2},
		"surrogates differ":            {[]string{`{"id":"\ud800"` + rest, `{"id":"\ud801"` + rest}, 2},
		"replaced or sent so":          {[]string{"{\"id\":\"a\xff\"" + rest, "{\"id\":\"a\ufffd\"" + rest}, 2},
		"one is the other's JSON text": {[]string{`{"id":"\ud800"` + rest, `{"id":"\"\\ud800\""` + rest}, 2},
		"doubled id":                   {[]string{"{\"id\":\"a\xff\",\"id\":\"b\xff\"" + rest, "{\"id\":\"a\xff\",\"id\":\"b\xfe\"" + rest}, 2},
		"doubled id, not a string":     {[]string{"{\"id\":5,\"id\":\"b\xff\"" + rest, "{\"id\":5,\"id\":\"b\xfe\"" + rest}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decoded, err := Decode(pageAround(strings.Join(test.records, ",")))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for i := range decoded.Activities {
				got[decoded.Activities[i].Identity()] = true
			}
			if len(got) != test.want {
				t.Errorf("got %v, want %d", got, test.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const anywhere = -1
	const ok = `{"id":"i","created_at":"c","type":"t"}`
	for name, test := range map[string]struct {
		body string
		want PageError
	}{
		"null":                   {`null`, PageError{Fault: OtherKind, Got: 'n', Want: '{'}},
		"no JSON":                {`upstream error`, PageError{Fault: NotJSON, Offset: 0}},
		"byte order mark":        {"\ufeff" + onlyPage, PageError{Fault: NotJSON, Offset: 0}},
		"empty object":           {`{}`, PageError{Fault: Missing, Member: "data"}},
		"data is null":           {`{"data":null,"has_more":false}`, PageError{Fault: OtherKind, Member: "data", Got: 'n', Want: '['}},
		"data is missing":        {`{"data":}`, PageError{Fault: NotJSON, Offset: 8}},
		"data in another case":   {`{"Data":[],"has_more":false}`, PageError{Fault: Missing, Member: "data"}},
		"error":                  {`{"data":[],"has_more":false,"error":{}}`, PageError{Fault: SaysError, Member: "error"}},
		"errors":                 {`{"errors":[],"data":[],"has_more":false}`, PageError{Fault: SaysError, Member: "errors"}},
		"type is error":          {`{"type":"list","type":"\u0065rror","data":[],"has_more":false}`, PageError{Fault: SaysError, Member: "type"}},
		"no has_more":            {`{"data":[]}`, PageError{Fault: Missing, Member: "has_more"}},
		"has_more is null":       {`{"data":[],"has_more":null}`, PageError{Fault: OtherKind, Member: "has_more", Got: 'n', Want: 't'}},
		"cursor is a number":     {`{"data":[],"has_more":false,"last_id":5}`, PageError{Fault: OtherKind, Member: "last_id", Got: '0', Want: '"'}},
		"data twice, escaped":    {`{"data":[` + ok + `],"has_more":false,"d\u0061ta":[]}`, PageError{Fault: Twice, Member: "data"}},
		"has_more twice":         {`{"data":[],"has_more":true,"last_id":"x","has_more":false}`, PageError{Fault: Twice, Member: "has_more"}},
		"cursor twice":           {`{"data":[],"has_more":true,"last_id":"x","last_id":"y"}`, PageError{Fault: Twice, Member: "last_id"}},
		"trailing object":        {onlyPage + `{}`, PageError{Fault: Trailing}},
		"trailing garbage":       {onlyPage + `x`, PageError{Fault: NotJSON, Offset: anywhere}},
		"comma at the end":       {`{"data":[],"has_more":false,}`, PageError{Fault: NotJSON, Offset: anywhere}},
		"control in a string":    {string(pageAround("{\"id\":\"i\x01\"}")), PageError{Fault: NotJSON, Offset: anywhere}},
		"record is null":         {string(pageAround(ok + `,null`)), PageError{Fault: OtherKind, Activity: 2, Got: 'n', Want: '{'}},
		"record is an array":     {string(pageAround(ok + `,` + ok + `,[]`)), PageError{Fault: OtherKind, Activity: 3, Got: '[', Want: '{'}},
		"id is a number":         {string(pageAround(`{"id":5,"created_at":"c","type":"t"}`)), PageError{Fault: NoText, Activity: 1, Member: "id"}},
		"id is empty":            {string(pageAround(`{"id":"","created_at":"c","type":"t"}`)), PageError{Fault: Empty, Activity: 1, Member: "id"}},
		"id twice, null last":    {string(pageAround(`{"id":"i","id":null,"created_at":"c","type":"t"}`)), PageError{Fault: NoText, Activity: 1, Member: "id"}},
		"no created_at":          {string(pageAround(`{"id":"i","type":"t"}`)), PageError{Fault: NoText, Activity: 1, Member: "created_at"}},
		"no type":                {string(pageAround(`{"id":"i","created_at":"c"}`)), PageError{Fault: NoText, Activity: 1, Member: "type"}},
		"type of the actor only": {string(pageAround(`{"id":"i","created_at":"c","actor":{"type":"t"}}`)), PageError{Fault: NoText, Activity: 1, Member: "type"}},
		"nested 10,000 levels":   {string(pageAround(`{"id":"i","created_at":"c","type":"t","a":` + nested(10_000) + `}`)), PageError{Fault: NotJSON, Offset: anywhere}},
		"too many activities":    {string(pageAround(strings.Repeat(ok+",", maxRecords) + ok)), PageError{Fault: TooMany, Limit: maxRecords}},
		"too many members":       {string(pageAround(`{` + strings.Repeat(`"":0,`, maxMembers) + `"id":"i"}`)), PageError{Fault: TooMany, Activity: 1, Limit: maxMembers}},
		"nested for ever":        {strings.Repeat(`{"data":[`, 1_000_000), PageError{Fault: NotJSON, Offset: anywhere}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode([]byte(test.body))
			fault, ok := errors.AsType[*PageError](err)
			if ok && test.want.Offset == anywhere {
				test.want.Offset = fault.Offset
			}
			if !ok || *fault != test.want {
				t.Errorf("got %v, error %v; want %+v", got, err, test.want)
			}
		})
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// TestDecodeDeep has the deepest nesting that is read, which loses nothing.
func TestDecodeDeep(t *testing.T) {
	t.Parallel()
	for _, member := range []string{"a", "actor"} {
		deep := nested(9_990)
		value := deep
		if member == "actor" {
			value = `{"a":` + deep + `}`
		}
		decoded, err := Decode(pageAround(`{"id":"i","created_at":"c","type":"t","` + member + `":` + value + `}`))
		if err != nil {
			t.Fatalf("%s: %v", member, err)
		}
		extra := decoded.Activities[0].Extra
		if member == "actor" {
			extra = decoded.Activities[0].Actor.Extra
		}
		if want := `{"a":` + deep + `}`; extra != want {
			t.Errorf("%s: got %d bytes, want %d", member, len(extra), len(want))
		}
	}
}

// TestDecodeWide has the most activities and members that are read, and an actor with
// more than that, which Extra keeps.
func TestDecodeWide(t *testing.T) {
	t.Parallel()
	const ok = `{"id":"i","created_at":"c","type":"t"}`
	decoded, err := Decode(pageAround(strings.Repeat(ok+",", maxRecords-1) + ok))
	if err != nil || len(decoded.Activities) != maxRecords {
		t.Errorf("got error %v, want %d activities", err, maxRecords)
	}
	extra := `{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, maxMembers-3), ",") + `}`
	decoded, err = Decode(pageAround(ok[:len(ok)-1] + "," + extra[1:]))
	if err != nil || decoded.Activities[0].Extra != extra {
		t.Errorf("got error %v, want an activity with %d members", err, maxMembers)
	}
	extra = `{"actor":{` + strings.Repeat(`"a":1,`, maxMembers) + `"type":"t"}}`
	decoded, err = Decode(pageAround(ok[:len(ok)-1] + "," + extra[1:]))
	if err != nil || decoded.Activities[0].Actor != nil || decoded.Activities[0].Extra != extra {
		t.Errorf("got error %v, want an actor with more than %d members in extra", err, maxMembers)
	}
}

// TestDecodeBrokenOff cuts pages everywhere. What is left must not be a page, and must
// be known as broken off, so that it is asked for again.
func TestDecodeBrokenOff(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"documented", "odd"} {
		body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.TrimSpace(body)
		for end := range len(body) {
			if got, err := Decode(body[:end]); !errors.Is(err, ErrBrokenOff) {
				t.Errorf("%s, after %d bytes (…%s): got %v, %v; want %v", name, end, body[max(0, end-20):end], got, err, ErrBrokenOff)
			}
		}
	}
	for _, body := range []string{"", " ", "\r\n\t"} {
		if _, err := Decode([]byte(body)); !errors.Is(err, ErrBrokenOff) {
			t.Errorf("%q: got %v, want %v", body, err, ErrBrokenOff)
		}
	}
}

// TestDecodeKeepsNothingOfTheBody overwrites the body, whose memory is large.
func TestDecodeKeepsNothingOfTheBody(t *testing.T) {
	t.Parallel()
	body := pageAround("{\"id\":\"i\xff\",\"created_at\":\"c\",\"type\":\"t\",\"a\":{\"b\":1},\"actor\":{\"type\":\"at\",\"c\":[2]}}")
	decoded, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	for i := range body {
		body[i] = '!'
	}
	got := decoded.Activities[0]
	if got.ID != "i\ufffd" || got.identity != "\xff\"i\xff\"" || got.Extra != `{"a":{"b":1}}` || textOf(got.Actor.Type) != "at" || got.Actor.Extra != `{"c":[2]}` {
		t.Errorf("got %+v and actor %+v", got, got.Actor)
	}
}
