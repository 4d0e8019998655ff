package simulate

// oneWay sends one popup that nobody answers, from a host in its own name or another's.
func (s *Stream) oneWay(m *mailing, h *header, by *host, lag int64, t Truth) {
	u, sequence := m.tool.call(s.rng, by, s.now, lag)
	h.dport, h.noSum = m.tool.port, m.tool.noSum
	t.Popup, t.step = true, stepCall
	p := pdu{flags: m.tool.flags, activity: u, sequence: sequence}
	s.sendUDP(h, appendCall(s.payload[:0], &p, m.from, m.to, m.text(s.rng)), t)
}

// own is the header of a packet that a host sends in its own name.
func (s *Stream) own(h *host, to address) header {
	return header{src: h.address, dst: to, sport: h.port(), ttl: h.arrival(s.now), id: h.nextID(s.rng, s.now)}
}

// sweep goes over the addresses of the lower half of home, each once in a round, in an order of its own.
type sweep struct{ at, stride uint32 }

func (s *Stream) sweep() *sweep { return &sweep{s.rng.Uint32(), s.rng.Uint32() | 1} }

func (w *sweep) next() address {
	w.at += w.stride
	return homeBase | address(w.at&0x7fff)
}

// crew is a group of hosts that send one mailing.
type crew struct {
	m       *mailing
	bots    []*host
	lags    []int64 // how slow their clocks are, seconds
	order   *sweep  // of all, where a controller deals the targets out
	orders  []*sweep
	perBot  int
	mean    int64 // between two messages of a bot
	spread  int64 // over which they begin
	reboot  bool  // they all start up at once, shortly before
	churn   bool  // now and then they get another address
	execute func(c *crew, bot int)
}

// recruit gathers k bots: of all networks where system is -1, else of one.
func (s *Stream) recruit(m *mailing, k, system int) *crew {
	c := &crew{m: m, perBot: 4, mean: 4 * minute, spread: 10 * minute}
	region := s.region()
	for range k {
		at := system
		if system < 0 {
			at = region[s.rng.IntN(len(region))]
		}
		c.bots = append(c.bots, s.newHost(at))
		c.lags = append(c.lags, s.slowness())
		c.orders = append(c.orders, s.sweep())
	}
	c.execute = func(c *crew, bot int) { s.oneWayBot(c, bot) }
	return c
}

// region is where the bots of one botnet sit: half of them are spread over the world, half of them mostly in some dozens of networks.
func (s *Stream) region() []int {
	n := systems
	if s.rng.IntN(2) == 0 {
		n = 40
	}
	out := make([]int, n)
	for i := range out {
		out[i] = s.rng.IntN(systems)
	}
	return out
}

// slowness is by how much an ordinary clock is wrong: a third is synchronised, the rest drifts by minutes.
func (s *Stream) slowness() int64 {
	if s.rng.IntN(3) == 0 {
		return 0
	}
	return int64(s.rng.NormFloat64() * 120)
}

// start lets a crew send.
func (s *Stream) start(c *crew) {
	if c.reboot {
		for _, b := range c.bots {
			b.boot(s.rng, s.now)
		}
	}
	for i := range c.bots {
		s.after(s.rng.Int64N(max(c.spread, 1)), func() { s.botSends(c, i, 0) })
	}
}

func (s *Stream) botSends(c *crew, i, sent int) {
	if c.churn && sent > 0 && s.rng.IntN(8) == 0 {
		s.renumber(c.bots[i])
	}
	c.execute(c, i)
	if sent++; sent < c.perBot {
		s.after(gap(s.rng, float64(c.mean)/float64(second)), func() { s.botSends(c, i, sent) })
	}
}

// renumber gives a host another address of its network, mostly of the same /16.
func (s *Stream) renumber(h *host) {
	a := s.world.addressIn(s.rng, h.system)
	if s.rng.IntN(10) > 0 {
		a = h.address&^0xffff | a&0xffff
	}
	h.address, h.hops = a, s.world.hopsTo(a)
}

func (s *Stream) oneWayBot(c *crew, i int) {
	order := c.order
	if order == nil {
		order = c.orders[i]
	}
	h := s.own(c.bots[i], order.next())
	s.oneWay(c.m, &h, c.bots[i], c.lags[i], c.m.genuine(c.bots[i]))
}

// caller makes a crew of ordinary RPC clients: each call is called back.
func (s *Stream) caller(c *crew) {
	c.m.tool.genuineCaller()
	c.execute = func(c *crew, i int) { s.open(c.m, c.bots[i], s.ordinary()).converse() }
}

// callers are k hosts, none of them a bot, that are called back soon after the beginning.
func (s *Stream) callers(k int) *crew {
	c := s.recruit(s.mailing("callers"), k, -1)
	c.spread = minute
	s.caller(c)
	return c
}

// dialler makes a crew that sends over SMB.
func (s *Stream) dialler(c *crew) {
	c.execute = func(c *crew, i int) {
		s.open(c.m, c.bots[i], s.ordinary()).connect().converse()
	}
}

// crews starts botnets of k bots until the size of the stream is reached; prepare makes them what they are.
func (s *Stream) crews(family string, k int, prepare func(c *crew)) {
	const perBot = 4
	n := max(1, s.size/(k*perBot))
	s.every(n, max(30*second, int64(k)*2*second), func(int) {
		c := s.recruit(s.mailing(family), k, -1)
		prepare(c)
		s.start(c)
	})
}

// shared makes all bots of a crew hold one address each of a few that an operator shares out: carrier-grade NAT.
func (s *Stream) shared(c *crew, addresses int) {
	system := c.bots[0].system
	pool := make([]address, addresses)
	for i := range pool {
		pool[i] = s.world.addressIn(s.rng, system)
	}
	for _, b := range c.bots {
		b.system, b.address = system, pool[s.rng.IntN(len(pool))]
		b.hops = s.world.hopsTo(b.address)
		b.low, b.ports = 1024+uint16(s.rng.IntN(250))*256, 256
	}
}

// behind puts the bots of a crew behind n addresses: those of its first.
func behind(c *crew, n int) {
	for i, b := range c.bots {
		b.address, b.system, b.hops = c.bots[i%n].address, c.bots[i%n].system, c.bots[i%n].hops
	}
}
