package fakeapi

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Spec describes a generated feed. The same Spec always makes the same feed.
type Spec struct {
	// Activities is their number.
	Activities int
	// Seed makes feeds differ.
	Seed uint64
	// Newest is the time that no activity is newer than; zero means
	// 2026-09-01T00:00:00Z.
	Newest time.Time
	// Span is how long before Newest the feed begins; zero means 30 days.
	Span time.Duration
	// Shape spreads the activities over the span; nil means [Evenly].
	Shape Shape
}

// A Shape maps the share of the activities that have happened, oldest first, to the
// share of the span that has passed by then. Both are from 0 to 1, and it must
// never decrease. A constant puts all activities at the same time.
type Shape func(share float64) float64

// Evenly spreads the activities over the whole span.
func Evenly(share float64) float64 { return share }

// EmptyMiddle leaves the given share of the span, in its middle, without activities.
func EmptyMiddle(empty float64) Shape {
	return func(share float64) float64 {
		if share < 0.5 {
			return share * (1 - empty)
		}
		return share*(1-empty) + empty
	}
}

// Bursts puts all activities into n short bursts, each at the start of one of n
// equal parts of the span and a thousandth of that part long.
func Bursts(n int) Shape {
	return func(share float64) float64 {
		burst, within := math.Modf(share * float64(n))
		return (burst + within/1000) / float64(n)
	}
}

// Generate returns a feed that makes each activity when it is asked for, so that a
// feed of a million takes no more memory than one of ten. The activities are a
// mix of all types still recorded and of all actors, with nulls, nested values and text in
// many scripts. Several often share their created_at; some have fractions of a second. All
// names and addresses are of the ranges kept for documentation.
func Generate(s Spec) *Feed {
	if s.Newest.IsZero() {
		s.Newest = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	}
	if s.Span == 0 {
		s.Span = 30 * 24 * time.Hour
	}
	if s.Shape == nil {
		s.Shape = Evenly
	}
	return &Feed{generated: &generated{Spec: s, world: newWorld(s.Seed)}}
}

// generated is a [source]. All about activity i follows from the seed and i.
type generated struct {
	Spec
	world *world
}

func (g *generated) count() int { return g.Activities }

// createdAt never decreases with i. To have ties, some neighbours are given the time
// of the first of them, and in three seconds of four all fractions are dropped.
func (g *generated) createdAt(i int) time.Time {
	i = g.firstOfTie(i)
	jitter := newRandom(^g.Seed, uint64(i))
	share := g.Shape((float64(i) + jitter.share()) / float64(g.Activities))
	t := g.Newest.Add(-g.Span).Add(time.Duration(share * float64(g.Span))).UTC()
	second := newRandom(g.Seed, uint64(t.Unix()))
	switch second.below(12) {
	case 0, 1, 2:
		return t.Truncate(time.Microsecond)
	default:
		return t.Truncate(time.Second)
	}
}

// firstOfTie groups the indexes by eight, out of step with the usual page sizes so
// that ties lie across page borders too. Of these groups a quarter has one
// time for all, a quarter one for its middle.
func (g *generated) firstOfTie(i int) int {
	const size, shift = 8, 3
	group, within := (i+shift)/size, (i+shift)%size
	r := newRandom(g.Seed+1, uint64(group))
	switch r.below(4) {
	case 0:
		return max(0, i-within)
	case 1:
		if within >= 2 && within < 6 {
			return max(0, i-within+2)
		}
	}
	return i
}

func (g *generated) position(i int) position {
	t := g.createdAt(i)
	return position{t, g.id(i, t), i}
}

// id returns an ID whose order is that of the indexes among activities of the same
// time, as ties are broken by ID, but tells nothing about the order otherwise.
func (g *generated) id(i int, createdAt time.Time) string {
	scramble := newRandom(g.Seed+2, uint64(createdAt.UnixNano()))
	tail := newRandom(g.Seed+3, uint64(i))
	return string(appendActivityID(make([]byte, 0, 40), &scramble, i, &tail))
}

func appendActivityID(dst []byte, scramble *random, number int, tail *random) []byte {
	dst = append(dst, "activity_01"...)
	dst = scramble.appendLetters(dst, 4)
	for unit := base * base * base * base; unit > 0; unit /= base {
		dst = append(dst, alphabet[number/unit%base])
	}
	return tail.appendLetters(dst, 13)
}

func (g *generated) traits(i int) traits {
	d := g.draft(i)
	t := traits{activityType: d.kind.name, userID: d.actor.userID}
	if d.organization != nil {
		t.organizationID, t.organizationUUID = d.organization.id, d.organization.uuid
	}
	return t
}

func (g *generated) appendJSON(dst []byte, i int) []byte {
	t := g.createdAt(i)
	dst = append(dst, `{"id":"`...)
	dst = append(dst, g.id(i, t)...)
	dst = append(dst, `","created_at":"`...)
	dst = appendTime(dst, t)
	dst = append(dst, '"')
	return g.draft(i).appendJSON(dst)
}

// appendTime writes a time as the API does, in UTC with no decimals or exactly six.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.AppendFormat(dst, time.RFC3339)
	}
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
}

// The letters of IDs, in ascending order, so that numbers written with them sort.
const (
	alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base     = len(alphabet)
)

// random is a stream of numbers that follows from two.
type random struct{ rand.PCG }

func newRandom(a, b uint64) random {
	var r random
	r.Seed(a, b)
	return r
}

// below returns a number from 0 to n-1.
func (r *random) below(n int) int { return int((r.Uint64() >> 32) % uint64(n)) }

// share returns a number from 0 up to but not including 1.
func (r *random) share() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// oneIn is true once in n times.
func (r *random) oneIn(n int) bool { return r.below(n) == 0 }

func (r *random) appendLetters(dst []byte, n int) []byte {
	for n > 0 {
		// One number is good for ten letters.
		for u, i := r.Uint64(), 0; i < 10 && n > 0; u, i, n = u/uint64(base), i+1, n-1 {
			dst = append(dst, alphabet[u%uint64(base)])
		}
	}
	return dst
}
