package campaign

import (
	"container/heap"
	"slices"
	"strings"
	"time"
)

// dueHeap orders campaigns with an open part by when they may be due, then by id. A campaign's time in the heap is never later than its true one: a message that moves
// it later costs nothing, it is looked at again when the time comes. What it compares and writes lies apart from the campaigns: most of those are in no cache.
type dueHeap struct {
	entries []dueEntry
	places  []int32 // by slot: of its entry, plus one; 0: none
}

type dueEntry struct {
	at   instant
	slot int32
	r    *record
}

// instant is a time that compares fast.
type instant struct {
	sec  int64
	nsec int32
}

func instantOf(t time.Time) instant { return instant{t.Unix(), int32(t.Nanosecond())} }

func (a instant) before(b instant) bool { return a.sec < b.sec || a.sec == b.sec && a.nsec < b.nsec }

// time is the instant in UTC, as packet times are.
func (a instant) time() time.Time { return time.Unix(a.sec, int64(a.nsec)).UTC() }

func (h *dueHeap) Len() int { return len(h.entries) }
func (h *dueHeap) Less(i, j int) bool {
	a, b := &h.entries[i], &h.entries[j]
	return a.at.before(b.at) || a.at == b.at && a.r.id < b.r.id
}

func (h *dueHeap) Swap(i, j int) {
	h.entries[i], h.entries[j] = h.entries[j], h.entries[i]
	h.places[h.entries[i].slot], h.places[h.entries[j].slot] = int32(i+1), int32(j+1)
}

// Push is there for heap.Interface: set puts entries in.
func (h *dueHeap) Push(any) {}

// Pop is for container/heap alone.
func (h *dueHeap) Pop() any {
	last := len(h.entries) - 1
	h.places[h.entries[last].slot] = 0
	h.entries[last] = dueEntry{}
	h.entries = h.entries[:last]
	return nil
}

// place is where a campaign stands, -1 where it does not.
func (h *dueHeap) place(r *record) int {
	if int(r.slot) >= len(h.places) {
		return -1
	}
	return int(h.places[r.slot]) - 1
}

func (h *dueHeap) set(r *record, at time.Time) {
	i := h.place(r)
	if i < 0 {
		i = len(h.entries)
		h.entries = append(h.entries, dueEntry{slot: r.slot, r: r})
		for int(r.slot) >= len(h.places) {
			h.places = append(h.places, 0)
		}
		h.places[r.slot] = int32(i + 1)
	}
	h.entries[i].at = instantOf(at)
	heap.Fix(h, i)
}

func (h *dueHeap) lower(r *record, at time.Time) {
	if i := h.place(r); i < 0 || instantOf(at).before(h.entries[i].at) {
		h.set(r, at)
	}
}

func (h *dueHeap) drop(r *record) {
	if i := h.place(r); i >= 0 {
		heap.Remove(h, i)
	}
}

// Advance is what is due by now: updates of campaigns with new messages, and the closing ones of parts that were idle too long or whose campaign was evicted or found
// to be another. Each bears the time when it was due; they come in order of that time, then of id. Call it before each frame. The slice is reused, its elements are the caller's.
func (t *Tracker) Advance(now time.Time) []Update {
	t.out = t.out[:0]
	if at := t.pass.due; !at.IsZero() && !at.After(now) {
		t.release(at)
		t.rescue(at)
	}
	t.release(now)
	if len(t.out) > 1 {
		slices.SortStableFunc(t.out, func(a, b Update) int {
			if c := a.Time.Compare(b.Time); c != 0 {
				return c
			}
			return strings.Compare(string(a.ID), string(b.ID))
		})
	}
	return t.out
}

// release adds what is due by now to out.
func (t *Tracker) release(now time.Time) {
	if len(t.closing) > 0 {
		t.out = append(t.out, t.closing...)
		clear(t.closing)
		t.closing = t.closing[:0]
	}
	for until := instantOf(now); len(t.due.entries) > 0 && !until.before(t.due.entries[0].at); {
		looked, r := t.due.entries[0].at, t.due.entries[0].r
		at, closes := t.dueOf(r)
		if looked.before(instantOf(at)) {
			t.due.set(r, at)
			continue
		}
		if closes {
			t.out = append(t.out, t.close(r, at))
			continue
		}
		t.out = append(t.out, t.update(r, CausePeriod, at))
	}
}

// dueOf is when the campaign's open part is truly due, and whether it then closes.
func (t *Tracker) dueOf(r *record) (at time.Time, closes bool) {
	idle := r.last.Add(t.cfg.Idle)
	if r.dirty && r.nextUpdate.Before(idle) {
		return r.nextUpdate, false
	}
	return idle, true
}

// Finish closes all open parts at the end of input, after what is due by then. The slice is reused, its elements are the caller's.
func (t *Tracker) Finish(now time.Time) []Update {
	out := t.Advance(now)
	open := slices.Clone(t.due.entries)
	slices.SortFunc(open, func(a, b dueEntry) int { return strings.Compare(string(a.r.id), string(b.r.id)) })
	for _, e := range open {
		out = append(out, t.close(e.r, now))
	}
	t.out = out
	return out
}
