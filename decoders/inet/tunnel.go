package inet

import (
	"encoding/binary"

	"popupwatch/decoders/wire"
)

// vxlanPort is the UDP port of VXLAN (RFC 7348).
const vxlanPort = 4789

// enter notes that the current IP header only carries another one.
func (p *Packet) enter(kind Tunnel, id uint32) {
	p.Marks.Tunnels++
	p.Marks.TunnelKind, p.Marks.TunnelID = kind, id
	p.Marks.TunnelSrc, p.Marks.TunnelDst = p.Src(), p.Dst()
}

func (p *Packet) ipInIP(b []byte) wire.Reason {
	kind := TunnelIPIP
	if p.Marks.IPv6 {
		kind = TunnelIn6
	}
	p.enter(kind, 0)
	return p.ipv4(b)
}

func (p *Packet) ip6InIP(b []byte) wire.Reason {
	kind := Tunnel6in4
	if p.Marks.IPv6 {
		kind = TunnelIn6
	}
	p.enter(kind, 0)
	return p.ipv6(b)
}

// vxlan enters a VXLAN packet (RFC 7348 section 5): flags octet 0x08, reserved octets 0. Any other UDP is the payload itself, so that a
// popup cannot hide behind the port: an RPC header begins with 04.
func (p *Packet) vxlan(b []byte) wire.Reason {
	if len(b) < 16 || binary.BigEndian.Uint16(b[2:]) != vxlanPort || binary.BigEndian.Uint32(b[8:]) != 0x08000000 {
		return wire.None
	}
	p.enter(TunnelVXLAN, binary.BigEndian.Uint32(b[12:])>>8)
	return p.ethernet(b[16:])
}

// gre cuts a GRE header (RFC 2784, 2890) and enters what it carries: IP, MPLS, bridged Ethernet, or a mirrored frame (ERSPAN).
func (p *Packet) gre(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 4 {
		return wire.Truncated
	}
	flags, ether := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if flags&0x4007 != 0 { // routing present, or version 1 (PPTP)
		return wire.NotIP
	}
	c := wire.NewCursor(b[4:], true)
	if flags&0x8000 != 0 {
		c.Skip(4)
	}
	key := uint32(0)
	if flags&0x2000 != 0 {
		key = c.U32()
	}
	if flags&0x1000 != 0 {
		c.Skip(4)
	}
	rest := c.Bytes(c.Remaining())
	if c.Err() {
		return wire.Truncated
	}
	if ether == etherERSPAN || ether == etherERSPAN3 {
		return p.erspan(ether, flags&0x1000 != 0, rest)
	}
	p.enter(TunnelGRE, key)
	if ether == etherBridge {
		return p.ethernet(rest)
	}
	return p.network(ether, rest)
}

// erspan cuts the header of a mirrored frame (draft-foschiano-erspan-03): type I has none and no GRE sequence number, type II has 8 octets,
// type III 12 and 8 more where its O bit is set.
func (p *Packet) erspan(ether uint16, sequenced bool, b []byte) wire.Reason {
	size := 8
	switch {
	case ether == etherERSPAN3:
		size = 12
	case !sequenced:
		p.enter(TunnelERSPAN, 0)
		return p.ethernet(b)
	}
	if len(b) < size {
		return wire.Truncated
	}
	if ether == etherERSPAN3 && b[11]&1 != 0 {
		size += 8
	}
	if len(b) < size {
		return wire.Truncated
	}
	p.enter(TunnelERSPAN, uint32(binary.BigEndian.Uint16(b[2:])&0x03ff))
	return p.ethernet(b[size:])
}
