// Package except decides which activities are known to be fine, so that they are left out
// before anything is counted, listed or stored.
//
// It errs on one side only: a field that is missing, null, empty or of another shape than
// the exception expects never matches, so the activity counts. Field names are those of the
// API's public documentation; values are text, patterns with *, and IP addresses and ranges.
// It does no I/O.
package except

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// Exceptions are several exceptions: an activity is fine if it meets every condition of
// at least one of them. The zero value lets nothing through. [Exceptions.Match] is safe for
// concurrent use.
type Exceptions [][]*Condition

// Add adds an exception. One without conditions lets nothing through.
func (e *Exceptions) Add(conditions []*Condition) {
	conditions = slices.Clone(conditions)
	slices.SortStableFunc(conditions, func(a, b *Condition) int { return cmp.Compare(a.cost(), b.cost()) })
	*e = append(*e, conditions)
}

// Match says whether an activity is fine.
func (e Exceptions) Match(a *activity.Activity) bool {
	return slices.ContainsFunc(e, func(conditions []*Condition) bool {
		for _, c := range conditions {
			if !c.met(a) {
				return false
			}
		}
		return len(conditions) > 0
	})
}

// Condition is met if one field of an activity has one of several values. Make one with
// [NewCondition].
type Condition struct {
	path   []string // the names that lead to the field
	quoted []string // the same as JSON writes them, if it escapes nothing

	// The field of its own that the path leads to, if there is one. At most one is set.
	ofActivity func(*activity.Activity) *string
	ofActor    func(*activity.Actor) *string

	texts     map[string]bool
	patterns  [][]string // what is between the asterisks
	addresses map[netip.Addr]bool
	ranges    []netip.Prefix
}

const actor = "actor"

var activityFields = map[string]func(*activity.Activity) *string{
	"id":                func(a *activity.Activity) *string { return &a.ID },
	"type":              func(a *activity.Activity) *string { return &a.Type },
	"organization_id":   func(a *activity.Activity) *string { return a.OrganizationID },
	"organization_uuid": func(a *activity.Activity) *string { return a.OrganizationUUID },
}

var actorFields = map[string]func(*activity.Actor) *string{
	"type":                          func(a *activity.Actor) *string { return a.Type },
	"user_id":                       func(a *activity.Actor) *string { return a.UserID },
	"email_address":                 func(a *activity.Actor) *string { return a.EmailAddress },
	"unauthenticated_email_address": func(a *activity.Actor) *string { return a.UnauthenticatedEmailAddress },
	"api_key_id":                    func(a *activity.Actor) *string { return a.APIKeyID },
	"admin_api_key_id":              func(a *activity.Actor) *string { return a.AdminAPIKeyID },
	"service_account_id":            func(a *activity.Actor) *string { return a.ServiceAccountID },
	"ip_address":                    func(a *activity.Actor) *string { return a.IPAddress },
	"user_agent":                    func(a *activity.Actor) *string { return a.UserAgent },
	"directory_id":                  func(a *activity.Actor) *string { return a.DirectoryID },
	"idp_connection_type":           func(a *activity.Actor) *string { return a.IDPConnectionType },
	"workos_event_id":               func(a *activity.Actor) *string { return a.WorkOSEventID },
}

// NewCondition returns the condition that a field, such as type, actor.user_id or
// provider.type, has one of the values. Without values it is never met. A * in a value
// stands for any text; values of actor.ip_address are addresses or CIDR ranges, or patterns.
//
// Its error tells a person what is wrong and what to do, and continues a sentence ("In this
// exception, …"). It repeats no value, which may be sensitive.
func NewCondition(field string, values []string) (*Condition, error) {
	if err := checkField(field); err != nil {
		return nil, err
	}
	c := &Condition{path: strings.Split(field, "."), texts: map[string]bool{}, addresses: map[netip.Addr]bool{}}
	for _, name := range c.path {
		c.quoted = append(c.quoted, `"`+name+`"`)
	}
	switch {
	case len(c.path) == 1:
		c.ofActivity = activityFields[field]
	case len(c.path) == 2 && c.path[0] == actor:
		c.ofActor = actorFields[c.path[1]]
	}
	for _, value := range values {
		if err := c.add(norm.NFC.String(value), field == "actor.ip_address"); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func checkField(field string) error {
	name, rest, dotted := strings.Cut(field, ".")
	switch {
	case field == "":
		return errors.New(`a key is empty; name a field, such as "type" or "actor.user_id"`)
	case name == "created_at":
		return fmt.Errorf("%.100q cannot be a key; use the time bounds, such as created_at_gte or lookback", field)
	case field == actor:
		return errors.New(`"actor" cannot be a key, since it is an object; name one of its fields, such as "actor.user_id"`)
	case slices.Contains(strings.Split(field, "."), ""):
		return fmt.Errorf(`the key %.100q has an empty name before, between or after its dots; write it like "actor.user_id"`, field)
	case dotted && (name == "id" || name == "type"):
		return fmt.Errorf("no activity can have the field %.100q, since %s is a string and has no field %.100q; use %q", field, name, rest, name)
	}
	return nil
}

func (c *Condition) add(value string, address bool) error {
	switch {
	case value == "":
		return errors.New("a value is empty; leave it out, with compact() for instance: a field that is empty or missing always counts")
	case strings.Trim(value, "*") == "":
		return errors.New(`the value "*" would let everything through; name what is allowed`)
	case strings.Contains(value, "*"):
		c.patterns = append(c.patterns, strings.Split(value, "*"))
	case !address:
		c.texts[value] = true
	case strings.Contains(value, "/"):
		network, ok := parseRange(value)
		if !ok {
			return errors.New(`a value is not a range of IP addresses; write it like "192.0.2.0/24" or "2001:db8::/32"`)
		}
		if network.Bits() == 0 {
			return errors.New("a range holds every address, and would let everything through; name the networks that are allowed")
		}
		c.ranges = append(c.ranges, network)
	default:
		ip, err := netip.ParseAddr(value)
		if err != nil {
			return errors.New(`a value is not an IP address; write it like "192.0.2.1", or a range like "192.0.2.0/24"`)
		}
		c.addresses[ip.Unmap()] = true
	}
	return nil
}

// parseRange reads a CIDR range. IPv4 addresses written as IPv6 become IPv4.
func parseRange(text string) (network netip.Prefix, ok bool) {
	network, err := netip.ParsePrefix(text)
	if err == nil && network.Addr().Is4In6() {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96) // not valid below 96
	}
	return network.Masked(), err == nil && network.IsValid()
}

// cost orders the conditions of an exception: what needs no look at JSON first.
func (c *Condition) cost() int {
	switch {
	case c.ofActivity != nil || c.ofActor != nil:
		return 0
	case c.path[0] == actor:
		return 1
	}
	return 2
}

func (c *Condition) met(a *activity.Activity) bool {
	if c.path[0] == actor && a.Actor != nil {
		var text *string
		if c.ofActor != nil {
			text = c.ofActor(a.Actor)
		}
		if !c.fieldMatches(text, a.Actor.Extra, 1) {
			return false
		}
		there, match := c.membersMatch(a.Extra, 0) // an activity with two actors
		return !there || match
	}
	var text *string
	if c.ofActivity != nil {
		text = c.ofActivity(a)
	}
	return c.fieldMatches(text, a.Extra, 0)
}

// fieldMatches judges what an object has under the name path[at]: the text of a field of
// its own, nil where that has none, and the members of extra. The field is there, as it was
// sent, if it is of another type than expected or if the object has it twice.
func (c *Condition) fieldMatches(text *string, extra string, at int) bool {
	if text != nil && (at < len(c.path)-1 || !c.textMatches(*text)) {
		return false
	}
	there, match := c.membersMatch(extra, at)
	return match || text != nil && !there
}

// membersMatch says whether a JSON object has members of the name path[at], and whether
// all of them match.
func (c *Condition) membersMatch(object string, at int) (there, match bool) {
	if !strings.Contains(object, c.quoted[at]) && !strings.Contains(object, `\`) {
		return false, false // most have not, and need not be parsed
	}
	return c.objectMatches(activity.NewTokens([]byte(object)), at)
}

// objectMatches is membersMatch for the object that comes next in the tokens. They are of
// no use any more where it does not match.
func (c *Condition) objectMatches(tokens *jsontext.Decoder, at int) (there, match bool) {
	_, err := tokens.ReadToken()
	for err == nil && tokens.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = tokens.ReadToken(); err != nil {
			break
		}
		if name.String() != c.path[at] {
			err = tokens.SkipValue()
			continue
		}
		if there = true; !c.valueMatches(tokens, at+1) {
			return there, false
		}
	}
	if err == nil {
		_, err = tokens.ReadToken()
	}
	if err != nil {
		return true, false // never for an activity that was decoded
	}
	return there, there
}

// valueMatches judges the value that comes next in the tokens, to which the names before
// path[at] have led.
func (c *Condition) valueMatches(tokens *jsontext.Decoder, at int) bool {
	switch tokens.PeekKind() {
	case '{':
		if at == len(c.path) {
			return false
		}
		_, match := c.objectMatches(tokens, at)
		return match
	case '[':
		_, err := tokens.ReadToken()
		empty := true
		for ; err == nil && tokens.PeekKind() != ']'; empty = false {
			if !c.valueMatches(tokens, at) {
				return false
			}
		}
		if err == nil {
			_, err = tokens.ReadToken()
		}
		return !empty && err == nil
	case '"', '0', 't', 'f':
		token, err := tokens.ReadToken()
		return err == nil && at == len(c.path) && c.textMatches(token.String())
	}
	return false
}

// textMatches compares a text as Terraform holds it.
func (c *Condition) textMatches(text string) bool {
	text = norm.NFC.String(text)
	if c.texts[text] || slices.ContainsFunc(c.patterns, func(parts []string) bool { return patternMatches(parts, text) }) {
		return true
	}
	if len(c.addresses)+len(c.ranges) == 0 {
		return false
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	return c.addresses[ip] || slices.ContainsFunc(c.ranges, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// patternMatches says whether a text consists of the parts, in their order, with anything
// between them.
func patternMatches(parts []string, text string) bool {
	last := len(parts) - 1
	text, found := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:last] {
		if found {
			_, text, found = strings.Cut(text, part)
		}
	}
	return found && strings.HasSuffix(text, parts[last])
}
