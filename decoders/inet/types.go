package inet

import "net/netip"

// LinkType is a libpcap link type, the LINKTYPE_ value of capture files (https://www.tcpdump.org/linktypes.html).
type LinkType uint32

// The link types that are read.
const (
	LinkNull     LinkType = 0
	LinkEthernet LinkType = 1
	LinkPPP      LinkType = 9
	LinkRaw12    LinkType = 12 // DLT_RAW on Linux, seen in files of old tools
	LinkRaw14    LinkType = 14 // DLT_RAW on OpenBSD
	LinkRaw      LinkType = 101
	LinkLoop     LinkType = 108
	LinkSLL      LinkType = 113
	LinkIPv4     LinkType = 228
	LinkIPv6     LinkType = 229
	LinkSLL2     LinkType = 276
)

// Marks is what the headers around a payload carried. Comparable and owned. After IP reassembly they are those of the fragment with offset 0.
type Marks struct {
	TTL          uint8  // TTL or hop limit of the innermost IP header
	ID           uint16 // IPv4 identification; 0 for IPv6
	IPv6         bool
	DontFragment bool
	Fragments    uint16 // IP fragments the datagram came in; 0 where it was whole
	UDPLength    uint16 // octets of UDP payload that were read
	UDPSumZero   bool   // IPv4 UDP without checksum

	HasMAC               bool
	SrcMAC, DstMAC       [6]byte    // outermost
	VLANs                uint8      // number of tags
	VLAN                 [2]uint16  // outer, inner id
	Tunnels              uint8      // number of tunnels around the innermost IP header
	TunnelKind           Tunnel     // innermost
	TunnelID             uint32     // GRE key, VXLAN VNI or ERSPAN session, where the innermost tunnel has one
	TunnelSrc, TunnelDst netip.Addr // of the innermost tunnel
}

// Tunnel is a kind of encapsulation of IP in IP.
type Tunnel uint8

// The tunnels that are followed.
const (
	NoTunnel Tunnel = iota
	TunnelGRE
	TunnelERSPAN
	TunnelVXLAN
	TunnelIPIP // IPv4 in IPv4
	Tunnel6in4 // IPv6 in IPv4
	TunnelIn6  // IPv4 or IPv6 in IPv6
)

// String is the word that stands in events; empty for none.
func (t Tunnel) String() string {
	return [...]string{"", "gre", "erspan", "vxlan", "ipip", "6in4", "in6"}[t]
}
