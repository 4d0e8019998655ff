package decoders

import (
	"time"

	"popupwatch/decoders/inet"
)

// copyWindow is how soon a datagram must return to be a copy (CONTRACT.md 2.0).
const copyWindow = time.Second

// copies tells a datagram that passed the sensor twice (a span port copies both directions, a relay forwards) from one that was sent twice.
type copies struct {
	secret inet.Secret
	seen   generations[copyMark]
	from   Interfaces
}

// copyMark is what may differ between copies of one datagram. Its fields are exported for the state file.
type copyMark struct {
	Time  int64
	VLAN  [2]uint16
	MACs  [2][6]byte
	Iface int32 // in copies.from
	TTL   uint8
}

func newCopies(most int, iface func(int) Interface) copies {
	return copies{secret: inet.NewSecret(), seen: newGenerations[copyMark](copyWindow, most), from: Interfaces{Now: iface}}
}

// again notes the datagram that p shows and says whether it is a copy. The same datagram with IP ID 0, all else equal, at another time was
// sent again: kernels that set no id repeat themselves exactly. Known is the part whose sum is known, if any.
func (c *copies) again(p *inet.Packet, from *carrier, known inet.Known) bool {
	k := p.PrivateHash(c.secret, known)
	mark := copyMark{from.time.UnixNano(), p.Marks.VLAN, [2][6]byte{p.Marks.SrcMAC, p.Marks.DstMAC}, int32(from.iface), p.Marks.TTL}
	last, ok := c.seen.get(k)
	c.seen.put(k, mark, from.time)
	if !ok || !near(mark.Time, last.Time, copyWindow) {
		return false
	}
	identified := p.Marks.ID != 0 || p.Frag.ID != 0
	return identified || mark.Time == last.Time || c.differ(mark, last)
}

// differ says whether two marks were made at different places. A file is no interface: its name is empty.
func (c *copies) differ(a, b copyMark) bool {
	if a.TTL != b.TTL || a.VLAN != b.VLAN || a.MACs != b.MACs {
		return true
	}
	return a.Iface != b.Iface && c.from.Of(int(a.Iface)).Name != c.from.Of(int(b.Iface)).Name
}

// near says whether two packet times, in nanoseconds, lie less than d apart, in either order.
func near(a, b int64, d time.Duration) bool {
	return a-b < int64(d) && b-a < int64(d)
}
