package simulate

import "math/rand/v2"

// forger is one machine that writes others' addresses into its packets.
type forger struct {
	m      *mailing
	host   *host
	source func(i int) address
	ttl    func(a address) uint8 // as it arrives
	id     func() uint16
	port   func() uint16
	lag    int64
	order  *sweep
	packet int
	mean   int64 // between two packets
}

// forge makes a machine with the habits of the tools of the time: its own stack's counter and TTL.
func (s *Stream) forge(m *mailing, source func(i int) address) *forger {
	h := s.newHost(s.world.forgingSystem(s.rng))
	h.identity = identityGlobal
	return &forger{
		m: m, host: h, source: source, ttl: func(address) uint8 { return h.arrival(s.now) }, id: func() uint16 { return h.nextID(s.rng, s.now) },
		port: h.port, lag: s.slowness(), order: s.sweep(), packet: 60, mean: 2 * second,
	}
}

// randomID numbers packets by chance, as randomPort chooses ports and randomTTL the TTL: habits that hide the machine.
func (s *Stream) randomID(f *forger) { f.id = func() uint16 { return uint16(s.rng.Uint32()) } }

func (s *Stream) randomPort(f *forger) {
	f.port = func() uint16 { return uint16(1024 + s.rng.IntN(64512)) }
}

func (s *Stream) randomTTL(f *forger) {
	f.ttl = func(address) uint8 { return uint8(1 + s.rng.IntN(255)) }
}

// plausibleTTL arrives as the holder's own packets would, or nearly: who forges well knows how far his victims are.
func (s *Stream) plausibleTTL(f *forger) {
	f.ttl = func(a address) uint8 { return s.plausible(a) }
}

func (s *Stream) plausible(a address) uint8 {
	initial := 128
	if mixed(uint64(a))%8 == 0 {
		initial = 64
	}
	return uint8(initial - s.world.hopsTo(a))
}

// send sends one packet in the name of an address; of the forger's own it is no lie.
func (s *Stream) send(f *forger, a address) {
	t := f.m.forged(f.host)
	if a == f.host.address {
		t = f.m.genuine(f.host)
	}
	h := header{src: a, dst: f.order.next(), sport: f.port(), ttl: f.ttl(a), id: f.id()}
	s.oneWay(f.m, &h, f.host, f.lag, t)
}

// run lets a forger send all its packets.
func (s *Stream) run(f *forger) {
	s.every(f.packet, f.mean, func(i int) { s.send(f, f.source(i)) })
}

// forgers starts mailings of forgers until the size of the stream is reached; packets is of each.
func (s *Stream) forgers(family string, packets int, prepare func(m *mailing) *forger) {
	n := max(1, s.size/packets)
	s.every(n, int64(packets)*second, func(int) {
		f := prepare(s.mailing(family))
		f.packet = packets
		s.run(f)
	})
}

// uniform is any address at all.
func uniform(r *rand.Rand) address { return address(r.Uint32()) }

// elsewhere is any address that is not at home: what comes from outside in the name of home is a scenario of its own.
func (s *Stream) elsewhere() address {
	for {
		if a := uniform(s.rng); !atHome(a) {
			return a
		}
	}
}

// pool is k addresses that somebody holds.
func (s *Stream) pool(k int) []address {
	out := make([]address, k)
	for i := range out {
		out[i] = s.world.routed(s.rng)
	}
	return out
}

// neighbours are the addresses around one, of its /24.
func (s *Stream) neighbours(a address) func(int) address {
	return func(int) address { return a&^0xff | address(1+s.rng.IntN(254)) }
}

// bogon is an address that no host on the net has.
func bogon(r *rand.Rand) address {
	switch r.IntN(4) {
	case 0:
		return address(240+r.IntN(15))<<24 | address(r.Uint32()&0xffffff)
	case 1:
		return 127<<24 | address(r.Uint32()&0xffffff)
	case 2:
		return address(224+r.IntN(16))<<24 | address(r.Uint32()&0xffffff)
	}
	return 198<<24 | 18<<16 | address(r.Uint32()&0x1ffff)
}
