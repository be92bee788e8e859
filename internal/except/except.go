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

// Add adds an exception. One without conditions lets nothing through. Those that need no look
// at JSON come first.
func (e *Exceptions) Add(conditions []*Condition) {
	slices.SortStableFunc(conditions, func(a, b *Condition) int { return cmp.Compare(a.cost(), b.cost()) })
	*e = append(*e, conditions)
}

func (c *Condition) cost() int {
	if c.path.Typed() {
		return 0
	}
	return 1
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

	texts    map[string]bool
	patterns map[affix][]string
	affixes  map[affixKind]bool // that there are
	ranges   map[netip.Prefix]bool
	widths   map[int]bool // of the ranges, in bits
}

// affix is what a text has to end with, or else to begin with, for a pattern to match. Patterns
// are found by it, so that thousands of them cost little more than one.
type affix struct {
	text  string
	atEnd bool
}

type affixKind struct {
	length int
	atEnd  bool
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
		path: path, texts: make(map[string]bool, len(values)), patterns: map[affix][]string{}, affixes: map[affixKind]bool{},
		ranges: map[netip.Prefix]bool{}, widths: map[int]bool{},
	}
	var faults []*ValueError
	for _, value := range values {
		if fault := c.add(c.fold(value)); fault != 0 {
			faults = append(faults, &ValueError{fault, value})
		}
	}
	return c, faults
}

func (c *Condition) add(value string) Fault {
	switch {
	case value == "":
		return EmptyValue
	case strings.Contains(value, "*"):
		if fault := c.checkPattern(value); fault != 0 {
			return fault
		}
		c.addPattern(value)
	case c.path.Kind != activity.Address:
		c.texts[value] = true
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
		if err != nil || ip.Zone() != "" {
			return NotAnAddress
		}
		ip = ip.Unmap() // a range of one
		c.ranges[netip.PrefixFrom(ip, ip.BitLen())], c.widths[ip.BitLen()] = true, true
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

// forms are the texts that all values of a field look like, where that is known.
var forms = map[string][]string{
	"type":                     activitytype.Known,
	"organization_id":          {"org_01" + rest},
	"organization_uuid":        {rest + "-" + rest + "-4" + rest + "-" + rest + "-" + rest},
	"actor.type":               activity.ActorTypes,
	"actor.user_id":            {"user_01" + rest},
	"actor.api_key_id":         {"apikey_01" + rest},
	"actor.admin_api_key_id":   {"admin_api_key_01" + rest},
	"actor.service_account_id": {"svac_01" + rest},
	"actor.directory_id":       {"directory_01" + rest},
}

// checkPattern refuses what would let everything through.
func (c *Condition) checkPattern(value string) Fault {
	if c.path.Key == "id" {
		return PatternOfID
	}
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return NothingNamed
	}
	forms := forms[c.path.Key]
	if len(forms) > 0 && !slices.ContainsFunc(forms, func(form string) bool { return !c.patternMatches(value, form) }) {
		return MatchesAll
	}
	return 0
}

// fold makes one what is compared as one: a text as Terraform holds it, in NFC, and of e-mail
// addresses upper and lower case, also where a letter has two forms of one of them.
func (c *Condition) fold(text string) string {
	text = norm.NFC.String(text)
	if c.path.Kind == activity.Mail {
		return activity.FoldMail(text)
	}
	return text
}

// matches says whether a text is one of the values.
func (c *Condition) matches(text string) bool {
	text = c.fold(text)
	if c.texts[text] || c.matchesPattern(text) {
		return true
	}
	if len(c.ranges) == 0 {
		return false
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	for bits := range c.widths {
		if c.ranges[netip.PrefixFrom(ip, bits).Masked()] {
			return true
		}
	}
	return false
}

func (c *Condition) addPattern(value string) {
	key := affix{value[strings.LastIndexByte(value, '*')+1:], true}
	if key.text == "" {
		key.text, _, _ = strings.Cut(value, "*")
		key.atEnd = false
	}
	c.patterns[key] = append(c.patterns[key], value)
	c.affixes[affixKind{len(key.text), key.atEnd}] = true
}

func (c *Condition) matchesPattern(text string) bool {
	for kind := range c.affixes {
		if kind.length > len(text) {
			continue
		}
		key := affix{text[:kind.length], kind.atEnd}
		if kind.atEnd {
			key.text = text[len(text)-kind.length:]
		}
		if slices.ContainsFunc(c.patterns[key], func(pattern string) bool { return c.patternMatches(pattern, text) }) {
			return true
		}
	}
	return false
}

// isBorder is what no * stands for: in an e-mail address, what could make two of one.
func (c *Condition) isBorder(r rune) bool {
	return c.path.Kind == activity.Mail && (r == '@' || r == ',' || r == ';' || unicode.IsSpace(r))
}

// patternMatches says whether a text is a pattern's. Only the last * so far ever has to take
// more: what one before it could take, it can take itself, unless there is a border, and then
// neither can.
func (c *Condition) patternMatches(pattern, text string) bool {
	star, taken := -1, 0 // where the last * is, and where what it takes ends
	p, t := 0, 0
	for p < len(pattern) || t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, t
			p++
		case p < len(pattern) && t < len(text) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0 && taken < len(text):
			next, size := utf8.DecodeRuneInString(text[taken:])
			if c.isBorder(next) {
				return false
			}
			taken += size
			p, t = star+1, taken
		default:
			return false
		}
	}
	return true
}
