package activity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
// them twice, is an error. So is an activity without a string id, created_at and type.
// Errors are [ErrBrokenOff] or text for a person.
func Decode(body []byte) (*Page, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, ErrBrokenOff
	}
	d := &pageDecoder{body: body, tokens: NewTokens(body)}
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
		return nil, fmt.Errorf("the JSON is not valid at byte %d: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return nil, err
}

// NewTokens reads JSON text, such as [Activity.Extra], as this package does: an object may
// have a name twice, and invalid UTF-8 comes out as U+FFFD. The text is not copied, and
// must not change.
func NewTokens(text []byte) *jsontext.Decoder {
	// The decoder reads a bytes.Buffer in place; anything else it would copy.
	return jsontext.NewDecoder(bytes.NewBuffer(text), lenient...)
}

type pageDecoder struct {
	body    []byte
	tokens  *jsontext.Decoder
	members []member // of the current record; its memory is used again
	actors  actorDecoder
}

func (d *pageDecoder) page() (*Page, error) {
	if kind := d.tokens.PeekKind(); kind != '{' {
		return nil, d.unexpected(kind, "the answer is %s, not a JSON object")
	}
	if _, err := d.tokens.ReadToken(); err != nil {
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
		read := d.pageMember(name, result)
		if read == nil {
			if err := d.tokens.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		// There is no telling which of two is right, and the wrong one could lose
		// activities or end the read early.
		if seen[name] {
			return nil, fmt.Errorf("the page has %q twice", name)
		}
		seen[name] = true
		if err := read(); err != nil {
			return nil, err
		}
	}
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil, err
	}
	for _, name := range []string{"data", "has_more"} {
		if !seen[name] {
			return nil, fmt.Errorf("the page has no %q", name)
		}
	}
	return result, nil
}

// pageMember returns what reads the value of a page's member, nil for members
// that mean nothing to a read.
func (d *pageDecoder) pageMember(name string, into *Page) func() error {
	switch name {
	case "data":
		return func() (err error) { into.Activities, err = d.data(); return err }
	case "has_more":
		return func() error {
			token, err := d.tokens.ReadToken()
			if err != nil {
				return err
			}
			if kind := token.Kind(); kind != 't' && kind != 'f' {
				return fmt.Errorf(`"has_more" is %s, not a boolean`, kindName(kind))
			}
			into.HasMore = token.Bool()
			return nil
		}
	case "first_id":
		return func() error { return d.cursor(name, &into.FirstID) }
	case "last_id":
		return func() error { return d.cursor(name, &into.LastID) }
	}
	return nil
}

func (d *pageDecoder) cursor(name string, into *string) error {
	if kind := d.tokens.PeekKind(); kind != '"' && kind != 'n' {
		return d.unexpected(kind, "%[2]q is %[1]s, not a string", name)
	}
	token, err := d.tokens.ReadToken()
	if err == nil && token.Kind() == '"' {
		*into = token.String()
	}
	return err
}

func (d *pageDecoder) data() ([]Activity, error) {
	if kind := d.tokens.PeekKind(); kind != '[' {
		return nil, d.unexpected(kind, `"data" is %s, not an array`)
	}
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil, err
	}
	var activities []Activity
	for d.tokens.PeekKind() != ']' {
		if kind := d.tokens.PeekKind(); kind != '{' {
			return nil, d.unexpected(kind, "activity %[2]d of the page is %[1]s, not an object", len(activities)+1)
		}
		if len(activities) == maxRecords {
			return nil, fmt.Errorf("the page has more than %d activities", maxRecords)
		}
		activity, err := d.activity()
		if err != nil {
			return nil, fmt.Errorf("activity %d of the page %w", len(activities)+1, err)
		}
		activities = append(activities, activity)
	}
	_, err := d.tokens.ReadToken()
	return activities, err
}

// activity's error continues "activity 7 of the page …".
func (d *pageDecoder) activity() (Activity, error) {
	members, err := readMembers(d.tokens, d.body, d.members[:0])
	if err != nil {
		return Activity{}, err
	}
	d.members = members
	return newActivity(members, &d.actors)
}

// end checks that nothing but white space follows.
func (d *pageDecoder) end() error {
	if _, err := d.tokens.ReadToken(); err == nil {
		return errors.New("something follows the JSON object")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// unexpected is the error for a value of another kind than expected, or for the
// syntax error in its place.
func (d *pageDecoder) unexpected(kind jsontext.Kind, format string, args ...any) error {
	if kind == jsontext.KindInvalid {
		if _, err := d.tokens.ReadToken(); err != nil {
			return err
		}
	}
	return fmt.Errorf(format, append([]any{kindName(kind)}, args...)...)
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "something else"
}

// member is one name and value of a JSON object, both as JSON text that shares
// memory with the body.
type member struct {
	name, value jsontext.Value
	filled      bool // it has filled a field, and so is not in Extra
}

// readMembers reads the object that comes next in tokens and appends its members.
// The text that tokens reads is needed for its own slices of it: those that the
// tokens hand out are valid for one step only.
func readMembers(tokens *jsontext.Decoder, text []byte, members []member) ([]member, error) {
	next := func() (jsontext.Value, error) {
		value, err := tokens.ReadValue()
		end := tokens.InputOffset()
		return text[end-int64(len(value)) : end : end], err
	}
	if _, err := tokens.ReadToken(); err != nil {
		return members, err
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
			return members, fmt.Errorf("has more than %d members", maxMembers)
		}
		members = append(members, member{name: name, value: value})
	}
	_, err := tokens.ReadToken()
	return members, err
}

// knownField is a member that has a field of its own. set puts the value into
// the field, or nil where the value's type is not the field's and it says false.
type knownField[T any] struct {
	set func(target *T, value jsontext.Value) (fits bool)
	bit uint32 // tells the fields of one object apart
}

type knownFields[T any] map[string]knownField[T]

func (k knownFields[T]) add(name string, set func(*T, jsontext.Value) bool) {
	k[name] = knownField[T]{set: set, bit: 1 << len(k)}
}

func (k knownFields[T]) addText(name string, field func(*T) **string) {
	k.add(name, func(target *T, value jsontext.Value) bool { return setText(field(target), value) })
}

// setText sets a field to a string, or to nil for null and for what is neither.
func setText(field **string, value jsontext.Value) (fits bool) {
	*field = nil
	switch value.Kind() {
	case '"':
		text := unquote(value)
		*field = &text
		return true
	case 'n':
		return true
	}
	return false
}

// fill sets the known fields of target and returns all other members as the JSON
// object that becomes Extra.
func (k knownFields[T]) fill(target *T, members []member) (extra string) {
	var seen, twice uint32
	for i := range members {
		field, known := k.lookup(members[i].name)
		if !known {
			continue
		}
		twice |= seen & field.bit
		seen |= field.bit
		members[i].filled = field.set(target, members[i].value)
	}
	if twice != 0 {
		for i := range members {
			if field, known := k.lookup(members[i].name); known && twice&field.bit != 0 {
				members[i].filled = false
			}
		}
	}
	return joinUnfilled(members)
}

func (k knownFields[T]) lookup(name jsontext.Value) (knownField[T], bool) {
	if bytes.IndexByte(name, '\\') < 0 {
		field, known := k[string(name[1:len(name)-1])] // the compiler makes no string of it
		return field, known
	}
	field, known := k[unquote(name)]
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

// record is an activity while its required members may still be missing.
type record struct {
	Activity
	id, createdAt, activityType *string
	rawID                       jsontext.Value // shares memory with the body

	actors *actorDecoder
}

var activityFields = func() knownFields[record] {
	fields := knownFields[record]{}
	fields.add("id", func(r *record, value jsontext.Value) bool {
		r.rawID = value
		return setText(&r.id, value)
	})
	fields.addText("created_at", func(r *record) **string { return &r.createdAt })
	fields.addText("type", func(r *record) **string { return &r.activityType })
	fields.addText("organization_id", func(r *record) **string { return &r.OrganizationID })
	fields.addText("organization_uuid", func(r *record) **string { return &r.OrganizationUUID })
	fields.add("actor", func(r *record, value jsontext.Value) bool {
		r.Actor = r.actors.actor(value)
		return r.Actor != nil || value.Kind() == 'n'
	})
	return fields
}()

var actorFields = func() knownFields[Actor] {
	fields := knownFields[Actor]{}
	fields.addText("type", func(a *Actor) **string { return &a.Type })
	fields.addText("user_id", func(a *Actor) **string { return &a.UserID })
	fields.addText("email_address", func(a *Actor) **string { return &a.EmailAddress })
	fields.addText("unauthenticated_email_address", func(a *Actor) **string { return &a.UnauthenticatedEmailAddress })
	fields.addText("api_key_id", func(a *Actor) **string { return &a.APIKeyID })
	fields.addText("admin_api_key_id", func(a *Actor) **string { return &a.AdminAPIKeyID })
	fields.addText("service_account_id", func(a *Actor) **string { return &a.ServiceAccountID })
	fields.addText("ip_address", func(a *Actor) **string { return &a.IPAddress })
	fields.addText("user_agent", func(a *Actor) **string { return &a.UserAgent })
	fields.addText("directory_id", func(a *Actor) **string { return &a.DirectoryID })
	fields.addText("idp_connection_type", func(a *Actor) **string { return &a.IDPConnectionType })
	fields.addText("workos_event_id", func(a *Actor) **string { return &a.WorkOSEventID })
	return fields
}()

// newActivity makes an activity of the members of its record. Its error continues
// "activity 7 of the page …".
func newActivity(members []member, actors *actorDecoder) (Activity, error) {
	r := record{actors: actors}
	r.Extra = activityFields.fill(&r, members)
	switch {
	case r.id == nil:
		return Activity{}, errors.New(`has no "id" that is a string`)
	case *r.id == "":
		return Activity{}, errors.New(`has an empty "id"`)
	case r.createdAt == nil:
		return Activity{}, errors.New(`has no "created_at" that is a string`)
	case r.activityType == nil:
		return Activity{}, errors.New(`has no "type" that is a string`)
	}
	r.ID, r.CreatedAt, r.Type = *r.id, *r.createdAt, *r.activityType
	if strings.ContainsRune(r.ID, utf8.RuneError) {
		// After a byte that no ID has, so that no other activity has this identity.
		r.identity = "\xff" + string(r.rawID)
	}
	return r.Activity, nil
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
	members, err := readMembers(&d.tokens, value, d.members[:0])
	if err != nil {
		return nil
	}
	d.members = members
	actor := &Actor{}
	actor.Extra = actorFields.fill(actor, members)
	return actor
}
