package capture

import (
	"slices"
	"strings"
	"testing"

	"popupwatch/decoders"
)

// shape is a frame, and what is to become of it.
type shape struct {
	name    string
	link    decoders.LinkType
	frame   string
	reason  string // of the decoder
	without bool   // passes without tunnels
	with    bool   // passes with tunnels
}

// popupShapes are the ways in which a popup, or a part of one, may lie in a frame: all pass, those in tunnels where they are asked for.
func popupShapes(t testing.TB) []shape {
	t.Helper()
	p := newPopup(popupPDU(t))
	return slices.Concat(p.overIPv4(), p.overIPv6(), p.behindTags(), p.behindLabels(), p.inTunnels(), p.ofOtherLinks())
}

// popup is one to a port that nobody watches, as datagrams.
type popup struct {
	pdu          string
	udp          string
	over4, over6 string
	first, later string // fragments
}

func newPopup(pdu string) popup {
	u := udpTo(oddPort, 8+len(pdu), pdu)
	return popup{
		pdu: pdu, udp: u, over4: ip4(17, 0, "", u), over6: ip6(17, u),
		first: ip4(17, 0x2000, "", u[:96]), later: ip4(17, 12, "", u[96:]),
	}
}

func onWire(name, reason, frame string) shape {
	return shape{name, linkEthernet, frame, reason, true, true}
}

func inTunnel(name, reason, frame string) shape {
	return shape{name, linkEthernet, frame, reason, false, true}
}

func (p popup) overIPv4() []shape {
	return []shape{
		onWire("popup on an odd port", "message", etherOf(0x0800, p.over4)),
		onWire("UDP length 0", "message", etherOf(0x0800, ip4(17, 0, "", udpTo(oddPort, 0, p.pdu)))),
		onWire("UDP length too long", "message", etherOf(0x0800, ip4(17, 0, "", udpTo(oddPort, 65535, p.pdu)))),
		onWire("options", "message", etherOf(0x0800, ip4(17, 0, "\x01\x01\x01\x00", p.udp))),
		onWire("first fragment", "fragment", etherOf(0x0800, p.first)),
		onWire("first fragment too short for a shape", "fragment", etherOf(0x0800, ip4(17, 0x2000, "", p.udp[:8]))),
		onWire("later fragment", "fragment", etherOf(0x0800, p.later)),
		onWire("last fragment of an error", "fragment", etherOf(0x0800, ip4(1, 12, "", "quote"))),
	}
}

func (p popup) overIPv6() []shape {
	ext := func(name string, kind int, header string) shape {
		return onWire("IPv6, "+name, "message", etherOf(0x86dd, ip6(kind, "\x11"+header+p.udp)))
	}
	return []shape{
		onWire("IPv6", "message", etherOf(0x86dd, p.over6)),
		ext("hop-by-hop options", 0, "\x00\x01\x04\x00\x00\x00\x00"),
		ext("routing header", 43, "\x00\x00\x00\x00\x00\x00\x00"),
		ext("authentication header", 51, "\x01"+strings.Repeat("\x00", 10)),
		ext("destination options", 60, "\x00\x01\x04\x00\x00\x00\x00"),
		ext("mobility header", 135, "\x00\x00\x00\x00\x00\x00\x00"),
		ext("host identity", 139, "\x00\x00\x00\x00\x00\x00\x00"),
		ext("shim6", 140, "\x00\x00\x00\x00\x00\x00\x00"),
		ext("fragment that is all", 44, "\x00\x00\x00\x00\x00\x00\x01"),
		onWire("IPv6, first fragment", "fragment", etherOf(0x86dd, ip6(44, "\x11\x00\x00\x01\x00\x00\x00\x01"+p.udp[:96]))),
		onWire("IPv6, later fragment", "fragment", etherOf(0x86dd, ip6(44, "\x11\x00\x00\x60\x00\x00\x00\x01"+p.udp[96:]))),
	}
}

func (p popup) behindTags() []shape {
	inner := tagged(200, 0x0800, p.over4)
	deep := tagged(1, 0x8100, tagged(2, 0x8100, inner))
	return []shape{
		onWire("VLAN", "message", etherOf(0x8100, inner)),
		onWire("VLAN, IPv6", "message", etherOf(0x8100, tagged(100, 0x86dd, p.over6))),
		onWire("VLAN, later fragment", "fragment", etherOf(0x8100, tagged(100, 0x0800, p.later))),
		onWire("priority tag", "message", etherOf(0x8100, tagged(0, 0x0800, p.over4))),
		onWire("802.1ad alone", "message", etherOf(0x88a8, inner)),
		onWire("QinQ", "message", etherOf(0x88a8, tagged(100, 0x8100, inner))),
		onWire("QinQ of 8100", "message", etherOf(0x8100, tagged(100, 0x8100, inner))),
		onWire("QinQ of 9100", "message", etherOf(0x9100, tagged(100, 0x8100, inner))),
		onWire("QinQ of 9200", "message", etherOf(0x9200, tagged(100, 0x8100, inner))),
		onWire("three tags", "message", etherOf(0x8100, deep)),
		onWire("four tags", "message", etherOf(0x88a8, tagged(4, 0x8100, deep))),
		onWire("PPPoE in a VLAN", "message", etherOf(0x8100, tagged(7, 0x8864, pppoeOf("\x00\x21", p.over4)))),
		onWire("MPLS in a VLAN", "message", etherOf(0x8100, tagged(7, 0x8847, "\x00\x01\x01\x40"+p.over4))),
	}
}

func (p popup) behindLabels() []shape {
	options := ip4(17, 0, "\x01\x01\x01\x00", p.udp)
	return []shape{
		onWire("MPLS", "message", etherOf(0x8847, "\x00\x01\x00\x40\x00\x02\x01\x40"+p.over4)),
		onWire("MPLS multicast", "message", etherOf(0x8848, "\x00\x01\x01\x40"+p.over4)),
		onWire("MPLS pseudowire", "message", etherOf(0x8847, "\x00\x01\x01\x40\x00\x00\x00\x00"+etherOf(0x0800, p.over4))),
		onWire("PPPoE", "message", etherOf(0x8864, pppoeOf("\x00\x21", p.over4))),
		onWire("PPPoE, IPv6", "message", etherOf(0x8864, pppoeOf("\x00\x57", p.over6))),
		onWire("PPPoE, options", "message", etherOf(0x8864, pppoeOf("\x00\x21", options))),
		onWire("PPPoE, later fragment", "fragment", etherOf(0x8864, pppoeOf("\x00\x21", p.later))),
		onWire("PPPoE, short protocol field", "message", etherOf(0x8864, pppoeOf("\x21", p.over4))),
		onWire("PPPoE, MPLS", "message", etherOf(0x8864, pppoeOf("\x02\x81", "\x00\x01\x01\x40"+p.over4))),
		onWire("PPPoE, MPLS multicast", "message", etherOf(0x8864, pppoeOf("\x02\x83", "\x00\x01\x01\x40"+p.over4))),
		onWire("SNAP", "message", snapOf(0x0800, p.over4)),
	}
}

func (p popup) inTunnels() []shape {
	mirrored := "\x08\x00\x00\x00\x00\x00\x01\x00" + etherOf(0x0800, p.over4)
	return []shape{
		inTunnel("GRE", "message", etherOf(0x0800, ip4(47, 0, "", "\x00\x00\x08\x00"+p.over4))),
		inTunnel("GRE over IPv6", "message", etherOf(0x86dd, ip6(47, "\x00\x00\x08\x00"+p.over4))),
		inTunnel("GRE in PPPoE", "message", etherOf(0x8864, pppoeOf("\x00\x21", ip4(47, 0, "", "\x00\x00\x08\x00"+p.over4)))),
		inTunnel("ERSPAN", "message", etherOf(0x0800, ip4(47, 0, "", "\x00\x00\x88\xbe"+etherOf(0x0800, p.over4)))),
		inTunnel("IP in IP", "message", etherOf(0x0800, ip4(4, 0, "", p.over4))),
		inTunnel("6in4", "message", etherOf(0x0800, ip4(41, 0, "", p.over6))),
		inTunnel("IPv4 in IPv6", "message", etherOf(0x86dd, ip6(4, p.over4))),
		inTunnel("IPv6 in IPv6", "message", etherOf(0x86dd, ip6(41, p.over6))),
		inTunnel("VXLAN", "message", etherOf(0x0800, ip4(17, 0, "", udpTo(4789, 0, mirrored)))),
		inTunnel("VXLAN over IPv6", "message", etherOf(0x86dd, ip6(17, udpTo(4789, 0, mirrored)))),
		inTunnel("fragment of GRE", "fragment", etherOf(0x0800, ip4(47, 12, "", "later"))),
		inTunnel("fragment of IP in IP", "fragment", etherOf(0x0800, ip4(4, 12, "", "later"))),
		inTunnel("fragment of 6in4", "fragment", etherOf(0x0800, ip4(41, 12, "", "later"))),
	}
}

func (p popup) ofOtherLinks() []shape {
	options := ip6(60, "\x11\x00\x01\x04\x00\x00\x00\x00"+p.udp)
	return []shape{
		{"SLL", linkCooked, cookedOf(0x0800, p.over4), "message", true, true},
		{"SLL, IPv6", linkCooked, cookedOf(0x86dd, p.over6), "message", true, true},
		{"SLL, VLAN", linkCooked, cookedOf(0x8100, tagged(1, 0x0800, p.over4)), "message", true, true},
		{"SLL, PPPoE", linkCooked, cookedOf(0x8864, pppoeOf("\x00\x21", p.over4)), "message", true, true},
		{"SLL, SNAP", linkCooked, cookedOf(4, "\xaa\xaa\x03\x00\x00\x00\x08\x00"+p.over4), "message", true, true},
		{"SLL2", linkCooked2, cooked2Of(0x0800, p.over4), "message", true, true},
		{"SLL2, IPv6 with options", linkCooked2, cooked2Of(0x86dd, options), "message", true, true},
		{"SLL2, later fragment", linkCooked2, cooked2Of(0x0800, p.later), "fragment", true, true},
		{"SLL2, MPLS", linkCooked2, cooked2Of(0x8847, "\x00\x01\x01\x40"+p.over4), "message", true, true},
		{"SLL2, PPPoE, short protocol field", linkCooked2, cooked2Of(0x8864, pppoeOf("\x21", p.over4)), "message", true, true},
		{"raw IPv4", linkRaw, p.over4, "message", true, true},
		{"raw IPv6", linkRaw, p.over6, "message", true, true},
	}
}

// other is a frame that carries no popup.
type other struct {
	name, frame string
	pass        bool
}

func other4(name string, pass bool, proto int, payload string) other {
	return other{name, etherOf(0x0800, ip4(proto, 0, "", payload)), pass}
}

func other6(name string, pass bool, next int, payload string) other {
	return other{name, etherOf(0x86dd, ip6(next, payload)), pass}
}

// otherRPC is a connectionless PDU whose octet at some place is another one.
func otherRPC(name string, pass bool, at int, octet byte) other {
	b := []byte("\x04\x00\x20\x00\x10\x00\x00\x00" + strings.Repeat("\x00", 80))
	b[at] = octet
	return other4(name, pass, 17, udpTo(oddPort, 8+len(b), string(b)))
}

const (
	dnsQuery = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"
	quic     = "\x44\x5f\x12\x34\x56\x78\x9a\xbc\xde"
	zeros6   = "\x00\x00\x00\x00\x00\x00"
)

// otherTraffic is of each kind that the filter tells apart.
var otherTraffic = []other{
	other4("TCP 80", false, 6, tcpOf(50000, 80)),
	other6("TCP 80, IPv6", false, 6, tcpOf(50000, 80)),
	{"TCP 80, not to be fragmented", etherOf(0x0800, ip4(6, 0x4000, "", tcpOf(50000, 80))), false},
	{"TCP 80, options", etherOf(0x0800, ip4(6, 0, "\x01\x01\x01\x00", tcpOf(50000, 80))), false},
	{"TCP 80 in PPPoE", etherOf(0x8864, pppoeOf("\x00\x21", ip4(6, 0, "", tcpOf(50000, 80)))), false},
	other4("TCP 1026", false, 6, tcpOf(50000, 1026)),
	other4("TCP 139", true, 6, tcpOf(50000, 139)),
	other6("TCP 139, IPv6", true, 6, tcpOf(50000, 139)),
	other4("TCP 445", true, 6, tcpOf(50000, 445)),
	other4("TCP from 139", true, 6, tcpOf(139, 50000)),
	other6("TCP from 445, IPv6", true, 6, tcpOf(445, 50000)),
	{"TCP 139, options", etherOf(0x0800, ip4(6, 0, "\x01\x01\x01\x00", tcpOf(50000, 139))), true},

	other4("DNS", false, 17, udpTo(53, 0, dnsQuery)),
	other6("DNS, IPv6", false, 17, udpTo(53, 0, dnsQuery)),
	other4("QUIC", false, 17, udpTo(443, 0, quic)),
	other4("UDP 445", false, 17, udpTo(445, 0, "other")),
	other4("UDP of two octets", false, 17, udpTo(oddPort, 0, "\x04\x00")),
	other4("UDP 138", true, 17, udpTo(138, 0, "")),
	other6("UDP 138, IPv6", true, 17, udpTo(138, 0, "")),
	other4("UDP 135 without payload", true, 17, udpTo(135, 0, "")),
	other4("UDP 1024", false, 17, udpTo(1024, 0, "other")),
	other4("UDP 1025", true, 17, udpTo(1025, 0, "other")),
	other6("UDP 1031, IPv6", true, 17, udpTo(1031, 0, "other")),
	other4("UDP 1032", false, 17, udpTo(1032, 0, "other")),

	otherRPC("RPC", true, 1, 0),
	otherRPC("RPC of version 0x94", true, 0, 0x94),
	otherRPC("RPC of version 5", false, 0, 5),
	otherRPC("RPC of type 10", true, 1, 10),
	otherRPC("RPC of type 11", false, 1, 11),
	otherRPC("RPC, EBCDIC", true, 4, 0x11),
	otherRPC("RPC, octet order 2", false, 4, 0x20),
	otherRPC("RPC, float 3", true, 5, 3),
	otherRPC("RPC, float 4", false, 5, 4),

	other4("unreachable", true, 1, "\x03\x03"+zeros6),
	other4("source quench", true, 1, "\x04\x00"+zeros6),
	other4("redirect", true, 1, "\x05\x00"+zeros6),
	other4("time exceeded", true, 1, "\x0b\x00"+zeros6),
	other4("parameter problem", true, 1, "\x0c\x00"+zeros6),
	other4("echo request", false, 1, "\x08\x00"+zeros6),
	other4("timestamp", false, 1, "\x0d\x00"+zeros6),
	other6("unreachable, IPv6", true, 58, "\x01\x04"+zeros6),
	other6("packet too big, IPv6", true, 58, "\x02\x00"+zeros6),
	other6("time exceeded, IPv6", true, 58, "\x03\x00"+zeros6),
	other6("parameter problem, IPv6", true, 58, "\x04\x00"+zeros6),
	other6("echo request, IPv6", false, 58, "\x80\x00"+zeros6),
	other6("neighbour solicitation", false, 58, "\x87\x00"+zeros6),

	other4("ESP", false, 50, "12345678"),
	{"fragment of ESP", etherOf(0x0800, ip4(50, 12, "", "12345678")), false},
	{"ARP", etherOf(0x0806, "\x00\x01\x08\x00\x06\x04\x00\x01"+strings.Repeat("\x00", 20)), false},
	{"LLDP", etherOf(0x88cc, strings.Repeat("\x00", 46)), false},
	{"spanning tree", macs + two(38) + "\x42\x42\x03" + strings.Repeat("\x00", 43), false},
	{"PPPoE, link control", etherOf(0x8864, pppoeOf("\xc0\x21", "\x09\x01\x00\x08\x00\x00\x00\x00")), false},
	{"PPPoE, discovery", etherOf(0x8863, "\x11\x09\x00\x00\x00\x00"), false},
	{"two tags around TCP 80, which pass whole", etherOf(0x88a8, tagged(1, 0x8100, tagged(2, 0x0800, ip4(6, 0, "", tcpOf(50000, 80))))), true},
}
