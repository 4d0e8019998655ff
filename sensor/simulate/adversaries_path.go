package simulate

// onPath (A16): the attacker sees what goes to the victim, and answers right. Nothing that a sensor sees differs from a genuine call.
func onPath(s *Stream) {
	s.attacks("on-path", 50, 5*second, func(m *mailing, by *host, _ int) {
		a := s.attackOn(m, by, s.holderLike(holderFirewalled), s.ordinary())
		a.challenge(func() { s.after(s.roundTrip(), func() { a.affirm(a.callback, a.round) }) })
	})
}

// relay: somebody who gets a genuine call of the victim forges one with its activity, sequence number and port. The victim, asked whether he
// has such a call, says yes: the question does not say to whom. He need not be on the path, but the victim must be calling him.
func relay(s *Stream) {
	s.attacks("relay", 50, 5*second, func(m *mailing, by *host, _ int) {
		a := s.attackOn(m, by, s.holderLike(holderFirewalled), s.ordinary())
		a.challenge(func() {
			s.after(s.roundTrip(), func() {
				a.answer(a.callback, a.round, 0, Truth{Class: ClassInnocent, Family: m.family, Campaign: m.number, Genuine: true})
			})
		})
	})
}

// twins: a host calls one of ours with a popup that is wanted; an attacker who knows its activity and sequence number puts a call of his own beside
// it, shortly before or after. The host says yes to the callback, and means its own.
func twins(s *Stream) {
	s.attacks("twin", 50, 5*second, func(m *mailing, by *host, i int) {
		h := s.newHost(s.rng.IntN(systems))
		all := legitimate()
		good := all[s.rng.IntN(len(all))]
		good.legit, good.family, good.tool = true, "legit", m.tool
		c := s.open(&good, h, s.ordinary())
		twin := *c
		twin.m, twin.truth = m, m.forged(by)
		if i%2 == 0 {
			twin.call()
			s.after(200*microsecond, c.converse)
			return
		}
		c.converse()
		s.after([]int64{200 * microsecond, 10 * millisecond, 3 * second}[i%3], twin.call)
	})
}

// hidden: call, callback and answer come from one place outside, in a tunnel towards home or bare, in the names of a victim and of one of our
// hosts which does not even exist.
func hidden(s *Stream, tunnel uint8) {
	s.attacks("hidden-callback", 100, 2*second, func(m *mailing, by *host, _ int) {
		ghost := &server{address: homeBase | 0xff00 | address(s.rng.IntN(200)), boot: 1, port: 1040, counter: 1}
		a := s.attackOn(m, by, s.world.routed(s.rng), ghost)
		a.outside = true
		if tunnel != 0 {
			a.outer = &header{src: by.address, dst: homeBase | 0x8001, ttl: by.arrival(s.now), id: uint16(s.rng.Uint32())}
			a.gre = tunnel == protocolGRE
		}
		a.call()
		s.after(500*microsecond, func() {
			a.ask()
			s.after(s.roundTrip(), func() { a.affirm(a.callback, a.round) })
		})
	})
}

// bruteForce (A9): the server's activities look random and are of 64; the attacker tries all of them.
func bruteForce(s *Stream) {
	weak := s.newServer(callbackWeak)
	s.attacks("brute-force", 100, 2*second, func(m *mailing, by *host, _ int) {
		a := s.attackOn(m, by, s.holderLike(holderDead, holderFirewalled), weak)
		a.challenge(func() {
			tries := weak.candidates()
			s.rng.Shuffle(len(tries), func(i, j int) { tries[i], tries[j] = tries[j], tries[i] })
			s.after(10*millisecond, func() {
				for _, u := range tries {
					a.affirm(u, 0)
				}
			})
		})
	})
}

// observed: the attacker sees what our hosts send to the victim, but cannot keep it from him: the victim denies, or an ICMP error of his comes; or
// the answer takes a path of another length than the call.
func observed(s *Stream) {
	s.attacks("observer", 60, 5*second, func(m *mailing, by *host, i int) {
		where := []holder{holderDenies, holderAlive, holderFirewalled}[i%3]
		a := s.attackOn(m, by, s.holderLike(where), s.ordinary())
		a.challenge(func() {
			if where == holderFirewalled {
				a.ttl -= 3
			}
			s.after(s.roundTrip()/2, func() { a.affirm(a.callback, a.round) })
		})
	})
}

// crowd: an attacker who knows what a server asks lets more exchanges fail than a sensor keeps, in ever new names; then genuine senders are called
// back, within the hour.
func crowd(s *Stream) {
	reusing := s.newServer(callbackReused)
	m := s.mailing("crowd")
	m.tool.genuineCaller()
	by := s.newHost(s.world.forgingSystem(s.rng))
	s.open(m, by, reusing).converse()
	n := max(2500, s.size)
	s.every(n, 100*millisecond, func(int) {
		a := s.attackOn(m, by, s.holderLike(holderFirewalled), reusing)
		a.challenge(func() { s.after(10*millisecond, func() { a.affirm(a.callback, a.round) }) })
	})
	s.after(int64(n)*100*millisecond, func() { s.start(s.callers(40)) })
}

// hiddenTCP: both directions of a connection come in from outside, in the names of a victim and of one of our hosts which does not even exist.
func hiddenTCP(s *Stream) {
	s.attacks("hidden-tcp", 100, 2*second, func(m *mailing, by *host, _ int) {
		ghost := &server{address: homeBase | 0xff00 | address(s.rng.IntN(200)), boot: 1, counter: 1}
		a := s.attackOn(m, by, s.world.routed(s.rng), ghost)
		a.outside = true
		a.connect().converse()
	})
}
