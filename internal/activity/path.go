package activity

import (
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Path leads to a field of an activity: one of [Fields] or, behind "actor.", of
// [ActorFields], or any other member, also one inside of objects. Make one with [NewPath].
type Path struct {
	names      []string
	ofActivity *Field[Activity] // at most one of the two
	ofActor    *Field[Actor]
}

const actorName = "actor"

// PathError says why a key leads to nothing that an activity can have.
type PathError struct {
	Fault PathFault
	Key   string
}

// PathFault is what is wrong with a key.
type PathFault int

// The faults of keys.
const (
	EmptyKey   PathFault = iota + 1
	EmptyName            // before, between or after its dots
	TimeKey              // created_at, which bounds are for
	ActorKey             // the actor itself, which is an object
	InsideText           // a field of id or type, which are strings
)

func (e *PathError) Error() string { return "no field of an activity has this key" }

// NewPath returns the path of a key, such as type, actor.user_id or provider.type. Its error
// is a [*PathError].
func NewPath(key string) (*Path, error) {
	names := strings.Split(key, ".")
	fail := func(fault PathFault) (*Path, error) { return nil, &PathError{fault, key} }
	switch {
	case key == "":
		return fail(EmptyKey)
	case names[0] == "created_at":
		return fail(TimeKey)
	case key == actorName:
		return fail(ActorKey)
	case slices.Contains(names, ""):
		return fail(EmptyName)
	case len(names) > 1 && (names[0] == "id" || names[0] == "type"):
		return fail(InsideText)
	}
	p := &Path{names: names}
	switch {
	case len(names) == 1:
		p.ofActivity = find(Fields, key)
	case len(names) == 2 && names[0] == actorName:
		p.ofActor = find(ActorFields, names[1])
	}
	return p, nil
}

func find[T any](fields []Field[T], name string) *Field[T] {
	i := slices.IndexFunc(fields, func(f Field[T]) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// Names are those that lead to the field.
func (p *Path) Names() []string { return p.names }

// OfActor says whether it is a field of the actor.
func (p *Path) OfActor() bool { return p.names[0] == actorName }

// Typed says whether the field has a place of its own, so that no JSON need be read.
func (p *Path) Typed() bool { return p.ofActivity != nil || p.ofActor != nil }

// Kind is that of the field. A field without a place of its own has the kind that its name
// tells.
func (p *Path) Kind() Kind {
	last := p.names[len(p.names)-1]
	switch {
	case p.ofActivity != nil:
		return p.ofActivity.Kind
	case p.ofActor != nil:
		return p.ofActor.Kind
	case p.OfActor() && len(p.names) == 2 && last == ExternalClientID:
		return Identifier
	case strings.HasSuffix(last, "email") || strings.HasSuffix(last, "email_address"):
		return Mail
	}
	return Text
}

// Values are all that the path leads to: those of each element of an array, and of each
// copy of a name that an object has twice. Text is what a string, a number or a boolean is
// written as. What has no text (null, an object, an empty array, an element that lacks the
// field) is there with known = false. Of an activity without the field there is nothing.
func (p *Path) Values(a *Activity) iter.Seq2[string, bool] {
	return func(yield func(text string, known bool) bool) { p.walk(a, yield) }
}

func (p *Path) walk(a *Activity, yield func(string, bool) bool) {
	text, extra, names := p.start(a)
	if text != nil && !yield(*text, true) || !walkExtra(extra, names, yield) {
		return
	}
	if p.OfActor() && a.Actor != nil {
		walkExtra(a.Extra, p.names, yield) // an activity with two actors
	}
}

// start is where a path begins: with the text of a field, and with the members that have
// the names left if it is not in its place.
func (p *Path) start(a *Activity) (text *string, extra string, names []string) {
	switch {
	case p.OfActor() && a.Actor != nil:
		if p.ofActor != nil {
			text = p.ofActor.Of(a.Actor)
		}
		return text, a.Actor.Extra, p.names[1:]
	case p.ofActivity != nil:
		text = p.ofActivity.Of(a)
	}
	return text, a.Extra, p.names
}

// walkExtra and the functions below go through JSON text, such as [Activity.Extra], that the
// decoder has made. They say false once yield has.
func walkExtra(extra string, names []string, yield func(string, bool) bool) bool {
	if !mayHave(extra, names[0]) {
		return true
	}
	_, goOn := walkMembers(newTokens([]byte(extra)), names, yield)
	return goOn
}

// mayHave is false for most objects, which then need not be parsed.
func mayHave(object, name string) bool {
	return strings.Contains(object, `"`+name+`"`) || strings.Contains(object, `\`)
}

// walkMembers goes into those of the object that comes next that have the first of the names.
func walkMembers(tokens *jsontext.Decoder, names []string, yield func(string, bool) bool) (found, goOn bool) {
	for name := range objectOf(tokens) {
		if name != names[0] {
			_ = tokens.SkipValue()
			continue
		}
		if found = true; !walkValue(tokens, names[1:], yield) {
			return found, false
		}
	}
	return found, true
}

func walkValue(tokens *jsontext.Decoder, names []string, yield func(string, bool) bool) bool {
	switch kind := tokens.PeekKind(); {
	case kind == '{' && len(names) > 0:
		if found, goOn := walkMembers(tokens, names, yield); found || !goOn {
			return goOn
		}
	case kind == '[':
		elements := 0
		for range arrayOf(tokens) {
			if elements++; !walkValue(tokens, names, yield) {
				return false
			}
		}
		if elements > 0 {
			return true
		}
	case len(names) == 0 && (kind == '"' || kind == '0' || kind == 't' || kind == 'f'):
		token, _ := tokens.ReadToken()
		return yield(token.String(), true)
	default:
		_ = tokens.SkipValue()
	}
	return yield("", false)
}

// objectOf goes through the members of the object that comes next. Whoever gets a name has
// to read its value. JSON that the decoder has read is valid, so that errors end it early
// and nothing else.
func objectOf(tokens *jsontext.Decoder) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, err := tokens.ReadToken()
		for err == nil && tokens.PeekKind() == '"' {
			var name jsontext.Token
			if name, err = tokens.ReadToken(); err == nil && !yield(name.String()) {
				return
			}
		}
		_, _ = tokens.ReadToken()
	}
}

// arrayOf is objectOf for an array.
func arrayOf(tokens *jsontext.Decoder) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		_, err := tokens.ReadToken()
		for err == nil && tokens.PeekKind() != ']' && tokens.PeekKind() != jsontext.KindInvalid {
			if !yield(struct{}{}) {
				return
			}
		}
		_, _ = tokens.ReadToken()
	}
}

// Text is the one value that the path leads to: as in [Path.Values], but an array or an
// object is its JSON text, and of a field in an array it is the array of the values, with
// null for an element that lacks it. Of a name that an object has twice it is the last. It
// is "" where the activity lacks the field.
func (p *Path) Text(a *Activity) string {
	text, extra, names := p.start(a)
	if text != nil {
		return *text
	}
	return textAt(extra, names)
}

// memberText is the text of a member that is a string, and "" of any other.
func memberText(extra, name string) string {
	if value := jsonAt(extra, []string{name}); strings.HasPrefix(value, `"`) {
		return unquote(jsontext.Value(value))
	}
	return ""
}

func textAt(extra string, names []string) string {
	value := jsonAt(extra, names)
	if strings.HasPrefix(value, `"`) {
		return unquote(jsontext.Value(value))
	}
	return value
}

func jsonAt(extra string, names []string) string {
	if !mayHave(extra, names[0]) {
		return ""
	}
	return valueAt(newTokens([]byte(extra)), names)
}

// valueAt is the JSON text that names lead to in the value that comes next.
func valueAt(tokens *jsontext.Decoder, names []string) (found string) {
	switch kind := tokens.PeekKind(); {
	case kind == 'n':
		_ = tokens.SkipValue()
	case len(names) == 0:
		value, _ := tokens.ReadValue()
		return string(value)
	case kind == '{':
		for name := range objectOf(tokens) {
			if name == names[0] {
				found = valueAt(tokens, names[1:])
			} else {
				_ = tokens.SkipValue()
			}
		}
	case kind == '[':
		var values []string
		known := false
		for range arrayOf(tokens) {
			value := valueAt(tokens, names)
			known = known || value != ""
			if value == "" {
				value = "null"
			}
			values = append(values, value)
		}
		if known {
			return "[" + strings.Join(values, ",") + "]"
		}
	default:
		_ = tokens.SkipValue()
	}
	return found
}
