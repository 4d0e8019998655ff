package campaign

import (
	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// How a message finds its campaign (SPOOF-AND-CAMPAIGNS.md 7.5).
const (
	alike    = 0.50 // least exact Jaccard with a representative
	distinct = 0.80 // a member less like every representative than this becomes one
	akin     = 0.15 // least exact Jaccard where a key is common, and with the first form where another one is alike
)

// find is the assignment: the same form, or what search finds.
func (t *Tracker) find(form *text.Form, m *decoders.Message) *record {
	name := nameOf(form)
	recent := t.recentAt(name)
	if recent.rec != nil && recent.name == name {
		return recent.rec
	}
	r := t.search(form, name, m)
	*recent = recentForm{name, r}
	return r
}

// Find is the campaign that a text belongs to as it stands, or that is most like it; empty where none is. It counts nothing and remembers
// nothing: a text that somebody quotes is no message.
func (t *Tracker) Find(f *text.Features) ID {
	if f == nil || f.Form == nil || f.Form.Empty() {
		return ""
	}
	if slot, ok := t.byForm[nameOf(f.Form)]; ok {
		return t.records[slot].id
	}
	bands := bandsOf(f.Form)
	r, _ := t.nearest(f.Form, &bands)
	if r == nil {
		r = t.agreeing(f.Form)
	}
	if r == nil {
		return ""
	}
	return r.id
}

func (t *Tracker) recentAt(name formName) *recentForm {
	return &t.recent[(uint(name[0])|uint(name[1])<<8)%recentForms]
}

// search is the cascade: a form that is known, the most alike representative, the consensus that the form agrees with, a campaign of the same key
// that is akin, or a new campaign.
func (t *Tracker) search(form *text.Form, name formName, m *decoders.Message) *record {
	if slot, ok := t.byForm[name]; ok {
		return t.records[slot]
	}
	t.pass.expect(m.Time)
	bands := bandsOf(form)
	r, likeness := t.nearest(form, &bands)
	if r == nil {
		if r = t.agreeing(form); r != nil {
			likeness = 1 // no representative: what is common says more than one text
		}
	}
	if r == nil {
		r = t.corroborated(form, m.Features)
	}
	if r == nil {
		return t.add(form, name, &bands, m)
	}
	t.grow(r, form, name, &bands, likeness)
	before := r.size
	r.compare(m.Text.Shown)
	t.held += r.size - before
	return r
}

// grow adds a form to a campaign.
func (t *Tracker) grow(r *record, form *text.Form, name formName, bands *bandHashes, likeness float64) {
	before := r.size
	if len(r.forms) < maxForms {
		r.addName(name)
		t.byForm[name] = r.slot
	}
	if likeness < distinct && len(r.reps) < maxReps {
		t.addRep(r, form)
		t.similar.add(bands[:], r)
	}
	t.combine(r, form)
	t.held += r.size - before
}

// combine counts what one more form of a campaign has in common with the others.
func (t *Tracker) combine(r *record, form *text.Form) {
	if form.Empty() || len(r.reps) == 0 || r.agreed != nil && !r.agreed.wants(form) {
		return
	}
	var before int64
	if r.agreed == nil {
		r.agreed = newConsensus(t.shinglesOf(r, 0))
	} else {
		before = r.agreed.octets()
	}
	if r.agreed.add(t.sorter.Shingles(form), &t.mixer) {
		t.anchors.add(t.lowest(r.agreed.anchors, indexed), r)
		t.pass.grew(r)
	}
	r.size += r.agreed.octets() - before
}

// nearest is the campaign with the representative most like form, and how like; nil if none is alike. Ties go to the elder. A later representative counts only for a
// form that is akin to the first: else a text made of two campaigns' halves would be a bridge for one into the other.
func (t *Tracker) nearest(form *text.Form, bands *bandHashes) (best *record, likeness float64) {
	if form.Empty() {
		return nil, 0
	}
	for _, slot := range t.similar.candidates(bands[:], t.records, maxCandidates) {
		r := t.records[slot]
		for i, rep := range r.reps {
			if form.Unlike(rep) {
				continue
			}
			j := t.jaccard(form, r, i)
			if j < alike || i > 0 && t.jaccard(form, r, 0) < akin {
				continue
			}
			if best == nil || j > likeness || j == likeness && r.born < best.born {
				best, likeness = r, j
			}
		}
	}
	return best, likeness
}

// jaccard is the exact share of shingles that a form and a campaign's representative have in common.
func (t *Tracker) jaccard(form *text.Form, r *record, i int) float64 {
	return text.Jaccard(t.sorter.Shingles(form), t.shinglesOf(r, i))
}

// likeness is the exact share of shingles that the first representatives of two campaigns have in common.
func (t *Tracker) likeness(a, b *record) float64 {
	return text.Jaccard(t.shinglesOf(a, 0), t.shinglesOf(b, 0))
}

// indexed is how many anchors of a campaign are indexed: the lowest. sought is how many shingles of a form are looked up: those among which
// indexed anchors stand even if half of the form is noise.
const (
	indexed = 16
	sought  = maxHashes

	leastHits = 3 // indexed anchors that a form must have for a campaign to be looked at
)

// lowest gives the hashes of at most n shingles for the table of anchors. The slice is reused.
func (t *Tracker) lowest(shingles []uint32, n int) []uint64 {
	n = min(n, len(shingles))
	for i, h := range shingles[:n] {
		t.hashes[i] = anchorHash(h)
	}
	return t.hashes[:n]
}

// anchorHash spreads a shingle over the table of anchors.
func anchorHash(shingle uint32) uint64 { return (uint64(shingle) + 1) * 0x9e3779b97f4a7c15 }

// agreeing is the campaign that a form has most of the anchors of, nil if it has too few of each one's. Ties go to the elder.
func (t *Tracker) agreeing(form *text.Form) (best *record) {
	if t.cfg.Without&Agreement != 0 || len(form.Low) < leastAnchors {
		return nil
	}
	if t.anchors.has(form.Low) < leastHits {
		return nil
	}
	hashes := t.anchors.known(t.lowest(t.sorter.Shingles(form), sought))
	if len(hashes) < leastHits {
		return nil
	}
	most := agree
	for _, slot := range t.anchors.candidates(hashes, t.records, maxCandidates) {
		r := t.records[slot]
		if s := r.agreed.share(t.sorter.Shingles(form)); s > most || s == most && (best == nil || r.born < best.born) {
			best, most = r, s
		}
	}
	return best
}

// corroborated is the campaign that advertises the same and is akin, nil if there is none: the most alike one, ties to the elder.
func (t *Tracker) corroborated(form *text.Form, f *text.Features) (best *record) {
	if t.cfg.Without&Corroboration != 0 || f == nil || form.Empty() {
		return nil
	}
	var room [maxKeys]uint64
	likeness := akin
	for _, h := range keysOf(f, room[:0]) {
		for _, owner := range t.keys.owners(h) {
			r := t.owned(owner)
			if r == nil || len(r.reps) == 0 {
				continue
			}
			if j := t.jaccard(form, r, 0); j > likeness || j == likeness && (best == nil || r.born < best.born) {
				best, likeness = r, j
			}
		}
	}
	return best
}

// maxKeys is how many keys of a text are looked for without allocating: few texts have more.
const maxKeys = 16

// owned is the campaign of an owner, if it is still there.
func (t *Tracker) owned(owner uint32) *record {
	slot := int(owner&maxSlots) - 1
	if slot < 0 || slot >= len(t.records) {
		return nil
	}
	if r := t.records[slot]; r != nil && ownerOf(r) == owner {
		return r
	}
	return nil
}

// advertised remembers that a campaign has the keys of a text.
func (t *Tracker) advertised(r *record, f *text.Features) {
	var room [maxKeys]uint64
	for _, h := range keysOf(f, room[:0]) {
		t.keys.add(h, ownerOf(r))
	}
}

// add opens a campaign.
func (t *Tracker) add(form *text.Form, name formName, bands *bandHashes, m *decoders.Message) *record {
	slot := int32(len(t.records))
	if n := len(t.free); n > 0 {
		slot, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.records = append(t.records, nil)
	}
	t.opened++
	r := newRecord(t.spare, form, m, slot, t.opened)
	t.spare = nil
	t.addRep(r, form)
	r.before = t.retired.take(r.id)
	t.records[slot] = r
	t.byForm[name] = slot
	if !form.Empty() {
		t.similar.add(bands[:], r)
		t.pass.opened(r)
	}
	t.held += r.size
	return r
}
