package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/except"
)

// maxFaults is how many faulty values of one key get a message of their own.
const maxFaults = 5

// exceptionsOf returns the exceptions of a configuration, in which one that is not yet
// known as a whole is checked as far as it is, and lets nothing through.
func exceptionsOf(at path.Path, list types.List) (exceptions except.Exceptions, diags diag.Diagnostics) {
	for i, element := range list.Elements() {
		at := at.AtListIndex(i)
		entries, _ := element.(types.Map)
		if !entries.IsUnknown() && len(entries.Elements()) == 0 {
			refuse(&diags, at, "The exception is empty or null, and would let everything through. Name at least one field and the values that are allowed.")
		}
		known := !entries.IsUnknown()
		var conditions []*except.Condition
		for _, key := range slices.Sorted(maps.Keys(entries.Elements())) {
			at := at.AtMapKey(key)
			field, err := activity.NewPath(key)
			if err != nil {
				refuse(&diags, at, keyText(err))
				continue
			}
			list, _ := entries.Elements()[key].(types.List)
			if list.IsNull() {
				refuse(&diags, at, "The list of values is null. Write [] if no value is allowed, or leave the exception out.")
				continue
			}
			known = known && isKnown(list)
			if slices.ContainsFunc(list.Elements(), attr.Value.IsNull) {
				refuse(&diags, at, "A value is null. Leave it out, with compact() for instance: a field that is null or missing always counts.")
			}
			condition, faults := except.NewCondition(field, knownStrings(list.Elements()))
			for i, fault := range faults {
				if i == maxFaults {
					refuse(&diags, at, thousands(len(faults)-i)+" more values of this key are wrong.")
					break
				}
				refuse(&diags, at, valueText(field, fault))
			}
			conditions = append(conditions, condition)
		}
		if known {
			exceptions.Add(conditions)
		}
	}
	return exceptions, diags
}

// isKnown says whether a list and all that is in it is known.
func isKnown(list types.List) bool {
	return !list.IsUnknown() && !slices.ContainsFunc(list.Elements(), attr.Value.IsUnknown)
}

// keyText says what is wrong with a key that leads to no field, and what to write.
func keyText(err error) string {
	fault, ok := errors.AsType[*activity.PathError](err)
	if !ok {
		return err.Error()
	}
	key := quoted(fault.Key)
	name, rest, _ := strings.Cut(fault.Key, ".")
	switch fault.Fault {
	case activity.EmptyKey:
		return `A key is empty. Name a field, such as "type" or "actor.user_id".`
	case activity.TimeKey:
		return key + " cannot be a key. Use the time bounds, such as created_at_gte or lookback."
	case activity.ActorKey:
		return key + ` cannot be a key, since it is an object. Name one of its fields, such as "actor.user_id".`
	case activity.EmptyName:
		return "The key " + key + ` has an empty name before, between or after its dots. Write it like "actor.user_id".`
	default:
		return fmt.Sprintf("No activity can have the field %s, since %s is a string and has no field %s. Use %q.", key, name, quoted(rest), name)
	}
}

// strangeKeys warns of keys that nothing has, as far as that is known: such an exception lets
// nothing through. The types are those that are read; nil for all there are.
func strangeKeys(at path.Path, list types.List, asked []string) (diags diag.Diagnostics) {
	for i, element := range list.Elements() {
		entries, _ := element.(types.Map)
		ofTypes := asked
		if named, known := typesNamed(entries); named != nil && known {
			ofTypes = named
		}
		for _, key := range slices.Sorted(maps.Keys(entries.Elements())) {
			if _, err := activity.NewPath(key); err != nil {
				continue
			}
			strange, likely := strangeKey(strings.Split(key, "."), ofTypes)
			if !strange {
				continue
			}
			detail := "No activity that the provider knows has the field " + quoted(key) + "."
			if len(ofTypes) > 0 {
				detail = "No activity of the types that are looked at has the field " + quoted(key) + ", as far as the provider knows."
			}
			if likely != "" {
				detail += " Did you mean " + quoted(likely) + "?"
			}
			diags.AddAttributeWarning(pathOf(at.AtListIndex(i).AtMapKey(key)), "Possibly not a field of an activity",
				detail+" A field that an activity lacks never matches, so this exception may let nothing through. Ignore this if the field is new.")
		}
	}
	return diags
}

// typesNamed are the types that an exception is for, nil where it names none or a pattern, and
// whether all of it is known.
func typesNamed(entries types.Map) (names []string, known bool) {
	list, _ := entries.Elements()["type"].(types.List)
	names = knownStrings(list.Elements())
	if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, "*") }) {
		names = nil
	}
	return names, isKnown(list) && !entries.IsUnknown()
}

// strangeKey says whether nothing has a field, and which one is likely to be meant.
func strangeKey(names, ofTypes []string) (strange bool, likely string) {
	name := names[0]
	switch {
	case name == "extra" && len(names) > 1: // fields are named as the server sends them
		return true, strings.Join(names[1:], ".")
	case name == "actor":
		likely, known := closest(names[1], actorFields)
		if likely != "" {
			likely = "actor." + likely
		}
		return !known, likely
	case slices.ContainsFunc(activity.Fields, func(f activity.Field[activity.Activity]) bool { return f.Name == name }):
		return false, ""
	}
	fields, allKnown := fieldsOf(ofTypes)
	likely, known := closest(name, fields)
	if !known && slices.Contains(actorFields, name) {
		return true, "actor." + name
	}
	return !known && (allKnown || likely != ""), likely
}

// actorFields are all that the documentation names.
var actorFields = func() (names []string) {
	for _, field := range activity.ActorFields {
		names = append(names, field.Name)
	}
	return append(names, activity.OtherActorFields...)
}()

// fieldsOf are those that activities of these types have of their own, and of all known
// types where none are named. It says false if there may be others.
func fieldsOf(names []string) (fields []string, allKnown bool) {
	allKnown = len(names) > 0
	if !allKnown {
		names = activitytype.Known
	}
	for _, name := range names {
		kind := activitytype.Of(name)
		fields, allKnown = append(fields, kind.Fields...), allKnown && kind.FieldsKnown
	}
	return fields, allKnown
}

// closest says whether a name is among those that are known, and else which of them is meant.
func closest(name string, names []string) (likely string, known bool) {
	for _, alike := range []func(candidate string) bool{
		func(candidate string) bool { return candidate == name },
		func(candidate string) bool { return strings.HasPrefix(candidate, name+"_") },
		func(candidate string) bool { return strings.Contains(candidate, name+"_") },
	} {
		if i := slices.IndexFunc(names, alike); i >= 0 {
			return names[i], names[i] == name
		}
	}
	likely, _ = activitytype.NearestOf(names, name)
	return likely, false
}

// valueText says what is wrong with a value of an exception, and what to write.
func valueText(field *activity.Path, fault *except.ValueError) string {
	value := quoted(fault.Value)
	switch fault.Fault {
	case except.EmptyValue:
		return "A value is empty. Leave it out, with compact() for instance: a field that is empty or missing always counts."
	case except.NotAnAddress:
		return "The value " + value + ` is not an IP address. Write it like "192.0.2.1", or a range like "192.0.2.0/24".`
	case except.NotARange:
		return "The value " + value + ` is not a range of IP addresses. Write it like "192.0.2.0/24" or "2001:db8::/32".`
	case except.RangeTooWide:
		return fmt.Sprintf("The range %s is wider than /%d (IPv4) or /%d (IPv6), and would let nearly everything through. Name the networks that are allowed.",
			value, except.MinBits4, except.MinBits6)
	case except.PatternOfID:
		return "The value " + value + " is a pattern, and nobody has looked at every activity that it matches. Name the IDs of those that somebody has."
	case except.NothingNamed:
		return "The value " + value + " has no letter and no digit, and would let everything through. Name what is allowed."
	default:
		return fmt.Sprintf("The value %s matches every known %s, and would let everything through. Name those that are allowed.", value, field.Key)
	}
}

// reviewedMap is the rule for activities that somebody has looked at: exact IDs, each with a
// reason.
var reviewedMap = rule{"a map from IDs of activities to reasons", func(value attr.Value, at path.Path, diags *diag.Diagnostics) {
	reasons := value.(types.Map).Elements()
	for _, id := range slices.Sorted(maps.Keys(reasons)) {
		at := at.AtMapKey(id)
		switch {
		case strings.Contains(id, "*"):
			refuse(diags, at, "The key "+quoted(id)+" is a pattern, and nobody has looked at every activity that it matches. Name the ID of one that somebody has.")
		case id == "" || strings.Trim(id, letters+"0123456789_-.:") != "":
			refuse(diags, at, "The key "+quoted(id)+" is no ID of an activity. IDs look like activity_01AbC; copy it from the message of the gate.")
		}
		if reason := reasons[id].(types.String); !reason.IsUnknown() && strings.TrimSpace(reason.ValueString()) == "" {
			refuse(diags, at, "There is no reason why the activity is fine. Write it as the value, for whoever approves this and for later.")
		}
	}
}}

// reviewed are the IDs of activities that somebody has looked at, each with whether it was
// among what was read.
type reviewed map[string]bool

func newReviewed(configured types.Map) reviewed {
	ids := reviewed{}
	for id := range configured.Elements() {
		ids[id] = false
	}
	return ids
}

// match says whether somebody has looked at an activity. Reads ask it one after the other.
func (r reviewed) match(a *activity.Activity) bool {
	_, match := r[a.ID]
	if match {
		r[a.ID] = true
	}
	return match
}

// met is the value of reviewed_ids.
func (r reviewed) met() []string {
	ids := []string{} // and not null
	for id, met := range r {
		if met {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
