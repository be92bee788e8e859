package activity

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"
)

// Kind is what the text of a field is. It decides how the text is compared, and what may be
// shown of it.
type Kind int

// The kinds of fields.
const (
	Text       Kind = iota
	Identifier      // of an activity, an organization or an actor
	Time
	Address // an IP address
	Mail    // an e-mail address
)

// Field is a text that has a place of its own in T. What else is written about a field,
// such as its attribute in Terraform, is made from here.
type Field[T any] struct {
	Name string
	Kind Kind
	// Of is the text, nil where the server sends null, nothing, or no string.
	Of  func(*T) *string
	set func(*T, *string)
}

func optional[T any](name string, kind Kind, place func(*T) **string) Field[T] {
	return Field[T]{name, kind, func(of *T) *string { return *place(of) }, func(of *T, text *string) { *place(of) = text }}
}

func required(name string, kind Kind, place func(*Activity) *string) Field[Activity] {
	return Field[Activity]{name, kind, place, func(a *Activity, text *string) { *place(a) = *text }}
}

// Fields are the texts that every activity has, but for Extra. The first few are required.
var Fields = []Field[Activity]{
	required("id", Identifier, func(a *Activity) *string { return &a.ID }),
	required("created_at", Time, func(a *Activity) *string { return &a.CreatedAt }),
	required("type", Text, func(a *Activity) *string { return &a.Type }),
	optional("organization_id", Identifier, func(a *Activity) **string { return &a.OrganizationID }),
	optional("organization_uuid", Identifier, func(a *Activity) **string { return &a.OrganizationUUID }),
}

const requiredFields = 3

// ActorFields are the texts that an actor may have, but for Extra. Its identifiers stand in
// the order in which they name an actor; see [Actor.ID].
var ActorFields = []Field[Actor]{
	optional("type", Text, func(a *Actor) **string { return &a.Type }),
	optional("user_id", Identifier, func(a *Actor) **string { return &a.UserID }),
	optional("email_address", Mail, func(a *Actor) **string { return &a.EmailAddress }),
	optional("unauthenticated_email_address", Mail, func(a *Actor) **string { return &a.UnauthenticatedEmailAddress }),
	optional("api_key_id", Identifier, func(a *Actor) **string { return &a.APIKeyID }),
	optional("admin_api_key_id", Identifier, func(a *Actor) **string { return &a.AdminAPIKeyID }),
	optional("service_account_id", Identifier, func(a *Actor) **string { return &a.ServiceAccountID }),
	optional("ip_address", Address, func(a *Actor) **string { return &a.IPAddress }),
	optional("user_agent", Text, func(a *Actor) **string { return &a.UserAgent }),
	optional("directory_id", Identifier, func(a *Actor) **string { return &a.DirectoryID }),
	optional("idp_connection_type", Text, func(a *Actor) **string { return &a.IDPConnectionType }),
	optional("workos_event_id", Text, func(a *Actor) **string { return &a.WorkOSEventID }), // names no actor
}

// ActorTypes are those that the API documents; new ones may come.
var ActorTypes = []string{
	"admin_api_key_actor", "anthropic_actor", "api_actor", "attested_device_actor", "federated_actor", "federated_identity_actor",
	"scim_directory_sync_actor", "service_account_actor", "system_actor", "unauthenticated_user_actor", "user_actor",
}

// OtherActorFields are the documented members of an actor that have no place of their own.
var OtherActorFields = []string{"audience", ExternalClientID, "issuer", "kid_hash", "provider", "service", "subject"}

// ExternalClientID is the identifier of an attested device. It has no attribute, so it is
// in the actor's Extra.
const ExternalClientID = "external_client_id"

// ID is the first identifier that the actor has, whatever its type; "" where it has none. An
// e-mail or IP address in its place is none: an outside client names itself.
func (a *Actor) ID() string {
	if a == nil {
		return ""
	}
	for i := range ActorFields {
		if ActorFields[i].Kind != Identifier {
			continue
		}
		if id := ActorFields[i].Of(a); id != nil && isID(*id) {
			return *id
		}
	}
	if value := jsonAt(a.Extra, ExternalClientID); strings.HasPrefix(value, `"`) {
		if id := unquote(jsontext.Value(value)); isID(id) {
			return id
		}
	}
	return ""
}

func isID(text string) bool {
	switch {
	case text == "" || strings.Contains(text, "@"):
		return false
	case !strings.ContainsAny(text, ".:"):
		return true // nearly always
	}
	_, noAddress := netip.ParseAddr(text)
	_, noPort := netip.ParseAddrPort(text)
	_, noRange := netip.ParsePrefix(text)
	return noAddress != nil && noPort != nil && noRange != nil
}

// FoldMail makes e-mail addresses that differ in upper and lower case one text, also where a
// letter has two forms of one of them.
func FoldMail(address string) string {
	if !strings.ContainsFunc(address, func(r rune) bool { return r >= utf8.RuneSelf || 'A' <= r && r <= 'Z' }) {
		return address // nearly always
	}
	return norm.NFC.String(strings.ToLower(strings.ToUpper(address)))
}
