package inet

import (
	"encoding/binary"
	"slices"
	"testing"

	"popupwatch/decoders/wire"
)

// ipv4 writes a header of 20 octets before a payload.
func ipv4(proto byte, payload []byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 113, proto, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(payload)))
	return append(b, payload...)
}

func ipv6(next byte, payload []byte) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[6], b[7], b[8], b[24] = 0x60, next, 60, 0x20, 0x20
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	return append(b, payload...)
}

func udp(port uint16, payload string) []byte {
	b := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint16(b, 4000)
	binary.BigEndian.PutUint16(b[2:], port)
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(payload)))
	return append(b, payload...)
}

func ethernet(ether uint16, payload []byte) []byte {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, byte(ether >> 8), byte(ether)}
	return append(b, payload...)
}

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

// datagram is what every encapsulation must bring to light.
func datagram() []byte { return ipv4(ProtoUDP, udp(1026, "hello")) }

// encapsulations are frames around one datagram, by link type.
func encapsulations() map[string]struct {
	link  LinkType
	frame []byte
} {
	type e = struct {
		link  LinkType
		frame []byte
	}
	d := datagram()
	outer := func(proto byte, b []byte) []byte { return ethernet(etherIPv4, ipv4(proto, b)) }
	vxlan := cat([]byte{8, 0, 0, 0, 0, 0, 42, 0}, ethernet(etherIPv4, d))
	return map[string]e{
		"Ethernet":            {LinkEthernet, ethernet(etherIPv4, d)},
		"Ethernet, padded":    {LinkEthernet, append(ethernet(etherIPv4, d), 0, 0, 0, 0)},
		"802.1Q":              {LinkEthernet, ethernet(etherVLAN, cat([]byte{0, 7, 8, 0}, d))},
		"QinQ":                {LinkEthernet, ethernet(etherQinQ, cat([]byte{0, 7, 0x81, 0, 0, 8, 8, 0}, d))},
		"MPLS":                {LinkEthernet, ethernet(etherMPLS, cat([]byte{0, 0, 0, 64, 0, 0, 1, 64}, d))},
		"MPLS pseudowire":     {LinkEthernet, ethernet(etherMPLS, cat([]byte{0, 0, 1, 64, 0, 0, 0, 0}, ethernet(etherIPv4, d)))},
		"PPPoE":               {LinkEthernet, ethernet(etherPPPoE, cat([]byte{0x11, 0, 0, 1, 0, 9, 0, 0x21}, d))},
		"SNAP":                {LinkEthernet, ethernet(100, cat([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, d))},
		"raw":                 {LinkRaw, d},
		"raw of BSD":          {LinkRaw14, d},
		"IPv4":                {LinkIPv4, d},
		"null, little-endian": {LinkNull, cat([]byte{2, 0, 0, 0}, d)},
		"null, big-endian":    {LinkNull, cat([]byte{0, 0, 0, 2}, d)},
		"loop":                {LinkLoop, cat([]byte{0, 0, 0, 2}, d)},
		"SLL":                 {LinkSLL, cat(make([]byte, 14), []byte{8, 0}, d)},
		"SLL2":                {LinkSLL2, cat([]byte{8, 0}, make([]byte, 18), d)},
		"PPP":                 {LinkPPP, cat([]byte{0, 0x21}, d)},
		"PPP with HDLC":       {LinkPPP, cat([]byte{0xff, 3, 0x21}, d)},
		"GRE":                 {LinkEthernet, outer(ProtoGRE, cat([]byte{0, 0, 8, 0}, d))},
		"GRE, all options":    {LinkEthernet, outer(ProtoGRE, cat([]byte{0xb0, 0, 8, 0}, make([]byte, 12), d))},
		"GRE bridge":          {LinkEthernet, outer(ProtoGRE, cat([]byte{0, 0, 0x65, 0x58}, ethernet(etherIPv4, d)))},
		"ERSPAN I":            {LinkEthernet, outer(ProtoGRE, cat([]byte{0, 0, 0x88, 0xbe}, ethernet(etherIPv4, d)))},
		"ERSPAN II":           {LinkEthernet, outer(ProtoGRE, cat([]byte{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 9, 0, 0, 0, 0}, ethernet(etherIPv4, d)))},
		"ERSPAN III":          {LinkEthernet, outer(ProtoGRE, cat([]byte{0x10, 0, 0x22, 0xeb, 0, 0, 0, 1}, make([]byte, 12), ethernet(etherIPv4, d)))},
		"ERSPAN III with O":   {LinkEthernet, outer(ProtoGRE, cat([]byte{0x10, 0, 0x22, 0xeb, 0, 0, 0, 1}, make([]byte, 11), []byte{1}, make([]byte, 8), ethernet(etherIPv4, d)))},
		"VXLAN":               {LinkEthernet, outer(ProtoUDP, udp(vxlanPort, string(vxlan)))},
		"IP in IP":            {LinkEthernet, outer(ProtoIPIP, d)},
		"IPv4 in IPv6":        {LinkEthernet, ethernet(etherIPv6, ipv6(ProtoIPIP, d))},
		"IPv6 extensions":     {LinkEthernet, ethernet(etherIPv6, ipv6(0, cat([]byte{60, 0, 0, 0, 0, 0, 0, 0, 4, 1}, make([]byte, 14), d)))},
		"IPv6 atomic":         {LinkEthernet, ethernet(etherIPv6, ipv6(44, cat([]byte{4, 0, 0, 0, 0, 0, 0, 9}, d)))},
	}
}

func TestEveryEncapsulationBringsTheDatagramToLight(t *testing.T) {
	for name, c := range encapsulations() {
		var p Packet
		if reason := p.Parse(c.link, c.frame); reason != wire.None || p.Proto != ProtoUDP || p.Cut {
			t.Errorf("%s: %v, protocol %d, cut %v", name, reason.String(), p.Proto, p.Cut)
			continue
		}
		u, reason := ParseUDP(p.Payload)
		if reason != wire.None || string(u.Payload) != "hello" || u.DstPort != 1026 || p.Src().String() != "192.0.2.1" || p.Marks.TTL != 113 {
			t.Errorf("%s: %v, %+v from %v", name, reason, u, p.Src())
		}
	}
}

func TestEveryPrefixOfAFrameIsRefusedOrCut(t *testing.T) {
	for name, c := range encapsulations() {
		headers := len(c.frame) - len(datagram())
		for n := range len(c.frame) {
			var p Packet
			reason := p.Parse(c.link, c.frame[:n])
			if n < headers && reason == wire.None && p.Payload != nil && p.Proto == ProtoUDP && !p.Cut {
				t.Errorf("%s, %d octets: a whole datagram", name, n)
			}
			ParseUDP(p.Payload)
		}
	}
}

func TestMarksOfTagsAndTunnels(t *testing.T) {
	all := encapsulations()
	parse := func(name string) Marks {
		var p Packet
		p.Parse(all[name].link, all[name].frame)
		return p.Marks
	}
	if m := parse("QinQ"); m.VLANs != 2 || m.VLAN != [2]uint16{7, 8} || !m.HasMAC || m.SrcMAC[0] != 7 {
		t.Errorf("QinQ: %+v", m)
	}
	if m := parse("VXLAN"); m.TunnelKind != TunnelVXLAN || m.TunnelID != 42 || m.Tunnels != 1 || m.TunnelSrc.String() != "192.0.2.1" {
		t.Errorf("VXLAN: %+v", m)
	}
	if m := parse("ERSPAN II"); m.TunnelKind != TunnelERSPAN || m.TunnelID != 9&0x3ff && m.TunnelID != 5 {
		t.Errorf("ERSPAN II: %+v", m)
	}
}

func TestNestingIsBounded(t *testing.T) {
	tags := make([]byte, 0, 4*maxLayers)
	for range maxLayers - 2 { // Ethernet and IPv4 are layers too
		tags = append(tags, 0, 1, 0x81, 0)
	}
	tags[len(tags)-2], tags[len(tags)-1] = 8, 0
	var p Packet
	if reason := p.Parse(LinkEthernet, ethernet(etherVLAN, cat(tags, datagram()))); reason != wire.None {
		t.Errorf("at the bound: %v", reason)
	}
	if reason := p.Parse(LinkEthernet, ethernet(etherVLAN, cat([]byte{0, 1, 0x81, 0}, tags, datagram()))); reason != wire.Nesting {
		t.Errorf("above the bound: %v", reason)
	}
}

func TestContradictionsOfAnIPHeader(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b []byte)
		want   wire.Reason
	}{
		"header length 16":             {func(b []byte) { b[0] = 0x44 }, wire.IPMalformed},
		"version 5":                    {func(b []byte) { b[0] = 0x55 }, wire.IPMalformed},
		"total below the header":       {func(b []byte) { b[2], b[3] = 0, 19 }, wire.IPMalformed},
		"total 0: offload":             {func(b []byte) { b[2], b[3] = 0, 0 }, wire.None},
		"total beyond the frame: cut":  {func(b []byte) { b[2] = 9 }, wire.None},
		"options beyond the frame":     {func(b []byte) { b[0], b[3] = 0x4f, 60 }, wire.Truncated},
		"more fragments":               {func(b []byte) { b[6] = 0x20 }, wire.Fragment},
		"an offset":                    {func(b []byte) { b[7] = 1 }, wire.Fragment},
		"do not fragment":              {func(b []byte) { b[6] = 0x40 }, wire.None},
		"transport that is not looked": {func(b []byte) { b[9] = ProtoTCP }, wire.None},
	} {
		b := datagram()
		c.change(b)
		var p Packet
		if reason := p.Parse(LinkEthernet, ethernet(etherIPv4, b)); reason != c.want {
			t.Errorf("%s: %v, want %v", name, reason.String(), c.want.String())
		}
	}
}

func TestUDPLengths(t *testing.T) {
	for name, c := range map[string]struct {
		length uint16
		want   string
		reason wire.Reason
	}{
		"as it is":             {13, "hello", wire.None},
		"shorter than IP":      {10, "he", wire.None},
		"longer than IP":       {99, "hello", wire.None},
		"0: offload":           {0, "hello", wire.None},
		"below its own header": {7, "", wire.UDPMalformed},
	} {
		b := udp(1026, "hello")
		binary.BigEndian.PutUint16(b[4:], c.length)
		if u, reason := ParseUDP(b); reason != c.reason || string(u.Payload) != c.want {
			t.Errorf("%s: %v, %q", name, reason.String(), u.Payload)
		}
	}
}

func TestICMPQuotes(t *testing.T) {
	quote := func(kind byte, quoted []byte) []byte { return cat([]byte{kind, 3, 0, 0, 0, 0, 0, 0}, quoted) }
	m, reason := ParseICMP(quote(3, datagram()), false)
	if reason != wire.None || m.QuoteDst.Port() != 1026 || string(m.Quote) != "hello" || m.QuoteLength != 5 {
		t.Errorf("%v, %+v", reason, m)
	}
	short, reason := ParseICMP(quote(3, datagram()[:28]), false)
	if reason != wire.None || len(short.Quote) != 0 || short.QuoteLength != 5 {
		t.Errorf("eight octets of UDP: %v, %+v", reason, short)
	}
	first := datagram()
	first[6] = 0x20
	if _, reason := ParseICMP(quote(11, first), false); reason != wire.None {
		t.Errorf("a first fragment: %v", reason)
	}
	later := datagram()
	later[7] = 1
	for name, b := range map[string][]byte{
		"echo": quote(8, datagram()), "a later fragment": quote(3, later), "TCP": quote(3, ipv4(ProtoTCP, make([]byte, 20))),
		"cut before the ports": quote(3, datagram()[:27]), "nothing": quote(3, nil), "too short": {3, 3, 0},
	} {
		if _, reason := ParseICMP(b, false); reason != wire.ICMPOther {
			t.Errorf("%s: %v", name, reason.String())
		}
	}
	if _, reason := ParseICMP(quote(1, ipv6(ProtoUDP, udp(1026, "hello"))), true); reason != wire.None {
		t.Errorf("ICMPv6: %v", reason)
	}
}

func TestThePrivateHashIgnoresWhatRoutersChange(t *testing.T) {
	secret := NewSecret()
	hash := func(b []byte, link LinkType) uint64 {
		var p Packet
		if reason := p.Parse(link, b); reason != wire.None {
			t.Fatal(reason)
		}
		return p.PrivateHash(secret, Known{})
	}
	was := hash(datagram(), LinkIPv4)
	for i := range datagram() {
		b := datagram()
		b[i] ^= 1
		if i == 0 || i == 2 || i == 3 || i == 6 || i == 7 || i == 9 || i >= 24 && i < 26 {
			continue // another datagram altogether, or none
		}
		if same, router := hash(b, LinkIPv4) == was, i == 8 || i == 10 || i == 11; same != router {
			t.Errorf("octet %d: same %v", i, same)
		}
	}
	v6 := ipv6(ProtoUDP, udp(1026, "hello"))
	before := hash(v6, LinkIPv6)
	v6[7]--
	if hash(v6, LinkIPv6) != before {
		t.Error("the hop limit shows")
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range encapsulations() {
		f.Add(uint32(c.link), c.frame)
	}
	f.Fuzz(func(t *testing.T, link uint32, frame []byte) {
		var p Packet
		reason := p.Parse(LinkType(link), frame)
		if reason != wire.None && reason != wire.Fragment {
			return
		}
		if !p.Src().IsValid() || !p.Dst().IsValid() {
			t.Fatal("no addresses")
		}
		if _, reason := ParseUDP(p.Payload); reason == wire.None && len(p.Payload) < 8 {
			t.Fatal("UDP of less than 8 octets")
		}
		ParseICMP(p.Payload, p.Marks.IPv6)
		p.PrivateHash(Secret{1, 2}, Known{8, len(p.Payload) - 8, 3})
		if reason == wire.Fragment {
			p.Resume(p.Marks, p.Proto, p.Payload, false)
			_, _ = p.Src(), p.PrivateHash(Secret{1, 2}, Known{8, len(p.Payload) - 8, 3})
		}
	})
}

func tcpSegment(offset byte, options, payload string) []byte {
	b := []byte{0x04, 0x1a, 0, 139, 0, 0, 3, 0xe9, 0, 0, 0x23, 0x29, offset << 4, 0x18, 0x20, 0, 0xab, 0xcd, 0, 0}
	return append(append(b, options...), payload...)
}

func TestTCPIsReadWithinItsBounds(t *testing.T) {
	got, reason := ParseTCP(tcpSegment(6, "\x01\x01\x01\x00", "hello"))
	if reason != wire.None || got.SrcPort != 1050 || got.DstPort != 139 || got.Seq != 1001 || got.Ack != 9001 || got.Window != 8192 {
		t.Errorf("%v, %+v", reason.String(), got)
	}
	if !got.Flags.Has(FlagACK|FlagPSH) || got.Flags.Has(FlagSYN) || len(got.Options) != 4 || string(got.Payload) != "hello" {
		t.Errorf("flags %x, options %x, payload %q", got.Flags, got.Options, got.Payload)
	}
	src, dst := TCPPorts(tcpSegment(5, "", ""))
	if src != 1050 || dst != 139 {
		t.Errorf("ports %d, %d", src, dst)
	}
}

// A cooked header has no length in place of the EtherType: 4 alone says that 802.2 follows.
func TestOnlyFourIsLLCInACookedHeader(t *testing.T) {
	for proto, want := range map[byte]wire.Reason{4: wire.None, 0: wire.NotIP, 1: wire.NotIP, 12: wire.NotIP} {
		frame := cat(make([]byte, 14), []byte{0, proto, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, datagram())
		var p Packet
		if got := p.Parse(LinkSLL, frame); got != want {
			t.Errorf("%d: %v, want %v", proto, got.String(), want.String())
		}
	}
}

func TestImpossibleTCPIsRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"cut":                      tcpSegment(5, "", "")[:19],
		"an offset below the head": tcpSegment(4, "", "hello"),
		"an offset beyond the end": tcpSegment(7, "", "hello"),
		"nothing":                  nil,
	} {
		if got, reason := ParseTCP(b); reason != wire.TCPMalformed || got.Payload != nil {
			t.Errorf("%s: %v, %+v", name, reason.String(), got)
		}
	}
	if src, dst := TCPPorts([]byte{1, 2, 3}); src != 0 || dst != 0 {
		t.Errorf("ports %d, %d of three octets", src, dst)
	}
}
