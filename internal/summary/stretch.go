package summary

import (
	"slices"
	"time"
)

// moment is an activity of a group that is counted within a stretch of time. Parts of a read
// come in any order, so all of them are kept to the end.
type moment struct {
	place
	idAsSent, createdAtAsSent string
	numbers                   [distincts]int32 // of its values
}

// findStretch finds the stretch with the most activities: from one activity, included, to so
// much later, excluded. Of several it is the newest.
func (g *group) findStretch(within time.Duration) {
	all := g.stretch
	slices.SortFunc(all, func(a, b moment) int { return a.compare(b.place) })
	end := 0
	for begin := range all {
		for end < len(all) && all[end].createdAt.Before(all[begin].createdAt.Add(within)) {
			end++
		}
		if n := int64(end - begin); n >= g.count {
			newest := &all[end-1]
			g.count, g.newest, g.id, g.createdAt = n, newest.place, newest.idAsSent, newest.createdAtAsSent
		}
	}
}

// countStretches counts, for each value of each group, the most that any stretch has. Within
// a stretch, values come at its end and go at its beginning.
func (g *groups) countStretches(of []*group, into []Group) {
	counts := make([]int64, len(g.numbers)+1)
	for i, group := range of {
		for what, name := range Distinct() {
			different, most := int64(0), int64(0)
			end := 0
			for begin := range group.stretch {
				for ; end < len(group.stretch) && group.stretch[end].createdAt.Before(group.stretch[begin].createdAt.Add(g.Within)); end++ {
					number := group.stretch[end].numbers[what]
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
				if number := group.stretch[begin].numbers[what]; number != 0 {
					if counts[number]--; counts[number] == 0 {
						different--
					}
				}
			}
			into[i].Distinct[name] = most
		}
	}
}
