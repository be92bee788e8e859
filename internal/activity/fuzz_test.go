package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// addTestdata seeds a fuzz target with the pages in testdata, and with a page of what others
// have seen of the real feed.
func addTestdata(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("got %v, %v; want pages in testdata", files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	samples, err := os.ReadFile("../fakeapi/testdata/samples.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pageAround(strings.ReplaceAll(strings.TrimSpace(string(samples)), "\n", ",")))
}

// pair is a member of a JSON object, as the other parser has it.
type pair struct {
	name  string
	value json.RawMessage
}

// pairs splits a JSON object with encoding/json's tokens: names are unquoted, values are
// as they were. It says false for what is no object.
func pairs(object []byte) (members []pair, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, false
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, false
		}
		members = append(members, pair{name.(string), value})
	}
	_, err := decoder.Token()
	return members, err == nil
}

// checkFields compares the fields of an activity or an actor, and its Extra, with the object by
// the rule of both once more: the last value of each known name, and in Extra, in their order
// and verbatim, all members but those that have filled a field.
func checkFields[T any](got *T, fields []Field[T], extra string, object []byte) error {
	members, ok := pairs(object)
	if !ok {
		return errors.New("no object")
	}
	last, times := map[string]json.RawMessage{}, map[string]int{}
	for _, member := range members {
		last[member.name] = member.value
		times[member.name]++
	}
	for _, field := range fields {
		if err := sameText(field.Of(got), last[field.Name]); err != nil {
			return fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	_, isActivity := any(got).(*Activity)
	filled := func(member pair) bool {
		known := slices.ContainsFunc(fields, func(field Field[T]) bool { return field.Name == member.name })
		kind := member.value[0]
		return times[member.name] == 1 && (known && (kind == '"' || kind == 'n') || isActivity && member.name == "actor" && (kind == '{' || kind == 'n'))
	}
	kept, ok := pairs([]byte(extra))
	if !ok || !utf8.ValidString(extra) {
		return fmt.Errorf("extra %q", extra)
	}
	if !slices.EqualFunc(kept, slices.DeleteFunc(members, filled), func(kept, sent pair) bool {
		var compact bytes.Buffer
		return json.Compact(&compact, sent.value) == nil && kept.name == sent.name && string(kept.value) == string([]rune(compact.String()))
	}) {
		return fmt.Errorf("extra %s", extra)
	}
	return nil
}

// sameText compares a field with the value that belongs into it.
func sameText(field *string, value json.RawMessage) error {
	var want *string
	if len(value) > 0 && value[0] == '"' {
		if err := json.Unmarshal(value, &want); err != nil {
			return err
		}
	}
	if (field == nil) != (want == nil) || field != nil && *field != *want {
		return fmt.Errorf("got %q, want %s", textOf(field), value)
	}
	return nil
}

// checkActivity compares an activity with its record.
func checkActivity(got Activity, record []byte) error {
	if err := checkFields(&got, Fields, got.Extra, record); err != nil {
		return err
	}
	var actor json.RawMessage
	members, _ := pairs(record)
	for _, member := range members {
		if member.name == "actor" {
			actor = member.value
		}
	}
	if isObject := len(actor) > 0 && actor[0] == '{'; isObject != (got.Actor != nil) {
		return fmt.Errorf("got an actor %+v of %s", got.Actor, actor)
	}
	if got.Actor == nil {
		return nil
	}
	return checkFields(got.Actor, ActorFields, got.Actor.Extra, actor)
}

// isRecord says whether a record has what every activity must have.
func isRecord(record []byte) bool {
	members, ok := pairs(record)
	if !ok {
		return false
	}
	last := map[string]json.RawMessage{}
	for _, member := range members {
		last[member.name] = member.value
	}
	for _, name := range []string{"id", "created_at", "type"} {
		if value := last[name]; len(value) == 0 || value[0] != '"' || name == "id" && string(value) == `""` {
			return false
		}
	}
	return true
}

// FuzzDecodePage decodes bytes that may be anything. What is taken for a page must be one
// for encoding/json, too, with the same activities, and the other way round. Its seeds are a
// case for each rule about what is in Extra and what in a field.
func FuzzDecodePage(f *testing.F) {
	addTestdata(f)
	for _, body := range []string{
		`{"data":[],"has_more":false,"first_id":null,"last_id":null}`, `{"data":[],"has_more":true,"last_id":"x"}`, `{"has_more":false,"data":[{}]}`, `{"data":[],"data":[],"has_more":false}`,
		`{"d\u0061ta":[],"has_more":false}`, `{"data":[],"has_more":false,"error":null,"errors":[],"type":"error"}`, `null`, `[]`, "<html>", "", `{"data":[{"id":"a","created_at":"b","type":"c"}],"has_more":false}{}`,
		"{\"data\":[{\"id\":5,\"id\":\"\xff\",\"created_at\":\"b\",\"type\":\"c\"}],\"has_more\":false}",
	} {
		f.Add([]byte(body))
	}
	for _, members := range []string{
		`"id":"other"`, `"id":""`, `"id":null`, `"created_at":5`, `"type":null`, `"ID":"i","Organization_ID":"org"`, `"user_id":"u"`,
		// Numbers, and strings as sent.
		`"a":12345678901234567890,"b":1.0,"c":1e400,"d":-0,"e":0.1000000000000000055511151231257827021181583404541015625`,
		`"a":"\u00e9\/\"\\\ud83d\ude00","b":[ "\u00e9\/", 1.0 ]`, `"a\":1,\"b":2`, `"a":"\ud800","\udc00":1`, "\"a\xff\":[\"\xc3\x28\", \"\xe2\x82\"],\"\xff\":\"\xfe\"",
		// Order, white space and nesting.
		`"z":1,"y":2, "x" : { "b" :` + "\n" + `[ 1 ,` + "\t" + `2 ] },"":{"":[ ]},"v":true,"u":false,"t":null`,
		// Doubled names.
		`"a":1,"a":{"b":1,"b":{"c":1,"c":2}}`, `"organization_id":"1","a":0,"organization_id":"2","organization_id":"3"`, `"organization_id":"one","organization_id":null`,
		`"organization_id":null,"organization_id":{"a" : 1}`, `"organization_id":"one","organization\u005fid":"two"`, `"organization_i\u0064":"org"`, `"\u0069d":"i","ID":1`,
		// Actors.
		`"actor":null`, `"actor":[ {} ]`, `"actor":{"a":1},"actor":{"b":2}`, `"actor":{},"actor":5`, `"actor":{"type":"user_actor","x":[{"y": null}],"type":"b"}`,
	} {
		f.Add(pageAround(`{"type":"t","created_at":"c","id":"i",` + members + `}`))
	}
	for _, value := range []string{`"v"`, `""`, `null`, `1.0`, `{"a": 1}`} {
		for _, field := range Fields {
			f.Add(pageAround(`{"type":"t","created_at":"c","id":"i","` + field.Name + `":` + value + `}`))
		}
		for _, field := range ActorFields {
			f.Add(pageAround(`{"type":"t","created_at":"c","id":"i","actor":{"` + field.Name + `":` + value + `}}`))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := Decode(body)
		want, ok := otherDecoder(body)
		if (err == nil) != ok {
			t.Fatalf("%q: got %+v and error %v; encoding/json takes it for a page: %t", body, got, err, ok)
		}
		if errors.Is(err, ErrBrokenOff) && json.Valid(body) {
			t.Fatalf("%q: got it as broken off", body)
		}
		if err != nil {
			return
		}
		if len(got.Activities) != len(want) {
			t.Fatalf("%q: got %d activities, want %d", body, len(got.Activities), len(want))
		}
		for i, record := range want {
			if err := checkActivity(got.Activities[i], record); err != nil {
				t.Fatalf("%s: %v", record, err)
			}
		}
		members, _ := pairs(body)
		for _, member := range members {
			switch member.name {
			case "has_more":
				if got.HasMore != (string(member.value) == "true") {
					t.Fatalf("%s: got has_more %t", body, got.HasMore)
				}
			case "first_id", "last_id":
				cursor := map[string]*string{"first_id": &got.FirstID, "last_id": &got.LastID}[member.name]
				if string(member.value) == "null" {
					member.value = []byte(`""`)
				}
				if err := sameText(cursor, member.value); err != nil {
					t.Fatalf("%s: %s: %v", body, member.name, err)
				}
			}
		}
	})
}

// otherDecoder returns the records of a page by the rules for pages, once more.
func otherDecoder(body []byte) (records []json.RawMessage, ok bool) {
	if !json.Valid(body) {
		return nil, false
	}
	members, ok := pairs(body)
	if !ok {
		return nil, false
	}
	seen := map[string]bool{}
	for _, member := range members {
		kind := member.value[0]
		switch member.name {
		case "data":
			if kind != '[' || json.Unmarshal(member.value, &records) != nil || !all(records, isRecord) {
				return nil, false
			}
		case "has_more":
			if kind != 't' && kind != 'f' {
				return nil, false
			}
		case "first_id", "last_id":
			if kind != '"' && kind != 'n' {
				return nil, false
			}
		case "error", "errors":
			if kind != 'n' {
				return nil, false
			}
			continue
		case "type":
			var text any
			if json.Unmarshal(member.value, &text) == nil && text == "error" {
				return nil, false
			}
			continue
		default:
			continue
		}
		if seen[member.name] {
			return nil, false
		}
		seen[member.name] = true
	}
	return records, seen["data"] && seen["has_more"]
}

func all(records []json.RawMessage, is func([]byte) bool) bool {
	return !slices.ContainsFunc(records, func(record json.RawMessage) bool { return !is(record) })
}
