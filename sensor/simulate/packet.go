package simulate

import "encoding/binary"

// MAC addresses: of our router, and the first octets of our hosts'.
const (
	routerMAC = 0x02_00_5e_00_00_01
	hostMAC   = 0x02_00_5e_10_00_00
)

// header is what the layers below a payload carry.
type header struct {
	src, dst     address
	sport, dport uint16
	ttl          uint8
	id           uint16
	noSum        bool // UDP checksum 0
	fromOutside  bool // it comes through the router, whatever its source is
}

// macs gives source and destination of the Ethernet header: what does not come from one of our hosts came through the router.
func (h *header) macs() (src, dst uint64) {
	src, dst = routerMAC, routerMAC
	if atHome(h.src) && !h.fromOutside {
		src = hostMAC | uint64(h.src&0xffff)
	}
	if atHome(h.dst) {
		dst = hostMAC | uint64(h.dst&0xffff)
	}
	return src, dst
}

// upstreamMAC is the next router outside, outerMAC the other side of ours.
const (
	upstreamMAC = 0x02_00_5e_00_00_02
	outerMAC    = 0x02_00_5e_00_00_03
)

// routed makes of a frame within home the one that is heard on the other side of the router, a hop away.
func (p *pending) routed() {
	src, dst := uint64(outerMAC), uint64(upstreamMAC)
	if b := p.data[6:12]; b[3] == 0 {
		src, dst = upstreamMAC, outerMAC
	}
	appendMAC(appendMAC(p.data[:0], dst), src)
	p.data[22]--
	p.data[24], p.data[25] = 0, 0
	binary.BigEndian.PutUint16(p.data[24:], ^fold(sum(0, p.data[14:34])))
}

func appendMAC(b []byte, mac uint64) []byte {
	return append(b, byte(mac>>40), byte(mac>>32), byte(mac>>24), byte(mac>>16), byte(mac>>8), byte(mac))
}

func (h *header) appendEthernet(b []byte) []byte {
	src, dst := h.macs()
	return binary.BigEndian.AppendUint16(appendMAC(appendMAC(b, dst), src), 0x0800)
}

// Protocols above IP.
const (
	protocolICMP = 1
	protocolIPIP = 4
	protocolTCP  = 6
	protocolUDP  = 17
	protocolGRE  = 47
)

// appendIP appends an IPv4 header for a payload of n octets.
func (h *header) appendIP(b []byte, protocol uint8, n int) []byte {
	start := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(20+n))
	b = binary.BigEndian.AppendUint16(b, h.id)
	b = append(b, 0, 0, h.ttl, protocol, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(h.src))
	b = binary.BigEndian.AppendUint32(b, uint32(h.dst))
	binary.BigEndian.PutUint16(b[start+10:], ^fold(sum(0, b[start:])))
	return b
}

// appendUDP appends an IP datagram with a UDP payload.
func (h *header) appendUDP(b, payload []byte) []byte {
	b = h.appendIP(b, protocolUDP, 8+len(payload))
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, h.sport)
	b = binary.BigEndian.AppendUint16(b, h.dport)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = append(b, 0, 0)
	b = append(b, payload...)
	if !h.noSum {
		check := ^fold(h.pseudo(protocolUDP, b[start:]))
		if check == 0 {
			check = 0xffff
		}
		binary.BigEndian.PutUint16(b[start+6:], check)
	}
	return b
}

// TCP flags.
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagPSH = 0x08
	flagACK = 0x10
)

// segment is what a TCP header carries besides.
type segment struct {
	seq, ack uint32
	flags    uint8
}

// appendTCP appends an IP datagram with a TCP segment.
func (h *header) appendTCP(b []byte, g segment, payload []byte) []byte {
	b = h.appendIP(b, protocolTCP, 20+len(payload))
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, h.sport)
	b = binary.BigEndian.AppendUint16(b, h.dport)
	b = binary.BigEndian.AppendUint32(b, g.seq)
	b = binary.BigEndian.AppendUint32(b, g.ack)
	b = append(b, 0x50, g.flags, 0x40, 0, 0, 0, 0, 0)
	b = append(b, payload...)
	binary.BigEndian.PutUint16(b[start+16:], ^fold(h.pseudo(protocolTCP, b[start:])))
	return b
}

// appendICMP appends an IP datagram with an ICMP error that quotes the beginning of another.
func (h *header) appendICMP(b []byte, kind, code uint8, quoted []byte) []byte {
	quoted = quoted[:min(len(quoted), 548)]
	b = h.appendIP(b, protocolICMP, 8+len(quoted))
	start := len(b)
	b = append(b, kind, code, 0, 0, 0, 0, 0, 0)
	b = append(b, quoted...)
	binary.BigEndian.PutUint16(b[start+2:], ^fold(sum(0, b[start:])))
	return b
}

// appendTunnel appends an IP datagram that holds another, with or without a GRE header.
func (h *header) appendTunnel(b []byte, gre bool, inner []byte) []byte {
	if !gre {
		return append(h.appendIP(b, protocolIPIP, len(inner)), inner...)
	}
	b = h.appendIP(b, protocolGRE, 4+len(inner))
	return append(append(b, 0, 0, 8, 0), inner...)
}

// pseudo sums the pseudo header and the octets of a transport.
func (h *header) pseudo(protocol uint8, b []byte) uint32 {
	n := uint32(h.src>>16) + uint32(h.src&0xffff) + uint32(h.dst>>16) + uint32(h.dst&0xffff) + uint32(protocol) + uint32(len(b))
	return sum(n, b)
}

func sum(n uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		n += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		n += uint32(b[0]) << 8
	}
	return n
}

func fold(n uint32) uint16 {
	for n>>16 != 0 {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}
