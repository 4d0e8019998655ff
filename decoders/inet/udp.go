package inet

import (
	"encoding/binary"
	"net/netip"

	"popupwatch/decoders/wire"
)

// UDP is a view of one UDP datagram.
type UDP struct {
	SrcPort, DstPort uint16
	Length           int    // octets of payload that the headers promise: the smaller of UDP length and IP length
	SumZero          bool   // no checksum
	Payload          []byte // min of UDP length, IP length and capture
}

// ParseUDP reads what an IP header carries as UDP (RFC 768). A length field of 0 (offload, jumbogram) means all there is; one beyond the IP
// length is a lie and the IP length holds. Checksums are never tested: captures on the sending host show wrong ones.
func ParseUDP(b []byte) (UDP, wire.Reason) {
	if len(b) < 8 {
		return UDP{}, wire.UDPMalformed
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = len(b)
	}
	if n < 8 {
		return UDP{}, wire.UDPMalformed
	}
	return UDP{
		SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:]),
		Length:  n - 8,
		SumZero: b[6]|b[7] == 0,
		Payload: b[8:min(n, len(b))],
	}, wire.None
}

// Known is a part of a Payload whose sum under the same secret the caller has, so that a long text is hashed once. The zero Known is none.
type Known struct {
	At, Size int
	Sum      uint64
}

// PrivateHash hashes all of the innermost IP datagram but what routers change: TTL and header checksum. Equal hashes mean equal
// datagrams, up to chance: nobody who does not know the secret can build a collision. A part that is known must be so for every datagram
// that is to be compared; one that lies beyond the payload is not used.
func (p *Packet) PrivateHash(secret Secret, k Known) uint64 {
	var b [64 + 3*8]byte
	copy(b[:64], p.header)
	if p.Marks.IPv6 {
		b[7] = 0
	} else {
		b[8], b[10], b[11] = 0, 0, 0
	}
	before, after := p.rest, []byte(nil)
	at := len(p.rest) - len(p.Payload) + k.At // extension headers stand before the payload
	if k.Size > 0 && at >= 0 && at+k.Size <= len(p.rest) {
		before, after = p.rest[:at], p.rest[at+k.Size:]
		binary.LittleEndian.PutUint64(b[72:], k.Sum)
	}
	binary.LittleEndian.PutUint64(b[64:], secret.Sum(before))
	if len(after) > 0 {
		binary.LittleEndian.PutUint64(b[80:], secret.Sum(after))
	}
	return secret.Sum(b[:])
}

// ICMP is a view of an ICMP or ICMPv6 error and the datagram that it quotes.
type ICMP struct {
	Type, Code  uint8
	QuoteSrc    netip.AddrPort
	QuoteDst    netip.AddrPort
	QuoteTTL    uint8
	QuoteID     uint16
	QuoteLength int    // octets of UDP payload that the quoted header announces
	Quote       []byte // as much of its payload as is there
}

// ParseICMP reads an error that quotes a UDP datagram (RFC 792: types 3, 4, 5, 11, 12; RFC 4443: types 1 to 4). Anything else, and a quote
// that is a later fragment, gives wire.ICMPOther.
func ParseICMP(b []byte, v6 bool) (ICMP, wire.Reason) {
	if len(b) < 8 || !quotes(b[0], v6) {
		return ICMP{}, wire.ICMPOther
	}
	m := ICMP{Type: b[0], Code: b[1]}
	var q Packet
	reason := q.quoted(b[8:], v6)
	if reason != wire.None || q.Proto != ProtoUDP || len(q.Payload) < 8 {
		return ICMP{}, wire.ICMPOther
	}
	u, reason := ParseUDP(q.Payload)
	if reason != wire.None {
		return ICMP{}, wire.ICMPOther
	}
	m.QuoteSrc = netip.AddrPortFrom(q.Src(), u.SrcPort)
	m.QuoteDst = netip.AddrPortFrom(q.Dst(), u.DstPort)
	m.QuoteTTL, m.QuoteID = q.Marks.TTL, q.Marks.ID
	m.QuoteLength, m.Quote = u.Length, u.Payload
	return m, wire.None
}

func quotes(kind uint8, v6 bool) bool {
	if v6 {
		return kind >= 1 && kind <= 4
	}
	return kind == 3 || kind == 4 || kind == 5 || kind == 11 || kind == 12
}

// quoted parses a quoted datagram. Its first fragment is as good as a whole one here: the RPC header is in it.
func (p *Packet) quoted(b []byte, v6 bool) wire.Reason {
	var reason wire.Reason
	if v6 {
		reason = p.ipv6(b)
	} else {
		reason = p.ipv4(b)
	}
	if reason == wire.Fragment && p.Frag.Offset == 0 {
		return wire.None
	}
	return reason
}
