package spoof

import (
	"math/bits"
	"net/netip"
	"time"

	"popupwatch/decoders"
)

// addrKey is an address without pointers, for the many that are kept: 4 or 6, then sixteen octets. An IPv4 address and the IPv6 address that
// maps it are two: who writes one must not speak for the other.
type addrKey [17]byte

func keyOf(a netip.Addr) addrKey {
	octets := a.As16()
	k := addrKey{6}
	if a.Is4() {
		k[0] = 4
	}
	copy(k[1:], octets[:])
	return k
}

func (k addrKey) addr() netip.Addr {
	if k[0] == 4 {
		return netip.AddrFrom4([4]byte(k[13:]))
	}
	return netip.AddrFrom16([16]byte(k[1:]))
}

// claimKey finds a claim.
type claimKey struct {
	source     addrKey
	population uint32 // its seq
	hour       int32
}

// maxPackets is how many of its packets a claim remembers as evidence.
const maxPackets = 4

// claim is one source in one campaign and hour. After it closed it stays, until its slot is needed, as the source's last word.
type claim struct {
	key         claimKey
	slot        uint32 // of its population
	part        int64  // packet times, nanoseconds
	first, last int64
	targets     decoders.Distinct
	frames      [maxPackets]uint64
	shown       [maxPackets]rows // by each of these packets
	ttlShown    [maxPackets]uint8
	ttls        [packetRows]uint8 // of the packet that first showed each row
	before      uint32            // in the list of its hour
	after       uint32
	messages    uint32
	version     uint32 // of the population when it was last judged
	fk, loose   uint32 // cells that its tool belongs to, folded
	fits        rows   // signs of its cell that its first packet showed, where no look had it
	jumps       ttlJumps
	place       uint16 // 1 + index into the population's first packets; 0 none
	decibans    float32
	rows        rows
	ttl         uint8
	special     uint8 // 1 + index into specials; 0 none
	state       State
	reported    State // state of the last document
	open        bool
	conflict    bool // a proof and other evidence contradict each other
	pending     bool // waits in Judge.changed
}

// note keeps what one packet says of the claim, and tells whether it showed a row that no other did. The first packets are remembered,
// and those that show something new.
func (c *claim) note(m *sighting, shown rows) (grown bool) {
	at := m.time.UnixNano()
	if c.messages == 0 {
		c.first, c.last = at, at
	}
	c.first, c.last = min(c.first, at), max(c.last, at)
	news := shown &^ c.rows
	if c.messages < maxPackets || news != 0 {
		i := c.messages % maxPackets
		c.frames[i], c.shown[i], c.ttlShown[i] = m.frame, shown, m.marks.TTL
	}
	for i := range c.ttls {
		if news&(1<<i) != 0 {
			c.ttls[i] = m.marks.TTL
		}
	}
	c.rows |= shown
	c.messages++
	c.targets.Add(m.dst.Addr())
	return news != 0
}

// ttlOf gives the TTL of the packet that first showed a row.
func (c *claim) ttlOf(r rows) uint8 { return c.ttls[bits.TrailingZeros64(uint64(r))] }

// reopen begins a new part.
func (c *claim) reopen(at time.Time) {
	c.part = at.UnixNano()
	c.targets = decoders.Distinct{}
	c.frames, c.shown = [maxPackets]uint64{}, [maxPackets]rows{}
	c.messages = 0
	c.jumps = ttlJumps{}
	c.open = true
}

func nanoTime(n int64) time.Time { return time.Unix(0, n).UTC() }
