package inet

import (
	"encoding/binary"

	"popupwatch/decoders/wire"
)

// EtherTypes.
const (
	etherIPv4     = 0x0800
	etherVLAN     = 0x8100
	etherIPv6     = 0x86dd
	etherMPLS     = 0x8847
	etherMPLSCast = 0x8848
	etherPPPoE    = 0x8864
	etherQinQ     = 0x88a8
	etherQinQ91   = 0x9100
	etherQinQ92   = 0x9200
	etherERSPAN   = 0x88be
	etherERSPAN3  = 0x22eb
	etherBridge   = 0x6558
)

func (p *Packet) link(link LinkType, b []byte) wire.Reason {
	switch link {
	case LinkEthernet:
		return p.ethernet(b)
	case LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6:
		return p.ip(b)
	case LinkNull, LinkLoop:
		return p.null(b)
	case LinkSLL:
		return p.cooked(b, 16, 14)
	case LinkSLL2:
		return p.cooked(b, 20, 0)
	case LinkPPP:
		return p.ppp(b)
	default:
		return wire.LinkType
	}
}

func (p *Packet) ethernet(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 14 {
		return wire.Truncated
	}
	if !p.Marks.HasMAC && p.Marks.Tunnels == 0 {
		p.Marks.HasMAC = true
		p.Marks.DstMAC, p.Marks.SrcMAC = [6]byte(b), [6]byte(b[6:])
	}
	return p.network(binary.BigEndian.Uint16(b[12:]), b[14:])
}

// network enters what an EtherType announces.
func (p *Packet) network(ether uint16, b []byte) wire.Reason {
	switch ether {
	case etherIPv4:
		return p.ipv4(b)
	case etherIPv6:
		return p.ipv6(b)
	case etherVLAN, etherQinQ, etherQinQ91, etherQinQ92:
		return p.vlan(b)
	case etherMPLS, etherMPLSCast:
		return p.mpls(b)
	case etherPPPoE:
		return p.pppoe(b)
	}
	if ether <= 1500 {
		return p.snap(b)
	}
	return wire.NotIP
}

// ip tells the version of a bare IP datagram by its first nibble.
func (p *Packet) ip(b []byte) wire.Reason {
	if len(b) == 0 {
		return wire.Truncated
	}
	switch b[0] >> 4 {
	case 4:
		return p.ipv4(b)
	case 6:
		return p.ipv6(b)
	}
	return wire.NotIP
}

// vlan cuts one 802.1Q or 802.1ad tag. The first two ids are kept.
func (p *Packet) vlan(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 4 {
		return wire.Truncated
	}
	if n := p.Marks.VLANs; p.Marks.Tunnels == 0 {
		if int(n) < len(p.Marks.VLAN) {
			p.Marks.VLAN[n] = binary.BigEndian.Uint16(b) & 0x0fff
		}
		p.Marks.VLANs++
	}
	return p.network(binary.BigEndian.Uint16(b[2:]), b[4:])
}

// mpls cuts labels up to the bottom of the stack (RFC 3032). What follows says nothing of its kind: the first nibble is all there is to go
// by, 4 or 6 for IP, 0 for the control word before an Ethernet pseudowire (RFC 4385).
func (p *Packet) mpls(b []byte) wire.Reason {
	for bottom := false; !bottom; b = b[4:] {
		if p.deeper() {
			return wire.Nesting
		}
		if len(b) < 4 {
			return wire.Truncated
		}
		bottom = b[2]&1 != 0
	}
	if len(b) >= 4 && b[0]>>4 == 0 {
		return p.ethernet(b[4:])
	}
	return p.ip(b)
}

// pppoe cuts a PPPoE session header (RFC 2516): version and type 1, code 0.
func (p *Packet) pppoe(b []byte) wire.Reason {
	if p.deeper() {
		return wire.Nesting
	}
	if len(b) < 6 {
		return wire.Truncated
	}
	if b[0] != 0x11 || b[1] != 0 {
		return wire.NotIP
	}
	return p.pppProtocol(b[6:])
}

// ppp cuts the HDLC-like address and control octets ff 03 where they are (RFC 1662).
func (p *Packet) ppp(b []byte) wire.Reason {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 0x03 {
		b = b[2:]
	}
	return p.pppProtocol(b)
}

// pppProtocol reads the protocol field, which may be one octet long when its lowest bit is set (RFC 1661 section 2).
func (p *Packet) pppProtocol(b []byte) wire.Reason {
	if len(b) < 2 {
		return wire.Truncated
	}
	proto, rest := uint16(b[0]), b[1:]
	if b[0]&1 == 0 {
		proto, rest = binary.BigEndian.Uint16(b), b[2:]
	}
	switch proto {
	case 0x0021:
		return p.ipv4(rest)
	case 0x0057:
		return p.ipv6(rest)
	case 0x0281, 0x0283:
		return p.mpls(rest)
	}
	return wire.NotIP
}

// null reads the address family of BSD loopback captures. It is in the capturing host's byte order (LinkNull) or big-endian (LinkLoop):
// both are tried, families are below 256. IPv6 is 24, 28, 30 by system, 10 on Linux.
func (p *Packet) null(b []byte) wire.Reason {
	if len(b) < 4 {
		return wire.Truncated
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(b)
	}
	switch family {
	case 2:
		return p.ipv4(b[4:])
	case 10, 24, 28, 30:
		return p.ipv6(b[4:])
	}
	return wire.NotIP
}

// cooked reads a Linux cooked header, version 1 (16 octets, protocol last) or 2 (20 octets, protocol first).
func (p *Packet) cooked(b []byte, size, proto int) wire.Reason {
	if len(b) < size {
		return wire.Truncated
	}
	ether := binary.BigEndian.Uint16(b[proto:])
	if ether <= 1500 && ether != cookedLLC {
		return wire.NotIP
	}
	return p.network(ether, b[size:])
}

// cookedLLC stands in a cooked header where an 802.2 header follows (LINUX_SLL_P_802_2); other small numbers are no lengths there.
const cookedLLC = 4

// snap reads IP behind an 802.2 LLC and SNAP header (RFC 1042).
func (p *Packet) snap(b []byte) wire.Reason {
	if len(b) < 8 || b[0] != 0xaa || b[1] != 0xaa || b[2] != 3 {
		return wire.NotIP
	}
	if p.deeper() {
		return wire.Nesting
	}
	return p.network(binary.BigEndian.Uint16(b[6:]), b[8:])
}
