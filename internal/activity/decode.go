package activity

import (
	"bytes"
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
	Got      byte   // the first character of such a value, for OtherKind: { [ " 0 t n
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
	d := &pageDecoder{body: body, tokens: newTokens(body)}
	decoded, err := d.page()
	if err == nil {
		err = d.end()
	}
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
	body    []byte
	tokens  *jsontext.Decoder
	members []member // of the current record; its memory is used again
	actors  actorDecoder
}

// pageMembers are those that a read relies on.
var pageMembers = []string{"data", "has_more", "first_id", "last_id"}

func (d *pageDecoder) page() (*Page, error) {
	if err := d.begin('{', PageError{Want: '{'}); err != nil {
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
			result.HasMore, err = d.hasMore()
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
	_, err := d.tokens.ReadToken()
	return result, err
}

func (d *pageDecoder) hasMore() (bool, error) {
	token, err := d.tokens.ReadToken()
	if err != nil {
		return false, err
	}
	if kind := token.Kind(); kind != 't' && kind != 'f' {
		return false, &PageError{Fault: OtherKind, Member: "has_more", Got: kindOf(kind), Want: 't'}
	}
	return token.Bool(), nil
}

func (d *pageDecoder) cursor(name string) (string, error) {
	if kind := d.tokens.PeekKind(); kind != '"' && kind != 'n' {
		return "", d.unexpected(kind, PageError{Member: name, Want: '"'})
	}
	token, err := d.tokens.ReadToken()
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

func (d *pageDecoder) data() ([]Activity, error) {
	if err := d.begin('[', PageError{Member: "data", Want: '['}); err != nil {
		return nil, err
	}
	var activities []Activity
	for d.tokens.PeekKind() != ']' {
		number := len(activities) + 1
		if err := d.begin('{', PageError{Activity: number, Want: '{'}); err != nil {
			return nil, err
		}
		if number > maxRecords {
			return nil, &PageError{Fault: TooMany, Limit: maxRecords}
		}
		var err error
		if d.members, err = readMembers(d.tokens, d.body, d.members[:0]); err != nil {
			return nil, ofActivity(err, number)
		}
		a, err := newActivity(d.members, &d.actors)
		if err != nil {
			return nil, ofActivity(err, number)
		}
		activities = append(activities, a)
	}
	_, err := d.tokens.ReadToken()
	return activities, err
}

// ofActivity says which activity an error is about.
func ofActivity(err error, number int) error {
	if fault, ok := errors.AsType[*PageError](err); ok {
		fault.Activity = number
	}
	return err
}

// end checks that nothing but white space follows.
func (d *pageDecoder) end() error {
	if _, err := d.tokens.ReadToken(); err == nil {
		return &PageError{Fault: Trailing}
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// begin reads the beginning of an object or an array.
func (d *pageDecoder) begin(kind jsontext.Kind, otherwise PageError) error {
	if got := d.tokens.PeekKind(); got != kind {
		return d.unexpected(got, otherwise)
	}
	_, err := d.tokens.ReadToken()
	return err
}

// unexpected is the error for a value of another kind than expected, or for the
// syntax error in its place.
func (d *pageDecoder) unexpected(kind jsontext.Kind, fault PageError) error {
	if kind == jsontext.KindInvalid || kind == '}' || kind == ']' {
		if _, err := d.tokens.ReadToken(); err != nil {
			return err
		}
	}
	fault.Fault, fault.Got = OtherKind, kindOf(kind)
	return &fault
}

// kindOf is as [PageError.Got].
func kindOf(kind jsontext.Kind) byte {
	if kind == 'f' {
		kind = 't'
	}
	return byte(kind)
}

// member is one name and value of a JSON object, both as JSON text that shares
// memory with the body.
type member struct {
	name, value jsontext.Value
	filled      bool // it has filled a field, and so is not in Extra
}

// readMembers reads an object behind its first token and appends its members.
// The text that tokens reads is needed for its own slices of it: those that the
// tokens hand out are valid for one step only.
func readMembers(tokens *jsontext.Decoder, text []byte, members []member) ([]member, error) {
	next := func() (jsontext.Value, error) {
		value, err := tokens.ReadValue()
		end := tokens.InputOffset()
		return text[end-int64(len(value)) : end : end], err
	}
	for tokens.PeekKind() != '}' {
		name, err := next()
		if err != nil {
			return members, err
		}
		value, err := next()
		if err != nil {
			return members, err
		}
		if len(members) == maxMembers {
			return members, &PageError{Fault: TooMany, Limit: maxMembers}
		}
		members = append(members, member{name: name, value: value})
	}
	_, err := tokens.ReadToken()
	return members, err
}

// places are the fields of T by their names, with a bit that tells them apart.
type places[T any] map[string]place[T]

type place[T any] struct {
	set func(*T, *string) // nil for what is no text
	bit uint32
}

func placesOf[T any](fields []Field[T]) places[T] {
	all := places[T]{}
	for i, f := range fields {
		all[f.Name] = place[T]{f.set, 1 << i}
	}
	return all
}

var (
	activityPlaces = func() places[Activity] {
		all := placesOf(Fields)
		all[actorName] = place[Activity]{bit: 1 << len(Fields)}
		return all
	}()
	actorPlaces = placesOf(ActorFields)
)

// fill sets the fields of target and returns all other members as the JSON object that
// becomes Extra, and the bits of the fields that have a text. What is no text goes to other,
// which says whether it fits.
func (p places[T]) fill(target *T, members []member, other func(jsontext.Value) bool) (extra string, texts uint32) {
	var seen, twice uint32
	for i := range members {
		field, known := p.lookup(members[i].name)
		if !known {
			continue
		}
		twice |= seen & field.bit
		seen |= field.bit
		texts &^= field.bit
		value := members[i].value
		switch kind := value.Kind(); {
		case field.set == nil:
			members[i].filled = other(value)
		case kind == '"':
			text := unquote(value)
			field.set(target, &text)
			texts |= field.bit
			members[i].filled = true
		default:
			field.set(target, nil)
			members[i].filled = kind == 'n'
		}
	}
	if twice != 0 {
		for i := range members {
			if field, known := p.lookup(members[i].name); known && twice&field.bit != 0 {
				members[i].filled = false
			}
		}
	}
	return joinUnfilled(members), texts
}

func (p places[T]) lookup(name jsontext.Value) (place[T], bool) {
	if bytes.IndexByte(name, '\\') < 0 {
		field, known := p[string(name[1:len(name)-1])] // the compiler makes no string of it
		return field, known
	}
	field, known := p[unquote(name)]
	return field, known
}

func joinUnfilled(members []member) string {
	size := len("{}")
	for _, m := range members {
		if !m.filled {
			size += len(m.name) + len(m.value) + len(":,")
		}
	}
	if size == len("{}") {
		return "{}"
	}
	text := append(make([]byte, 0, size), '{')
	for _, m := range members {
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
	return validText(string(append(text, '}')))
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

// newActivity makes an activity of the members of its record.
func newActivity(members []member, actors *actorDecoder) (a Activity, err error) {
	var texts uint32
	a.Extra, texts = activityPlaces.fill(&a, members, func(value jsontext.Value) bool {
		a.Actor = actors.actor(value)
		return a.Actor != nil || value.Kind() == 'n'
	})
	for i := range requiredFields {
		if texts&(1<<i) == 0 {
			return a, &PageError{Fault: NoText, Member: Fields[i].Name}
		}
	}
	if a.ID == "" {
		return a, &PageError{Fault: Empty, Member: "id"}
	}
	if strings.ContainsRune(a.ID, utf8.RuneError) {
		for _, m := range members {
			if field, _ := activityPlaces.lookup(m.name); field.bit == 1 {
				// After a byte that no ID has, so that no other activity has this identity.
				a.identity = "\xff" + string(m.value)
			}
		}
	}
	return a, nil
}

// actorDecoder makes actors, one after the other. It keeps its memory between them,
// without which a page takes a third longer.
type actorDecoder struct {
	tokens  jsontext.Decoder
	members []member
}

// actor makes an actor of its JSON text. It is nil for what is no object, or one with
// too many members, which Extra then keeps.
func (d *actorDecoder) actor(value jsontext.Value) *Actor {
	if value.Kind() != '{' {
		return nil
	}
	d.tokens.Reset(bytes.NewBuffer(value), lenient...)
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil
	}
	members, err := readMembers(&d.tokens, value, d.members[:0])
	if err != nil {
		return nil
	}
	d.members = members
	actor := &Actor{}
	actor.Extra, _ = actorPlaces.fill(actor, members, nil)
	return actor
}
