package inet

import (
	"encoding/binary"

	"popupwatch/decoders/wire"
)

// TCPFlags are the control bits of a TCP header (RFC 9293 section 3.1).
type TCPFlags uint8

// The control bits that say something about a stream.
const (
	FlagFIN TCPFlags = 1 << iota
	FlagSYN
	FlagRST
	FlagPSH
	FlagACK
)

// Has says whether all bits of want are set.
func (f TCPFlags) Has(want TCPFlags) bool { return f&want == want }

// TCP is a view of one TCP segment.
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            TCPFlags
	Window           uint16 // as it stands there, not scaled
	Options          []byte // between the fixed header and the payload: at most 40 octets
	Payload          []byte // up to the IP length and the end of the capture
}

// TCPPorts gives the ports of what an IP header carries as TCP, and zeros where not even these are there. It is for the test that comes
// before any other: nearly all traffic is TCP of other ports.
func TCPPorts(b []byte) (src, dst uint16) {
	if len(b) < 4 {
		return 0, 0
	}
	return binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
}

// ParseTCP reads what an IP header carries as TCP (RFC 9293 section 3.1). A header that is cut, or whose data offset lies below 20 octets or
// beyond the end, gives wire.TCPMalformed. Checksums are never tested, as with UDP.
func ParseTCP(b []byte) (TCP, wire.Reason) {
	const fixed = 20
	if len(b) < fixed {
		return TCP{}, wire.TCPMalformed
	}
	size := int(b[12]>>4) * 4
	if size < fixed || size > len(b) {
		return TCP{}, wire.TCPMalformed
	}
	src, dst := TCPPorts(b)
	return TCP{
		SrcPort: src, DstPort: dst,
		Seq: binary.BigEndian.Uint32(b[4:]), Ack: binary.BigEndian.Uint32(b[8:]),
		Flags: TCPFlags(b[13]), Window: binary.BigEndian.Uint16(b[14:]),
		Options: b[fixed:size], Payload: b[size:],
	}, wire.None
}
