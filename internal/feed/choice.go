package feed

import "github.com/compliance-feed/terraform-provider-compliance/internal/activity"

// choice is what of a page is in the result.
type choice struct {
	kept     []activity.Activity
	excepted int              // that count
	any      bool             // there is something kept or excepted
	anyNew   bool             // some activity has not come before
	mixed    bool             // one has come in another shard
	ids      map[string]known // of the page
	full     int              // with how many activities of the page a read has MaxActivities; 0 if it has not
}

// known is what has become of an activity that came.
type known struct {
	shard *shard
	fate  fate
}

// fate is what becomes of an activity. If two copies of it differ, the higher one holds.
type fate int

const (
	unseen fate = iota
	skip
	except
	keep
)

func (r *Request) fateOf(a *activity.Activity) fate {
	switch {
	case r.Skip != nil && r.Skip(a):
		return skip
	case r.Except != nil && r.Except(a):
		return except
	}
	return keep
}

// choose decides about the activities of a page, in the same memory. The read changes only
// when the choice is taken.
func (r *read) choose(s *shard, activities []activity.Activity) choice {
	c := choice{kept: activities[:0], ids: make(map[string]known, len(activities))}
	for i := range activities {
		a := &activities[i]
		id, is := a.Identity(), r.request.fateOf(a)
		was, onPage := c.ids[id]
		if !onPage {
			was = s.seen[id]
		}
		c.anyNew = c.anyNew || was.fate == unseen
		c.mixed = c.mixed || was.fate != unseen && was.shard != s
		c.ids[id] = known{s, max(was.fate, is)}
		if is <= was.fate || is == skip {
			continue
		}
		c.any = true
		if counts := r.request.CountExcepted == nil || r.request.CountExcepted(a); counts && is == except {
			c.excepted++
		} else if counts && was.fate == except {
			c.excepted--
		}
		if is == keep {
			c.kept = append(c.kept, *a)
			if r.request.MaxActivities > 0 && len(c.kept) == r.missing() {
				c.full = i + 1
			}
		}
	}
	clear(activities[len(c.kept):])
	return c
}
