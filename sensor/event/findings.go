package event

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
)

// FindingRoom is how many sources, hosts or networks of one class are told apart; FindingMemory is what all of them take then, in octets.
const (
	FindingRoom   = 512
	FindingMemory = FindingRoom * shelfCount * gatheredOctets
)

// forgotten is how long a finding must be silent before another may take its place.
const forgotten = 24 * time.Hour

// The shelves: each class of findings has its own room, so that a flood of one pushes none of another out.
const (
	shelfBackscatter = iota
	shelfExposed
	shelfInside
	shelfExploit
	shelfProbe
	shelfCount
)

// Findings gathers what is about popups without being one: a document at once for each source, host or network, then one for each hour with
// news; of exposed hosts one at once on each day, and one at its end where there was more. Each class holds room for as many; order of
// eviction: the one silent longest, if for a day and nothing of it is untold; where none is, the newcomers share one finding: invented
// packets push nothing out and make no flood of documents. After every Popup, Signal, Advance and Finish ask Next until it gives nil. Not safe
// for use by several goroutines.
type Findings struct {
	builder  *Builder
	room     int
	shelves  [shelfCount]shelf
	attempts attempts
	due      time.Time // end of the hour; zero before the first finding
	ready    []telling
	out      Finding
	evicted  uint64
}

// shelf holds the findings of one class.
type shelf struct {
	places map[findingKey]*gathered
	order  []*gathered // as they came
	rest   *gathered
	full   time.Time // nothing can be evicted before
}

// findingKey is what findings of one class are told apart by.
type findingKey struct {
	kind    string
	subject netip.Prefix
	day     int64 // of exposed hosts
}

// telling is a document that is due.
type telling struct {
	of  *gathered
	at  time.Time
	nth uint64 // document of its finding
}

// NewFindings makes a gatherer that takes memory octets at most; 0 takes FindingMemory.
func NewFindings(b *Builder, memory int64) *Findings {
	room := FindingRoom
	if memory > 0 {
		room = int(max(1, min(memory/(shelfCount*gatheredOctets), FindingRoom)))
	}
	f := &Findings{builder: b, room: room, attempts: newAttempts()}
	for i := range f.shelves {
		f.shelves[i].places = make(map[findingKey]*gathered)
	}
	return f
}

// Evicted is how many findings were forgotten for newer ones.
func (f *Findings) Evicted() uint64 { return f.evicted }

// add counts one packet that shows a finding.
func (f *Findings) add(shelf int, s *sighting) {
	if f.due.IsZero() {
		f.due = s.at().Truncate(time.Hour).Add(time.Hour)
	}
	g := f.place(shelf, s)
	g.count(s)
	if g.told == 0 && !g.hushed() {
		f.tell(g, s.at())
	}
}

// place finds or makes the place of what a packet shows.
func (f *Findings) place(i int, s *sighting) *gathered {
	h := &f.shelves[i]
	key := s.key()
	if g := h.places[key]; g != nil {
		return g
	}
	if len(h.places) >= f.room && !f.evict(h, s.at()) {
		if h.rest == nil {
			h.rest = newGathered(s)
			h.rest.share()
		}
		return h.rest
	}
	g := newGathered(s)
	h.places[key] = g
	h.order = append(h.order, g)
	return g
}

// evict forgets the finding that is silent longest, ties to the older, if it is silent for a day and all of it is told.
func (f *Findings) evict(h *shelf, now time.Time) bool {
	if now.Before(h.full) {
		return false
	}
	oldest := -1
	for i, g := range h.order {
		if !g.news() && (oldest < 0 || g.finding.Last.Before(h.order[oldest].finding.Last)) {
			oldest = i
		}
	}
	if oldest < 0 || now.Sub(h.order[oldest].finding.Last) < forgotten {
		h.full = f.due // until then nothing is told, and what is told may go
		if oldest >= 0 {
			h.full = earlier(f.due, h.order[oldest].finding.Last.Add(forgotten))
		}
		return false
	}
	h.drop(oldest)
	f.evicted++
	return true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// drop takes a finding off the shelf.
func (h *shelf) drop(i int) {
	delete(h.places, h.order[i].key)
	copy(h.order[i:], h.order[i+1:])
	h.order[len(h.order)-1] = nil
	h.order = h.order[:len(h.order)-1]
}

// Advance makes the documents of an hour that is over due, and ends the findings of a day that is.
func (f *Findings) Advance(now time.Time) {
	if f.due.IsZero() || now.Before(f.due) {
		return
	}
	f.release(f.due)
	for i := range f.shelves {
		f.shelves[i].end(f.due)
	}
	f.due = now.Truncate(time.Hour).Add(time.Hour)
}

// end forgets the findings that are over: exposed hosts with their day, and those that never came to be one.
func (h *shelf) end(now time.Time) {
	kept := h.order[:0]
	for _, g := range h.order {
		if g.over(now) {
			delete(h.places, g.key)
			continue
		}
		kept = append(kept, g)
	}
	clear(h.order[len(kept):])
	h.order = kept
	if h.rest != nil && h.rest.told == 0 {
		h.rest = nil
	}
}

// Finish makes what no document tells yet due, at the time of its last packet.
func (f *Findings) Finish() { f.release(time.Time{}) }

// release makes the documents due that have news. The zero time takes that of the last packet of each.
func (f *Findings) release(at time.Time) {
	for i := range f.shelves {
		h := &f.shelves[i]
		for _, g := range h.order {
			f.renew(g, at)
		}
		if h.rest != nil {
			f.renew(h.rest, at)
		}
	}
}

func (f *Findings) renew(g *gathered, at time.Time) {
	if !g.news() || !at.IsZero() && !g.tells(at) {
		return
	}
	if at.IsZero() {
		at = g.latest
	}
	f.tell(g, at)
}

// tell makes a document due.
func (f *Findings) tell(g *gathered, at time.Time) {
	g.told++
	g.stale = false
	f.ready = append(f.ready, telling{g, at, g.told})
}

// Next is the next document that is due, by class and then in the order in which findings came; nil when there is none.
func (f *Findings) Next() *Event {
	if len(f.ready) == 0 {
		f.ready = f.ready[:0]
		return nil
	}
	t := f.ready[0]
	f.ready[0] = telling{}
	f.ready = f.ready[1:]
	f.out = t.of.document(f)
	f.out.Time, f.out.Again, f.out.nth = t.at, t.nth > 1, t.nth
	return f.builder.Finding(&f.out)
}

// network is the destination network that probes and exploit attempts share a finding by. What leaves the home networks, or passes by them,
// is one: the sensor is not there to count other people's networks.
func network(a netip.Addr, dir decoders.Direction) netip.Prefix {
	if dir == decoders.DirectionOutbound || dir == decoders.DirectionExternal {
		return netip.Prefix{}
	}
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// host is an address as what a finding is about.
func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a.WithZone(""), a.BitLen()) }
