package event

import (
	"net/netip"
	"strconv"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
)

// from is the source that source.* names; zero where the document must not name one.
func (e *Event) from() netip.AddrPort {
	switch {
	case !e.namesSource():
		return netip.AddrPort{}
	case e.Set == SetMessage && e.Rolled != nil && e.Rolled.SeveralPorts:
		return netip.AddrPortFrom(e.Message.Src.Addr(), 0)
	}
	return e.claimed()
}

// claimed is the source that the packet says.
func (e *Event) claimed() netip.AddrPort {
	switch e.Set {
	case SetMessage:
		return e.Message.Src
	case SetSource:
		return netip.AddrPortFrom(e.Source.Key.Source, 0)
	case SetFinding:
		return e.Finding.Src
	}
	return netip.AddrPort{}
}

// to is the destination; without address where a bucket has several.
func (e *Event) to() netip.AddrPort {
	switch e.Set {
	case SetMessage:
		if e.Rolled != nil && e.Rolled.SeveralTargets {
			return netip.AddrPortFrom(netip.Addr{}, e.Message.Dst.Port())
		}
		return e.Message.Dst
	case SetFinding:
		return e.Finding.Dst
	}
	return netip.AddrPort{}
}

func fromAddr(e *Event) netip.Addr { return e.from().Addr() }
func toAddr(e *Event) netip.Addr   { return e.to().Addr() }

// claimedAddr is the source of an alert: it stands apart, so that no tool groups by it.
func claimedAddr(e *Event) netip.Addr {
	if e.Kind != KindAlert || e.proven() {
		return netip.Addr{}
	}
	return e.claimed().Addr()
}

// endFields are the two ends of a conversation.
func endFields() []Field {
	const from, to = inMessage | inSource | inFinding, inMessage | inFinding
	return []Field{
		{Path: "source.ip", Type: "ip", In: from, append: address(fromAddr),
			About: "What the packet says its source is. Anybody can write that into a datagram: see popupwatch.source.state and tags. Never in an alert unless proven."},
		{Path: "source.address", Type: "keyword", In: from, append: address(fromAddr), About: "The same as source.ip."},
		{Path: "source.port", Type: "long", In: to, append: numberIf(func(e *Event) uint64 { return uint64(e.from().Port()) }),
			About: "Source port; absent where the packets of a bucket differ."},
		{Path: "destination.ip", Type: "ip", In: to, append: address(toAddr), About: "Destination; absent where the packets of a bucket differ."},
		{Path: "destination.address", Type: "keyword", In: to, append: address(toAddr), About: "The same as destination.ip."},
		{Path: "destination.port", Type: "long", In: to, append: numberIf(func(e *Event) uint64 { return uint64(e.to().Port()) }),
			About: "Destination port."},
		{Path: "popupwatch.claimed.ip", Type: "ip", In: from, append: address(claimedAddr),
			About: "In an alert: the source that the packet claims, unproven. It stands here so that no tool blames it."},
		{Path: "related.ip", Type: "ip", In: from, append: appendRelated, About: "Destinations and proven sources, at most 64."},
		{Path: "related.hosts", Type: "keyword", In: inMessage | inCampaign, append: appendRelatedHosts,
			About: "Domains that the text advertises, at most 64."},
	}
}

func appendRelated(b []byte, e *Event) []byte {
	var proven netip.Addr
	if e.proven() {
		proven = e.claimed().Addr()
	}
	start := len(b)
	switch {
	case e.Rolled != nil:
		b = e.builder.addresses.appendList(b, e.Rolled.Targets[:min(len(e.Rolled.Targets), listRoom-1)])
	case toAddr(e).IsValid():
		b = append(e.builder.addresses.append(append(b, '['), toAddr(e)), ']')
	}
	if !proven.IsValid() || e.Rolled != nil && e.Rolled.Rest {
		return b
	}
	if len(b) == start {
		b = append(b, '[')
	} else {
		b[len(b)-1] = ','
	}
	return append(e.builder.addresses.append(b, proven), ']')
}

// networkFields tell how the packet travelled.
func networkFields() []Field {
	const in = inMessage | inFinding
	return []Field{
		{Path: "network.transport", Type: "keyword", In: in, append: ours(transport), About: "udp, tcp, icmp or ipv6-icmp."},
		{Path: "network.type", Type: "keyword", In: in, append: ours(networkType), About: "ipv4 or ipv6."},
		{Path: "network.protocol", Type: "keyword", In: inMessage, append: ours(protocol), About: "dcerpc, smb or netbios."},
		{Path: "network.application", Type: "keyword", In: in, constant: true, append: fixed("msgsvc"), About: "Always msgsvc."},
		{Path: "network.direction", Type: "keyword", In: in, append: ours(direction),
			About: "inbound, outbound, internal or external, seen from the home networks; unknown without any."},
		{Path: "network.community_id", Type: "keyword", In: in, append: appendCommunity,
			About: "Community ID version 1, seed 0, of the conversation; absent where the packets of a bucket differ."},
		{Path: "network.vlan.id", Type: "keyword", In: in, append: appendVLAN(0), About: "Outer VLAN tag."},
		{Path: "network.inner.vlan.id", Type: "keyword", In: in, append: appendVLAN(1), About: "Inner VLAN tag."},
	}
}

// marks are those of the packet that the document tells of.
func (e *Event) marks() *inet.Marks {
	if e.Set == SetMessage {
		return &e.Message.Marks
	}
	return &e.Finding.Marks
}

func transport(e *Event) string {
	n := transportOf(e)
	switch n {
	case protocolTCP:
		return "tcp"
	case protocolUDP:
		return "udp"
	case protocolICMP:
		return "icmp"
	case protocolICMPv6:
		return "ipv6-icmp"
	}
	return ""
}

func transportOf(e *Event) uint8 {
	if e.Set == SetMessage {
		return transportNumber(e.Message.Route)
	}
	return e.Finding.Protocol
}

func networkType(e *Event) string {
	switch a := e.claimed().Addr(); {
	case a.Is4():
		return "ipv4"
	case a.Is6():
		return "ipv6"
	}
	return ""
}

func protocol(e *Event) string {
	switch e.Message.Route {
	case decoders.RouteSMB:
		return "smb"
	case decoders.RouteMailslot:
		return "netbios"
	}
	return "dcerpc"
}

func direction(e *Event) string {
	if e.Set == SetMessage {
		return e.Direction.String()
	}
	return e.Finding.Direction.String()
}

func appendCommunity(b []byte, e *Event) []byte {
	if !e.hasCommunity || e.Rolled != nil && (e.Rolled.SeveralTargets || e.Rolled.SeveralPorts || e.Rolled.Rest) {
		return b
	}
	b = append(b, '"')
	b = append(b, e.community[:]...)
	return append(b, '"')
}

func appendVLAN(i int) appender {
	return func(b []byte, e *Event) []byte {
		m := e.marks()
		if int(m.VLANs) <= i {
			return b
		}
		b = append(b, '"')
		b = strconv.AppendUint(b, uint64(m.VLAN[i]), 10)
		return append(b, '"')
	}
}

// iface is where the packet came from; zero where that is not known.
func (e *Event) iface() decoders.Interface {
	if e.builder.config.Interface == nil {
		return decoders.Interface{}
	}
	if e.Set == SetMessage {
		return e.builder.config.Interface(e.Message.Iface)
	}
	return e.builder.config.Interface(e.Finding.Iface)
}

func appendInterface(b []byte, e *Event) []byte {
	if name := e.iface().Name; name != "" {
		return appendString(b, name)
	}
	return b
}

func appendZone(b []byte, e *Event) []byte {
	switch e.iface().Role {
	case decoders.RoleExternal:
		return append(b, `"external"`...)
	case decoders.RoleAccess:
		return append(b, `"access"`...)
	}
	return b
}
