package event

// markFields are what the headers around the popup carried: the judges of its source go by them.
func markFields() []Field {
	const in = inMessage | inFinding
	t := object("popupwatch.marks", in, appendMarks, "What the headers around the popup carried.",
		Field{Path: "ttl", Type: "long", About: "TTL or hop limit of the innermost IP header."},
		Field{Path: "ip_id", Type: "long", About: "Identification of the IPv4 header; absent for IPv6."},
		Field{Path: "dont_fragment", Type: "boolean", About: "True where the IPv4 header forbids fragments. Else absent."},
		Field{Path: "ip_fragments", Type: "long", About: "IP fragments that the datagram came in; absent where it was whole."},
		Field{Path: "udp_length", Type: "long", About: "Octets of UDP payload that were read."},
		Field{Path: "udp_checksum_zero", Type: "boolean", About: "True where the sender left the UDP checksum out, as home-made packets do. Else absent."},
		Field{Path: "source_mac", Type: "keyword", About: "Source MAC address of the outermost frame: the last hop before the sensor, not the sender."},
		Field{Path: "destination_mac", Type: "keyword", About: "Destination MAC address of the outermost frame."},
		Field{Path: "tunnel.count", Type: "long", About: "Tunnels around the innermost IP header; absent without one, as the rest of tunnel."},
		Field{Path: "tunnel.kind", Type: "keyword", About: "Kind of the innermost tunnel: gre, erspan, vxlan, ipip, 6in4 or in6."},
		Field{Path: "tunnel.id", Type: "long", About: "Key, network identifier or session of the innermost tunnel, where it has one."},
		Field{Path: "tunnel.source", Type: "ip", About: "Where the innermost tunnel begins."},
		Field{Path: "tunnel.destination", Type: "ip", About: "Where the innermost tunnel ends."},
	)
	return t
}

func appendMarks(b []byte, e *Event) []byte {
	m := e.marks()
	b = append(b, '{')
	b = appendCounted(b, `"ttl":`, uint64(m.TTL))
	if !m.IPv6 {
		b = appendCounted(b, `"ip_id":`, uint64(m.ID))
	}
	if m.DontFragment {
		b = append(b, `"dont_fragment":true,`...)
	}
	if m.Fragments > 0 {
		b = appendCounted(b, `"ip_fragments":`, uint64(m.Fragments))
	}
	if m.UDPLength > 0 {
		b = appendCounted(b, `"udp_length":`, uint64(m.UDPLength))
	}
	if m.UDPSumZero {
		b = append(b, `"udp_checksum_zero":true,`...)
	}
	if m.HasMAC {
		b = e.builder.cards.append(b, m.SrcMAC, m.DstMAC)
	}
	if m.Tunnels > 0 {
		b = e.appendTunnel(b)
	}
	b[len(b)-1] = '}'
	return b
}

func (e *Event) appendTunnel(b []byte) []byte {
	m, at := e.marks(), &e.builder.addresses
	b = append(b, `"tunnel":{`...)
	b = appendCounted(b, `"count":`, uint64(m.Tunnels))
	b = appendNamed(b, `"kind":`, m.TunnelKind.String())
	if m.TunnelID != 0 {
		b = appendCounted(b, `"id":`, uint64(m.TunnelID))
	}
	b = at.appendNamed(b, `"source":`, m.TunnelSrc)
	b = at.appendNamed(b, `"destination":`, m.TunnelDst)
	b[len(b)-1] = '}'
	return append(b, ',')
}
