package reassembly

import (
	"net/netip"
	"time"
)

// End is one of the two ends of a TCP connection: who sends.
type End uint8

// The ends of a connection.
const (
	Client End = iota // who connects
	Server            // who listens on port 139 or 445
)

// Other is the end that e talks to.
func (e End) Other() End { return Server - e }

// StreamKey names a TCP connection.
type StreamKey struct{ Client, Server netip.AddrPort }

// Evidence is what the segments of a connection show of its two ends, whatever they carry: who knew which numbers. Whoever writes an address
// that is not his own sees none of the answers, so he cannot acknowledge them. Owned; it can be stored.
type Evidence struct {
	Began, Last  time.Time // packet time of the first and the last segment
	SYN          uint64    // frame of the client's SYN; 0 where it was not seen, as with the next two
	SYNACK       uint64    // frame of the server's SYN with the right acknowledgement
	Acknowledged uint64    // frame of the client's first right acknowledgement of something that the server sent
	Ends         [2]Seen   // by End
}

// Handshake says whether all three segments of the handshake were seen, with numbers that fit.
func (e *Evidence) Handshake() bool { return e.SYN != 0 && e.SYNACK != 0 && e.Acknowledged != 0 }

// Seen is what one end of a connection showed. Counts stop at their highest value.
type Seen struct {
	Packets         uint32 // segments of any kind
	Data            uint32 // segments that brought octets not seen before
	Acked           uint32 // data segments of the other end that this one acknowledged, with numbers that fit
	AckedBeyond     uint32 // acknowledgements of octets that the other end was not seen to send: a lossy capture, or a guess
	ISN             uint32 // initial sequence number; it means something where HasISN is set
	HasISN          bool
	TTLLow, TTLHigh uint8
	Again           uint16 // segments of octets that had come before
	Overlaps        uint16 // segments that contradict octets that had come before
	Holes           uint16 // holes that did not fill and were stepped over
	Outside         uint16 // segments whose numbers fit nothing, RST among them
	Reset           uint64 // frame of a RST whose numbers fit; 0 where there was none
	FIN             uint64 // frame of the first FIN; 0 where there was none
}

// count adds one to a counter that stops at its highest value.
func count[N uint16 | uint32](n *N) {
	if *n+1 != 0 {
		*n++
	}
}

// look notes that a segment of any kind came.
func (s *Seen) look(ttl uint8) {
	if s.Packets == 0 {
		s.TTLLow, s.TTLHigh = ttl, ttl
	}
	s.TTLLow, s.TTLHigh = min(s.TTLLow, ttl), max(s.TTLHigh, ttl)
	count(&s.Packets)
}
