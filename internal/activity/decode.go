package activity

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The decoder works on tokens, because nothing of an activity may be lost:
// decoding into structs drops unknown members, maps forget their order and turn
// numbers into floats, and encoding/json matches names without regard to case.
// Doubled names and invalid UTF-8 are let through, since one odd record must not
// make the page around it unreadable.
var lenient = []jsontext.Options{
	jsontext.AllowDuplicateNames(true),
	jsontext.AllowInvalidUTF8(true),
}

// PageError says why a body is no page of the feed.
type PageError struct {
	Fault    Fault
	Activity int    // the number of the activity on its page, from 1; 0 for the page itself
	Member   string // which one, where it is about one
	Got      byte   // the first character of such a value, for OtherKind: { [ " 0 t f n
	Want     byte   // the same for what it should be
	Limit    int    // for TooMany
	Offset   int64  // in bytes; for NotJSON
}

// Fault is what is wrong with a page.
type Fault int

// The faults of pages.
const (
	NotJSON   Fault = iota + 1
	OtherKind       // a value is not of the kind that it should be
	Missing         // the page lacks a member
	Twice           // the page has a member twice
	SaysError       // a member says that it is an error
	TooMany         // activities, or members of one
	NoText          // an activity has no such member that is a string
	Empty           // the member of an activity is ""
	Trailing        // something follows the page
)

func (e *PageError) Error() string { return fmt.Sprintf("not a page of the feed: %+v", *e) }

// ErrBrokenOff marks a body that ended in the middle, as a proxy that was
// restarted leaves it. Unlike other malformed pages it is worth another attempt.
var ErrBrokenOff = errors.New("the answer broke off")

// Bounds on what a page may hold, far beyond what the API sends. Without them the
// memory for the smallest of records and members is many times that of the body.
const (
	maxRecords = 10_000
	maxMembers = 10_000 // of one activity, or one actor
)

// Decode decodes the body of a 200 answer:
//
//	{"data": [{…}, …], "has_more": true, "first_id": "…", "last_id": "…"}
//
// Only these four members count. A page without data or has_more, or with one of
// them twice, is an error; so is one that says that it is one. So is an activity without a
// string id, created_at and type. Errors are [ErrBrokenOff] or a [*PageError].
func Decode(body []byte) (*Page, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, ErrBrokenOff
	}
	d := &pageDecoder{objects: objects{text: body, tokens: newTokens(body)}, actors: objects{tokens: new(jsontext.Decoder)}}
	decoded, err := d.page()
	var syntactic *jsontext.SyntacticError
	switch {
	case err == nil:
		return decoded, nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ErrBrokenOff
	case errors.As(err, &syntactic):
		return nil, &PageError{Fault: NotJSON, Offset: syntactic.ByteOffset}
	}
	return nil, err
}

// newTokens reads JSON text, such as [Activity.Extra], as this package does: an object may
// have a name twice, and invalid UTF-8 comes out as U+FFFD. The text is not copied, and
// must not change.
func newTokens(text []byte) *jsontext.Decoder {
	// The decoder reads a bytes.Buffer in place; anything else it would copy.
	return jsontext.NewDecoder(bytes.NewBuffer(text), lenient...)
}

type pageDecoder struct {
	objects
	actors objects
}

// pageMembers are those that a read relies on.
var pageMembers = []string{"data", "has_more", "first_id", "last_id"}

func (d *pageDecoder) page() (*Page, error) {
	if _, err := d.next("{", PageError{}); err != nil {
		return nil, err
	}
	result := &Page{}
	seen := map[string]bool{}
	for d.tokens.PeekKind() != '}' {
		token, err := d.tokens.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		if slices.Contains(pageMembers, name) {
			// There is no telling which of two is right, and the wrong one could lose
			// activities or end the read early.
			if seen[name] {
				return nil, &PageError{Fault: Twice, Member: name}
			}
			seen[name] = true
		}
		switch name {
		case "data":
			result.Activities, err = d.data()
		case "has_more":
			token, err = d.next("tf", PageError{Member: name})
			result.HasMore = err == nil && token.Bool()
		case "first_id":
			result.FirstID, err = d.cursor(name)
		case "last_id":
			result.LastID, err = d.cursor(name)
		case "error", "errors", "type":
			err = d.saysError(name)
		default:
			err = d.tokens.SkipValue()
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range pageMembers[:2] {
		if !seen[name] {
			return nil, &PageError{Fault: Missing, Member: name}
		}
	}
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := d.tokens.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, cmp.Or[error](err, &PageError{Fault: Trailing})
	}
	return result, nil
}

// next reads a value of one of the kinds, and of an object or an array its beginning. The
// fault of another kind is of the first of them.
func (d *pageDecoder) next(kinds string, fault PageError) (jsontext.Token, error) {
	token, err := d.tokens.ReadToken()
	if err != nil {
		return token, err
	}
	if kind := byte(token.Kind()); strings.IndexByte(kinds, kind) < 0 {
		fault.Fault, fault.Got, fault.Want = OtherKind, kind, kinds[0]
		return token, &fault
	}
	return token, nil
}

func (d *pageDecoder) cursor(name string) (string, error) {
	token, err := d.next(`"n`, PageError{Member: name})
	if err != nil || token.Kind() == 'n' {
		return "", err
	}
	return token.String(), nil
}

// saysError reads a member by which a page may say that it is an error. Data beside it may be
// empty because of it.
func (d *pageDecoder) saysError(name string) error {
	value, err := d.tokens.ReadValue()
	if err != nil || value.Kind() == 'n' || name == "type" && (value.Kind() != '"' || unquote(value) != "error") {
		return err
	}
	return &PageError{Fault: SaysError, Member: name}
}

func (d *pageDecoder) data() (activities []Activity, err error) {
	if _, err := d.next("[", PageError{Member: "data"}); err != nil {
		return nil, err
	}
	for d.tokens.PeekKind() != ']' {
		number := len(activities) + 1
		if _, err := d.next("{", PageError{Activity: number}); err != nil {
			return nil, err
		}
		if number > maxRecords {
			return nil, &PageError{Fault: TooMany, Limit: maxRecords}
		}
		a, err := d.activity()
		if err != nil {
			if fault, ok := errors.AsType[*PageError](err); ok {
				fault.Activity = number
			}
			return nil, err
		}
		activities = append(activities, a)
	}
	_, err = d.tokens.ReadToken()
	return activities, err
}

// activity reads an activity behind its first token.
func (d *pageDecoder) activity() (a Activity, err error) {
	if err := d.read(); err != nil {
		return a, err
	}
	texts := activityPlaces.texts(d.members, func(value jsontext.Value) bool {
		a.Actor = d.actor(value)
		return a.Actor != nil || value.Kind() == 'n'
	})
	for i := range requiredFields {
		if texts[i] == nil {
			return a, &PageError{Fault: NoText, Member: Fields[i].Name}
		}
	}
	fill(&a, Fields, &texts)
	a.Extra = d.extra()
	if a.ID == "" {
		return a, &PageError{Fault: Empty, Member: "id"}
	}
	if strings.ContainsRune(a.ID, utf8.RuneError) {
		for _, m := range d.members {
			if place, known := activityPlaces.lookup(m.name); known && place == 0 {
				// After a byte that no ID has, so that no other activity has this identity.
				a.identity = "\xff" + string(m.value)
			}
		}
	}
	return a, nil
}

// actor makes an actor of its JSON text. It is nil for what is no object, or one with
// too many members, which Extra then keeps.
func (d *pageDecoder) actor(value jsontext.Value) *Actor {
	if value.Kind() != '{' {
		return nil
	}
	d.actors.text = value
	d.actors.tokens.Reset(bytes.NewBuffer(value), lenient...)
	if _, err := d.actors.tokens.ReadToken(); err != nil {
		return nil
	}
	if err := d.actors.read(); err != nil {
		return nil
	}
	texts := actorPlaces.texts(d.actors.members, nil)
	actor := &Actor{}
	fill(actor, ActorFields, &texts)
	actor.Extra = d.actors.extra()
	return actor
}

// objects reads objects, one after the other. It keeps its memory between them, without
// which a page takes a third longer.
type objects struct {
	text    []byte // that tokens reads
	tokens  *jsontext.Decoder
	members []member
	joined  []byte
}

// member is one name and value of a JSON object, both as JSON text that shares
// memory with the body.
type member struct {
	name, value jsontext.Value
	filled      bool // it has filled a field, and so is not in Extra
}

// read reads the members of an object behind its first token. They are slices of the text:
// those that the tokens hand out are valid for one step only.
func (o *objects) read() error {
	next := func() (jsontext.Value, error) {
		value, err := o.tokens.ReadValue()
		end := o.tokens.InputOffset()
		return o.text[end-int64(len(value)) : end : end], err
	}
	o.members = o.members[:0]
	for o.tokens.PeekKind() != '}' {
		name, err := next()
		if err != nil {
			return err
		}
		value, err := next()
		if err != nil {
			return err
		}
		if len(o.members) == maxMembers {
			return &PageError{Fault: TooMany, Limit: maxMembers}
		}
		o.members = append(o.members, member{name: name, value: value})
	}
	_, err := o.tokens.ReadToken()
	return err
}

// extra is the JSON object of the members that have filled no field.
func (o *objects) extra() string {
	text := o.joined[:0]
	text = append(text, '{')
	for _, m := range o.members {
		if m.filled {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(text, m.name...)
		text = append(text, ':')
		text = append(text, compact(m.value)...)
	}
	o.joined = text
	if len(text) == 1 {
		return "{}"
	}
	return validText(string(append(text, '}')))
}

// places are the numbers of fields by their names.
type places map[string]int

const (
	actorPlace = 15             // of an activity, behind its texts
	maxFields  = actorPlace + 1 // which an actor has fewer of
)

var (
	activityPlaces = placesOf(Fields, places{actorName: actorPlace})
	actorPlaces    = placesOf(ActorFields, places{})
)

func placesOf[T any](fields []Field[T], all places) places {
	for i, f := range fields {
		all[f.Name] = i
	}
	return all
}

// texts are the texts of the fields, nil where the last member of the name has none. What is
// left for Extra stays unfilled. An actor goes to the function, which says whether it is one.
func (p places) texts(members []member, isActor func(jsontext.Value) bool) (texts [maxFields]*string) {
	var first [maxFields]*member // of its name
	for i := range members {
		m := &members[i]
		place, known := p.lookup(m.name)
		if !known {
			continue
		}
		switch kind := m.value.Kind(); {
		case place == actorPlace:
			m.filled = isActor(m.value)
		case kind == '"':
			text := unquote(m.value)
			texts[place], m.filled = &text, true
		default:
			texts[place], m.filled = nil, kind == 'n'
		}
		if first[place] != nil {
			first[place].filled, m.filled = false, false
			continue
		}
		first[place] = m
	}
	return texts
}

func fill[T any](target *T, fields []Field[T], texts *[maxFields]*string) {
	for i := range fields {
		if texts[i] != nil {
			fields[i].set(target, texts[i])
		}
	}
}

func (p places) lookup(name jsontext.Value) (place int, known bool) {
	if bytes.IndexByte(name, '\\') < 0 {
		place, known = p[string(name[1:len(name)-1])] // the compiler makes no string of it
		return place, known
	}
	place, known = p[unquote(name)]
	return place, known
}

// compact removes the white space between tokens and nothing else.
func compact(value jsontext.Value) jsontext.Value {
	if kind := value.Kind(); kind != '{' && kind != '[' {
		return value
	}
	if !bytes.ContainsAny(value, " \t\r\n") {
		return value
	}
	compacted := value.Clone() // the members share the memory of the body
	if err := compacted.Compact(lenient...); err != nil {
		return value // never for JSON that was read as valid; and white space does no harm
	}
	return compacted
}

// unquote returns the text of a JSON string; lone surrogates and invalid UTF-8
// come out as U+FFFD.
func unquote(value jsontext.Value) string {
	if bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value) {
		return string(value[1 : len(value)-1])
	}
	// The only error left for a string that the tokenizer has accepted is the
	// invalid UTF-8 that has been replaced.
	text, _ := jsontext.AppendUnquote(nil, value)
	return string(text)
}

// validText replaces every invalid byte by U+FFFD, as unquote does.
func validText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}
