package campaign

import (
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// savedRecord is a campaign in a state file.
type savedRecord struct {
	ID     ID
	Slot   int32
	Born   uint64
	Size   int64
	Norms  []string   // of its representatives
	Sorted uint8      // those of them whose shingles were made
	Reps   [][]uint32 // their shingles, in a state that was written before these were made when they are asked for
	Forms  []formName // aliases follow from them

	Merged []formName
	Agreed *savedConsensus // nil before the second form
	Sealed bool
	Tool   tool

	Pattern  string
	Waiting  []string
	Variants uint32
	Compared uint8

	Seals  []string
	Family string // the one sealed name of a state that was written before there were several

	From, To, Sample string
	Keys             []savedTally // none, or one of each kind
	States           [StateCount]uint64
	Emitters         []string
	Reportable       uint64
	Judged           bool
	Standing         Standing
	MessagesEver     uint64
	Past             *savedSums
	Before           *Total

	Open, Opening, Dirty      bool
	Part, Updated, NextUpdate time.Time
	Sums                      savedSums
	Due                       bool // it stands in the heap
	DueAt                     time.Time
}

// savedConsensus is what the forms of a campaign have in common.
type savedConsensus struct {
	Forms, Next uint8
	Limit       uint32
	Shingles    []uint32
	Counts      []uint8
	Anchors     []uint32
	Common      int
}

// savedSums are the counts of one part.
type savedSums struct {
	First, Last           time.Time
	Messages, Submissions uint64
	Sources, Targets      decoders.Distinct
	Ports                 []PortCount
	Routes                uint8
	Hours                 []hourCount
	Sweep                 sweep
}

// savedTally are the keys of one kind; their tags follow from them.
type savedTally struct {
	Keys  []Key
	Lobby []uint32 // none, or waiting
}

// savedRecord is what is saved of a campaign.
func (t *Tracker) savedRecord(r *record) *savedRecord {
	s := &savedRecord{
		ID: r.id, Slot: r.slot, Born: r.born, Size: r.size, Sorted: r.sorted, Forms: r.forms, Merged: r.merged, Sealed: r.sealed, Seals: r.seals(), Tool: r.tool,
		Pattern: r.pattern, Waiting: r.waiting, Variants: r.variants, Compared: r.compared,
		From: r.from, To: r.to, Sample: r.sample, States: r.states, Emitters: r.emitters, Reportable: r.reportable,
		Judged: r.judged, Standing: r.standing, MessagesEver: r.messagesEver, Before: r.before,
		Open: r.open, Opening: r.opening, Dirty: r.dirty, Part: r.part, Updated: r.updated, NextUpdate: r.nextUpdate,
		Sums: *r.sums.saved(),
	}
	for _, rep := range r.reps {
		s.Norms = append(s.Norms, rep.Norm)
	}
	if c := r.agreed; c != nil {
		s.Agreed = &savedConsensus{c.forms, c.next, c.limit, c.shingles, c.counts, c.anchors, c.common}
	}
	if i := t.due.place(r); i >= 0 {
		s.Due, s.DueAt = true, t.due.entries[i].at.time()
	}
	if r.past != nil {
		s.Past = r.past.saved()
	}
	if r.keys != nil {
		for i := range r.keys {
			s.Keys = append(s.Keys, r.keys[i].saved())
		}
	}
	return s
}

// record makes the campaign anew. Its size is the one that was counted: a run that stops and goes on evicts as one that does not.
func (s *savedRecord) record(sorter *text.Sorter) *record {
	r := &record{
		id: s.ID, slot: s.Slot, born: s.Born,
		from: s.From, to: s.To, sample: s.Sample, states: s.States, emitters: s.Emitters, reportable: s.Reportable,
		judged: s.Judged, standing: s.Standing, messagesEver: s.MessagesEver, before: s.Before,
		open: s.Open, opening: s.Opening, dirty: s.Dirty, part: s.Part, updated: s.Updated, nextUpdate: s.NextUpdate,
	}
	r.reps, r.forms, r.aliases = r.alone.rep[:0], r.alone.form[:0], r.alone.alias[:0]
	for _, norm := range s.Norms {
		r.reps = append(r.reps, sorter.Form(norm))
	}
	for _, rep := range s.Reps {
		r.reps = append(r.reps, text.FormOf(rep))
	}
	for _, name := range s.Forms {
		if slices.Contains(s.Merged, name) {
			r.join(name)
		} else {
			r.addName(name)
		}
	}
	r.sealed = s.Sealed
	for _, name := range s.Seals {
		r.alias(name)
	}
	if s.Family != "" {
		r.alias(s.Family)
	}
	if c := s.Agreed; c != nil {
		r.agreed = &consensus{c.Forms, c.Next, c.Limit, c.Shingles, c.Counts, c.Anchors, c.Common}
	}
	r.tool, r.pattern, r.waiting, r.variants, r.compared = s.Tool, s.Pattern, s.Waiting, s.Variants, s.Compared
	r.sums = s.Sums.sums(r.alone.port[:0], r.alone.hour[:0])
	if s.Past != nil {
		past := s.Past.sums(nil, nil)
		r.past = &past
	}
	if len(s.Keys) == int(kinds) {
		r.keys = new([kinds]tally)
		for i := range s.Keys {
			r.keys[i].restore(&s.Keys[i])
		}
	}
	r.size = s.Size
	return r
}

func (s *sums) saved() *savedSums {
	return &savedSums{s.first, s.last, s.messages, s.submissions, s.sources, s.targets, s.ports, s.routes, s.hours, s.sweep}
}

// sums gives the counts back; its ports and hours take the room that is given where they fit.
func (s *savedSums) sums(ports []PortCount, hours []hourCount) sums {
	return sums{s.First, s.Last, s.Messages, s.Submissions, s.Sources, s.Targets, append(ports, s.Ports...), s.Routes, append(hours, s.Hours...), s.Sweep}
}

func (t *tally) saved() savedTally {
	s := savedTally{Keys: t.keys}
	if t.lobby != nil {
		s.Lobby = slices.Clone(t.lobby[:])
	}
	return s
}

func (t *tally) restore(s *savedTally) {
	t.keys = s.Keys[:min(len(s.Keys), maxTracked)]
	for i, k := range t.keys {
		t.put(i, k, uint8(hashString(k.Value)))
	}
	if len(s.Lobby) == waiting {
		t.lobby = (*[waiting]uint32)(s.Lobby)
	}
}
