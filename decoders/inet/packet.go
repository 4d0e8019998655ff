package inet

import (
	"encoding/binary"
	"net/netip"

	"popupwatch/decoders/wire"
)

// maxLayers is how many headers may stand in one another before a frame is refused: tags, labels, tunnels and IPv6 extension headers
// all count. Real networks need about eight; a frame of nothing but nested tunnels must not cost its length.
const maxLayers = 24

// IP protocol numbers.
const (
	ProtoICMP   = 1
	ProtoIPIP   = 4
	ProtoTCP    = 6
	ProtoUDP    = 17
	Proto6in4   = 41
	ProtoGRE    = 47
	ProtoICMPv6 = 58
)

// Packet is a view of the innermost IP datagram of a frame. It borrows the frame's octets (after Resume: those of the reassembled
// datagram) and is valid until the next Parse or as long as they are.
type Packet struct {
	Marks   Marks
	Proto   uint8  // of the payload
	Payload []byte // what the IP header carries, cut to the IP length; Ethernet padding is gone
	Cut     bool   // the capture holds less of the payload than the IP length says
	Frag    Frag   // set where Parse gave wire.Fragment

	header []byte // innermost IP header: 20 octets and options, or the 40 of IPv6
	rest   []byte // what follows header within the IP length: Payload, or extension headers before it
	layers int
}

// Frag is the place of an IP fragment in its datagram.
type Frag struct {
	ID     uint32
	Offset int // octets
	More   bool
}

// Parse reads the headers of a frame down to the innermost IP datagram. It gives wire.None with Proto and Payload set, wire.Fragment with
// Frag set as well, or the reason why there is no such datagram; then the other fields mean nothing.
func (p *Packet) Parse(link LinkType, frame []byte) wire.Reason {
	*p = Packet{}
	return p.link(link, frame)
}

// Resume reads on after reassembly: payload is the datagram of which p was a fragment, or its beginning (cut), proto what it carries.
// Header marks become those of first.
func (p *Packet) Resume(first Marks, proto uint8, payload []byte, cut bool) wire.Reason {
	p.Marks = first
	p.Frag = Frag{}
	p.Cut = cut
	p.rest = payload
	return p.transport(proto, payload)
}

// Restore makes p a packet between two addresses, of which nothing was read yet: Resume goes on.
func (p *Packet) Restore(src, dst netip.Addr, first Marks) {
	header := make([]byte, 12, 40)
	if first.IPv6 {
		header = header[:8]
	}
	*p = Packet{Marks: first, header: append(append(header, src.AsSlice()...), dst.AsSlice()...)}
}

// Src is the source address of the innermost IP header.
func (p *Packet) Src() netip.Addr { return p.addr(12, 8) }

// Dst is the destination address of the innermost IP header.
func (p *Packet) Dst() netip.Addr { return p.addr(16, 24) }

func (p *Packet) addr(at4, at6 int) netip.Addr {
	if p.Marks.IPv6 {
		return netip.AddrFrom16([16]byte(p.header[at6 : at6+16]))
	}
	return netip.AddrFrom4([4]byte(p.header[at4 : at4+4]))
}

// deeper counts one more header and says whether there are too many.
func (p *Packet) deeper() bool {
	p.layers++
	return p.layers > maxLayers
}

func (p *Packet) ipv4(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 20 {
		return wire.Truncated
	}
	size := int(b[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // segmentation offload: the length was not filled in
		total = len(b)
	}
	if b[0]>>4 != 4 || size < 20 || total < size {
		return wire.IPMalformed
	}
	if len(b) < size {
		return wire.Truncated
	}
	p.Cut = total > len(b)
	p.header, p.rest = b[:size], b[size:min(total, len(b))]
	flags := binary.BigEndian.Uint16(b[6:])
	p.Marks.IPv6, p.Marks.TTL, p.Marks.ID = false, b[8], binary.BigEndian.Uint16(b[4:])
	p.Marks.DontFragment = flags&0x4000 != 0
	p.Proto, p.Payload = b[9], p.rest
	if flags&0x3fff != 0 {
		p.Frag = Frag{ID: uint32(p.Marks.ID), Offset: int(flags&0x1fff) * 8, More: flags&0x2000 != 0}
		return wire.Fragment
	}
	return p.transport(p.Proto, p.rest)
}

func (p *Packet) ipv6(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 40 {
		return wire.Truncated
	}
	if b[0]>>4 != 6 {
		return wire.IPMalformed
	}
	total := int(binary.BigEndian.Uint16(b[4:])) + 40
	if total == 40 && b[6] != 59 { // jumbogram or segmentation offload
		total = len(b)
	}
	p.Cut = total > len(b)
	p.header, p.rest = b[:40], b[40:min(total, len(b))]
	p.Marks.IPv6, p.Marks.TTL, p.Marks.ID, p.Marks.DontFragment = true, b[7], 0, false
	return p.extensions(b[6], p.rest)
}

// extensions walks the chain of IPv6 extension headers (RFC 8200 section 4).
func (p *Packet) extensions(next uint8, b []byte) wire.Reason {
	for {
		size := 0
		switch next {
		case 0, 43, 60, 135, 139, 140: // hop-by-hop, routing, destination, mobility, HIP, shim6
			if len(b) < 8 {
				return wire.Truncated
			}
			size = int(b[1])*8 + 8
		case 51: // authentication header counts in words of four
			if len(b) < 8 {
				return wire.Truncated
			}
			size = int(b[1])*4 + 8
		case 44:
			return p.fragment6(b)
		default:
			p.Proto, p.Payload = next, b
			return p.transport(next, b)
		}
		if p.deeper() {
			return wire.Nesting
		}
		if size > len(b) {
			return wire.Truncated
		}
		next, b = b[0], b[size:]
	}
}

// fragment6 reads a fragment header (RFC 8200 section 4.5). One that says "first and last" is a whole datagram (RFC 6946).
func (p *Packet) fragment6(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 8 {
		return wire.Truncated
	}
	place := binary.BigEndian.Uint16(b[2:])
	p.Frag = Frag{ID: binary.BigEndian.Uint32(b[4:]), Offset: int(place &^ 7), More: place&1 != 0}
	p.Proto, p.Payload = b[0], b[8:]
	if p.Frag.Offset == 0 && !p.Frag.More {
		p.Frag = Frag{}
		return p.extensions(b[0], b[8:])
	}
	return wire.Fragment
}

// transport looks at what an IP header carries: a tunnel is entered, anything else is the payload.
func (p *Packet) transport(proto uint8, b []byte) wire.Reason {
	p.Proto, p.Payload = proto, b
	switch proto {
	case ProtoUDP:
		return p.vxlan(b)
	case ProtoIPIP:
		return p.ipInIP(b)
	case Proto6in4:
		return p.ip6InIP(b)
	case ProtoGRE:
		return p.gre(b)
	case 0, 43, 44, 51, 60, 135, 139, 140:
		if p.Marks.IPv6 { // after reassembly of an IPv6 datagram that begins with an extension header
			return p.extensions(proto, b)
		}
	}
	return wire.None
}
