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
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
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
			if !c.path.Every(a, c.matches) {
				return false
			}
		}
		return len(conditions) > 0
	})
}

// Condition is met if one field of an activity has one of several values. Make one with
// [NewCondition].
type Condition struct {
	path *activity.Path

	texts     map[string]bool
	patterns  patterns
	addresses map[netip.Addr]bool
	ranges    map[netip.Prefix]bool
	widths    map[int]bool // of the ranges, in bits
}

// ValueError says why a value can be in no exception.
type ValueError struct {
	Fault Fault
	Value string
}

func (e *ValueError) Error() string { return "no value of an exception" }

// Fault is what is wrong with a value.
type Fault int

// The faults of values. The last four would let everything through, or nearly.
const (
	EmptyValue Fault = iota + 1
	NotAnAddress
	NotARange
	PatternOfID  // nobody has looked at activity_*
	NothingNamed // a pattern without a letter or digit
	MatchesAll   // a pattern that all known types, or all identifiers of a kind, match
	RangeTooWide // wider than MinBits
)

// The widest ranges of IPv4 and IPv6 addresses, in bits.
const (
	MinBits4 = 8
	MinBits6 = 16
)

// NewCondition returns the condition that a field has one of the values. Without values it
// is never met. A * in a value stands for any text; values of actor.ip_address are
// addresses or CIDR ranges, or patterns. Its errors are all that is wrong with the values.
func NewCondition(path *activity.Path, values []string) (*Condition, []*ValueError) {
	c := &Condition{
		path: path, texts: make(map[string]bool, len(values)),
		addresses: map[netip.Addr]bool{}, ranges: map[netip.Prefix]bool{}, widths: map[int]bool{},
	}
	var faults []*ValueError
	for _, value := range values {
		if fault := c.add(normal(value)); fault != 0 {
			faults = append(faults, &ValueError{fault, value})
		}
	}
	return c, faults
}

// normal is a text as Terraform holds it, in NFC.
func normal(text string) string { return norm.NFC.String(text) }

func (c *Condition) add(value string) Fault {
	switch {
	case value == "":
		return EmptyValue
	case strings.Contains(value, "*"):
		if fault := c.checkPattern(value); fault != 0 {
			return fault
		}
		c.patterns.add(c.fold(value), c.isBorder())
	case c.path.Kind() != activity.Address:
		c.texts[c.fold(value)] = true
	case strings.Contains(value, "/"):
		network, ok := parseRange(value)
		switch {
		case !ok:
			return NotARange
		case network.Addr().Is4() && network.Bits() < MinBits4, network.Addr().Is6() && network.Bits() < MinBits6:
			return RangeTooWide
		}
		c.ranges[network], c.widths[network.Bits()] = true, true
	default:
		ip, err := netip.ParseAddr(value)
		if err != nil {
			return NotAnAddress
		}
		c.addresses[ip.Unmap()] = true
	}
	return 0
}

// parseRange reads a CIDR range. IPv4 addresses written as IPv6 become IPv4; a range that
// holds other IPv6 addresses, too, stays one of IPv6, which is wider than any may be.
func parseRange(text string) (network netip.Prefix, ok bool) {
	network, err := netip.ParsePrefix(text)
	if err == nil && network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), err == nil
}

// rest stands for what identifiers of a kind do not have in common. No pattern has it.
const rest = "\x00"

// formsOf are the texts that all values of a field look like, where that is known.
func (c *Condition) formsOf() []string {
	names := c.path.Names()
	switch name := names[len(names)-1]; {
	case len(names) == 1 && name == "type":
		return activitytype.Known
	case len(names) == 1 && name == "organization_id":
		return []string{"org_01" + rest}
	case len(names) == 1 && name == "organization_uuid":
		return []string{rest + "-" + rest + "-4" + rest + "-" + rest + "-" + rest}
	case !c.path.OfActor() || len(names) != 2:
		return nil
	case name == "type":
		return activity.ActorTypes
	default:
		if prefix, ok := actorPrefixes[name]; ok {
			return []string{prefix + rest}
		}
	}
	return nil
}

// actorPrefixes are what the identifiers of actors begin with.
var actorPrefixes = map[string]string{
	"user_id": "user_01", "api_key_id": "apikey_01", "admin_api_key_id": "admin_api_key_01", "service_account_id": "svac_01", "directory_id": "directory_01",
	activity.ExternalClientID: "",
}

// checkPattern refuses what would let everything through.
func (c *Condition) checkPattern(value string) Fault {
	if names := c.path.Names(); len(names) == 1 && names[0] == "id" {
		return PatternOfID
	}
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return NothingNamed
	}
	forms := c.formsOf()
	p := newPattern(value, nil)
	if len(forms) > 0 && !slices.ContainsFunc(forms, func(form string) bool { return !p.matches(form) }) {
		return MatchesAll
	}
	return 0
}

// fold makes upper and lower case of e-mail addresses one, also where a letter has two forms
// of one of them.
func (c *Condition) fold(text string) string {
	if c.path.Kind() == activity.Mail {
		return activity.FoldMail(text)
	}
	return text
}

// isBorder is what no * stands for: in an e-mail address, what could make two of one.
func (c *Condition) isBorder() func(rune) bool {
	if c.path.Kind() != activity.Mail {
		return nil
	}
	return func(r rune) bool { return r == '@' || r == ',' || r == ';' || unicode.IsSpace(r) }
}

// cost orders the conditions of an exception: what needs no look at JSON first.
func (c *Condition) cost() int {
	switch {
	case c.path.Typed():
		return 0
	case c.path.OfActor():
		return 1
	}
	return 2
}

// matches says whether a text is one of the values.
func (c *Condition) matches(text string) bool {
	text = c.fold(normal(text))
	if c.texts[text] || c.patterns.match(text) {
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
	if c.addresses[ip] || ip.Zone() != "" {
		return c.addresses[ip]
	}
	for bits := range c.widths {
		if bits <= ip.BitLen() && c.ranges[netip.PrefixFrom(ip, bits).Masked()] {
			return true
		}
	}
	return false
}

// patterns finds those that may match by what they end with, or else by what they begin with,
// so that thousands of them cost little more than one.
type patterns struct {
	byEnd, byStart map[string][]pattern
	ends, starts   map[int]bool // the lengths of the keys
}

func (p *patterns) add(value string, isBorder func(rune) bool) {
	if p.byEnd == nil {
		*p = patterns{map[string][]pattern{}, map[string][]pattern{}, map[int]bool{}, map[int]bool{}}
	}
	end := value[strings.LastIndexByte(value, '*')+1:]
	if start, _, _ := strings.Cut(value, "*"); end == "" {
		p.byStart[start] = append(p.byStart[start], newPattern(value, isBorder))
		p.starts[len(start)] = true
		return
	}
	p.byEnd[end] = append(p.byEnd[end], newPattern(value, isBorder))
	p.ends[len(end)] = true
}

func (p *patterns) match(text string) bool {
	is := func(one pattern) bool { return one.matches(text) }
	for n := range p.ends {
		if n <= len(text) && slices.ContainsFunc(p.byEnd[text[len(text)-n:]], is) {
			return true
		}
	}
	for n := range p.starts {
		if n <= len(text) && slices.ContainsFunc(p.byStart[text[:n]], is) {
			return true
		}
	}
	return false
}

// pattern is a text in which * stands for any run of characters without a border. Between
// borders, which stand for themselves, are pieces; of each it has what is between the *.
type pattern struct {
	pieces   [][]string
	borders  string
	isBorder func(rune) bool
}

func newPattern(text string, isBorder func(rune) bool) pattern {
	p := pattern{isBorder: isBorder}
	for {
		piece, border, behind := p.cut(text)
		p.pieces = append(p.pieces, strings.Split(piece, "*"))
		if border == "" {
			return p
		}
		p.borders += border
		text = behind
	}
}

// cut divides a text at its first border.
func (p pattern) cut(text string) (piece, border, behind string) {
	if p.isBorder == nil {
		return text, "", ""
	}
	at := strings.IndexFunc(text, p.isBorder)
	if at < 0 {
		return text, "", ""
	}
	_, size := utf8.DecodeRuneInString(text[at:])
	return text[:at], text[at : at+size], text[at+size:]
}

func (p pattern) matches(text string) bool {
	borders := p.borders
	for _, parts := range p.pieces {
		piece, border, behind := p.cut(text)
		if !pieceMatches(parts, piece) || !strings.HasPrefix(borders, border) || (border == "") != (borders == "") {
			return false
		}
		borders, text = borders[len(border):], behind
	}
	return true
}

// pieceMatches says whether a text consists of the parts, in their order, with anything
// between them.
func pieceMatches(parts []string, text string) bool {
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, found := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:last] {
		if found {
			_, text, found = strings.Cut(text, part)
		}
	}
	return found && strings.HasSuffix(text, parts[last])
}
