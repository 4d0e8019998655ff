package capture

import (
	"fmt"
	"slices"
	"strings"

	"popupwatch/decoders"
)

// maxPortRanges bounds the length of the expression. More ranges than that are joined across their smallest gaps, which passes ports that
// nobody named and loses none.
const maxPortRanges = 64

// KernelFilter says what the kernel hands over of a busy wire: what the decoder can make a popup, a signal or an arrival of, and little
// else. It errs on the side of passing: the decoder looks again.
type KernelFilter struct {
	Ports   []uint16 // watched UDP destination ports besides decoders.DefaultPorts, in any order
	Tunnels bool     // pass GRE, IP in IP, 6in4 and VXLAN whole, for the decoder to look inside
}

// Expression is the filter in the language of pcap-filter(7); equal filters give equal text. libpcap compiles it for the link type of any
// interface of Linux, in less than 4096 instructions (BPF_MAXINSNS), and all of it runs in the kernel. These pass:
//
//   - UDP that begins as a connectionless RPC header on any port (dcerpc.Shaped and a PDU type of at most 10: C706 12.6.3.1), whatever
//     comes to a watched port or to 138, or from a watched port (what a host asks from there is not probed when the answer comes), TCP of ports 139 and 445 in either direction, and the ICMP errors that inet.ParseICMP takes;
//   - every IPv4 fragment of these protocols, the first included: a sender can make a first fragment too short to show a shape, and later
//     ones without it would wait in the decoder's memory until they expire; every IPv6 datagram with an extension header, fragments too;
//   - the same within PPPoE;
//   - whatever carries MPLS, SNAP, or a VLAN tag that the filter can see. The kernel takes the outer tag off before it runs filters, so
//     that on a trunk of single tags the tests above apply, and what is tagged twice or deeper passes whole.
//
// It has neither vlan nor mpls: libpcap refuses these words for "any" and for raw IP. As a filter of files it refuses what libpcap does not
// read and the decoder does: BSD loopback in another octet order than the file's, or with another system's number for IPv6; PPP without the
// octets ff 03; and all of link type 14.
func (k KernelFilter) Expression() string {
	ip := anyOf(k.over(ipv4), k.over(ipv6))
	return anyOf(ip,
		is("ether proto", 0x8100, 0x88a8, 0x9100, 0x9200), // VLAN
		is("ether proto", 0x8847, 0x8848),                 // MPLS
		"ether proto 0xaa",                                // 802.3 with the LLC of SNAP
		inPPPoE(ip))
}

// inPPPoE comes last: the word pppoes moves the offsets of all that follows it. ether[0] is the first octet of the PPP header then, odd
// where the protocol field has one octet alone (RFC 1661 section 2), which libpcap does not read; 0x281 and 0x283 are MPLS (RFC 3032).
func inPPPoE(ip string) string {
	return allOf("pppoes", anyOf(ip, "ether[0] & 1 = 1", is("ether proto", 0x281, 0x283)))
}

// version is how the language reaches into one version of IP.
type version struct {
	name   string
	proto  string // the field that says what the header carries
	pieces string // says that what follows the header is not the transport header, or not all of the datagram
	icmp   int
	errors []int // types of ICMP that quote a datagram
}

var ipv4 = version{name: "ip", proto: "ip[9]", pieces: "ip[6:2] & 0x3fff != 0", icmp: 1, errors: []int{3, 4, 5, 11, 12}}

// The extension headers are those that inet.Packet walks, the fragment header (44) among them.
var ipv6 = version{name: "ip6", proto: "ip6[6]", pieces: is("ip6[6] =", 0, 43, 44, 51, 60, 135, 139, 140), icmp: 58, errors: []int{1, 2, 3, 4}}

// field names octets of the transport header. The language's own udp[8] is for IPv4, where it minds options.
func (v version) field(proto string, at, size int) string {
	if v.name == ipv6.name {
		proto, at = "ip6", at+40
	}
	if size == 1 {
		return fmt.Sprintf("%s[%d]", proto, at)
	}
	return fmt.Sprintf("%s[%d:%d]", proto, at, size)
}

// over is what passes over one version of IP. Most traffic is TCP and so is tested first.
func (k KernelFilter) over(v version) string {
	const tcp, udp = 6, 17
	carried := []int{tcp, udp, v.icmp}
	parts := []string{
		allOf(is(v.proto+" =", tcp), anyOf(is(v.field("tcp", 0, 2)+" =", 139, 445), is(v.field("tcp", 2, 2)+" =", 139, 445))),
		allOf(is(v.proto+" =", udp), anyOf(k.watched(v.field("udp", 2, 2)), k.asking(v.field("udp", 0, 2)), shaped(v))),
		allOf(is(v.proto+" =", v.icmp), is(v.field("icmp", 0, 1)+" =", v.errors...)),
	}
	if k.Tunnels {
		carried = append(carried, 4, 41, 47)
		parts = append(parts, is(v.proto+" =", 4, 41, 47))
	}
	pieces := v.pieces
	if v.name == ipv4.name {
		pieces = allOf(pieces, is(v.proto+" =", carried...))
	}
	return allOf(v.name, anyOf(append([]string{pieces}, parts...)...))
}

// shaped is the cheap test of dcerpc.Parse: version, PDU type, octet order and character set, floating-point format. It is the last of
// its alternatives: where a datagram is too short for it, the kernel refuses the frame at once.
func shaped(v version) string {
	return allOf(
		v.field("udp", 8, 1)+" & 0x0f = 4",
		v.field("udp", 9, 1)+" <= 10",
		v.field("udp", 12, 1)+" & 0xee = 0",
		v.field("udp", 13, 1)+" <= 3")
}

// watched is the test of the destination ports of which every datagram passes.
func (k KernelFilter) watched(port string) string {
	const mailslots, vxlan = 138, 4789
	ports := []uint16{mailslots}
	if k.Tunnels {
		ports = append(ports, vxlan)
	}
	return among(port, append(ports, k.ports()...))
}

// asking is the test of the source ports of which every datagram passes.
func (k KernelFilter) asking(port string) string { return among(port, k.ports()) }

// ports are the watched ports.
func (k KernelFilter) ports() []uint16 { return append(decoders.DefaultPorts(), k.Ports...) }

// among is the test that a port is one of some.
func among(port string, ports []uint16) string {
	var parts []string
	for _, r := range portRanges(ports) {
		if r.first == r.last {
			parts = append(parts, is(port+" =", int(r.first)))
			continue
		}
		parts = append(parts, allOf(fmt.Sprintf("%s >= %d", port, r.first), fmt.Sprintf("%s <= %d", port, r.last)))
	}
	return anyOf(parts...)
}

// portRange is the ports from first to last.
type portRange struct{ first, last uint16 }

// portRanges are at most maxPortRanges ranges that hold all ports, ascending; those nearer to each other than the least gap that makes them
// few enough, in powers of two, are joined.
func portRanges(ports []uint16) []portRange {
	ports = slices.Compact(slices.Sorted(slices.Values(ports)))
	for gap := 1; ; gap *= 2 {
		if ranges := joined(ports, gap); len(ranges) <= maxPortRanges {
			return ranges
		}
	}
}

// joined puts ascending ports into one range that are at most gap apart.
func joined(ports []uint16, gap int) (ranges []portRange) {
	for _, p := range ports {
		if n := len(ranges); n > 0 && int(p)-int(ranges[n-1].last) <= gap {
			ranges[n-1].last = p
			continue
		}
		ranges = append(ranges, portRange{p, p})
	}
	return ranges
}

// is says that what is named has one of the values; two-octet type numbers are in hexadecimal, as they are known.
func is(what string, values ...int) string {
	var parts []string
	for _, n := range values {
		if what == "ether proto" {
			parts = append(parts, fmt.Sprintf("%s 0x%x", what, n))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %d", what, n))
	}
	return anyOf(parts...)
}

func anyOf(parts ...string) string { return grouped(" or ", parts) }

func allOf(parts ...string) string { return grouped(" and ", parts) }

// grouped puts parentheses around what it joins: and binds no closer than or in this language.
func grouped(word string, parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, word) + ")"
}
