package spoof

import (
	"encoding/binary"

	"popupwatch/decoders/dcerpc"
)

// maxFirst is how many first packets of sources a campaign keeps for its tests (SPOOF-AND-CAMPAIGNS 4).
const maxFirst = 512

// firstPacket is the first packet of one source in a campaign: tests take no other, since a genuine host's own packets agree with one another.
type firstPacket struct {
	source   addrKey
	network  [4]byte // /16 of IPv4, /32 of IPv6
	node     [6]byte // of a version-1 activity UUID
	frame    uint64
	print    uint64
	at       int64 // packet time, nanoseconds
	third    int64 // time of the source's third packet; 0 where there was none in its first claim
	ticks    int64 // time in a version-1 activity UUID, units of 100 ns since 1582; 0 where it has none
	clock    uuidClock
	make     uint32 // what the headers hold besides: how the tool builds its calls
	asn      uint32 // origin AS; 0 unknown
	dst      uint32 // IPv4 destination; 0 none
	sequence uint32 // of the RPC call
	serial   uint16
	port     uint16    // source port
	id       [3]uint16 // IP-IDs of the source's first packets, as many as followed
	followed uint8     // packets that id holds
	fits     rows      // signs that it showed when it came, by a look before
	hasClock bool
	hasCall  bool
	never    bool // the source is never a sender
	ttl      uint8
	slash8   uint8 // first octet of an IPv4 source
	v4       bool
}

// firstOf makes the first packet of a source.
func (j *Judge) firstOf(m *sighting, c *claim) firstPacket {
	f := firstPacket{
		source: c.key.source, frame: m.frame, ttl: m.marks.TTL, at: m.time.UnixNano(), port: m.src.Port(),
		id: [3]uint16{m.marks.ID}, followed: 1, never: c.rows&neverRows != 0,
	}
	if a := m.src.Addr(); a.Is4() {
		o := a.As4()
		f.v4, f.slash8, f.network = true, o[0], [4]byte{4, 0, o[0], o[1]}
	} else {
		f.network = [4]byte(f.source[1:5])
	}
	if d := m.dst.Addr(); d.Is4() {
		o := d.As4()
		f.dst = binary.BigEndian.Uint32(o[:])
	}
	f.make = makeOf(m)
	if m.call != nil {
		f.hasCall, f.sequence, f.serial = true, m.call.Sequence, m.call.Serial
		f.clock, f.hasClock = findClock(m.call.Activity, m.time)
		f.print = fingerprint(j.secret, m.call.Activity, f.clock, f.hasClock)
		f.node, f.ticks = timeUUID(m.call.Activity)
	}
	return f
}

// makeOf sums up the constants of headers besides the activity UUID (E24): packets of one build of a tool agree in them.
func makeOf(m *sighting) uint32 {
	h := uint32(2166136261) // FNV-1a
	mix := func(v uint32) { h = (h ^ v) * 16777619 }
	flag := func(b bool) {
		if b {
			mix(1)
		} else {
			mix(0)
		}
	}
	flag(m.marks.UDPSumZero)
	flag(m.marks.IPv6)
	if c := m.call; c != nil {
		mix(uint32(c.Flags)<<8 | uint32(c.Flags2))
		flag(c.BigEndian)
		mix(uint32(c.IfHint)<<16 | uint32(c.ActHint))
		flag(c.Boot == 0)
		mix(uint32(c.Auth))
		flag(c.Object == dcerpc.UUID{})
	}
	return h
}

// timeUUID gives node and time of a version-1 UUID; ticks is 0 for any other.
func timeUUID(u dcerpc.UUID) (node [6]byte, ticks int64) {
	if u[6]>>4 != 1 || u[8]>>6 != 2 {
		return node, 0
	}
	low, mid, high := binary.BigEndian.Uint32(u[0:]), binary.BigEndian.Uint16(u[4:]), binary.BigEndian.Uint16(u[6:])&0xfff
	return [6]byte(u[10:16]), int64(high)<<48 | int64(mid)<<32 | int64(low)
}

// key is the cell that a first packet belongs to where enough sources share its print; loose where not.
func (f *firstPacket) key() uint64   { return f.print ^ uint64(f.make)<<16 }
func (f *firstPacket) loose() uint64 { return uint64(f.make) }

// value reads one of the counters of a first packet; ok is false where it has none.
func (f *firstPacket) value(k counter) (v uint32, ok bool) {
	switch k {
	case counterID:
		return uint32(f.id[0]), f.v4
	case counterSwapped:
		return uint32(f.id[0]<<8 | f.id[0]>>8), f.v4
	case counterSequence:
		return f.sequence, f.hasCall
	case counterSerial:
		return uint32(f.serial), f.hasCall
	default:
		return uint32(f.port), true
	}
}

// place gives 1 + the index of a source's first packet; 0 where it is not kept.
func (p *population) place(source addrKey) uint16 {
	for i := range p.first {
		if p.first[i].source == source {
			return uint16(i + 1)
		}
	}
	return 0
}

// add keeps a first packet, and says whether it is time to look again: see looksAt. A source that was
// forgotten and came back keeps the first packet that it had: a genuine host's later ones would agree with it, and fool the tests.
func (p *population) add(f *firstPacket) (place uint16, look bool) {
	if known := p.place(f.source); known > 0 {
		return known, false
	}
	p.first = append(p.first, *f)
	return uint16(len(p.first)), looksAt(len(p.first))
}

// follow keeps the IP-ID of a source's second and third packet, and says whether it is time to look again because of it: at five sources with
// three packets, and at each doubling.
func (p *population) follow(place int, m *sighting) (look bool) {
	f := &p.first[place]
	if int(f.followed) >= len(f.id) {
		return false
	}
	f.id[f.followed] = m.marks.ID
	if f.followed++; int(f.followed) < len(f.id) {
		return false
	}
	f.third = m.time.UnixNano()
	p.triples++
	return p.triples >= minMany && p.triples%minMany == 0 && p.triples/minMany&(p.triples/minMany-1) == 0
}
