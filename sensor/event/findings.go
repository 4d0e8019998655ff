package event

import (
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders"
)

// FindingRoom is how many quoted sources are told apart; 0 in FindingsConfig takes it.
const FindingRoom = 1024

// forgotten is how long a quoted source must be silent before another may take its place.
const forgotten = 24 * time.Hour

// Findings gathers ICMP errors that quote popups into one finding for each quoted source: a document at once, then one for each hour
// with news. It holds FindingRoom sources. Order of eviction: the one silent longest, if for a day; where none is, the newcomers share
// one finding: invented errors push nothing out and make no flood of documents. Not safe for use by several goroutines.
type Findings struct {
	builder *Builder
	room    int
	places  map[netip.Addr]*gathered
	order   []*gathered // as they came
	rest    *gathered
	due     time.Time // end of the hour; zero before the first finding
	ready   []*gathered
	evicted uint64
}

type gathered struct {
	finding Finding
	news    bool // counts that no document tells yet
}

// NewFindings makes a gatherer for at most room quoted sources; 0 takes FindingRoom.
func NewFindings(b *Builder, room int) *Findings {
	if room <= 0 {
		room = FindingRoom
	}
	return &Findings{builder: b, room: room, places: make(map[netip.Addr]*gathered)}
}

// Evicted is how many quoted sources were forgotten for newer ones.
func (f *Findings) Evicted() uint64 { return f.evicted }

// Add takes a signal; all but quotes that reach the RPC header are ignored. It returns the document of a quoted source that was not known, else nil.
func (f *Findings) Add(s *decoders.Signal, dir decoders.Direction) *Event {
	if s.Kind != decoders.SignalQuote || !s.QuoteHasHeader {
		return nil
	}
	if f.due.IsZero() {
		f.due = s.Time.Truncate(time.Hour).Add(time.Hour)
	}
	g, known := f.place(s, dir)
	g.count(s)
	if known {
		g.news = true
		return nil
	}
	return f.builder.Finding(&g.finding)
}

// place finds or makes the place of a quoted source.
func (f *Findings) place(s *decoders.Signal, dir decoders.Direction) (g *gathered, known bool) {
	key := s.QuoteSrc.Addr()
	if g = f.places[key]; g != nil {
		return g, true
	}
	if len(f.places) >= f.room && !f.evict(s.Time) {
		return f.share(s, dir)
	}
	g = &gathered{finding: backscatter(s, dir)}
	f.places[key] = g
	f.order = append(f.order, g)
	return g, false
}

// share is the finding of those that found no place.
func (f *Findings) share(s *decoders.Signal, dir decoders.Direction) (*gathered, bool) {
	if f.rest != nil {
		return f.rest, true
	}
	f.rest = &gathered{finding: backscatter(s, dir)}
	r := &f.rest.finding
	r.Surplus = true
	r.QuoteSrc, r.QuoteDst = netip.AddrPort{}, netip.AddrPort{}
	return f.rest, false
}

// evict forgets the source that is silent longest, ties to the older, if it is silent for a day and all of it is told.
func (f *Findings) evict(now time.Time) bool {
	oldest := -1
	for i, g := range f.order {
		if !g.news && (oldest < 0 || g.finding.Last.Before(f.order[oldest].finding.Last)) {
			oldest = i
		}
	}
	if oldest < 0 || now.Sub(f.order[oldest].finding.Last) < forgotten {
		return false
	}
	delete(f.places, f.order[oldest].finding.QuoteSrc.Addr())
	f.order = slices.Delete(f.order, oldest, oldest+1)
	f.evicted++
	return true
}

// Advance makes the documents of an hour that is over due.
func (f *Findings) Advance(now time.Time) {
	if f.due.IsZero() || now.Before(f.due) {
		return
	}
	f.release(f.due)
	f.due = now.Truncate(time.Hour).Add(time.Hour)
}

// Finish makes what no document tells yet due, at the time of its last packet.
func (f *Findings) Finish() { f.release(time.Time{}) }

func (f *Findings) release(at time.Time) {
	for _, g := range f.order {
		f.tell(g, at)
	}
	if f.rest != nil {
		f.tell(f.rest, at)
	}
}

func (f *Findings) tell(g *gathered, at time.Time) {
	if !g.news {
		return
	}
	g.news = false
	g.finding.Again = true
	if g.finding.Time = at; at.IsZero() {
		g.finding.Time = g.finding.Last
	}
	f.ready = append(f.ready, g)
}

// Next is the next document that is due, in the order in which the quoted sources came; nil when there is none. It must be asked until
// then after every Advance and Finish.
func (f *Findings) Next() *Event {
	if len(f.ready) == 0 {
		return nil
	}
	g := f.ready[0]
	f.ready[0] = nil
	f.ready = f.ready[1:]
	return f.builder.Finding(&g.finding)
}

// backscatter is the finding of one ICMP error, with nothing counted yet.
func backscatter(s *decoders.Signal, dir decoders.Direction) Finding {
	f := Finding{
		Class: ActionBackscatter, Time: s.Time, Outcome: "failure", Direction: dir,
		Src: s.Src, Dst: s.Dst, Protocol: protocolICMP, ICMPType: s.ICMPType, ICMPCode: s.ICMPCode,
		Marks: s.Marks, Iface: s.Iface, QuoteSrc: s.QuoteSrc, QuoteDst: s.QuoteDst, First: s.Time, Last: s.Time,
		Evidence: []string{"An ICMP error quotes a popup: who gets the error is who the popup claimed to come from."},
		Advice:   "Do not treat the quoted source as the sender: its address may be forged. If it is ours and sent nothing, tell the upstream provider.",
	}
	if s.Src.Addr().Is6() {
		f.Protocol = protocolICMPv6
	}
	return f
}

func (g *gathered) count(s *decoders.Signal) {
	f := &g.finding
	f.Count++
	if s.Time.Before(f.First) {
		f.First = s.Time
	}
	if s.Time.After(f.Last) {
		f.Last = s.Time
	}
	if len(f.Packets) < 16 {
		f.Packets = append(f.Packets, s.Frame)
	}
	if at, has := slices.BinarySearch(f.Ports, s.QuoteDst.Port()); !has && len(f.Ports) < 16 {
		f.Ports = slices.Insert(f.Ports, at, s.QuoteDst.Port())
	}
}
