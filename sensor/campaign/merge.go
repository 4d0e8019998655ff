package campaign

import (
	"slices"
	"time"
)

// maxMerged bounds the ids of campaigns found to be the same that a campaign bears as aliases. The last document of each says whose it is now.
const maxMerged = 19 // with the other aliases 64

// merge makes the younger of two campaigns part of the elder, and gives that: its later messages go there. What documents said stays as it is: the younger's open
// part closes, with the elder's id among its aliases, and its counts stay under its own id.
func (t *Tracker) merge(a, b *record, at time.Time) *record {
	if b.born < a.born {
		a, b = b, a
	}
	b.alias(string(a.id))
	if b.open {
		t.closing = append(t.closing, t.close(b, at))
	}
	t.retired.keep(b)
	t.list(b).remove(b)
	t.list(a).remove(a)
	t.due.drop(b)
	before := a.size
	t.takeNames(a, b)
	t.takeForms(a, b)
	t.takeKeys(a, b)
	a.messagesEver += b.messagesEver
	t.held += a.size - before - b.size
	t.made -= b.made
	if a.messagesEver >= sealedAt && !a.sealed {
		t.seal(a)
	}
	t.list(a).push(a)
	t.records[b.slot] = nil
	t.free = append(t.free, b.slot)
	for i := range t.recent {
		if t.recent[i].rec == b {
			t.recent[i].rec = a
		}
	}
	return a
}

// takeNames gives the elder the younger's names. That of its first form is kept even where there are too many: it would open the younger again.
func (t *Tracker) takeNames(a, b *record) {
	for i, name := range b.forms {
		opens := slices.Contains(b.opens(), name)
		if opens && len(a.merged) < maxMerged {
			a.join(name)
		} else if i == 0 || len(a.forms) >= maxForms {
			delete(t.byForm, name)
			continue
		} else {
			a.addName(name)
		}
		t.byForm[name] = a.slot
	}
}

// opens are the forms that name a campaign: its first one, and those of the campaigns that were found to be the same.
func (r *record) opens() []formName { return append(r.forms[:1:1], r.merged...) }

// join adds the form of a campaign that was found to be the same: its id becomes an alias.
func (r *record) join(name formName) {
	r.forms, r.merged = append(r.forms, name), append(r.merged, name)
	r.alias(name.after("cmp1-"))
	r.size += formIndex
}

// takeForms gives the elder what the younger's forms are like.
func (t *Tracker) takeForms(a, b *record) {
	for i, rep := range b.reps {
		if rep.Empty() {
			continue
		}
		if len(a.reps) < maxReps {
			t.addRep(a, rep)
			bands := bandsOf(rep)
			t.similar.add(bands[:], a)
		}
		if i == 0 || b.agreed == nil {
			t.combine(a, rep)
		}
	}
	t.countMade(a)
}

// takeKeys gives the elder what the younger advertised.
func (t *Tracker) takeKeys(a, b *record) {
	if b.keys == nil {
		return
	}
	if a.keys == nil {
		a.keys = new([kinds]tally)
		a.size += tallySize
	}
	for kind := range b.keys {
		for _, k := range b.keys[kind].keys {
			a.size += a.keys[kind].take(k)
			if h, ok := keyHash(kind, k.Value); ok {
				t.keys.add(h, ownerOf(a))
			}
		}
	}
}
