package provider

import (
	"bytes"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
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
	batches []encodedBatch
	count   int // of activities
	bytes   int

	buffer  bytes.Buffer // what is being written; its writes never fail
	encoder *msgpack.Encoder
}

type encodedBatch struct {
	position feed.Position
	text     []byte
}

func newActivityList() *activityList {
	l := &activityList{}
	l.encoder = msgpack.NewEncoder(&l.buffer)
	return l
}

func (l *activityList) add(batch feed.Batch) {
	l.buffer.Reset()
	for i := range batch.Activities {
		l.activity(&batch.Activities[i])
	}
	l.batches = append(l.batches, encodedBatch{batch.Position, bytes.Clone(l.buffer.Bytes())})
	l.count += len(batch.Activities)
	l.bytes += l.buffer.Len()
}

// sort puts batches, which come as they arrive, in the order of the feed.
func (l *activityList) sort() {
	slices.SortStableFunc(l.batches, func(a, b encodedBatch) int { return a.position.Compare(b.position) })
}

// EncodeMsgpack writes the whole list.
func (l *activityList) EncodeMsgpack(encoder *msgpack.Encoder) error {
	err := encoder.EncodeArrayLen(l.count)
	for _, batch := range l.batches {
		_, writeErr := encoder.Writer().Write(batch.text)
		err = errors.Join(err, writeErr)
	}
	return err
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
