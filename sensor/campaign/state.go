package campaign

import (
	"encoding/gob"
	"fmt"
	"maps"
	"slices"
	"time"
)

// savedTracker comes first in the state of a Tracker: how much follows.
type savedTracker struct {
	Opened  uint64
	Held    int64 // octets of all records
	Slots   int
	Free    []int32
	Closing []Update
	Recent  []savedForm
	Heard   time.Time // the latest of the last messages of all campaigns

	Due                 time.Time // of the next pass
	Fresh, Small, Grown []uint32  // what it will look at

	Buckets, Anchors   int // of the similarity tables
	Keys               int // places
	Totals, Records    int
	Lost, LostMessages uint64
}

// savedForm is a place of Tracker.recent that is taken.
type savedForm struct {
	At   int
	Name formName
	Slot int32
}

// Save writes everything that is remembered, record by record, in an order that depends on nothing but what happened. What was shed so far
// is left out: that is told by the run in which it happened.
func (t *Tracker) Save(enc *gob.Encoder) error {
	if err := enc.Encode(t.saved()); err != nil {
		return fmt.Errorf("save campaigns: %w", err)
	}
	for _, id := range slices.Sorted(maps.Keys(t.retired.totals)) {
		if err := enc.Encode(t.retired.totals[id]); err != nil {
			return fmt.Errorf("save the total of campaign %s: %w", id, err)
		}
	}
	for _, list := range []*recency{&t.rare, &t.common} {
		for r := list.root.prev; r != list.root; r = r.prev {
			if err := enc.Encode(t.savedRecord(r)); err != nil {
				return fmt.Errorf("save campaign %s: %w", r.id, err)
			}
		}
	}
	if err := t.similar.save(enc); err != nil {
		return fmt.Errorf("save what campaigns resemble: %w", err)
	}
	if err := t.anchors.save(enc); err != nil {
		return fmt.Errorf("save what forms have in common: %w", err)
	}
	if err := t.keys.save(enc); err != nil {
		return fmt.Errorf("save what campaigns advertise: %w", err)
	}
	return nil
}

func (t *Tracker) saved() *savedTracker {
	head := &savedTracker{
		Opened: t.opened, Held: t.held, Slots: len(t.records), Free: t.free, Closing: t.closing,
		Due: t.pass.due, Fresh: t.pass.fresh, Small: t.pass.small, Grown: t.pass.grown,
		Buckets: len(t.similar.buckets), Anchors: len(t.anchors.buckets), Keys: len(t.keys.places), Totals: len(t.retired.totals), Records: t.remembered(),
		Lost: t.retired.lost, LostMessages: t.retired.lostMessages,
	}
	for _, r := range t.records {
		if r != nil && r.last.After(head.Heard) {
			head.Heard = r.last
		}
	}
	for i := range t.recent {
		if f := &t.recent[i]; f.rec != nil {
			head.Recent = append(head.Recent, savedForm{i, f.name, f.rec.slot})
		}
	}
	return head
}

// Load reads what Save wrote into a new Tracker. Where it has less memory than was taken, campaigns go in the usual order of eviction and
// count as shed; what Advance gives first are the closing updates of their parts. After an error the Tracker is of no use.
func (t *Tracker) Load(dec *gob.Decoder) error {
	var head savedTracker
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("load campaigns: %w", err)
	}
	if head.Slots < 0 || head.Slots > maxSlots || head.Slots-len(head.Free) != head.Records {
		return fmt.Errorf("load campaigns: %d in %d places, %d of them free", head.Records, head.Slots, len(head.Free))
	}
	t.opened, t.held, t.closing, t.free = head.Opened, head.Held, head.Closing, head.Free
	t.records = make([]*record, head.Slots)
	t.retired.lost, t.retired.lostMessages = head.Lost, head.LostMessages
	if err := t.loadTotals(dec, head.Totals); err != nil {
		return err
	}
	if err := t.loadRecords(dec, head.Records, head.Heard); err != nil {
		return err
	}
	if err := t.checkFree(); err != nil {
		return err
	}
	t.loadRecent(head.Recent)
	t.pass.due, t.pass.fresh, t.pass.small, t.pass.grown = head.Due, head.Fresh, head.Small, head.Grown
	return t.loadTables(dec, &head)
}

func (t *Tracker) loadTables(dec *gob.Decoder, head *savedTracker) error {
	if err := t.loadSimilar(dec, t.similar, head.Buckets, t.resemble); err != nil {
		return fmt.Errorf("load what campaigns resemble: %w", err)
	}
	if err := t.loadSimilar(dec, t.anchors, head.Anchors, t.anchor); err != nil {
		return fmt.Errorf("load what forms have in common: %w", err)
	}
	t.anchors.sparse()
	if err := t.loadKeys(dec, head.Keys); err != nil {
		return fmt.Errorf("load what campaigns advertise: %w", err)
	}
	return nil
}

func (t *Tracker) loadTotals(dec *gob.Decoder, n int) error {
	k := &t.retired
	for range n {
		total := new(Total)
		if err := dec.Decode(total); err != nil {
			return fmt.Errorf("load the total of a campaign: %w", err)
		}
		half := k.half(total.Messages)
		if *half >= k.places {
			k.lost++
			k.lostMessages += total.Messages
			continue
		}
		*half++
		k.totals[total.ID] = total
	}
	return nil
}

// loadRecords takes campaigns in the order in which they would be evicted: so the first go where not all have room. Their parts close at the
// time of the latest message: at that of their own last one, documents of theirs may have been written.
func (t *Tracker) loadRecords(dec *gob.Decoder, n int, heard time.Time) error {
	known := words{}
	for range n {
		var s savedRecord
		if err := dec.Decode(&s); err != nil {
			return fmt.Errorf("load a campaign: %w", err)
		}
		if s.Slot < 0 || int(s.Slot) >= len(t.records) || t.records[s.Slot] != nil || len(s.Forms) == 0 {
			return fmt.Errorf("load campaign %s: place %d is not free, or it has no form", s.ID, s.Slot)
		}
		r := s.record(&t.sorter)
		known.share(&r.standing)
		t.place(r, &s)
		if t.held+t.made > t.limit {
			t.forget(r, heard)
		}
	}
	return nil
}

// place puts a loaded campaign where it was.
func (t *Tracker) place(r *record, s *savedRecord) {
	t.records[r.slot] = r
	for i := range r.reps {
		if s.Sorted>>i&1 != 0 {
			t.shinglesOf(r, i)
		}
	}
	t.countMade(r)
	for _, name := range r.forms {
		t.byForm[name] = r.slot
	}
	t.list(r).push(r)
	if s.Due {
		at, _ := t.dueOf(r) // earlier than it was where this run has a shorter time of silence
		if s.DueAt.Before(at) {
			at = s.DueAt
		}
		t.due.set(r, at)
	}
}

func (t *Tracker) loadRecent(forms []savedForm) {
	for _, f := range forms {
		if f.At < 0 || f.At >= recentForms || f.Slot < 0 || int(f.Slot) >= len(t.records) {
			continue
		}
		if r := t.records[f.Slot]; r != nil { // nil: it had no room
			t.recent[f.At] = recentForm{f.Name, r}
		}
	}
}

// checkFree holds that what is called free is: a campaign that opens would take the place of another.
func (t *Tracker) checkFree() error {
	for _, slot := range t.free {
		if slot < 0 || int(slot) >= len(t.records) || t.records[slot] != nil {
			return fmt.Errorf("load campaigns: place %d is free and taken", slot)
		}
	}
	return nil
}

// words are the words of standings, each held once: campaigns are many, rules few. It is bounded by what a state file can name.
type words map[string]string

// maxWords is how many words are held; further ones are not shared.
const maxWords = 4096

func (w words) share(s *Standing) {
	s.Verdict, s.Lure = w.one(s.Verdict), w.one(s.Lure)
	for i := range s.Rules {
		s.Rules[i] = w.one(s.Rules[i])
	}
}

func (w words) one(word string) string {
	if held, ok := w[word]; ok {
		return held
	}
	if len(w) < maxWords {
		w[word] = word
	}
	return word
}
