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
var activityType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"id":                types.StringType,
	"created_at":        types.StringType,
	"type":              types.StringType,
	"organization_id":   types.StringType,
	"organization_uuid": types.StringType,
	"actor":             actorType,
	"extra":             types.StringType,
}}

var actorType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"type":                          types.StringType,
	"user_id":                       types.StringType,
	"email_address":                 types.StringType,
	"unauthenticated_email_address": types.StringType,
	"api_key_id":                    types.StringType,
	"admin_api_key_id":              types.StringType,
	"service_account_id":            types.StringType,
	"ip_address":                    types.StringType,
	"user_agent":                    types.StringType,
	"directory_id":                  types.StringType,
	"idp_connection_type":           types.StringType,
	"workos_event_id":               types.StringType,
	"extra":                         types.StringType,
}}

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
	l.text("id", &a.ID)
	l.text("created_at", &a.CreatedAt)
	l.text("type", &a.Type)
	l.text("organization_id", a.OrganizationID)
	l.text("organization_uuid", a.OrganizationUUID)
	_ = l.encoder.EncodeString("actor")
	l.actor(a.Actor)
	l.text("extra", &a.Extra)
}

func (l *activityList) actor(actor *activity.Actor) {
	if actor == nil {
		_ = l.encoder.EncodeNil()
		return
	}
	_ = l.encoder.EncodeMapLen(len(actorType.AttrTypes))
	l.text("type", actor.Type)
	l.text("user_id", actor.UserID)
	l.text("email_address", actor.EmailAddress)
	l.text("unauthenticated_email_address", actor.UnauthenticatedEmailAddress)
	l.text("api_key_id", actor.APIKeyID)
	l.text("admin_api_key_id", actor.AdminAPIKeyID)
	l.text("service_account_id", actor.ServiceAccountID)
	l.text("ip_address", actor.IPAddress)
	l.text("user_agent", actor.UserAgent)
	l.text("directory_id", actor.DirectoryID)
	l.text("idp_connection_type", actor.IDPConnectionType)
	l.text("workos_event_id", actor.WorkOSEventID)
	l.text("extra", &actor.Extra)
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
