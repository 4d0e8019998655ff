package spoof

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
)

// xpSP2 is when Windows XP SP2 came out: from then on stock Windows drops raw UDP with a foreign source address.
var xpSP2 = time.Date(2004, 8, 25, 0, 0, 0, 0, time.UTC)

// initialTTLs are the TTLs that stacks start with; maxHops the longest path that is believed.
var initialTTLs = [...]int{32, 64, 128, 255}

const maxHops = 32

// hops gives the fewest hops, 1 to maxHops, that lead from a usual initial TTL to this one, and that initial TTL; ok is false where there is
// none. A TTL equal to an initial one is no hops at all.
func hops(ttl uint8) (n, initial int, ok bool) {
	for _, start := range initialTTLs {
		if d := start - int(ttl); d >= 1 && d <= maxHops {
			return d, start, true
		}
	}
	return 0, 0, false
}

// onLink says whether two addresses may be neighbours on one network: the same /24, or /64.
func onLink(a, b netip.Addr) bool {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	return err == nil && p.Contains(b)
}

// rowsOf gives the rows of the ledger that one packet shows by itself. Within home, networks larger than a /24 are ordinary: there a
// neighbour may be any address, and an address may end in 0 or 255.
func rowsOf(m *sighting, withinHome bool) rows {
	var r rows
	ttl := m.marks.TTL
	_, initial, possible := hops(ttl)
	if !possible && !(isInitial(ttl) && (withinHome || onLink(m.src.Addr(), m.dst.Addr()))) {
		r |= rowE10
	}
	if ttl >= 200 {
		r |= rowE11
	}
	if !withinHome && lastOctetOdd(m.src.Addr()) {
		r |= rowE43
	}
	if m.call != nil && m.call.OneWay() && inOnePacket(m.call) {
		r |= rowE61
	}
	if m.marks.UDPSumZero {
		r |= rowE63Sum
	}
	switch {
	case possible && initial != 128 && initial != 32:
		r |= rowE63
	case possible && initial == 128 && r&rowE63Sum == 0 && !m.time.Before(xpSP2):
		r |= rowE63Windows
	}
	return r
}

// inOnePacket says whether the call came whole in one PDU: not where one fragment of several arrived.
func inOnePacket(c *dcerpc.Call) bool {
	const both = dcerpc.FlagFrag | dcerpc.FlagLastFrag
	return c.Fragments <= 1 && c.Fragment == 0 && (c.Flags&dcerpc.FlagFrag == 0 || c.Flags&both == both)
}

func isInitial(ttl uint8) bool {
	for _, start := range initialTTLs {
		if start == int(ttl) {
			return true
		}
	}
	return false
}

// lastOctetOdd says whether an IPv4 address ends in 0 or 255: legal in networks larger than /24, but rare.
func lastOctetOdd(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	last := a.As4()[3]
	return last == 0 || last == 255
}
