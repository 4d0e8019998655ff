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

func toAddr(e *Event) netip.Addr { return e.to().Addr() }

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
	t := object("source", from, func(b []byte, e *Event) []byte { return e.appendEnd(b, e.from()) }, "Never in an alert, unless the source is proven.", append([]Field{
		{Path: "ip", Type: "ip", About: "What the packet says its source is. Anybody can write that into a datagram: see popupwatch.source.state and tags."},
		{Path: "address", Type: "keyword", About: "The same as source.ip."},
		{Path: "port", Type: "long", About: "Source port; absent in the source set, and where the packets of a bucket differ."},
	}, placeFields(inMessage|inSource)...)...)
	t = append(t, object("destination", to, func(b []byte, e *Event) []byte { return e.appendEnd(b, e.to()) }, "Where the packet went.", append([]Field{
		{Path: "ip", Type: "ip", About: "Destination; absent where the packets of a bucket differ."},
		{Path: "address", Type: "keyword", About: "The same as destination.ip."},
		{Path: "port", Type: "long", About: "Destination port."},
	}, placeFields(inMessage)...)...)...)
	return append(t, []Field{
		{Path: "popupwatch.claimed.ip", Type: "ip", In: from, append: address(claimedAddr),
			About: "In an alert: the source that the packet claims, unproven. It stands here so that no tool blames it."},
		{Path: "related.ip", Type: "ip", In: from, append: appendRelated, About: "Destinations and proven sources, at most 64."},
		{Path: "related.hosts", Type: "keyword", In: inMessage | inCampaign, append: appendRelatedHosts,
			About: "Domains that the text advertises, at most 64."},
	}...)
}

func (e *Event) appendEnd(b []byte, end netip.AddrPort) []byte {
	start, at := len(b), &e.builder.addresses
	b = append(b, '{')
	b = at.appendNamed(b, `"ip":`, end.Addr())
	b = at.appendNamed(b, `"address":`, end.Addr())
	if end.Port() != 0 {
		b = appendCounted(b, `"port":`, uint64(end.Port()))
	}
	if e.builder.places.look != nil && e.Set != SetFinding {
		b = e.builder.places.append(b, end.Addr())
	}
	return closeObject(b, start)
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
	return object("network", inMessage|inFinding, appendNetwork, "How the packet travelled.",
		Field{Path: "transport", Type: "keyword", About: "udp, tcp, icmp or ipv6-icmp."},
		Field{Path: "type", Type: "keyword", About: "ipv4 or ipv6."},
		Field{Path: "protocol", Type: "keyword", About: "dcerpc, smb or netbios; in messages only."},
		Field{Path: "application", Type: "keyword", About: "Always msgsvc."},
		Field{Path: "direction", Type: "keyword", About: "inbound, outbound, internal or external, seen from the home networks; unknown without any."},
		Field{Path: "community_id", Type: "keyword", About: "Community ID version 1, seed 0, of the conversation; absent where the packets of a bucket differ."},
		Field{Path: "vlan.id", Type: "keyword", About: "Outer VLAN tag."},
		Field{Path: "inner.vlan.id", Type: "keyword", About: "Inner VLAN tag."},
	)
}

func appendNetwork(b []byte, e *Event) []byte {
	b = e.recall(b, appendRoad)
	if e.oneConversation() {
		b = append(b, `"community_id":"`...)
		b = append(b, e.community[:]...)
		b = append(b, '"', ',')
	}
	m := e.marks()
	if m.VLANs > 0 {
		b = appendVLAN(append(b, `"vlan":{"id":"`...), m.VLAN[0])
	}
	if m.VLANs > 1 {
		b = appendVLAN(append(b, `"inner":{"vlan":{"id":"`...), m.VLAN[1])
		b = append(b[:len(b)-1], '}', ',')
	}
	b[len(b)-1] = '}'
	return b
}

// appendRoad appends what packets of one road and direction say alike.
func appendRoad(b []byte, e *Event) []byte {
	b = append(b, '{')
	b = appendNamed(b, `"transport":`, transport(e))
	b = appendNamed(b, `"type":`, networkType(e))
	if e.Set == SetMessage {
		b = appendNamed(b, `"protocol":`, protocol(e))
	}
	b = append(b, `"application":"msgsvc",`...)
	return appendNamed(b, `"direction":`, direction(e))
}

// appendVLAN appends the tag and the end of its object.
func appendVLAN(b []byte, id uint16) []byte {
	b = strconv.AppendUint(b, uint64(id), 10)
	return append(b, '"', '}', ',')
}

// oneConversation says whether the document is about one pair of ends.
func (e *Event) oneConversation() bool {
	return e.hasCommunity && (e.Rolled == nil || !e.Rolled.SeveralTargets && !e.Rolled.SeveralPorts && !e.Rolled.Rest)
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

// iface is where the packet came from; zero where that is not known.
func (e *Event) iface() decoders.Interface {
	if e.Set == SetMessage {
		return e.builder.interfaces.Of(e.Message.Iface)
	}
	return e.builder.interfaces.Of(e.Finding.Iface)
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
