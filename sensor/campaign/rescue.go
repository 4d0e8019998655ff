package campaign

import (
	"slices"
	"time"
)

// The pass that brings together what was too unlike at first (SPOOF-AND-CAMPAIGNS.md 7.5).
const (
	passEvery      = 10 * time.Minute // packet time
	related        = 0.30             // least exact Jaccard of neighbours
	neighbours     = 3                // that make a campaign the core of a cluster
	fewSubmissions = 3                // a campaign of so many is not rescued: its text does not vary
	sameAnchors    = 0.65             // share of the anchors that two campaigns which are one has in the other: 48 of 64
	maxAwaiting    = 4096             // campaigns that one pass looks at, the latest
	maxNeighbours  = 16
)

// pass is what the next pass will look at.
type pass struct {
	due   time.Time // zero: nothing new
	fresh []uint32  // owners of the campaigns that opened since the last one, in that order
	small []uint32  // of those that earlier ones found nothing for
	grown []uint32  // owners of those whose anchors were chosen anew
	found []*record
}

// expect sets the next pass after a new text. A clock that jumped ahead and came back does not put it off.
func (p *pass) expect(at time.Time) {
	if next := at.Add(passEvery); p.due.IsZero() || next.Before(p.due) {
		p.due = next
	}
}

func (p *pass) opened(r *record) { p.fresh = await(p.fresh, ownerOf(r)) }

func (p *pass) grew(r *record) {
	if owner := ownerOf(r); !slices.Contains(p.grown[max(0, len(p.grown)-8):], owner) {
		p.grown = await(p.grown, owner)
	}
}

// await adds to a list that forgets its elder half when it is full.
func await(list []uint32, owner uint32) []uint32 {
	if len(list) >= maxAwaiting {
		list = list[:copy(list, list[maxAwaiting/2:])]
	}
	return append(list, owner)
}

// rescue is one pass: campaigns that opened find a consensus that was not there yet, or each other; those whose forms have the same in common become one.
func (t *Tracker) rescue(at time.Time) {
	p := &t.pass
	p.due = time.Time{}
	if t.cfg.Without&Rescue == 0 {
		for _, owner := range p.fresh {
			if r := t.owned(owner); r != nil && small(r) {
				t.gather(r, at)
			}
		}
		t.bringHome(at)
	}
	for i := 0; i < len(p.grown); i++ { // merges make it longer
		if r := t.owned(p.grown[i]); r != nil {
			t.settle(r, at)
		}
	}
	p.fresh, p.grown = p.fresh[:0], p.grown[:0]
}

// bringHome gives every small campaign, of earlier passes too, to the one that it agrees with by now.
func (t *Tracker) bringHome(at time.Time) {
	p := &t.pass
	for _, owner := range p.fresh {
		p.small = await(p.small, owner)
	}
	p.small = slices.DeleteFunc(p.small, func(owner uint32) bool {
		r := t.owned(owner)
		return r == nil || !small(r) || t.home(r, at)
	})
}

// home gives a campaign to the one that it agrees with, if there is one.
func (t *Tracker) home(r *record, at time.Time) bool {
	home := t.agreeing(r.reps[0])
	t.countMade(r)
	if home == nil || home == r {
		return false
	}
	t.merge(home, r, at)
	return true
}

// small says whether a campaign may be rescued: it has no consensus of its own, and its sender hardly ever sent the same again.
func small(r *record) bool {
	return len(r.reps) > 0 && r.submissionsInAll() < fewSubmissions && (r.agreed == nil || len(r.agreed.anchors) == 0)
}

// gather finds a small campaign the one that it agrees with, or makes one of those around a core: itself, or one of its neighbours.
func (t *Tracker) gather(r *record, at time.Time) {
	if t.home(r, at) {
		return
	}
	near := slices.Clone(t.around(r))
	if len(near) >= neighbours {
		t.unite(r, near, at)
		return
	}
	for _, core := range near {
		if around := t.around(core); len(around) >= neighbours {
			t.unite(core, slices.Clone(around), at)
			return
		}
	}
}

// around are the small campaigns that are related to one, the eldest first. The slice is reused.
func (t *Tracker) around(r *record) []*record {
	t.pass.found = t.pass.found[:0]
	bands := bandsOf(r.reps[0])
	for _, slot := range t.similar.candidates(bands[:], t.records, maxNeighbours) {
		if o := t.records[slot]; o != r && small(o) && t.likeness(r, o) >= related {
			t.pass.found = append(t.pass.found, o)
		}
	}
	slices.SortFunc(t.pass.found, func(a, b *record) int { return int(int64(a.born - b.born)) })
	return t.pass.found
}

// unite makes one campaign of a core and those neighbours that agree with what they all have in common, if they are enough: texts of several
// campaigns that share a sentence are neighbours, too.
func (t *Tracker) unite(core *record, near []*record, at time.Time) {
	all := newConsensus(t.shinglesOf(core, 0))
	for _, r := range near {
		all.add(t.shinglesOf(r, 0), &t.mixer)
	}
	all.choose()
	near = slices.DeleteFunc(near, func(r *record) bool { return all.share(t.shinglesOf(r, 0)) < agree })
	if len(near) < neighbours || all.share(t.shinglesOf(core, 0)) < agree {
		return
	}
	for _, r := range near {
		core = t.merge(core, r, at)
	}
}

// settle brings a campaign that has new anchors together with those that have the same.
func (t *Tracker) settle(r *record, at time.Time) {
	if t.cfg.Without&Merges != 0 {
		return
	}
	for _, slot := range slices.Clone(t.anchors.candidates(t.lowest(r.agreed.anchors, sought), t.records, maxCandidates)) {
		if o := t.records[slot]; o != nil && o != r && oneCampaign(r, o) {
			r = t.merge(r, o, at)
		}
	}
}

// oneCampaign says whether the forms of two campaigns have the same in common: each has most of the other's anchors. The lowest of both would do where many forms
// are counted; of few, chance decides which those are. A text with another one in it has all its anchors, but not the other way round.
func oneCampaign(a, b *record) bool {
	return a.agreed.holds(b.agreed) >= sameAnchors && b.agreed.holds(a.agreed) >= sameAnchors
}
