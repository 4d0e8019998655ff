package reassembly

import (
	"container/list"
	"time"
)

// Stream is a TCP connection that is followed. It belongs to Streams, and is valid until the next Add or Release.
type Stream[M, S any] struct {
	Key      StreamKey
	Session  S // the reader's own; zero at first
	Evidence Evidence
	Due      time.Time // after Release: when it gave the connection up, or a hole

	halves  [2]half[M] // by End
	pool    *pool
	place   *list.Element // in the pool's order
	waits   *list.Element // among those with a hole; nil without one
	hole    time.Time     // since when
	holeAt  [2]uint32     // where, by End
	touched time.Time
	charged int
	extra   int // what the reader holds, in octets
	over    bool
	rival   rival
}

// rival is a SYN on a connection that is open: a new one whose predecessor's end was not seen, or forged. What follows decides.
type rival struct {
	known  bool
	number uint32
	frame  uint64
	time   time.Time
}

// Origin is what the first of some segments says, and which frames brought them.
type Origin[M any] struct {
	Meta   M
	Began  time.Time // packet time of the first segment
	Ended  time.Time // and of the last, in the order of the stream
	Frames []uint64  // in order of the stream; appended to the caller's
}

// Unread gives the octets of one end that came in order and were not taken yet: a view, valid until the next Add or Step.
func (s *Stream[M, S]) Unread(e End) []byte {
	b := s.halves[e].octets
	if b == nil {
		return nil
	}
	return b.all[b.at:]
}

// Take passes over the first n octets of Unread, or over all there are, and says which segments brought them: frames is appended to.
func (s *Stream[M, S]) Take(e End, n int, frames []uint64) Origin[M] {
	h := &s.halves[e]
	out := Origin[M]{Frames: frames}
	if n <= 0 || h.unread() == 0 {
		return out
	}
	b := h.octets
	n = min(n, h.unread())
	b.at += n
	end := h.next - uint32(h.unread())
	used := 0
	for i, r := range b.runs {
		if i == 0 {
			out.Meta, out.Began = r.meta, r.time
		}
		out.Frames, out.Ended = append(out.Frames, r.frame), r.time
		if ahead(r.end, end) > 0 {
			break // it brought what comes next, too
		}
		used++
		if r.end == end {
			break
		}
	}
	b.runs = b.runs[:copy(b.runs, b.runs[used:])]
	return out
}

// GivesUp says whether a hole of one end is to be stepped over now: its time is over, too much waits beyond it, or nothing more will come.
func (s *Stream[M, S]) GivesUp(e End, now time.Time) bool {
	h := &s.halves[e]
	if !h.hole() {
		return false
	}
	return s.over || h.octets.beyond > maxBeyond || len(h.octets.pieces) > maxHeld || s.waits != nil && elapsed(s.hole, now, holeWait)
}

// Step goes over a hole, and says how many octets are missing. What of Unread was not taken is dropped.
func (s *Stream[M, S]) Step(e End) (lost int) {
	count(&s.Evidence.Ends[e].Holes)
	return s.halves[e].step()
}

// Midway says whether the octets of one end are followed from anywhere on: its SYN came too late, or not at all.
func (s *Stream[M, S]) Midway(e End) bool { return s.halves[e].midway }

// Complete says whether everything came that one end sent, to its FIN.
func (s *Stream[M, S]) Complete(e End) bool {
	return s.halves[e].done() && s.Evidence.Ends[e].Holes == 0
}

// Done says whether all that one end sends was given out: its FIN came, or the connection is over.
func (s *Stream[M, S]) Done(e End) bool {
	return s.over && !s.halves[e].hole() || s.halves[e].done()
}

// Over says whether the connection has ended: both ends sent a FIN, or one a RST.
func (s *Stream[M, S]) Over() bool { return s.over }

// holesAt gives where the holes are, by End: a number that moves where one was filled or stepped over.
func (s *Stream[M, S]) holesAt() (at [2]uint32, some bool) {
	for e := range s.halves {
		if h := &s.halves[e]; h.hole() {
			at[e], some = h.next, true
		}
	}
	return at, some
}

// end ends the connection where one more segment made it so.
func (s *Stream[M, S]) end() {
	s.over = s.over || s.halves[Client].done() && s.halves[Server].done()
}

// established says whether the client has shown that it gets the server's segments.
func (s *Stream[M, S]) established() bool { return s.Evidence.Acknowledged != 0 }

// Carries says whether any end sent an octet.
func (s *Stream[M, S]) Carries() bool {
	return s.Evidence.Ends[Client].Data > 0 || s.Evidence.Ends[Server].Data > 0
}

// cost is what the connection takes, in octets.
func (s *Stream[M, S]) cost() int {
	return streamOverhead + s.extra + s.halves[Client].cost() + s.halves[Server].cost()
}

// elapsed says whether a span of packet time is over. A time from the future (packet time went back) counts as over too.
func elapsed(since, now time.Time, span time.Duration) bool {
	age := now.Sub(since)
	return age >= span || age <= -span
}
