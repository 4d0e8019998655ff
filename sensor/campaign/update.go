package campaign

import (
	"slices"
	"time"
	"unsafe"

	"popupwatch/decoders"
)

// maxEmitters bounds the emitters of a campaign that are named: the first ones.
const maxEmitters = 16

// Note adds what the other judges found to a campaign's record; f is only read. It returns the update that is due at once, nil if there is none: the opening one with the
// first standing of a part, or one for a verdict that is worse than before. The campaign's standing is that of its first message of the highest level. Facts about a campaign that was
// evicted are dropped: its part has closed.
func (t *Tracker) Note(at time.Time, id ID, f *Facts) *Update {
	r := t.named(id)
	if r == nil {
		return nil
	}
	if f.HasSource {
		before := r.size
		r.source(f)
		t.held += r.size - before
	}
	if !f.HasStanding {
		return nil
	}
	worse := r.judge(&f.Standing)
	cause := CauseVerdict
	if r.opening {
		r.opening, cause = false, CauseOpened
	} else if !worse {
		return nil
	}
	u := t.update(r, cause, at)
	u.Worse = worse && f.Standing.Level > 0
	return &u
}

func (t *Tracker) named(id ID) *record {
	if t.last != nil && t.last.id == id && t.last.listed {
		return t.last
	}
	name, ok := nameIn(id)
	if !ok {
		return nil
	}
	if slot, ok := t.byForm[name]; ok && t.records[slot].id == id {
		return t.records[slot]
	}
	return nil
}

// judge takes a standing over if its level is higher than any before, and says so.
func (r *record) judge(s *Standing) bool {
	if r.judged && s.Level <= r.standing.Level {
		return false
	}
	r.judged, r.standing = true, *s
	r.standing.Rules = slices.Clone(s.Rules)
	return true
}

// source moves a source from one state to another.
func (r *record) source(f *Facts) {
	if f.State < 0 || f.State >= StateCount {
		return
	}
	if !f.NewSource && f.Previous >= 0 && f.Previous < StateCount && r.states[f.Previous] > 0 {
		r.states[f.Previous]--
	}
	r.states[f.State]++
	if f.Reportable && (f.NewSource || f.Previous != f.State) {
		r.reportable++
	}
	if f.Emitter != "" && len(r.emitters) < maxEmitters {
		if i, ok := slices.BinarySearch(r.emitters, f.Emitter); !ok {
			r.emitters = slices.Insert(r.emitters, i, f.Emitter)
			r.size += int64(len(f.Emitter)) + 16
		}
	}
}

// update is the campaign's state for a document of that time; the next one is then due a period later.
func (t *Tracker) update(r *record, cause Cause, at time.Time) Update {
	r.updated, r.dirty = at, false
	if cause != CauseClosed {
		t.due.set(r, r.last.Add(t.cfg.Idle))
	}
	u := Update{
		Time: at, Cause: cause, ID: r.id, Aliases: t.names(r), Part: r.part,
		First: r.first, Last: r.last, Messages: r.messages, Submissions: r.submissions,
		Sources: countOf(&r.sources), Targets: countOf(&r.targets), Ports: slices.Clone(r.ports), Routes: routeWords(r.routes),
		Domains: r.top(domains), URLs: r.top(urls), Phones: r.top(phones), Emails: r.top(emails),
		SampleFrom: r.from, SampleTo: r.to, SampleText: r.sample, Template: t.template(r),
		Standing: r.standing, SourcesByState: r.states, Emitters: slices.Clone(r.emitters), ReportableSources: r.reportable,
	}
	u.Standing.Rules = slices.Clone(r.standing.Rules)
	u.Hours, u.Sweep, u.Tool, u.Language = r.hourly(), r.sweep.order(), r.tool.marks(), languageOf(r.sample)
	u.Related, u.Atlas = t.relations(r), t.cfg.Atlas.namesOf(r, func() []uint32 { return t.shinglesOf(r, 0) })
	slices.SortFunc(u.Ports, func(a, b PortCount) int { return int(a.Port) - int(b.Port) })
	return u
}

// template is what the texts of a campaign have in common. Finding it out may give memory back.
func (t *Tracker) template(r *record) string {
	before := r.size
	s := r.template()
	t.held += r.size - before
	return s
}

// close ends the open part.
func (t *Tracker) close(r *record, at time.Time) Update {
	u := t.update(r, CauseClosed, at)
	t.due.drop(r)
	before := r.size
	r.archive()
	t.held += r.size - before
	return u
}

// archive adds the counts of the part that ends to those of the parts before.
func (r *record) archive() {
	r.open, r.opening = false, false
	r.size -= r.dropHours()
	held := r.sources.Size() + r.targets.Size()
	if r.past == nil { // what the counts hold goes over with them
		past := r.sums
		r.past, r.sums = &past, sums{}
		r.size += int64(unsafe.Sizeof(past))
		return
	}
	r.size += r.past.sources.Merge(&r.sources) + r.past.targets.Merge(&r.targets) - held
	r.past.messages += r.messages
	r.past.submissions += r.submissions
	r.sums = sums{}
}

func routeWords(routes uint8) (words []string) {
	for route := decoders.RouteRPC; route <= decoders.RouteMailslot; route++ {
		if routes&(1<<route) != 0 {
			words = append(words, route.String())
		}
	}
	slices.Sort(words)
	return words
}
