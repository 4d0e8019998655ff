package spoof

import (
	"cmp"

	"popupwatch/decoders"
)

// savedClaim is a claim in a state file, with its place.
type savedClaim struct {
	At         uint32
	Touched    bool
	Source     addrKey
	Population uint32
	Hour       int32
	Slot       uint32

	Part, First, Last int64
	Targets           decoders.Distinct
	Frames            [maxPackets]uint64
	Shown             [maxPackets]rows
	TTLShown          [maxPackets]uint8
	TTLs              [packetRows]uint8
	Messages, Version uint32
	Decibans          float32
	Rows              rows
	TTL, Special      uint8
	State, Reported   State
	Open, Pending     bool
	Fk, Loose         uint32
	Fits              rows
	Jumps             ttlJumps
	Place             uint16
	Conflict          bool
}

func (c *claim) saved(at uint32, touched bool) savedClaim {
	return savedClaim{
		At: at, Touched: touched, Source: c.key.source, Population: c.key.population, Hour: c.key.hour, Slot: c.slot,
		Part: c.part, First: c.first, Last: c.last, Targets: c.targets, Frames: c.frames, Shown: c.shown, TTLShown: c.ttlShown, TTLs: c.ttls,
		Messages: c.messages, Version: c.version, Decibans: c.decibans, Rows: c.rows, TTL: c.ttl, Special: c.special,
		State: c.state, Reported: c.reported, Open: c.open, Pending: c.pending, Conflict: c.conflict,
		Fk: c.fk, Loose: c.loose, Fits: c.fits, Jumps: c.jumps, Place: c.place,
	}
}

// claim gives the claim back; its list is made when its hour is read.
func (s *savedClaim) claim() claim {
	return claim{
		key: claimKey{s.Source, s.Population, s.Hour}, slot: s.Slot,
		part: s.Part, first: s.First, last: s.Last, targets: s.Targets, frames: s.Frames, shown: s.Shown, ttlShown: s.TTLShown, ttls: s.TTLs,
		messages: s.Messages, version: s.Version, decibans: s.Decibans, rows: s.Rows, ttl: s.TTL, special: s.Special,
		state: s.State, reported: s.Reported, open: s.Open, pending: s.Pending, conflict: s.Conflict, before: noSlot, after: noSlot,
		fk: s.Fk, loose: s.Loose, fits: s.Fits, jumps: s.Jumps, place: s.Place,
	}
}

// savedPopulation is what a campaign knows of its sources, with its place. What its last look found follows from its first packets.
type savedPopulation struct {
	At                            uint32
	Campaign, Class               string
	Seq                           uint32
	Refs                          int32
	Queued                        bool
	Sources, Submissions, Version uint32
	Hours                         []int32
	First                         []savedPacket
	Phases                        []phaseSeen
	Moving                        []tail
	Triples                       uint32
	Looked                        int // first packets that the last look had
}

// savedPacket is a firstPacket.
type savedPacket struct {
	Source      addrKey
	Network     [4]byte
	Frame       uint64
	Print       uint64
	Offset      uint8
	Rest        [8]byte
	Lag         float64
	HasClock    bool
	TTL, Slash8 uint8
	V4          bool

	Node           [6]byte
	At, Third      int64
	Ticks          int64
	Make, ASN, Dst uint32
	Sequence       uint32
	Serial, Port   uint16
	ID             [3]uint16
	Followed       uint8
	HasCall, Never bool
	Fits           rows
}

func (p *population) saved(at uint32) *savedPopulation {
	s := &savedPopulation{
		At: at, Campaign: p.campaign, Class: p.class, Seq: p.seq, Refs: p.refs, Queued: p.queued,
		Sources: p.sources, Submissions: p.submissions, Version: p.version, Hours: p.hours,
		Phases: p.phases, Moving: p.moving, Triples: p.triples,
	}
	if p.seen != nil {
		s.Looked = len(p.seen.cellOf)
	}
	for i := range p.first {
		f := &p.first[i]
		s.First = append(s.First, savedPacket{
			f.source, f.network, f.frame, f.print, f.clock.offset, f.clock.rest, f.clock.lag, f.hasClock, f.ttl, f.slash8, f.v4,
			f.node, f.at, f.third, f.ticks, f.make, f.asn, f.dst, f.sequence, f.serial, f.port, f.id, f.followed, f.hasCall, f.never, f.fits,
		})
	}
	return s
}

// population gives the population back, and looks at as many first packets as its last look did.
func (s *savedPopulation) population() population {
	p := population{
		campaign: s.Campaign, class: cmp.Or(s.Class, ClassPopup), seq: s.Seq, refs: s.Refs, queued: s.Queued,
		sources: s.Sources, submissions: s.Submissions, version: s.Version, hours: s.Hours,
		phases: s.Phases[:min(len(s.Phases), maxCells)], moving: s.Moving[:min(len(s.Moving), maxTails)], triples: s.Triples,
	}
	for i := range s.First[:min(len(s.First), maxFirst)] {
		f := &s.First[i]
		p.first = append(p.first, firstPacket{
			source: f.Source, network: f.Network, frame: f.Frame, print: f.Print, clock: uuidClock{f.Offset, f.Rest, f.Lag},
			hasClock: f.HasClock, ttl: f.TTL, slash8: f.Slash8, v4: f.V4,
			node: f.Node, at: f.At, third: f.Third, ticks: f.Ticks, make: f.Make, asn: f.ASN, dst: f.Dst, sequence: f.Sequence, serial: f.Serial,
			port: f.Port, id: f.ID, followed: min(f.Followed, uint8(len(f.ID))), hasCall: f.HasCall, never: f.Never, fits: f.Fits,
		})
	}
	if n := s.looked(); n > 0 {
		all := p.first
		p.first = all[:n]
		p.seen = commonOf(&p)
		p.first = all
	}
	return p
}

// looked is how many first packets the last look had: of a state that does not say so, the last size at which there is a look.
func (s *savedPopulation) looked() int {
	n := min(len(s.First), maxFirst)
	if s.Looked > 0 {
		return min(s.Looked, n)
	}
	for ; n > 0 && !looksAt(n); n-- {
	}
	return n
}
