package event

import (
	"net/netip"
	"strconv"

	"popupwatch/decoders/inet"
)

func markNumber(get func(*inet.Marks) uint64) appender {
	return func(b []byte, e *Event) []byte { return strconv.AppendUint(b, get(e.marks()), 10) }
}

func markNumberIf(get func(*inet.Marks) uint64) appender {
	return numberIf(func(e *Event) uint64 { return get(e.marks()) })
}

func markTrue(get func(*inet.Marks) bool) appender {
	return mark(func(e *Event) bool { return get(e.marks()) })
}

func markMAC(get func(*inet.Marks) [6]byte) appender {
	return func(b []byte, e *Event) []byte {
		m := e.marks()
		if !m.HasMAC {
			return b
		}
		return appendMAC(b, get(m))
	}
}

// tunnel is a field of the innermost tunnel: absent without one.
func tunnel(value appender) appender {
	return func(b []byte, e *Event) []byte {
		if e.marks().Tunnels == 0 {
			return b
		}
		return value(b, e)
	}
}

// markFields are what the headers around the popup carried: the judges of its source go by them.
func markFields() []Field {
	const in = inMessage | inFinding
	return []Field{
		{Path: "popupwatch.marks.ttl", Type: "long", In: in, append: markNumber(func(m *inet.Marks) uint64 { return uint64(m.TTL) }),
			About: "TTL or hop limit of the innermost IP header."},
		{Path: "popupwatch.marks.ip_id", Type: "long", In: in, append: appendIPID, About: "Identification of the IPv4 header; absent for IPv6."},
		{Path: "popupwatch.marks.dont_fragment", Type: "boolean", In: in, append: markTrue(func(m *inet.Marks) bool { return m.DontFragment }),
			About: "True where the IPv4 header forbids fragments. Else absent."},
		{Path: "popupwatch.marks.ip_fragments", Type: "long", In: in, append: markNumberIf(func(m *inet.Marks) uint64 { return uint64(m.Fragments) }),
			About: "IP fragments that the datagram came in; absent where it was whole."},
		{Path: "popupwatch.marks.udp_length", Type: "long", In: in, append: markNumberIf(func(m *inet.Marks) uint64 { return uint64(m.UDPLength) }),
			About: "Octets of UDP payload that were read."},
		{Path: "popupwatch.marks.udp_checksum_zero", Type: "boolean", In: in, append: markTrue(func(m *inet.Marks) bool { return m.UDPSumZero }),
			About: "True where the sender left the UDP checksum out, as home-made packets do. Else absent."},
		{Path: "popupwatch.marks.source_mac", Type: "keyword", In: in, append: markMAC(func(m *inet.Marks) [6]byte { return m.SrcMAC }),
			About: "Source MAC address of the outermost frame: the last hop before the sensor, not the sender."},
		{Path: "popupwatch.marks.destination_mac", Type: "keyword", In: in, append: markMAC(func(m *inet.Marks) [6]byte { return m.DstMAC }),
			About: "Destination MAC address of the outermost frame."},
		{Path: "popupwatch.marks.tunnel.count", Type: "long", In: in, append: tunnel(markNumber(func(m *inet.Marks) uint64 { return uint64(m.Tunnels) })),
			About: "Tunnels around the innermost IP header; absent without one, as the rest of tunnel."},
		{Path: "popupwatch.marks.tunnel.kind", Type: "keyword", In: in, append: tunnel(ours(func(e *Event) string { return e.marks().TunnelKind.String() })),
			About: "Kind of the innermost tunnel: gre, erspan, vxlan, ipip, 6in4 or in6."},
		{Path: "popupwatch.marks.tunnel.id", Type: "long", In: in, append: tunnel(markNumberIf(func(m *inet.Marks) uint64 { return uint64(m.TunnelID) })),
			About: "Key, network identifier or session of the innermost tunnel, where it has one."},
		{Path: "popupwatch.marks.tunnel.source", Type: "ip", In: in, append: tunnel(address(func(e *Event) netip.Addr { return e.marks().TunnelSrc })),
			About: "Where the innermost tunnel begins."},
		{Path: "popupwatch.marks.tunnel.destination", Type: "ip", In: in, append: tunnel(address(func(e *Event) netip.Addr { return e.marks().TunnelDst })),
			About: "Where the innermost tunnel ends."},
	}
}

func appendIPID(b []byte, e *Event) []byte {
	m := e.marks()
	if m.IPv6 {
		return b
	}
	return strconv.AppendUint(b, uint64(m.ID), 10)
}
