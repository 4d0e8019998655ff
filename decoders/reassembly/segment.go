package reassembly

import "popupwatch/decoders/wire"

// take reads a segment of a connection: numbers first, then octets.
func (s *Stream[M, S]) take(g *Segment[M]) wire.Reason {
	if g.SYN {
		if !s.synchronise(g) {
			return wire.StreamOutside
		}
	} else if h := &s.halves[g.From]; !h.known && !g.RST {
		h.begin(g.Seq)
		h.midway = s.Evidence.Ends[Client].Packets+s.Evidence.Ends[Server].Packets > 1
	}
	if g.RST {
		return s.reset(g)
	}
	if !s.fits(g) {
		return wire.StreamOutside
	}
	s.revive(g)
	s.acknowledged(g)
	return s.receive(g)
}

// synchronise notes a SYN and says whether it fits to what is known. A client's begins the connection; a server's must acknowledge it.
func (s *Stream[M, S]) synchronise(g *Segment[M]) bool {
	h, seen := &s.halves[g.From], &s.Evidence.Ends[g.From]
	switch {
	case !g.opens():
		return false
	case g.From == Server && s.Evidence.SYN != 0 && g.Ack != s.Evidence.Ends[Client].ISN+1:
		return false
	case seen.HasISN:
		return seen.ISN == g.Seq // it is sent again
	}
	if !h.known {
		h.begin(g.Seq + 1)
	} else if before := ahead(h.first, g.Seq+1); before < 0 || before > maxBeyond {
		return false
	}
	seen.ISN, seen.HasISN = g.Seq, true
	switch {
	case g.From == Client:
		s.Evidence.SYN = g.Frame
	case s.Evidence.SYN != 0:
		s.Evidence.SYNACK = g.Frame
	case !s.halves[Client].known: // it tells where the client begins, whose SYN was lost
		s.halves[Client].begin(g.Ack)
	}
	return true
}

// revive opens a connection again where its client goes on after a RST: neither end believed that, as when it was made to reach the sensor
// alone.
func (s *Stream[M, S]) revive(g *Segment[M]) {
	reset := s.Evidence.Ends[Client].Reset != 0 || s.Evidence.Ends[Server].Reset != 0
	if s.over && reset && g.From == Client && len(g.Data) > 0 && g.Seq == s.halves[Client].next {
		s.over = false
	}
}

// fits says whether a segment's octets lie near those that are expected.
func (s *Stream[M, S]) fits(g *Segment[M]) bool {
	d := ahead(g.Seq, s.halves[g.From].next)
	return d <= maxAhead && d >= -maxAhead
}

// reset ends the connection where the numbers of a RST fit: it stands exactly where its end is expected to go on (RFC 5961 section 3.2), or
// it refuses the SYN that it acknowledges.
func (s *Stream[M, S]) reset(g *Segment[M]) wire.Reason {
	own, other := &s.halves[g.From], &s.halves[g.From.Other()]
	fits := own.known && (g.Seq == own.next || g.Seq == own.sent)
	if !own.known && g.ACK && other.known {
		fits = g.Ack == other.sent || g.Ack == other.first
	}
	if !fits {
		return wire.StreamOutside
	}
	if seen := &s.Evidence.Ends[g.From]; seen.Reset == 0 {
		seen.Reset = g.Frame
	}
	s.over = true
	return wire.Stream
}

// acknowledged notes what a segment acknowledges, and when the client first shows that it got something of the server's.
func (s *Stream[M, S]) acknowledged(g *Segment[M]) {
	if !g.ACK {
		return
	}
	other, seen := &s.halves[g.From.Other()], &s.Evidence.Ends[g.From]
	if other.known && ahead(g.Ack, other.sent) > 0 {
		count(&seen.AckedBeyond)
		return
	}
	right, segments := other.acknowledge(g.Ack)
	if !right {
		return
	}
	seen.Acked += segments
	if g.From == Client && s.Evidence.Acknowledged == 0 {
		s.Evidence.Acknowledged = g.Frame
	}
}

// receive takes the octets of a segment. A keep-alive brings none, or one that came before (RFC 1122 section 4.2.3.6).
func (s *Stream[M, S]) receive(g *Segment[M]) wire.Reason {
	h, seen := &s.halves[g.From], &s.Evidence.Ends[g.From]
	start := g.Seq
	if g.SYN {
		start++
	}
	if end := start + uint32(len(g.Data)); g.FIN && h.ends(end) && seen.FIN == 0 {
		seen.FIN = g.Frame
	}
	if len(g.Data) == 0 || s.over {
		return wire.Stream
	}
	a := h.receive(start, g.Data, run[M]{frame: g.Frame, time: g.Time, meta: g.Meta})
	if a.fresh > 0 {
		count(&seen.Data)
	}
	switch {
	case a.overlaps:
		return wire.StreamOverlap
	case a.fresh == 0:
		return wire.StreamAgain
	}
	return wire.Stream
}
