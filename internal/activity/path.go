package activity

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Path leads to a field of an activity: one of [Fields] or, behind "actor.", of
// [ActorFields], or any other member, also one inside of objects. Make one with [NewPath].
type Path struct {
	Key  string
	Kind Kind // without a place of its own, what the field's name tells

	names []string
	of    func(*Activity) *string // nil for a field without a place of its own
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
	p := &Path{Key: key, names: names}
	if last := names[len(names)-1]; strings.HasSuffix(last, "email") || strings.HasSuffix(last, "email_address") {
		p.Kind = Mail
	}
	for _, f := range Fields {
		if key == f.Name {
			p.Kind, p.of = f.Kind, f.Of
		}
	}
	for _, f := range ActorFields {
		if key == actorName+"."+f.Name {
			p.Kind, p.of = f.Kind, func(a *Activity) *string {
				if a.Actor == nil {
					return nil
				}
				return f.Of(a.Actor)
			}
		}
	}
	return p, nil
}

// Typed says whether the field has a place of its own, so that no JSON need be read.
func (p *Path) Typed() bool { return p.of != nil }

// Every says whether the path leads to anything, and fits says yes to all of it: to each
// element of an array, and to each copy of a name that an object has twice. Text is what a
// string, a number or a boolean is written as. What has no text (null, an object, an empty
// array, an element that lacks the field) fits nothing.
func (p *Path) Every(a *Activity, fits func(text string) bool) bool {
	text, extra, names := p.start(a)
	found := text != nil
	if found && !fits(*text) {
		return false
	}
	more, ok := everyIn(extra, names, fits)
	if ok && p.inActor() && a.Actor != nil {
		_, ok = everyIn(a.Extra, p.names, fits) // an activity with two actors
	}
	return ok && (found || more)
}

// start is where a path begins: with the text of a field, and with the members that have
// the names left if it is not in its place.
func (p *Path) start(a *Activity) (text *string, extra string, names []string) {
	if p.of != nil {
		text = p.of(a)
	}
	if p.inActor() && a.Actor != nil {
		return text, a.Actor.Extra, p.names[1:]
	}
	return text, a.Extra, p.names
}

func (p *Path) inActor() bool { return p.names[0] == actorName }

// mayHave is false for most objects, which then need not be parsed.
func mayHave(object, name string) bool {
	return strings.Contains(object, `"`+name+`"`) || strings.Contains(object, `\`)
}

// everyIn says whether names lead to anything in JSON text that the decoder has made, such as
// [Activity.Extra], and whether all of that fits.
func everyIn(extra string, names []string, fits func(string) bool) (found, ok bool) {
	if !mayHave(extra, names[0]) {
		return false, true
	}
	return every(newTokens([]byte(extra)), names, fits)
}

func every(tokens *jsontext.Decoder, names []string, fits func(string) bool) (found, ok bool) {
	kind := tokens.PeekKind()
	if kind != '{' && kind != '[' {
		token, _ := tokens.ReadToken()
		return true, len(names) == 0 && kind != 'n' && fits(token.String())
	}
	for name := range childrenOf(tokens) {
		rest := names
		if kind == '{' {
			if len(names) == 0 || name != names[0] {
				_ = tokens.SkipValue()
				continue
			}
			rest = names[1:]
		}
		if found, ok = every(tokens, rest, fits); !found || !ok {
			return true, false
		}
	}
	return found, true
}

// childrenOf goes through the members of an object, by name, or the elements of an array.
// Whoever gets one has to read its value. JSON that the decoder has read is valid, so that
// errors end it early and nothing else.
func childrenOf(tokens *jsontext.Decoder) iter.Seq[string] {
	return func(yield func(string) bool) {
		inObject := tokens.PeekKind() == '{'
		_, err := tokens.ReadToken()
		for err == nil && !strings.ContainsRune("}]\x00", rune(tokens.PeekKind())) {
			name := ""
			if inObject {
				var token jsontext.Token
				token, err = tokens.ReadToken()
				name = token.String()
			}
			if err == nil && !yield(name) {
				return
			}
		}
		_, _ = tokens.ReadToken()
	}
}

// Text is the one value that the path leads to: what has a text as for [Path.Every], and of an
// array or an object its JSON text. Of a field in an array it is the array of the values, with
// null for an element that lacks it; of a name that an object has twice, the last. It is ""
// where the activity lacks the field.
func (p *Path) Text(a *Activity) string {
	text, extra, names := p.start(a)
	if text != nil {
		return *text
	}
	value := jsonAt(extra, names...)
	if strings.HasPrefix(value, `"`) {
		return unquote(jsontext.Value(value))
	}
	return value
}

func jsonAt(extra string, names ...string) string {
	if !mayHave(extra, names[0]) {
		return ""
	}
	return valueAt(newTokens([]byte(extra)), names)
}

// valueAt is the JSON text that names lead to in the value that comes next.
func valueAt(tokens *jsontext.Decoder, names []string) (found string) {
	switch kind := tokens.PeekKind(); {
	case len(names) == 0 && kind != 'n':
		value, _ := tokens.ReadValue()
		return string(value)
	case kind == '{':
		for name := range childrenOf(tokens) {
			if name == names[0] {
				found = valueAt(tokens, names[1:])
			} else {
				_ = tokens.SkipValue()
			}
		}
	case kind == '[':
		var values []string
		for range childrenOf(tokens) {
			values = append(values, cmp.Or(valueAt(tokens, names), "null"))
		}
		if slices.ContainsFunc(values, func(value string) bool { return value != "null" }) {
			return "[" + strings.Join(values, ",") + "]"
		}
	default:
		_ = tokens.SkipValue()
	}
	return found
}
