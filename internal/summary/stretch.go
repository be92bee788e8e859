package summary

import (
	"iter"
	"slices"
	"time"
)

// moment is an activity of a group that is counted within a stretch of time. Parts of a read
// come in any order, so all of them are kept to the end.
type moment struct {
	place
	numbers [distincts]int32 // of its values
}

// stretches are the first moment of each, included, and the one so much later, excluded.
func (g *group) stretches(within time.Duration) iter.Seq2[int, int] {
	return func(yield func(begin, end int) bool) {
		end := 0
		for begin := range g.moments {
			until := g.moments[begin].at.Add(within)
			for end < len(g.moments) && g.moments[end].at.Before(until) {
				end++
			}
			if !yield(begin, end) {
				return
			}
		}
	}
}

// findStretch finds the stretch with the most activities. Of several it is the newest.
func (g *group) findStretch(within time.Duration) {
	slices.SortFunc(g.moments, func(a, b moment) int { return a.compare(b.place) })
	for begin, end := range g.stretches(within) {
		if n := int64(end - begin); n >= g.count {
			g.count, g.newest = n, g.moments[end-1].place
		}
	}
}

// countStretches counts, for each value of each group, the most that any stretch has. Within
// a stretch, values come at its end and go at its beginning.
func (g *groups) countStretches(of []*group, into []Group) {
	counts := make([]int64, len(g.numbers)+1)
	for i, group := range of {
		for what, name := range Distinct() {
			different, most, counted := int64(0), int64(0), 0
			for begin, end := range group.stretches(g.Within) {
				for ; counted < end; counted++ {
					number := group.moments[counted].numbers[what]
					if number == 0 {
						continue
					}
					if counts[number]++; counts[number] == 1 {
						different++
						most = max(most, different)
					}
					if what == int(ofType) {
						text := g.types[number]
						into[i].ByType[text] = max(into[i].ByType[text], counts[number])
					}
				}
				if number := group.moments[begin].numbers[what]; number != 0 {
					if counts[number]--; counts[number] == 0 {
						different--
					}
				}
			}
			into[i].Distinct[name] = most
		}
	}
}
