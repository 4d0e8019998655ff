package decoders

import (
	"hash/maphash"
	"time"

	"popupwatch/decoders/inet"
)

// copyWindow is how soon a datagram must return to be a copy (CONTRACT.md 2.0).
const copyWindow = time.Second

// copies tells a datagram that passed the sensor twice (a span port copies both directions, a relay forwards) from one that was sent twice.
type copies struct {
	seed  maphash.Seed
	seen  generations[copyMark]
	iface func(int) Interface
}

// copyMark is what may differ between copies of one datagram.
type copyMark struct {
	time  int64
	vlan  [2]uint16
	macs  [2][6]byte
	iface int32
	ttl   uint8
}

func newCopies(most int, iface func(int) Interface) copies {
	return copies{seed: maphash.MakeSeed(), seen: newGenerations[copyMark](copyWindow, most), iface: iface}
}

// again notes the datagram that p shows and says whether it is a copy. The same datagram with IP ID 0, all else equal, at another time was
// sent again: kernels that set no id repeat themselves exactly.
func (c *copies) again(p *inet.Packet, from *carrier) bool {
	k := p.PrivateHash(c.seed)
	mark := copyMark{from.time.UnixNano(), p.Marks.VLAN, [2][6]byte{p.Marks.SrcMAC, p.Marks.DstMAC}, int32(from.iface), p.Marks.TTL}
	last, ok := c.seen.get(k)
	c.seen.put(k, mark, from.time)
	if !ok || !near(mark.time, last.time, copyWindow) {
		return false
	}
	identified := p.Marks.ID != 0 || p.Frag.ID != 0
	return identified || mark.time == last.time || c.differ(mark, last)
}

// differ says whether two marks were made at different places. A file is no interface: its name is empty.
func (c *copies) differ(a, b copyMark) bool {
	if a.ttl != b.ttl || a.vlan != b.vlan || a.macs != b.macs {
		return true
	}
	return a.iface != b.iface && c.iface(int(a.iface)).Name != c.iface(int(b.iface)).Name
}

// near says whether two packet times, in nanoseconds, lie less than d apart, in either order.
func near(a, b int64, d time.Duration) bool {
	return a-b < int64(d) && b-a < int64(d)
}
