package simulate

import (
	"encoding/binary"

	"popupwatch/decoders/dcerpc"
)

// attack is a call in a victim's name that has to be called back; then comes what the attacker makes of it.
type attack struct {
	*conversation
	by    *host
	truth Truth // of all that the attacker sends
}

// attackOn forges a call of a victim. TTL and source port are as good as anybody could make them, and the same in every packet.
func (s *Stream) attackOn(m *mailing, by *host, victim address, v *server) *attack {
	c := &conversation{
		s: s, m: m, server: v, claimed: victim, ports: [2]uint16{1025 + uint16(s.rng.IntN(3975)), m.tool.port}, ttl: s.plausible(victim),
		activity: newUUID(s.rng), space: newUUID(s.rng), truth: m.forged(by),
	}
	counter := uint16(s.rng.Uint32())
	c.id = func() uint16 { counter++; return counter }
	return &attack{conversation: c, by: by, truth: m.forged(by)}
}

// challenge sends the call and lets the server ask; the victim reacts as he would. then follows at once.
func (a *attack) challenge(then func()) {
	a.call()
	a.s.after(400*microsecond, func() {
		a.ask()
		a.bystander()
		then()
	})
}

// affirm answers as the attacker believes is right, and lets the server run the call where it was.
func (a *attack) affirm(callback uuid, round uint32) {
	a.answer(callback, round, 0, a.truth)
	if callback != a.callback || round != a.round {
		return
	}
	a.s.after(300*microsecond, func() {
		a.respond()
		a.s.after(2*second, func() { a.acknowledge(a.truth) })
	})
}

// patience is how long an attacker lets the sensor listen before he begins: what it could not know of the time before it started is forgotten
// by then.
const patience = 16 * minute

// attacks starts mailings of an attacker until the size of the stream is reached: each has perMailing calls, mean nanoseconds apart.
func (s *Stream) attacks(family string, perMailing int, mean int64, attack func(m *mailing, by *host, i int)) {
	s.lookup(s.newHost(0))
	s.after(patience, func() {
		s.every(max(1, s.size/perMailing), int64(perMailing)*mean/2, func(int) {
			m := s.mailing(family)
			m.tool.genuineCaller()
			by := s.newHost(s.world.forgingSystem(s.rng))
			s.every(perMailing, mean, func(i int) { attack(m, by, i) })
		})
	})
}

// holderLike finds an address with a certain sort of host.
func (s *Stream) holderLike(wanted ...holder) address {
	for {
		a := s.world.routed(s.rng)
		for _, w := range wanted {
			if s.world.holderOf(a) == w {
				return a
			}
		}
	}
}

// primeAndForge (A8): the server uses one callback activity for all; the attacker calls it in his own name, learns activity and number, and
// answers in the name of others. perPrime is how many victims follow; unseen: he learns on a way that does not pass the sensor.
func primeAndForge(s *Stream, perPrime int, newServers, unseen bool) {
	var reusing []*server
	for range 24 {
		reusing = append(reusing, s.newServer(callbackReused))
	}
	s.attacks("prime-and-forge", 100, 2*second, func(m *mailing, by *host, i int) {
		v := reusing[(i/perPrime)%len(reusing)]
		if newServers {
			v = s.newServer(callbackReused)
		}
		if i%perPrime == 0 && unseen {
			v.question(s)
		} else if i%perPrime == 0 {
			s.open(m, by, v).converse()
		}
		s.after(second+s.roundTrip(), func() {
			a := s.attackOn(m, by, s.world.routed(s.rng), v)
			a.challenge(func() { s.after(5*millisecond+s.roundTrip()/4, func() { a.affirm(a.callback, a.round) }) })
		})
	})
}

// blindAnswers (A9): the server's callback cannot be known, and the attacker guesses; or answers before it asks; or repeats what he saw once;
// or the server makes its activities of clock and MAC, and he guesses right.
func blindAnswers(s *Stream) {
	clocked := s.newServer(callbackClock)
	s.attacks("blind-answer", 100, 2*second, func(m *mailing, by *host, i int) {
		v := s.ordinary()
		if i%4 == 3 {
			v = clocked
		}
		a := s.attackOn(m, by, s.world.routed(s.rng), v)
		if i%4 == 1 {
			s.after(100*microsecond, func() { a.affirm(newUUID(s.rng), 0) })
		}
		a.challenge(func() { s.after(10*millisecond, func() { a.guess(i % 4) }) })
	})
}

func (a *attack) guess(kind int) {
	switch kind {
	case 0:
		for range 5 {
			a.affirm(newUUID(a.s.rng), 0)
		}
	case 2:
		a.affirm(a.server.activity, 0)
	case 3:
		a.affirm(a.callback, a.round)
	}
}

// denyingVictims (A10): the victim has an RPC runtime, which says that it knows of no such call; in half of the cases the attacker says yes as well.
func denyingVictims(s *Stream) {
	reusing := s.newServer(callbackReused)
	s.attacks("denying-victim", 100, 2*second, func(m *mailing, by *host, i int) {
		v := s.ordinary()
		if i%2 == 1 {
			v = reusing
		}
		if i%20 == 1 {
			s.open(m, by, v).converse()
		}
		a := s.attackOn(m, by, s.holderLike(holderDenies), v)
		a.challenge(func() {
			if i%2 == 1 {
				s.after(10*millisecond+s.rng.Int64N(80*millisecond), func() { a.affirm(a.callback, a.round) })
			}
		})
	})
}

// blindTCP (A17): a connection in a victim's name, of somebody who does not see what the server answers. Where its sequence numbers go up by a
// fixed step he has learned the last one and is right.
func blindTCP(s *Stream, predictable bool) {
	var servers []*server
	for range 16 {
		v := s.newServer(callbackFresh)
		v.stepISN = predictable
		servers = append(servers, v)
	}
	s.attacks("tcp-blind", 100, 3*second, func(m *mailing, by *host, i int) {
		v := servers[i%len(servers)]
		if i < len(servers) {
			s.open(m, by, v).connect().converse()
		}
		s.after(2*second, func() {
			a := s.attackOn(m, by, s.holderLike(holderDead, holderFirewalled), v)
			x := a.connect()
			guess := v.isn + 64000
			if !predictable {
				guess = s.rng.Uint32()
			}
			x.blind(guess)
		})
	})
}

// forgedErrors (A11): a genuine sender lets ICMP errors come that say he is not there; and others quote popups that we never sent.
func forgedErrors(s *Stream) {
	s.crews("forged-errors", 20, func(c *crew) {
		s.caller(c)
		c.execute = func(c *crew, i int) {
			x := s.open(c.m, c.bots[i], s.ordinary())
			x.truth.Proof = false // he may well have his conflict
			x.converse()
			x.activity, x.sequence = c.bots[i].activity, c.bots[i].calls-1
			s.after(millisecond, func() {
				t := Truth{Class: ClassForged, Family: c.m.family, Campaign: c.m.number, Host: c.bots[i].number}
				s.unreachable(x.claimed&^0xff|1, 100, 1, x.lastCallback(), t)
				s.poison(c.m, c.bots[i])
			})
		}
	})
}

// poison is an ICMP error at one of our addresses about a popup that it never sent.
func (s *Stream) poison(m *mailing, by *host) {
	h := header{src: homeBase | address(s.rng.IntN(0x7fff)), dst: s.world.routed(s.rng), sport: 1030, dport: 1026, ttl: 100, id: uint16(s.rng.Uint32())}
	u, sequence := m.tool.call(s.rng, by, s.now, 0)
	p := pdu{flags: dcerpc.FlagIdempotent, activity: u, sequence: sequence}
	quoted := h.appendUDP(nil, appendCall(nil, &p, m.from, m.to, m.text(s.rng)))
	s.unreachable(h.dst, 100, 3, quoted, Truth{Class: ClassForged, Family: m.family, Campaign: m.number, Host: by.number})
}

// injected (A12): somebody sends the mailing of a genuine botnet in the names of addresses that nobody has.
func injected(s *Stream) {
	s.crews("injected", 40, func(c *crew) {
		f := s.forge(c.m, func(int) address { return bogon(s.rng) })
		f.packet, f.mean = 40, 20*second
		s.run(f)
	})
}

// emulated (A13): the machine keeps a counter and a TTL for each of its victims, as if they were real; half of the time it writes one counter
// over the addresses of a genuine botnet that sends another mailing.
func emulated(s *Stream) {
	s.crews("emulated-counters", 30, func(c *crew) {
		m := s.mailing("emulated-counters")
		victims := make([]*host, len(c.bots))
		for i := range victims {
			victims[i] = s.newHost(s.rng.IntN(systems))
			if m.number%4 == 0 {
				copied := *c.bots[i]
				victims[i] = &copied
			}
		}
		at := 0
		f := s.forge(m, func(i int) address { at = i % len(victims); return victims[at].address })
		f.id = func() uint16 { return victims[at].nextID(s.rng, s.now) }
		f.ttl = func(address) uint8 { return victims[at].arrival(s.now) }
		f.port = func() uint16 { return victims[at].port() }
		f.packet, f.mean = 4*len(victims), 5*second
		s.run(f)
	})
}

// exhaustion (A14): a million new addresses a minute, while genuine senders are called back.
func exhaustion(s *Stream) {
	m := s.mailing("exhaustion")
	f := s.forge(m, func(int) address { return s.elsewhere() })
	s.randomID(f)
	s.randomPort(f)
	f.packet, f.mean = s.size, 60*microsecond
	s.run(f)
	bots := s.callers(max(5, s.size/20000))
	bots.spread, bots.mean, bots.perBot = int64(s.size)*60*microsecond, second, 3
	s.start(bots)
}

// poisonedTexts (A15): texts that bridge two mailings, hold those of an administrator, or advertise somebody known.
func poisonedTexts(s *Stream) {
	good := legitimate()
	var last *mailing
	s.forgers("poisoned-texts", 60, func(m *mailing) *forger {
		switch m.number % 3 {
		case 0:
			m.head += good[s.rng.IntN(len(good))].head
		case 1:
			m.tail = " www.microsoft.com"
		case 2:
			if last != nil {
				m.head = last.head[:len(last.head)/2] + m.head[len(m.head)/2:]
			}
		}
		last = m
		f := s.forge(m, func(int) address { return s.world.routed(s.rng) })
		s.plausibleTTL(f)
		s.randomID(f)
		s.randomPort(f)
		return f
	})
}

// laterBogons (A18): in an old capture, hosts send from space that was ordinary then and was set aside since.
func laterBogons(s *Stream) {
	s.crews("later-bogons", 10, func(c *crew) {
		for _, b := range c.bots {
			b.address = []address{100<<24 | 64<<16, 203<<24 | 113<<8, 198<<24 | 51<<16 | 100<<8}[s.rng.IntN(3)] | address(1+s.rng.IntN(254))
		}
	})
}

// joeJob (A6, A7): one victim, whose packets could not be told from the forged ones. talking: he calls our servers meanwhile, with popups that are
// wanted, and answers their callbacks.
func joeJob(s *Stream, talking bool) {
	s.forgers("joe-job", 60, func(m *mailing) *forger {
		victim := s.newHost(s.rng.IntN(systems))
		f := s.forge(m, func(int) address { return victim.address })
		f.ttl = func(address) uint8 { return victim.arrival(s.now) }
		f.id = func() uint16 { return victim.nextID(s.rng, s.now) }
		f.port = victim.port
		if talking {
			s.talks(victim)
		}
		return f
	})
}

// talks lets a host send wanted popups that are called back, and other traffic.
func (s *Stream) talks(h *host) {
	all := legitimate()
	m := all[s.rng.IntN(len(all))]
	m.legit, m.family = true, "legit"
	m.tool = newTool(s.rng)
	m.tool.genuineCaller()
	s.every(4, 30*second, func(int) {
		s.open(&m, h, s.ordinary()).converse()
		s.lookup(h)
	})
}

// lookup is a question over DNS, and its answer.
func (s *Stream) lookup(h *host) {
	q := s.own(h, s.ordinary().address)
	q.dport = 53
	body := binary.BigEndian.AppendUint16(nil, uint16(s.rng.Uint32()))
	body = append(body, "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01"...)
	s.sendUDP(&q, body, Truth{Class: ClassBackground, Host: h.number, Genuine: true})
	s.after(millisecond, func() {
		r := header{src: q.dst, dst: q.src, sport: 53, dport: q.sport, ttl: 64, id: uint16(s.rng.Uint32())}
		body[2] |= 0x80
		s.sendUDP(&r, body, Truth{Class: ClassOurs, Genuine: true})
	})
}
