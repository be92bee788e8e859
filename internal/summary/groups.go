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

// what a grouping is by, those by time last. Different values of those from ofActor to
// ofOrganization are counted in [Group.Distinct].
type what int

const (
	aField what = iota - 1
	ofActor
	ofAccount
	ofAddress
	ofUserAgent
	ofType
	ofOrganization
	anHour
	aDay
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

// isShown says whether a message may have the value.
func (g Grouping) isShown() bool {
	return g.what == ofActor || g.what == ofType || g.what == ofOrganization || g.ByTime()
}

// values are those of an activity that groups are about; "" for what is not known.
type values struct {
	texts     [distincts]string
	actorType string
}

func valuesOf(a *activity.Activity, ofGroups bool) (v values) {
	v.texts[ofType], v.texts[ofOrganization] = normal(a.Type), text(a.OrganizationID)
	if a.Actor == nil {
		return v
	}
	v.texts[ofActor], v.actorType = normal(a.Actor.ID()), text(a.Actor.Type)
	if ofGroups {
		v.texts[ofAccount] = activity.FoldMail(cmp.Or(text(a.Actor.EmailAddress), text(a.Actor.UnauthenticatedEmailAddress)))
		v.texts[ofAddress] = network(text(a.Actor.IPAddress))
		v.texts[ofUserAgent] = text(a.Actor.UserAgent)
	}
	return v
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
	untimed int // so many groupings come first, and then those by time
	spent   *spent
	numbers map[string]int32
	types   map[int32]string // the texts of those that are types
	all     map[string]*group
	members map[member]int64
	usual   map[string]usual // by the key without times
	key     []byte           // of the current activity; its memory is used again
}

type group struct {
	number   int32
	key      string   // as makeKey makes it
	shown    []string // of each grouping what a message may have, or ""
	count    int64
	distinct [distincts]int64
	newest   place
	moments  []moment // for Within
}

// member is a value of a group.
type member struct {
	group, number int32
	what          uint8
}

// usual counts the activities of the baseline that are alike, for each hour or day.
type usual map[uint32]int64

func newGroups(options Options, spent *spent) groups {
	options.GroupBy = slices.SortedFunc(slices.Values(options.GroupBy), func(a, b Grouping) int { return cmp.Compare(a.what, b.what) })
	untimed := slices.IndexFunc(options.GroupBy, Grouping.ByTime)
	if untimed < 0 {
		untimed = len(options.GroupBy)
	}
	return groups{
		Options: options, untimed: untimed, spent: spent, numbers: map[string]int32{}, types: map[int32]string{},
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

// makeKey writes the numbers in which the activities of a group are alike, and says whether all
// are known. An actor that is known by its type only has that, as a negative number.
func (g *groups) makeKey(a *activity.Activity, v *values, at time.Time) (known bool) {
	g.key, known = g.key[:0], true
	for _, by := range g.GroupBy {
		number := g.number(by.text(a, v, at))
		if number == 0 && by.what == ofActor {
			number = -g.number(v.actorType)
		}
		g.key = binary.NativeEndian.AppendUint32(g.key, uint32(number))
		known = known && number > 0
	}
	return known
}

// text is what activities are alike in, compared as its kind is; "" for what is not known.
func (g Grouping) text(a *activity.Activity, v *values, at time.Time) string {
	switch g.what {
	case anHour:
		return at.Format("2006-01-02T15")
	case aDay:
		return at.Format(time.DateOnly)
	case aField:
		text := normal(g.field.Text(a))
		switch g.field.Kind {
		case activity.Mail:
			return activity.FoldMail(text)
		case activity.Address:
			return network(text)
		}
		return text
	}
	return v.texts[g.what]
}

func (g *groups) add(a *activity.Activity, v *values, at place) {
	if len(g.GroupBy) == 0 {
		return
	}
	g.makeKey(a, v, at.at)
	same := g.all[string(g.key)]
	if same == nil {
		same = g.begin(a, v, at.at)
	}
	var numbers [distincts]int32
	for i, text := range v.texts {
		numbers[i] = g.number(text)
	}
	g.types[numbers[ofType]] = v.texts[ofType]
	if g.Within > 0 {
		same.moments = append(same.moments, moment{at, numbers})
		g.spent.on(Stretch, v.texts[ofType])
		return
	}
	if same.count++; same.count == 1 || at.compare(same.newest) > 0 {
		same.newest = at
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
func (g *groups) begin(a *activity.Activity, v *values, at time.Time) *group {
	made := &group{number: int32(len(g.all)), key: string(g.key)}
	g.all[made.key] = made
	g.spent.on(Groups, "")
	for _, by := range g.GroupBy {
		text := by.text(a, v, at)
		switch {
		case text == "" && by.what == ofActor:
			text = cmp.Or(v.actorType, None)
		case text == "":
			text = None
		case !by.isShown():
			text = ""
		}
		made.shown = append(made.shown, text)
		if by.isShown() {
			g.spent.on(Groups, text)
		}
	}
	return made
}

// addUsual counts an activity of the baseline. Of what is not known, nobody can say that it
// was the same.
func (g *groups) addUsual(a *activity.Activity, v *values, at time.Time) {
	if at.Before(g.Start.Add(-g.Baseline)) || !g.makeKey(a, v, at) {
		return
	}
	alike, times := g.key[:4*g.untimed], g.key[4*g.untimed:]
	same := g.usual[string(alike)]
	if same == nil {
		same = usual{}
		g.usual[string(alike)] = same
		g.spent.on(Baseline, "")
	}
	bucket := uint32(0)
	if len(times) > 0 {
		bucket = binary.NativeEndian.Uint32(times) // of an hour, which comes before a day
	}
	if same[bucket]++; same[bucket] == 1 {
		g.spent.on(Baseline, "")
	}
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
	shown := Group{
		Count: of.count, Keys: map[string]string{}, ByType: map[string]int64{}, Distinct: map[string]int64{}, NewestID: of.newest.ID, NewestCreatedAt: of.newest.CreatedAt,
	}
	for i, by := range g.GroupBy {
		if of.shown[i] != "" {
			shown.Keys[by.Name] = of.shown[i]
		}
	}
	for i, name := range Distinct() {
		shown.Distinct[name] = of.distinct[i]
	}
	if same := g.usual[of.key[:4*g.untimed]]; same != nil {
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
