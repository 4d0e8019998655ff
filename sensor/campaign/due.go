package campaign

import (
	"container/heap"
	"slices"
	"strings"
	"time"
)

// dueHeap orders campaigns with an open part by when they may be due, then by id. A campaign's time in the heap is never later than its true one: a message that moves
// it later costs nothing, it is looked at again when the time comes.
type dueHeap []*record

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	if c := h[i].dueAt.Compare(h[j].dueAt); c != 0 {
		return c < 0
	}
	return h[i].id < h[j].id
}

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].dueIndex, h[j].dueIndex = i+1, j+1
}

// Push is for container/heap alone.
func (h *dueHeap) Push(x any) {
	r := x.(*record)
	*h = append(*h, r)
	r.dueIndex = len(*h)
}

// Pop is for container/heap alone.
func (h *dueHeap) Pop() any {
	old := *h
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	r.dueIndex = 0
	return r
}

func (h *dueHeap) set(r *record, at time.Time) {
	r.dueAt = at
	if r.dueIndex > 0 {
		heap.Fix(h, r.dueIndex-1)
		return
	}
	heap.Push(h, r)
}

func (h *dueHeap) lower(r *record, at time.Time) {
	if r.dueIndex == 0 || at.Before(r.dueAt) {
		h.set(r, at)
	}
}

func (h *dueHeap) drop(r *record) {
	if r.dueIndex > 0 {
		heap.Remove(h, r.dueIndex-1)
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
	t.out = append(t.out, t.closing...)
	clear(t.closing)
	t.closing = t.closing[:0]
	for len(t.due) > 0 && !t.due[0].dueAt.After(now) {
		r := t.due[0]
		at, closes := t.dueOf(r)
		if at.After(r.dueAt) {
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
	open := slices.Clone(t.due)
	slices.SortFunc(open, func(a, b *record) int { return strings.Compare(string(a.id), string(b.id)) })
	for _, r := range open {
		out = append(out, t.close(r, now))
	}
	t.out = out
	return out
}
