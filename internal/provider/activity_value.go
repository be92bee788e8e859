package provider

import (
	"bytes"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// activityType is the type of an activity. It is the element type of a list attribute
// and not a nested attribute, which `terraform test` cannot mock
// (https://github.com/hashicorp/terraform/issues/37939).
var (
	activityType = objectOf(activity.Fields, map[string]attr.Type{"actor": actorType, "extra": types.StringType})
	actorType    = objectOf(activity.ActorFields, map[string]attr.Type{"extra": types.StringType})
)

func objectOf[T any](fields []activity.Field[T], attributes map[string]attr.Type) types.ObjectType {
	for _, field := range fields {
		attributes[field.Name] = types.StringType
	}
	return types.ObjectType{AttrTypes: attributes}
}

// activityList writes activities as msgpack, the form in which they cross the plugin
// protocol; see [NewServer] for why. A test compares it with the types above.
type activityList struct {
	pages  [][]byte // as they were added
	counts []int    // of the activities of each
	count  int      // of all
	bytes  int

	buffer  bytes.Buffer // what is being written; its writes never fail
	encoder *msgpack.Encoder
}

func newActivityList() *activityList {
	l := &activityList{}
	l.encoder = msgpack.NewEncoder(&l.buffer)
	return l
}

// add appends a page.
func (l *activityList) add(activities []activity.Activity) {
	l.buffer.Reset()
	for i := range activities {
		l.activity(&activities[i])
	}
	l.pages = append(l.pages, bytes.Clone(l.buffer.Bytes()))
	l.counts = append(l.counts, len(activities))
	l.count += len(activities)
	l.bytes += l.buffer.Len()
}

// pieces make up the whole list if joined, with its pages in this order.
func (l *activityList) pieces(order []int) [][]byte {
	l.buffer.Reset()
	_ = l.encoder.EncodeArrayLen(l.count)
	pieces := [][]byte{l.buffer.Bytes()}
	for _, page := range order {
		pieces = append(pieces, l.pages[page])
	}
	return pieces
}

func (l *activityList) activity(a *activity.Activity) {
	_ = l.encoder.EncodeMapLen(len(activityType.AttrTypes))
	writeFields(l, activity.Fields, a)
	l.text("extra", &a.Extra)
	_ = l.encoder.EncodeString("actor")
	if a.Actor == nil {
		_ = l.encoder.EncodeNil()
		return
	}
	_ = l.encoder.EncodeMapLen(len(actorType.AttrTypes))
	writeFields(l, activity.ActorFields, a.Actor)
	l.text("extra", &a.Actor.Extra)
}

func writeFields[T any](l *activityList, fields []activity.Field[T], of *T) {
	for i := range fields {
		l.text(fields[i].Name, fields[i].Of(of))
	}
}

// text writes an attribute; nil is null.
func (l *activityList) text(name string, text *string) {
	_ = l.encoder.EncodeString(name)
	if text == nil {
		_ = l.encoder.EncodeNil()
		return
	}
	_ = l.encoder.EncodeString(*text)
}
