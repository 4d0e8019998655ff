package reassembly

import (
	"net/netip"
	"testing"
	"time"
)

func TestAFloodOfSYNsEvictsNoConnectionThatCarriesData(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	c.key = streamKey(2)
	c.add(testSegment{From: Client, Seq: 1000, SYN: true})
	c.say(Client, 0, "blind", 0)
	const n = 100_000
	c.step = time.Microsecond
	most := 0
	for i := range n {
		c.key = StreamKey{netip.AddrPortFrom(address(i), 99), c.key.Server}
		c.add(testSegment{From: Client, Seq: uint32(i), SYN: true})
		for s, left, ok := c.table.Release(c.now); ok; s, left, ok = c.table.Release(c.now) {
			if !left || s.Carries() {
				t.Fatal("one with data left")
			}
		}
		most = max(most, len(c.table.streams))
	}
	if c.table.ShedHalfOpen == 0 || c.table.ShedStreams != 0 || most > (1<<20)/4/streamOverhead+3 {
		t.Errorf("%d half-open shed, %d others, at most %d held", c.table.ShedHalfOpen, c.table.ShedStreams, most)
	}
	if n != c.table.ShedHalfOpen+uint64(c.table.pools[poolHalfOpen].order.Len()) {
		t.Error("shed and held do not add up")
	}
	for _, port := range []uint16{1050, 2} {
		if c.table.streams[streamKey(port)] == nil {
			t.Errorf("the connection of port %d was evicted", port)
		}
	}
}

// Connections with data of which one end alone is seen have a pool of their own: invented addresses are of that kind.
func TestAFloodOfBlindDataEvictsNoConnectionOfBothEnds(t *testing.T) {
	c := converse(t)
	c.shake()
	c.say(Client, 0, "abc", 0)
	c.step = time.Microsecond
	for i := range 20_000 {
		c.key = StreamKey{netip.AddrPortFrom(address(i), 99), c.key.Server}
		c.say(Client, 7, "Messenger", 0)
		for _, _, ok := c.table.Release(c.now); ok; _, _, ok = c.table.Release(c.now) {
		}
	}
	if c.table.ShedStreams == 0 || c.table.streams[streamKey(1050)] == nil {
		t.Errorf("%d shed", c.table.ShedStreams)
	}
	for i := range c.table.pools {
		if p := &c.table.pools[i]; p.bytes > p.limit {
			t.Errorf("pool %d holds %d of %d octets", i, p.bytes, p.limit)
		}
	}
}

func TestAFloodOfOverlapsStaysWithinItsBounds(t *testing.T) {
	c := converse(t)
	c.shake()
	for i := range 100_000 {
		c.say(Client, 1+i*7919%60_000, "overlapping", 0)
		for c.last.GivesUp(Client, c.now) {
			c.last.Step(Client)
		}
		c.last.Take(Client, 1<<20, nil)
		c.table.Update(c.last, 0, c.now)
		if c.last.charged > 3*maxBeyond+runOverhead*(2*maxHeld+2) {
			t.Fatalf("holds %d octets", c.last.charged)
		}
	}
}

func TestSingleOctetsCostLittle(t *testing.T) {
	c := converse(t)
	c.shake()
	for i := range 60_000 {
		c.say(Client, i, "x", 0)
	}
	if len(c.last.Unread(Client)) != 60_000 || c.last.charged > 200_000 {
		t.Errorf("%d octets unread, %d charged", len(c.last.Unread(Client)), c.last.charged)
	}
	if got := c.last.Take(Client, 60_000, nil); len(got.Frames) != maxRuns || c.last.halves[Client].octets.runs == nil || len(c.last.halves[Client].octets.runs) != 0 {
		t.Errorf("%d frames", len(got.Frames))
	}
}

func address(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{24, byte(i >> 16), byte(i >> 8), byte(i)})
}

func TestSegmentsOfOthersAllocateNothing(t *testing.T) {
	table := NewStreams[string, int](1<<20, startsWithM)
	g := testSegment{Key: streamKey(1), From: Client, Seq: 5, ACK: true, Data: []byte("other"), Time: start}
	if n := testing.AllocsPerRun(100, func() { table.Add(&g) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
