package main

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/complaint"
)

// widestZone is how far the clocks of two places differ at most by their time zones.
const widestZone = 14 * time.Hour

// maxMinutes bounds what is remembered of when a capture shows traffic.
const maxMinutes = 1 << 20

// egress watches the frames of one capture on their way to the road, and looks for the packets of a complaint among those that leave home.
type egress struct {
	*capture.Files
	name    string
	source  netip.Addr
	home    []netip.Prefix
	skew    time.Duration
	wanted  map[wanted][]int // sights
	sights  []complaint.Sight
	targets map[netip.Addr]bool // of the complaint

	frames, cut uint64
	first, last time.Time
	own         uint64 // frames that the source sent
	leaving     uint64 // frames from home to elsewhere
	others      uint64 // of these, to addresses that the complaint does not name
	minutes     map[int64]minute
	sums        []sum            // of minutes, when the capture was read
	found       map[int]*finding // by sight
	packet      inet.Packet
}

// wanted is what a sight and a frame must have in common.
type wanted struct {
	proto string
	dst   netip.AddrPort
}

// minute counts what left home in one minute of packet time.
type minute struct{ leaving, own uint64 }

// finding is what the capture shows of a sight.
type finding struct {
	exact uint64 // frames with the source port of the sight, or where it has none
	other uint64 // frames with another source port
	frame uint64 // the first one
	at    time.Time
	ttl   uint8
}

func newEgress(files *capture.Files, name string, source netip.Addr, home []netip.Prefix, skew time.Duration, sights []complaint.Sight) *egress {
	e := &egress{Files: files, name: name, source: source, home: home, skew: skew, sights: sights, wanted: map[wanted][]int{},
		targets: map[netip.Addr]bool{}, minutes: map[int64]minute{}, found: map[int]*finding{}}
	for i := range sights {
		s := &sights[i]
		e.targets[s.Dst.Addr()] = true
		if s.Comparable() {
			key := wanted{s.Proto, s.Dst}
			e.wanted[key] = append(e.wanted[key], i)
		}
	}
	return e
}

// Next gives the next frame to the road, after a look at it.
func (e *egress) Next() (decoders.Frame, error) {
	f, err := e.Files.Next()
	if err == nil && !f.Tick {
		e.look(&f)
	}
	return f, err
}

func (e *egress) look(f *decoders.Frame) {
	e.frames++
	if len(f.Data) < f.Len {
		e.cut++
	}
	if e.first.IsZero() || f.Time.Before(e.first) {
		e.first = f.Time
	}
	if f.Time.After(e.last) {
		e.last = f.Time
	}
	if r := e.packet.Parse(inet.LinkType(f.Link), f.Data); r != wire.None && r != wire.Fragment {
		return
	}
	src, dst := e.packet.Src(), e.packet.Dst()
	if !e.isHome(src) || e.isHome(dst) {
		return
	}
	e.leaving++
	if !e.targets[dst] {
		e.others++
	}
	if src == e.source {
		e.own++
		e.compare(f, dst)
	}
	e.tick(f.Time, src == e.source)
}

func (e *egress) isHome(a netip.Addr) bool {
	return slices.ContainsFunc(e.home, func(p netip.Prefix) bool { return p.Contains(a) })
}

// tick notes that something left home in this minute.
func (e *egress) tick(at time.Time, own bool) {
	key := at.Unix() / 60
	m, known := e.minutes[key]
	if !known && len(e.minutes) == maxMinutes {
		return
	}
	m.leaving++
	if own {
		m.own++
	}
	e.minutes[key] = m
}

// compare looks whether a frame of the source is one of the complaint.
func (e *egress) compare(f *decoders.Frame, dst netip.Addr) {
	proto, from, to := ports(&e.packet)
	for _, i := range e.wanted[wanted{proto, netip.AddrPortFrom(dst, to)}] {
		s := &e.sights[i]
		begin, end := e.window(&s.Stamp)
		if f.Time.Before(begin) || f.Time.After(end) {
			continue
		}
		n := e.found[i]
		if n == nil {
			n = &finding{frame: f.Seq, at: f.Time, ttl: e.packet.Marks.TTL}
			e.found[i] = n
		}
		if p := s.Src.Port(); p == 0 || p == from {
			n.exact++
		} else {
			n.other++
		}
	}
}

// ports reads protocol and ports; zeros where they are not there.
func ports(p *inet.Packet) (proto string, from, to uint16) {
	switch p.Proto {
	case inet.ProtoUDP:
		u, _ := inet.ParseUDP(p.Payload)
		return "udp", u.SrcPort, u.DstPort
	case inet.ProtoTCP:
		from, to = inet.TCPPorts(p.Payload)
		return "tcp", from, to
	case inet.ProtoICMP, inet.ProtoICMPv6:
		return "icmp", 0, 0
	}
	return "", 0, 0
}

// window is the time in which a sight's packet must have left, for all that its line does not say: clocks differ by skew, zones by 14 hours.
// A year that is not said is that which lies nearest to the capture.
func (e *egress) window(s *complaint.Stamp) (begin, end time.Time) {
	at, wide := s.Time, e.skew
	if !s.Zone {
		wide += widestZone
	}
	if !s.Year {
		at = nearestYear(at, e.first)
	}
	return at.Add(-wide), at.Add(wide)
}

func nearestYear(at, to time.Time) time.Time {
	best := at
	for year := to.Year() - 1; year <= to.Year()+1; year++ {
		if in := at.AddDate(year-at.Year(), 0, 0); best.Equal(at) || in.Sub(to).Abs() < best.Sub(to).Abs() {
			best = in
		}
	}
	return best
}

// sum is what left home up to the end of a minute.
type sum struct {
	at int64
	minute
}

// sumUp makes between possible, when all frames were seen.
func (e *egress) sumUp() {
	var all minute
	for _, key := range slices.Sorted(maps.Keys(e.minutes)) {
		all.leaving += e.minutes[key].leaving
		all.own += e.minutes[key].own
		e.sums = append(e.sums, sum{key, all})
	}
	e.minutes = nil
}

// between counts what left home from one minute to another, both whole.
func (e *egress) between(first, last int64) minute {
	until := func(at int64) minute {
		i, _ := slices.BinarySearchFunc(e.sums, at, func(s sum, at int64) int { return cmp.Compare(s.at, at) })
		if i == 0 {
			return minute{}
		}
		return e.sums[i-1].minute
	}
	a, b := until(first), until(last+1)
	return minute{b.leaving - a.leaving, b.own - a.own}
}

// coverage is how much of a sight's time the capture shows.
type coverage uint8

const (
	coveredNot coverage = iota
	coveredPartly
	coveredWhole
)

// covers says how much of the window the capture lies over, and what left home in it.
func (e *egress) covers(s *complaint.Stamp) (c coverage, seen minute) {
	begin, end := e.window(s)
	switch {
	case e.frames == 0 || end.Before(e.first) || begin.After(e.last):
		return coveredNot, minute{}
	case begin.Before(e.first) || end.After(e.last):
		c = coveredPartly
	default:
		c = coveredWhole
	}
	return c, e.between(begin.Unix()/60, end.Unix()/60)
}

// doubt says why the capture may not be one of the network's own edge; empty where nothing speaks against it.
func (e *egress) doubt() string {
	switch {
	case e.leaving == 0:
		return "It shows nothing that leaves the home networks, so it cannot show what they sent."
	case e.others == 0:
		return "All that leaves the home networks in it goes to the addresses of the complaint: it may have been taken at the other end, where everything stands as the sender wrote it."
	}
	for _, f := range e.found {
		if hops(f.ttl) > farthestInside {
			return "What fits in it arrived from far away by its TTL, so it was not taken where the home networks send."
		}
	}
	return ""
}

// farthestInside is how many routers a network of one's own has at most between host and edge.
const farthestInside = 6

// hops is how many routers a packet has passed, if its sender began with a usual TTL.
func hops(ttl uint8) int {
	for _, initial := range []int{32, 64, 128, 255} {
		if int(ttl) <= initial {
			return initial - int(ttl)
		}
	}
	return 0
}
