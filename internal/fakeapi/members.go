package fakeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// members are those of a JSON object, in their order and with their values as
// they were written. A name may occur twice.
type members []member

type member struct {
	name  string
	value []byte
}

func splitObject(object []byte) (members, error) {
	if !json.Valid(object) || bytes.TrimSpace(object)[0] != '{' {
		return nil, errors.New("not a JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token()
	var m members
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err = errors.Join(err, decoder.Decode(&value)); err != nil {
			return nil, err
		}
		m = append(m, member{name.(string), value})
	}
	return m, nil
}

// mustSplit splits what the API itself has made, which is an object.
func mustSplit(object []byte) members {
	m, err := splitObject(object)
	if err != nil {
		panic(err)
	}
	return m
}

// get returns the last value of name, nil where there is none.
func (m members) get(name string) []byte {
	for _, member := range slices.Backward(m) {
		if member.name == name {
			return member.value
		}
	}
	return nil
}

// set returns m with one value for name, in the place of the first or at the end.
func (m members) set(name string, value []byte) members {
	i := slices.IndexFunc(m, func(m member) bool { return m.name == name })
	if i < 0 {
		return append(m, member{name, value})
	}
	return slices.Concat(m[:i], members{{name, value}}, m[i+1:].drop(name))
}

// drop returns m without name.
func (m members) drop(name string) members {
	return slices.DeleteFunc(slices.Clone(m), func(m member) bool { return m.name == name })
}

func (m members) join() []byte {
	object := []byte{'{'}
	for i, member := range m {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(appendString(object, member.name), ':'), member.value...)
	}
	return append(object, '}')
}

// appendString appends s as a JSON string, with no more escapes than JSON asks for.
func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always can be
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// stringOf returns the string that a JSON text is, "" where it is none.
func stringOf(value []byte) string {
	var s string
	_ = json.Unmarshal(value, &s)
	return s
}
