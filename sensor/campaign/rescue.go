package campaign

import (
	"slices"
	"time"

	"popupwatch/decoders/text"
)

// The pass that brings together what was too unlike at first (SPOOF-AND-CAMPAIGNS.md 7.5).
const (
	passEvery     = 10 * time.Minute // packet time
	related       = 0.30             // least exact Jaccard of neighbours
	neighbours    = 3                // that make a campaign the core of a cluster
	smallMessages = 16               // a campaign of so many messages is no longer rescued: it merges by its anchors alone
	sameAnchors   = 0.75             // share of the anchors that two campaigns have in common which are one: 48 of 64
	maxAwaiting   = 4096             // campaigns that one pass looks at, the latest
	maxNeighbours = 16
)

// pass is what the next pass will look at.
type pass struct {
	due   time.Time // zero: nothing new
	fresh []uint32  // owners of the campaigns that opened since the last one, in that order
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
	}
	for i := 0; i < len(p.grown); i++ { // merges make it longer
		if r := t.owned(p.grown[i]); r != nil {
			t.settle(r, at)
		}
	}
	p.fresh, p.grown = p.fresh[:0], p.grown[:0]
}

// small says whether a campaign may be rescued: it has no consensus of its own, and few messages.
func small(r *record) bool {
	return len(r.reps) > 0 && r.messagesEver < smallMessages && (r.agreed == nil || len(r.agreed.anchors) == 0)
}

// gather finds a small campaign the one that it agrees with, or makes one of those around a core: itself, or one of its neighbours.
func (t *Tracker) gather(r *record, at time.Time) {
	if home := t.agreeing(r.reps[0]); home != nil && home != r {
		t.merge(home, r, at)
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
	bands := bandsOf(&text.Form{Sketch: text.SketchOf(r.reps[0])})
	for _, slot := range t.similar.candidates(bands[:], t.records, maxNeighbours) {
		if o := t.records[slot]; o != r && small(o) && text.Jaccard(r.reps[0], o.reps[0]) >= related {
			t.pass.found = append(t.pass.found, o)
		}
	}
	slices.SortFunc(t.pass.found, func(a, b *record) int { return int(int64(a.born - b.born)) })
	return t.pass.found
}

// unite makes one campaign of a core and its neighbours.
func (t *Tracker) unite(core *record, near []*record, at time.Time) {
	for _, r := range near {
		core = t.merge(core, r, at)
	}
}

// settle brings a campaign that has new anchors together with small ones that agree with it, and with one that has the same anchors.
func (t *Tracker) settle(r *record, at time.Time) {
	if t.cfg.Without&Rescue == 0 {
		for _, rep := range slices.Clone(r.reps) {
			bands := bandsOf(&text.Form{Sketch: text.SketchOf(rep)})
			for _, slot := range slices.Clone(t.similar.candidates(bands[:], t.records, maxNeighbours)) {
				if o := t.records[slot]; o != nil && o != r && small(o) && r.agreed.share(o.reps[0]) >= agree {
					r = t.merge(r, o, at)
				}
			}
		}
	}
	if t.cfg.Without&Merges != 0 {
		return
	}
	for _, slot := range slices.Clone(t.anchors.candidates(t.lowest(r.agreed.anchors, sought), t.records, maxCandidates)) {
		if o := t.records[slot]; o != nil && o != r && oneCampaign(r, o) {
			r = t.merge(r, o, at)
		}
	}
}

// oneCampaign says whether the forms of two campaigns have the same in common.
func oneCampaign(a, b *record) bool {
	if a.agreed == nil || b.agreed == nil || min(a.messagesEver, b.messagesEver) < smallMessages {
		return false
	}
	x, y := a.agreed.anchors, b.agreed.anchors
	if min(len(x), len(y)) < leastAnchors {
		return false
	}
	small, large := float64(min(a.agreed.common, b.agreed.common)), float64(max(a.agreed.common, b.agreed.common))
	return small >= proportion*large && float64(inBoth(x, y)) >= sameAnchors*float64(max(len(x), len(y)))
}
