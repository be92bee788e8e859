package summary

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// MaxGroups is how many groups a summary shows at most.
const MaxGroups = 1000

// ErrTooManyGroups says that there are more than [MaxGroups].
var ErrTooManyGroups = errors.New("too many groups")

// Group is the activities that are alike in what they are grouped by. With a stretch of time
// ([Options.Within]), each of its numbers is the most that any stretch has.
type Group struct {
	Count int64

	// Keys are what the activities have in common, by the name of the grouping. What could
	// name a person or an address is left out, unless it is [None].
	Keys map[string]string

	ByType map[string]int64

	// Distinct is how many different known actors, accounts, addresses, user agents, types
	// and organizations the activities have, by the name of the grouping.
	Distinct map[string]int64

	// NewestID and NewestCreatedAt are those of the newest activity, as sent.
	NewestID, NewestCreatedAt string

	Usual Usual
}

// Usual is what the baseline has of a group's like. Mean and Deviation are those of the hours
// or days of the baseline in which there were any, if groups are by hour or day.
type Usual struct {
	Count           int64
	Mean, Deviation float64
}

// Grouping is one thing that activities can be grouped by. Make one with [NewGrouping].
type Grouping struct {
	Name string

	what  what
	field *activity.Path // for aField
}

// what a grouping is by. Different values of the first are counted in [Group.Distinct].
type what int

const (
	ofActor what = iota
	ofAccount
	ofAddress
	ofUserAgent
	ofType
	ofOrganization
	anHour
	aDay
	aField
)

const distincts = ofOrganization + 1

var groupings = [...]string{"actor", "account", "ip_address", "user_agent", "type", "organization", "hour", "day"}

// Groupings are the names of what activities can be grouped by besides their fields.
func Groupings() []string { return groupings[:] }

// Distinct are the names of the values that groups count in [Group.Distinct].
func Distinct() []string { return groupings[:distincts] }

// NewGrouping returns the grouping of a name: one of [Groupings], or the key of a field. Its
// error is an [*activity.PathError].
func NewGrouping(name string) (Grouping, error) {
	if i := slices.Index(groupings[:], name); i >= 0 {
		return Grouping{Name: name, what: what(i)}, nil
	}
	field, err := activity.NewPath(name)
	return Grouping{Name: name, what: aField, field: field}, err
}

// ByTime says whether the grouping is by hour or day.
func (g Grouping) ByTime() bool { return g.what == anHour || g.what == aDay }

// shown says whether a message may have the value.
func (g Grouping) shown() bool {
	return g.what == ofActor || g.what == ofType || g.what == ofOrganization
}

// values are those of an activity that groups are about; "" for what is not known.
type values struct {
	texts     [distincts]string
	actorType string
}

func valuesOf(a *activity.Activity) (v values) {
	v.texts[ofType], v.texts[ofOrganization] = normal(a.Type), text(a.OrganizationID)
	if a.Actor != nil {
		v.texts[ofActor], v.actorType = normal(a.Actor.ID()), text(a.Actor.Type)
	}
	return v
}

// ofGroups adds those that only groups need.
func (v *values) ofGroups(actor *activity.Actor) {
	if actor != nil {
		v.texts[ofAccount] = activity.FoldMail(cmp.Or(text(actor.EmailAddress), text(actor.UnauthenticatedEmailAddress)))
		v.texts[ofAddress] = network(text(actor.IPAddress))
		v.texts[ofUserAgent] = text(actor.UserAgent)
	}
}

// network is an IPv4 address, or what one network has of an IPv6 address, or the text as it
// was sent if it is neither.
func network(text string) string {
	ip, err := netip.ParseAddr(text)
	switch {
	case err != nil, ip.Is4(): // of which there is one form
		return text
	case ip.Is4In6():
		return ip.Unmap().String()
	}
	return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
}

// groups counts them. Values are numbered from 1, so that what is kept of an activity is small.
type groups struct {
	Options
	spent   *spent
	numbers map[string]int32
	types   map[int32]string // the texts of those that are types
	all     map[string]*group
	members map[member]int64
	usual   map[string]usual
	key     []byte // of the current activity; its memory is used again
}

type group struct {
	number    int32
	key       string // as makeKey makes it
	keys      []string
	count     int64
	distinct  [distincts]int64
	newest    place
	id        string // of the newest, as sent; its place may have another
	createdAt string
	stretch   []moment // for Within
}

// member is a value of a group.
type member struct {
	group, number int32
	what          uint8
}

// usual counts the activities of the baseline that are alike, for each hour or day.
type usual map[int32]int64

func newGroups(options Options, spent *spent) groups {
	return groups{
		Options: options, spent: spent, numbers: map[string]int32{}, types: map[int32]string{},
		all: map[string]*group{}, members: map[member]int64{}, usual: map[string]usual{},
	}
}

// number tells values apart; 0 is for what is not known. Of a long one only the hash is kept,
// so that the memory does not grow with the length of what clients call themselves.
func (g *groups) number(value string) int32 {
	if value == "" {
		return 0
	}
	if len(value) > 2*sha256.Size {
		hash := sha256.Sum256([]byte(value))
		value = string(hash[:])
	}
	number, known := g.numbers[value]
	if !known {
		number = int32(len(g.numbers)) + 1
		g.numbers[value] = number
		g.spent.on(Groups, "")
	}
	return number
}

// makeKey writes the numbers in which the activities of a group are alike, those of times
// only if they are asked for, and says whether all are known. An actor that is known by its
// type only has that, as a negative number.
func (g *groups) makeKey(a *activity.Activity, v *values, at time.Time, times bool) (known bool) {
	g.key, known = g.key[:0], true
	for _, by := range g.GroupBy {
		if by.ByTime() {
			if times {
				g.key = binary.NativeEndian.AppendUint32(g.key, uint32(by.time(at)))
			}
			continue
		}
		number := int32(0)
		if by.what == aField {
			number = g.number(by.value(a))
		} else if number = g.number(v.texts[by.what]); number == 0 && by.what == ofActor {
			number = -g.number(v.actorType)
		}
		g.key = binary.NativeEndian.AppendUint32(g.key, uint32(number))
		known = known && number > 0
	}
	return known
}

// value is that of a field, compared as its kind is.
func (g Grouping) value(a *activity.Activity) string {
	text := normal(g.field.Text(a))
	switch g.field.Kind() {
	case activity.Mail:
		return activity.FoldMail(text)
	case activity.Address:
		return network(text)
	}
	return text
}

// time is the number of an hour or a day. None of RFC 3339's is negative.
func (g Grouping) time(at time.Time) int32 {
	const yearZero = 62167219200 // seconds before 1970
	seconds := at.Unix() + yearZero
	if g.what == anHour {
		return int32(seconds / 3600)
	}
	return int32(seconds / (24 * 3600))
}

func (g *groups) add(a *activity.Activity, v *values, at place) {
	if len(g.GroupBy) == 0 {
		return
	}
	v.ofGroups(a.Actor)
	g.makeKey(a, v, at.createdAt, true)
	same := g.all[string(g.key)]
	if same == nil {
		same = g.begin(v)
	}
	var numbers [distincts]int32
	for i, text := range v.texts {
		numbers[i] = g.number(text)
	}
	if numbers[ofType] != 0 && g.types[numbers[ofType]] == "" {
		g.types[numbers[ofType]] = v.texts[ofType]
	}
	if g.Within > 0 {
		same.stretch = append(same.stretch, moment{at, a.ID, a.CreatedAt, numbers})
		g.spent.on(Stretch, v.texts[ofType])
		return
	}
	if same.count++; same.count == 1 || at.compare(same.newest) > 0 {
		same.newest, same.id, same.createdAt = at, a.ID, a.CreatedAt
	}
	for i, number := range numbers {
		if number == 0 {
			continue
		}
		m := member{same.number, number, uint8(i)}
		n := g.members[m] + 1
		g.members[m] = n
		if n == 1 {
			same.distinct[i]++
			if what(i) != ofType {
				g.spent.on(Groups, "")
			} else {
				g.spent.on(Groups, v.texts[i]) // in by_type of each group
			}
		}
	}
}

// begin makes the group of the current key.
func (g *groups) begin(v *values) *group {
	made := &group{number: int32(len(g.all)), key: string(g.key)}
	g.all[made.key] = made
	g.spent.on(Groups, "")
	for _, by := range g.GroupBy {
		if by.shown() {
			text := v.texts[by.what]
			if text == "" && by.what == ofActor {
				text = v.actorType
			}
			made.keys = append(made.keys, cmp.Or(text, None))
			g.spent.on(Groups, text)
		}
	}
	return made
}

// addUsual counts an activity of the baseline. Of what is not known, nobody can say that it
// was the same.
func (g *groups) addUsual(a *activity.Activity, v *values, at time.Time) {
	if at.Before(g.Start.Add(-g.Baseline)) {
		return
	}
	v.ofGroups(a.Actor)
	if !g.makeKey(a, v, at, false) {
		return
	}
	same := g.usual[string(g.key)]
	if same == nil {
		same = usual{}
		g.usual[string(g.key)] = same
		g.spent.on(Baseline, "")
	}
	bucket := int32(0)
	if by, ok := g.byTime(); ok {
		bucket = by.time(at)
	}
	if same[bucket]++; same[bucket] == 1 {
		g.spent.on(Baseline, "")
	}
}

// byTime is the grouping by hour, or else the one by day.
func (g *groups) byTime() (by Grouping, ok bool) {
	for _, candidate := range g.GroupBy {
		if candidate.ByTime() && (!ok || candidate.what == anHour) {
			by, ok = candidate, true
		}
	}
	return by, ok
}

// Groups returns the groups of at least minCount activities: the largest first, and of
// equally large ones the one with the newest activity, in the API's order. If most is not
// zero, there are at most so many, and more says how many that leaves out. Otherwise its
// error may be [ErrTooManyGroups].
func (s *Summary) Groups(minCount int64, most int) (all []Group, more int, err error) {
	g := &s.groups
	var large []*group
	for _, candidate := range g.all {
		if g.Within > 0 {
			candidate.findStretch(g.Within)
		}
		if candidate.count >= minCount {
			large = append(large, candidate)
		}
	}
	slices.SortFunc(large, func(a, b *group) int { return cmp.Or(cmp.Compare(b.count, a.count), b.newest.compare(a.newest)) })
	switch {
	case most > 0 && len(large) > most:
		large, more = large[:most], len(large)-most
	case len(large) > MaxGroups:
		return nil, 0, ErrTooManyGroups
	}
	all = make([]Group, len(large))
	places := map[int32]int{}
	for i, large := range large {
		all[i] = g.show(large)
		places[large.number] = i
	}
	for m, n := range g.members {
		if i, is := places[m.group]; is && what(m.what) == ofType {
			all[i].ByType[g.types[m.number]] = n
		}
	}
	if g.Within > 0 {
		g.countStretches(large, all)
	}
	return all, more, nil
}

func (g *groups) show(of *group) Group {
	shown := Group{Count: of.count, Keys: map[string]string{}, ByType: map[string]int64{}, Distinct: map[string]int64{}, NewestID: of.id, NewestCreatedAt: of.createdAt}
	for i, name := range Distinct() {
		shown.Distinct[name] = of.distinct[i]
	}
	var base []byte // the key without times
	known := true
	keys := of.keys
	for i, by := range g.GroupBy {
		number := of.key[4*i : 4*i+4]
		switch {
		case by.what == anHour:
			shown.Keys[by.Name] = of.newest.createdAt.Format("2006-01-02T15")
			continue
		case by.what == aDay:
			shown.Keys[by.Name] = of.newest.createdAt.Format(time.DateOnly)
			continue
		case by.shown():
			shown.Keys[by.Name] = keys[0]
			keys = keys[1:]
		case binary.NativeEndian.Uint32([]byte(number)) == 0:
			shown.Keys[by.Name] = None
		}
		base = append(base, number...)
		known = known && int32(binary.NativeEndian.Uint32([]byte(number))) > 0
	}
	if same := g.usual[string(base)]; known && same != nil {
		shown.Usual = same.describe()
	}
	return shown
}

// describe adds in an order that is always the same, or the last digits would differ between
// two reads of the same.
func (u usual) describe() (shown Usual) {
	counts := slices.Sorted(maps.Values(u))
	for _, n := range counts {
		shown.Count += n
	}
	shown.Mean = float64(shown.Count) / float64(len(counts))
	for _, n := range counts {
		shown.Deviation += (float64(n) - shown.Mean) * (float64(n) - shown.Mean)
	}
	shown.Deviation = math.Sqrt(shown.Deviation / float64(len(counts)))
	return shown
}
