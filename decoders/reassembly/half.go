package reassembly

import (
	"bytes"
	"slices"
	"time"
)

// maxAhead is how far from the expected number a segment may lie, in octets, either way: several times the window that the stacks of the
// Messenger's time could offer (RFC 9293 section 3.8.6: 65,535 without scaling).
const maxAhead = 1 << 18

// half is one direction of a connection. All numbers are sequence numbers, which wrap: only differences mean anything.
type half[M any] struct {
	known  bool   // the numbers below mean something
	midway bool   // nobody knows whether what is followed begins with a whole packet
	first  uint32 // number of the first octet that is followed
	next   uint32 // number of the first octet that did not come
	sent   uint32 // number after the highest octet that was seen
	acked  uint32 // highest number that the other end acknowledged rightly
	fin    bool
	end    uint32 // where the stream ends: the number of the FIN
	octets *buffer[M]
}

// buffer holds what came of a direction and was not taken yet. It is made when the first octet comes.
type buffer[M any] struct {
	all    []byte
	at     int        // of all, how many octets were taken
	runs   []run[M]   // which segments brought the octets in all[at:], at most maxRuns
	pieces []chunk[M] // beyond a hole: ascending, without overlaps
	beyond int        // octets in pieces
	ends   []uint32   // where the last data segments ended that are not acknowledged, ascending; at most maxEnds
}

// maxEnds is how many unacknowledged segments are told apart: more are seldom on their way.
const maxEnds = 16

// maxRuns is how many segments that wait are told apart: what comes then counts as brought by the last of them. A sender of single octets must
// not make a short command cost much.
const maxRuns = 256

// run is the octets up to a number that one segment brought.
type run[M any] struct {
	end   uint32
	frame uint64
	time  time.Time
	meta  M
}

// chunk is octets beyond a hole.
type chunk[M any] struct {
	start uint32
	data  []byte
	from  run[M] // its end is not used
}

// ahead is how far n lies behind base in the stream; negative where it lies before.
func ahead(n, base uint32) int { return int(int32(n - base)) }

// begin sets where a direction begins.
func (h *half[M]) begin(number uint32) {
	h.known, h.first, h.next, h.sent, h.acked = true, number, number, number, number
}

// unread is how many octets wait, the ones beyond a hole not counted.
func (h *half[M]) unread() int {
	if h.octets == nil {
		return 0
	}
	return len(h.octets.all) - h.octets.at
}

// arrival says what a segment's octets were to a direction.
type arrival struct {
	fresh    int  // octets that had not come
	overlaps bool // it contradicts octets that are held
}

// receive takes the octets that a segment brings from number start on. Of octets that come twice the first stay.
func (h *half[M]) receive(start uint32, data []byte, from run[M]) (a arrival) {
	if h.octets == nil {
		h.octets = &buffer[M]{}
	}
	b := h.octets
	if old := ahead(h.next, start); old > 0 {
		known := min(old, len(data))
		a.overlaps = b.contradicts(old, data[:known])
		data = data[known:]
		start += uint32(known)
	}
	if len(data) == 0 {
		return a
	}
	if end := start + uint32(len(data)); ahead(end, h.sent) > 0 {
		h.sent = end
		b.sending(end)
	}
	if len(b.pieces) == 0 && start == h.next {
		h.join(data, from)
		return arrival{len(data), a.overlaps}
	}
	fresh, contradicts := b.insert(start, data, from)
	h.close()
	return arrival{fresh, a.overlaps || contradicts}
}

// sending notes where a data segment ends that is to be acknowledged.
func (b *buffer[M]) sending(end uint32) {
	if len(b.ends) == maxEnds {
		b.ends = slices.Delete(b.ends, 0, 1)
	}
	b.ends = append(b.ends, end)
}

// join adds the octets that were expected.
func (h *half[M]) join(data []byte, from run[M]) {
	b := h.octets
	if b.at == len(b.all) {
		b.all, b.at = b.all[:0], 0
	}
	b.all = append(b.all, data...)
	h.next += uint32(len(data))
	if from.end = h.next; len(b.runs) == maxRuns {
		b.runs[maxRuns-1].end = from.end
		return
	}
	b.runs = append(b.runs, from)
}

// close joins what no longer lies beyond a hole.
func (h *half[M]) close() {
	b := h.octets
	for len(b.pieces) > 0 && b.pieces[0].start == h.next {
		p := b.pieces[0]
		b.pieces = slices.Delete(b.pieces, 0, 1)
		b.beyond -= len(p.data)
		h.join(p.data, p.from)
	}
}

// contradicts compares octets that came before with those that are still here. They begin old octets before the expected number.
func (b *buffer[M]) contradicts(old int, data []byte) bool {
	kept := b.all[b.at:]
	if old > len(kept) { // what was taken is gone
		gone := min(old-len(kept), len(data))
		data = data[gone:]
		old -= gone
	}
	if len(data) == 0 {
		return false
	}
	return !bytes.Equal(data, kept[len(kept)-old:][:len(data)])
}

// insert adds the octets of data that are not held yet.
func (b *buffer[M]) insert(start uint32, data []byte, from run[M]) (fresh int, contradicts bool) {
	for i := 0; len(data) > 0; i++ {
		if i == len(b.pieces) {
			return fresh + b.hold(i, start, data, from), contradicts
		}
		p := &b.pieces[i]
		before := min(ahead(p.start, start), len(data))
		if before > 0 {
			fresh += b.hold(i, start, data[:before], from)
			data = data[before:]
			start += uint32(before)
			continue
		}
		inside := ahead(start, p.start)
		if inside >= len(p.data) {
			continue
		}
		n := min(len(p.data)-inside, len(data))
		contradicts = contradicts || !bytes.Equal(data[:n], p.data[inside:inside+n])
		data = data[n:]
		start += uint32(n)
	}
	return fresh, contradicts
}

func (b *buffer[M]) hold(at int, start uint32, data []byte, from run[M]) int {
	b.pieces = slices.Insert(b.pieces, at, chunk[M]{start, bytes.Clone(data), from})
	b.beyond += len(data)
	return len(data)
}

// step goes over the hole to what lies beyond it, and says how many octets are lost. What waits before the hole and was not taken is dropped.
func (h *half[M]) step() (lost int) {
	b := h.octets
	b.at, b.runs = len(b.all), b.runs[:0]
	lost = ahead(b.pieces[0].start, h.next)
	h.next = b.pieces[0].start
	h.close()
	return lost
}

// hole says whether something lies beyond a hole.
func (h *half[M]) hole() bool { return h.octets != nil && len(h.octets.pieces) > 0 }

// done says whether all octets up to the FIN came.
func (h *half[M]) done() bool { return h.fin && !h.hole() && ahead(h.end, h.next) <= 0 }

// ends notes a FIN after the octet before number, and says whether it can be one: not where more has come already.
func (h *half[M]) ends(number uint32) bool {
	if h.fin || ahead(number, h.next) < 0 {
		return h.fin && h.end == number
	}
	h.fin, h.end = true, number
	if ahead(number+1, h.sent) > 0 {
		h.sent = number + 1
	}
	return true
}

// acknowledge notes what the other end acknowledges. Right says that this end was seen to send up to there; then segments is how many data
// segments that confirms.
func (h *half[M]) acknowledge(number uint32) (right bool, segments uint32) {
	if !h.known || ahead(number, h.sent) > 0 || ahead(number, h.first) < 0 {
		return false, 0
	}
	if ahead(number, h.acked) > 0 {
		h.acked = number
	}
	if h.octets == nil {
		return true, 0
	}
	n := 0
	for n < len(h.octets.ends) && ahead(number, h.octets.ends[n]) >= 0 {
		n++
	}
	h.octets.ends = slices.Delete(h.octets.ends, 0, n)
	return true, uint32(n)
}

// cost is what a direction holds, in octets, overhead included.
func (h *half[M]) cost() int {
	if h.octets == nil {
		return 0
	}
	b := h.octets
	return bufferOverhead + cap(b.all) + b.beyond + runOverhead*(len(b.runs)+len(b.pieces))
}
