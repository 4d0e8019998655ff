package reassembly

import (
	"container/list"
	"time"

	"popupwatch/decoders/wire"
)

// Bounds of one connection. What lies beyond a hole waits for the segments that fill it; a sender's timer runs for a second to three before
// it sends again (RFC 6298 section 2, RFC 1122 section 4.2.3.1).
const (
	holeWait  = 10 * time.Second
	maxBeyond = 1 << 16 // octets beyond a hole, of one end
	maxHeld   = 64      // segments beyond it
)

// Packet times after which a connection without a segment is over, by pool.
const (
	waitHalfOpen = 30 * time.Second
	waitData     = time.Minute
	waitClosed   = 10 * time.Second // for a RST that comes late: a host that never connected sends one
)

// What things are charged besides their octets.
const (
	streamOverhead = 640
	bufferOverhead = 192
	runOverhead    = 192
)

// Segment is one TCP segment of a connection; Data is borrowed for the call of Add.
type Segment[M any] struct {
	Key                StreamKey
	From               End
	Seq, Ack           uint32
	SYN, ACK, FIN, RST bool
	Data               []byte
	TTL                uint8
	Frame              uint64
	Time               time.Time
	Meta               M // kept with the octets
}

// Streams puts the segments of TCP connections into order, each direction by itself, and keeps what both show of their ends (RFC 9293). One
// policy holds for overlaps: the octets that came first stay, and a segment that contradicts them is counted. A hole that does not fill is
// stepped over. Four pools have bounds of their own, so that a flood of one kind evicts nothing of another: connections without data,
// those of which one end alone is seen to know the other's numbers, those of both, and those that are closed. In each the one that was
// touched longest ago goes first.
type Streams[M, S any] struct {
	ShedHalfOpen uint64 // connections without data that had to make room
	ShedStreams  uint64 // others: they were given out as far as they went

	begins  func(k StreamKey, from End, data []byte) bool
	streams map[StreamKey]*Stream[M, S]
	pools   [poolCount]pool
	holes   list.List       // of *Stream: those with a hole, longest first
	leaving []*Stream[M, S] // out of the table, for Release to give
	gone    *Stream[M, S]   // given by Release, to be used again
}

// The pools.
const (
	poolHalfOpen = iota
	poolOneSided
	poolJoined
	poolClosed
	poolCount
)

// pool is a part of the connections with its bounds. Their order is that in which they were touched last.
type pool struct {
	order list.List // of *Stream
	bytes int
	limit int
	hold  time.Duration
}

// NewStreams makes an empty one that takes so many octets. Begins says whether a connection of which no SYN was seen is one to follow, from
// the octets of a segment.
func NewStreams[M, S any](octets int, begins func(k StreamKey, from End, data []byte) bool) *Streams[M, S] {
	t := &Streams[M, S]{begins: begins, streams: map[StreamKey]*Stream[M, S]{}}
	eighth := octets / 8
	t.pools = [poolCount]pool{
		{limit: 2 * eighth, hold: waitHalfOpen}, {limit: 2 * eighth, hold: waitData}, {limit: 3 * eighth, hold: waitData},
		{limit: eighth, hold: waitClosed},
	}
	return t
}

// Add takes one segment. It gives the connection where that is followed, and what the segment was to it: wire.Stream, StreamAgain,
// StreamOverlap or StreamOutside. Else it gives wire.SMBOther, and keeps nothing. The caller then reads what is unread, says Update, and asks
// Release until it says no.
func (t *Streams[M, S]) Add(g *Segment[M]) (*Stream[M, S], wire.Reason) {
	s := t.streams[g.Key]
	if s != nil && t.replaces(s, g) {
		s = t.renew(s, g)
	}
	if s == nil {
		if s = t.open(g); s == nil {
			return nil, wire.SMBOther
		}
	}
	seen := &s.Evidence.Ends[g.From]
	seen.look(g.TTL)
	s.Evidence.Last = g.Time
	if !s.over {
		s.touched = g.Time
	}
	reason := s.take(g)
	switch reason {
	case wire.StreamAgain:
		count(&seen.Again)
	case wire.StreamOverlap:
		count(&seen.Overlaps)
	case wire.StreamOutside:
		count(&seen.Outside)
	}
	s.end()
	return s, reason
}

// open begins to follow a connection: at a SYN, or at data that begin as those of the Messenger do.
func (t *Streams[M, S]) open(g *Segment[M]) *Stream[M, S] {
	if g.RST || !g.opens() && (len(g.Data) == 0 || !t.begins(g.Key, g.From, g.Data)) {
		return nil
	}
	return t.make(g.Key, g.Time)
}

// opens says whether a segment is a SYN that its end may send.
func (g *Segment[M]) opens() bool { return g.SYN && g.ACK == (g.From == Server) }

func (t *Streams[M, S]) make(k StreamKey, now time.Time) *Stream[M, S] {
	s := t.gone
	if t.gone = nil; s == nil {
		s = new(Stream[M, S])
	}
	*s = Stream[M, S]{Key: k, touched: now}
	s.Evidence.Began = now
	t.streams[k] = s
	t.enter(s, &t.pools[poolHalfOpen])
	return s
}

// replaces says whether a segment belongs to a new connection between the same ends. A SYN alone shows that where the old one is closed;
// where it is open anybody may have sent it, and what fits to it must follow.
func (t *Streams[M, S]) replaces(s *Stream[M, S], g *Segment[M]) bool {
	c := &s.halves[Client]
	switch {
	case g.From == Client && g.SYN && !g.ACK && c.known && ahead(c.first, g.Seq+1) != 0:
		earlier := ahead(c.first, g.Seq+1)
		if s.Evidence.SYN == 0 && earlier > 0 && earlier < maxBeyond {
			return false // its own SYN: it was picked up after that
		}
		s.rival = rival{true, g.Seq, g.Frame, g.Time}
		return s.over || c.done()
	case !s.rival.known:
		return false
	case g.From == Server:
		return g.opens() && g.Ack == s.rival.number+1
	}
	return !g.SYN && len(g.Data) > 0 && g.Seq == s.rival.number+1
}

// renew puts a new connection, which the rival's SYN began, in the place of an old one.
func (t *Streams[M, S]) renew(old *Stream[M, S], g *Segment[M]) *Stream[M, S] {
	r := old.rival
	old.over = true
	t.remove(old)
	t.leaving = append(t.leaving, old)
	s := t.make(old.Key, g.Time)
	if r.frame != g.Frame {
		s.Evidence.Began = r.time
		s.synchronise(&Segment[M]{From: Client, Seq: r.number, SYN: true, Frame: r.frame})
	}
	return s
}

// Update moves a connection to the pool it belongs to now and charges what it holds; reader is what its reader holds of it, in octets.
func (t *Streams[M, S]) Update(s *Stream[M, S], reader int, now time.Time) {
	s.extra = reader
	to := &t.pools[s.belongs()]
	if s.over {
		s.halves[Client].octets, s.halves[Server].octets = nil, nil
	}
	t.wait(s, now)
	if s.pool != to {
		t.leave(s)
		t.enter(s, to)
		return
	}
	if !s.over { // closed ones leave in the order in which they closed
		to.order.MoveToBack(s.place)
	}
	to.bytes -= s.charged
	s.charged = s.cost()
	to.bytes += s.charged
}

// belongs says in which pool a connection is to be.
func (s *Stream[M, S]) belongs() int {
	switch {
	case s.over:
		return poolClosed
	case s.established():
		return poolJoined
	case s.Carries():
		return poolOneSided
	}
	return poolHalfOpen
}

// wait keeps the connection among those with a hole, each hole for its own time.
func (t *Streams[M, S]) wait(s *Stream[M, S], now time.Time) {
	at, some := s.holesAt()
	switch {
	case !some && s.waits != nil:
		t.holes.Remove(s.waits)
		s.waits = nil
	case some && s.waits == nil:
		s.waits = t.holes.PushBack(s)
		s.hole, s.holeAt = now, at
	case some && at != s.holeAt:
		t.holes.MoveToBack(s.waits)
		s.hole, s.holeAt = now, at
	}
}

// Drop stops to follow a connection: it is none of the Messenger's.
func (t *Streams[M, S]) Drop(s *Stream[M, S]) {
	t.remove(s)
	t.gone = s
}

func (t *Streams[M, S]) enter(s *Stream[M, S], to *pool) {
	s.pool, s.charged = to, s.cost()
	s.place = s.pool.order.PushBack(s)
	s.pool.bytes += s.charged
}

func (t *Streams[M, S]) leave(s *Stream[M, S]) {
	s.pool.order.Remove(s.place)
	s.pool.bytes -= s.charged
}

func (t *Streams[M, S]) remove(s *Stream[M, S]) {
	delete(t.streams, s.Key)
	t.leave(s)
	if s.waits != nil {
		t.holes.Remove(s.waits)
		s.waits = nil
	}
}

// Release gives a connection that needs its reader at now; call it until it says no. Where it has left, it is out of the table and over; else
// a hole is to be stepped over, and Update follows. Due says since when.
func (t *Streams[M, S]) Release(now time.Time) (s *Stream[M, S], left, ok bool) {
	if len(t.leaving) > 0 {
		s = t.leaving[0]
		t.leaving, s.Due = t.leaving[1:], now
		return s, true, true
	}
	for i := range t.pools {
		if s := t.due(i, now); s != nil {
			return s, true, true
		}
	}
	if front := t.holes.Front(); front != nil {
		if s := front.Value.(*Stream[M, S]); elapsed(s.hole, now, holeWait) {
			s.Due = s.hole.Add(holeWait)
			return s, false, true
		}
	}
	return nil, false, false
}

// due takes out of a pool the connection that must go: for want of room, or because its time is over.
func (t *Streams[M, S]) due(at int, now time.Time) *Stream[M, S] {
	p := &t.pools[at]
	front := p.order.Front()
	if front == nil {
		return nil
	}
	s := front.Value.(*Stream[M, S])
	s.Due = now
	switch {
	case p.bytes > p.limit && at == poolHalfOpen:
		t.ShedHalfOpen++
	case p.bytes > p.limit:
		t.ShedStreams++
	case !elapsed(s.touched, now, p.hold):
		return nil
	default:
		s.Due = s.touched.Add(p.hold)
	}
	t.remove(s)
	s.over, t.gone = true, s
	return s
}

// Finish gives the connections one by one, pool by pool, in the order in which they were touched; call it until it says no.
func (t *Streams[M, S]) Finish() (*Stream[M, S], bool) {
	if len(t.leaving) > 0 {
		s := t.leaving[0]
		t.leaving = t.leaving[1:]
		return s, true
	}
	for i := range t.pools {
		if front := t.pools[i].order.Front(); front != nil {
			s := front.Value.(*Stream[M, S])
			t.remove(s)
			s.over = true
			return s, true
		}
	}
	return nil, false
}

// Crowded says whether a bound is exceeded or a connection was replaced: then Release has something to give.
func (t *Streams[M, S]) Crowded() bool {
	for i := range t.pools {
		if t.pools[i].bytes > t.pools[i].limit {
			return true
		}
	}
	return len(t.leaving) > 0
}
