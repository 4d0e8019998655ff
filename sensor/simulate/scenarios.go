package simulate

import (
	"fmt"
	"strings"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// Kind is what a scenario is for.
type Kind string

// The kinds.
const (
	KindGenuine   Kind = "genuine"
	KindForger    Kind = "forger"
	KindAdversary Kind = "adversary"
	KindMixed     Kind = "mixed"
)

// Bar is the recall that a class of forgers is held to.
type Bar uint8

// The bars: none; uniform addresses; pools and counters; one fixed TTL.
const (
	BarNone Bar = iota
	BarUniform
	BarCounter
	BarTTL
)

// Scenario is one sort of traffic.
type Scenario struct {
	Name      string
	About     string
	Kind      Kind
	Adversary string // A1 ... A18, or X for those that were found here
	Bar       Bar
	Excluded  string // why what is blamed here does not count; empty where it does

	faults      Faults
	small, full int  // popups
	whole       bool // full is of one seed: it is the size that matters
	year        int
	role        decoders.Role
	build       func(s *Stream)
}

// Lossy says whether the capture of the scenario loses frames.
func (s *Scenario) Lossy() bool { return s.faults.Loss > 0 }

// Scenarios are all of them, in the order of the report.
func Scenarios() []*Scenario {
	var all []*Scenario
	for _, part := range [][]Scenario{genuineScenarios(), botnetScenarios(), mixedScenarios(), forgerScenarios(), plainAdversaries(), proofAdversaries()} {
		for i := range part {
			all = append(all, &part[i])
		}
	}
	return all
}

// Find finds scenarios by names; a name may end in *.
func Find(names []string) ([]*Scenario, error) {
	var out []*Scenario
	for _, name := range names {
		before := len(out)
		for _, s := range Scenarios() {
			if begin, ok := strings.CutSuffix(name, "*"); s.Name == name || ok && strings.HasPrefix(s.Name, begin) {
				out = append(out, s)
			}
		}
		if len(out) == before {
			return nil, fmt.Errorf("no scenario is named %q (see: popupwatch simulate --list)", name)
		}
	}
	return out, nil
}

func genuineScenarios() []Scenario {
	callers := func(s *Stream) { s.crews("callers", 20, s.caller) }
	diallers := func(s *Stream) { s.crews("diallers", 20, s.dialler) }
	return []Scenario{
		{Name: "one-way", About: "single hosts, popups that nobody answers", Kind: KindGenuine, small: 800, full: 20000, build: func(s *Stream) {
			s.crews("one-way", 1, func(*crew) {})
		}},
		{Name: "callers", About: "hosts that are called back and answer", Kind: KindGenuine, small: 800, full: 20000, build: callers},
		{Name: "callers-loss1", About: "the same, 1 % of the frames lost", Kind: KindGenuine, small: 800, full: 20000, faults: Faults{Loss: 0.01}, build: callers},
		{Name: "callers-faults", About: "the same, 5 % lost, 2 % twice, 2 % out of order", Kind: KindGenuine, small: 800, full: 20000, faults: Faults{Loss: 0.05, Copies: 0.02, Disorder: 0.02}, build: callers},
		{Name: "callers-step", About: "the same, and the sensor's clock is set back and forth by a minute", Kind: KindGenuine, small: 800, full: 20000, build: func(s *Stream) {
			callers(s)
			s.every(40, 2*minute, func(i int) { s.skew += []int64{-minute, minute}[i%2] })
		}},
		{Name: "callers-many", About: "the same, thousands of claims one after the other", Kind: KindGenuine, small: 6000, full: 40000, build: func(s *Stream) {
			s.crews("callers", 100, s.caller)
		}},
		{Name: "callers-fragments", About: "the same, each call in several PDUs", Kind: KindGenuine, small: 400, full: 20000, build: func(s *Stream) {
			s.crews("callers", 20, func(c *crew) { s.caller(c); c.m.tool.fragment = 128 })
		}},
		{Name: "callers-both-sides", About: "the same, heard on both sides of the router", Kind: KindGenuine, small: 400, full: 20000, faults: Faults{BothSides: true}, build: callers},
		{Name: "smb-both-sides", About: "hosts that send over SMB, heard on both sides of the router", Kind: KindGenuine, small: 400, full: 10000, faults: Faults{BothSides: true}, build: diallers},
		{Name: "smb", About: "hosts that send over SMB", Kind: KindGenuine, small: 400, full: 10000, build: diallers},
		{Name: "smb-loss1", About: "the same, 1 % of the frames lost", Kind: KindGenuine, small: 400, full: 10000, faults: Faults{Loss: 0.01}, build: diallers},
	}
}

func botnetScenarios() []Scenario {
	var out []Scenario
	add := func(name, about string, small, full int, build func(s *Stream)) {
		out = append(out, Scenario{Name: "botnet-" + name, About: about, Kind: KindGenuine, small: small, full: full, build: build})
	}
	for _, k := range []int{3, 5, 10, 30, 100, 1000, 5000} {
		add(fmt.Sprint(k), fmt.Sprintf("%d bots, each for itself", k), min(4*k, 2000)+800, 40*k+40000, func(s *Stream) { s.crews("botnet", k, func(*crew) {}) })
	}
	add("ordered", "50 bots, one order of targets dealt out to all", 1000, 20000, func(s *Stream) {
		s.crews("botnet", 50, func(c *crew) { c.order = s.sweep() })
	})
	add("staggered", "50 bots, one after the other", 1000, 20000, func(s *Stream) {
		s.crews("botnet", 50, func(c *crew) { c.spread, c.mean = 40*minute, 10*second })
	})
	add("callers", "100 bots that are called back and answer", 1000, 20000, func(s *Stream) { s.crews("botnet", 100, s.caller) })
	add("nat-callers", "60 bots behind 20 addresses that are called back and answer", 800, 20000, func(s *Stream) {
		s.crews("botnet", 60, func(c *crew) { s.caller(c); behind(c, 20) })
	})
	add("nat", "60 bots behind 20 addresses of 20 networks", 1000, 20000, func(s *Stream) {
		s.crews("botnet", 60, func(c *crew) { behind(c, 20) })
	})
	add("cgn", "60 bots behind 8 addresses of one operator", 1000, 20000, func(s *Stream) { s.crews("botnet", 60, func(c *crew) { s.shared(c, 8) }) })
	add("dhcp", "30 bots whose addresses change", 1000, 20000, func(s *Stream) { s.crews("botnet", 30, func(c *crew) { c.churn = true }) })
	add("reboot", "40 bots that all started up a minute ago", 1000, 40000, func(s *Stream) {
		s.crews("botnet", 40, func(c *crew) { c.reboot, c.spread = true, 2*minute })
	})
	add("network", "30 bots of one network", 1000, 20000, func(s *Stream) {
		s.crews("botnet", 30, func(c *crew) {
			for i := range c.bots {
				c.bots[i] = s.newHost(c.bots[0].system)
			}
		})
	})
	return out
}

func mixedScenarios() []Scenario {
	return []Scenario{
		{Name: "legit", About: "popups that are wanted, from home and from branches elsewhere", Kind: KindMixed, small: 600, full: 10000, build: wanted},
		{Name: "everyday", About: "a little of everything, and other traffic", Kind: KindMixed, small: 1000, full: 30000, faults: Faults{Loss: 0.001, Copies: 0.02, Disorder: 0.005}, build: everyday},
	}
}

func forgerScenarios() []Scenario {
	var out []Scenario
	add := func(name, about string, bar Bar, full, packets int, source func(s *Stream) func(int) address, hide ...func(*Stream, *forger)) {
		out = append(out, Scenario{Name: "forge-" + name, About: about, Kind: KindForger, Bar: bar, small: 800, full: full, build: func(s *Stream) {
			s.forgers(name, packets, func(m *mailing) *forger {
				f := s.forge(m, source(s))
				for _, h := range hide {
					h(s, f)
				}
				return f
			})
		}})
	}
	anywhere := func(s *Stream) func(int) address { return func(int) address { return s.elsewhere() } }
	routed := func(s *Stream) func(int) address { return func(int) address { return s.world.routed(s.rng) } }
	pooled := func(k int) func(s *Stream) func(int) address {
		return func(s *Stream) func(int) address {
			p := s.pool(k)
			return func(i int) address { return p[i%k] }
		}
	}
	add("uniform", "any of the 32-bit addresses", BarUniform, 120000, 200, anywhere)
	add("uniform-20", "the same, 20 packets a mailing", BarUniform, 20000, 20, anywhere)
	add("routed", "addresses that somebody holds", BarCounter, 120000, 200, routed)
	add("pool-4", "4 addresses in turn", BarNone, 20000, 40, pooled(4))
	add("pool-20", "20 addresses in turn", BarCounter, 40000, 60, pooled(20))
	add("pool-200", "200 addresses in turn", BarCounter, 40000, 400, pooled(200))
	add("fixed-ttl", "held addresses, random IP identification and port", BarTTL, 40000, 100, routed, (*Stream).randomID, (*Stream).randomPort)
	add("counter", "held addresses, plausible TTL, random port: only the counter tells", BarCounter, 40000, 100, routed, (*Stream).plausibleTTL, (*Stream).randomPort)
	add("bogons", "addresses that no host can have", BarUniform, 20000, 40, func(s *Stream) func(int) address { return func(int) address { return bogon(s.rng) } })
	add("rotating", "another victim every 10 packets", BarNone, 20000, 100, func(s *Stream) func(int) address {
		p := s.pool(10)
		return func(i int) address { return p[i/10%10] }
	})
	add("victim", "one victim, with the forger's own TTL", BarNone, 20000, 40, func(s *Stream) func(int) address {
		a := s.world.routed(s.rng)
		return func(int) address { return a }
	})
	return append(out, ownForgers()...)
}

// ownForgers write addresses around their own, or their own among others.
func ownForgers() []Scenario {
	return []Scenario{
		{Name: "forge-neighbours", About: "addresses of the forger's own /24", Kind: KindForger, Adversary: "A5", small: 800, full: 40000, build: func(s *Stream) {
			s.forgers("neighbours", 60, func(m *mailing) *forger {
				f := s.forge(m, nil)
				f.source = s.neighbours(f.host.address)
				return f
			})
		}},
		{Name: "forge-decoys", About: "the forger's own address among held ones", Kind: KindForger, small: 800, full: 20000, build: func(s *Stream) {
			s.forgers("decoys", 60, func(m *mailing) *forger {
				f := s.forge(m, nil)
				p := s.pool(20)
				p[0] = f.host.address
				f.source = func(i int) address { return p[i%20] }
				return f
			})
		}},
	}
}

func plainAdversaries() []Scenario {
	hiding := func(name, about, adversary string, hide ...func(*Stream, *forger)) Scenario {
		return Scenario{Name: name, About: about, Kind: KindAdversary, Adversary: adversary, small: 800, full: 60000, build: func(s *Stream) {
			s.forgers(name, 100, func(m *mailing) *forger {
				f := s.forge(m, func(int) address { return s.world.routed(s.rng) })
				for _, h := range hide {
					h(s, f)
				}
				return f
			})
		}}
	}
	random := func(s *Stream, f *forger) { s.randomID(f); s.randomPort(f); f.m.tool.activity = activityRandom }
	return []Scenario{
		hiding("a1-random-ttl", "random TTL", "A1", (*Stream).randomTTL),
		hiding("a2-plausible-ttl", "the TTL that the victim's packets would have", "A2", (*Stream).plausibleTTL),
		hiding("a3-random-numbers", "random IP identification, port and activity", "A3", random),
		hiding("a4-both", "A2 and A3: nothing is left to see", "A4", (*Stream).plausibleTTL, random),
		{Name: "a6-joe-job", About: "one victim, packets just like his", Kind: KindAdversary, Adversary: "A6", small: 600, full: 20000, build: func(s *Stream) { joeJob(s, false) }},
		{Name: "a7-joe-job-alive", About: "A6 while the victim sends wanted popups and answers callbacks", Kind: KindAdversary, Adversary: "A7", small: 600, full: 20000, build: func(s *Stream) { joeJob(s, true) }},
		{Name: "a11-forged-errors", About: "a genuine sender forges ICMP errors that deny him, and others that accuse", Kind: KindAdversary, Adversary: "A11", small: 400, full: 10000, build: forgedErrors},
		{Name: "a12-injected", About: "bogons injected into the mailing of a genuine botnet", Kind: KindAdversary, Adversary: "A12", small: 600, full: 20000, build: injected},
		{Name: "a13-emulated", About: "a counter and TTL for each victim, or one counter over a rival's bots", Kind: KindAdversary, Adversary: "A13", small: 600, full: 20000, build: emulated},
		{Name: "a14-exhaustion", About: "a million new addresses a minute while genuine senders are called back", Kind: KindAdversary, Adversary: "A14", small: 20000, full: 600000, whole: true, build: exhaustion},
		{Name: "a15-poisoned-texts", About: "texts that bridge mailings, hold wanted ones, advertise somebody known", Kind: KindAdversary, Adversary: "A15", small: 600, full: 20000, build: poisonedTexts},
		{Name: "a18-later-bogons", About: "an old capture: hosts in space that was set aside later", Kind: KindAdversary, Adversary: "A18", small: 400, full: 10000, year: 2004, build: laterBogons},
	}
}

func proofAdversaries() []Scenario {
	adversary := func(name, about, adversary string, full int, build func(s *Stream)) Scenario {
		return Scenario{Name: name, About: about, Kind: KindAdversary, Adversary: adversary, small: 300, full: full, build: build}
	}
	lossy := adversary("a8-prime-loss5", "the same, another server each time, 5 % of the frames lost: the lesson itself may be missing", "A8", 25000, func(s *Stream) { primeAndForge(s, 1, true, false) })
	lossy.faults = Faults{Loss: 0.05}
	path := adversary("a16-on-path", "the attacker sees the victim's traffic", "A16", 5000, onPath)
	path.Excluded = "on the path: no sensor can tell"
	relayed := adversary("x-relay", "the attacker is called by the victim and lets him affirm another call", "X", 5000, relay)
	relayed.Excluded = "the victim himself affirms: the protocol cannot tell"
	outer := adversary("x-both-ways-outside", "call, callback and answer at an interface that only hears what comes in", "X", 10000, func(s *Stream) { hidden(s, 0) })
	outer.role = decoders.RoleExternal
	return []Scenario{
		adversary("a8-prime", "a callback activity learned in one's own name, used in another's", "A8", 30000, func(s *Stream) { primeAndForge(s, 8, false, false) }),
		lossy,
		adversary("a8-prime-unseen", "the same, and the lesson is learned where the sensor does not listen, as over IPv6 or a second uplink", "A8", 10000, func(s *Stream) { primeAndForge(s, 1, true, true) }),
		adversary("a9-blind", "guessed, early, repeated and predicted answers", "A9", 30000, blindAnswers),
		adversary("a9-brute-force", "all 64 answers to a server whose activities are of 64", "A9", 10000, bruteForce),
		adversary("a10-denying", "the victim's RPC runtime denies, the attacker affirms", "A10", 30000, denyingVictims),
		path,
		adversary("a17-tcp-step", "blind TCP against sequence numbers with a fixed step", "A17", 25000, func(s *Stream) { blindTCP(s, true) }),
		adversary("a17-tcp-random", "blind TCP against random sequence numbers", "A17", 25000, func(s *Stream) { blindTCP(s, false) }),
		adversary("x-tunnel-ipip", "call, callback and answer in IP-in-IP towards home", "X", 10000, func(s *Stream) { hidden(s, protocolIPIP) }),
		adversary("x-tunnel-gre", "the same in GRE", "X", 10000, func(s *Stream) { hidden(s, protocolGRE) }),
		adversary("x-both-ways", "call, callback and answer all come in through the router", "X", 10000, func(s *Stream) { hidden(s, 0) }),
		adversary("x-both-ways-busy", "the same while our hosts call others back, so that MAC addresses tell directions", "X", 10000, func(s *Stream) {
			s.background(s.size/4, 8*second)
			s.start(s.callers(40))
			hidden(s, 0)
		}),
		adversary("x-both-ways-tcp", "both directions of a connection come in through the router", "X", 10000, hiddenTCP),
		outer,
		adversary("x-proof-room", "thousands of answers that prove nothing, then genuine senders", "X", 10000, crowd),
		adversary("x-observer", "the attacker sees the victim's traffic, who denies; or answers from elsewhere", "X", 10000, observed),
		adversary("x-twin", "a forged call beside a genuine one, with its activity and sequence number", "X", 10000, twins),
		relayed,
	}
}

// wanted sends popups that people want.
func wanted(s *Stream) {
	all := legitimate()
	for i := range all {
		m := &all[i]
		m.family, m.legit, m.tool = "legit", true, newTool(s.rng)
		m.tool.genuineCaller()
		if i%2 == 0 {
			m.tool.flags |= dcerpc.FlagIdempotent
		}
		h := s.newHost(s.rng.IntN(systems))
		if i%3 > 0 {
			h = s.hostAt(s.ordinary().address, ownerHome)
			h.hops = 0
		}
		s.every(s.size/len(all), 30*second, func(n int) {
			if m.tool.flags&dcerpc.FlagIdempotent == 0 && h.system >= 0 {
				s.open(m, h, s.ordinary()).converse()
				return
			}
			p := s.own(h, homeBase|address(s.rng.IntN(0x8000)))
			s.oneWay(m, &p, h, 0, m.genuine(h))
		})
	}
}

// everyday is a part of each: wanted popups, a botnet, callers, a forger, and traffic that is none of it.
func everyday(s *Stream) {
	size := s.size
	for _, part := range []func(){
		func() { wanted(s) },
		func() { s.crews("botnet", 20, func(*crew) {}) },
		func() { s.crews("callers", 10, s.caller) },
		func() { s.crews("diallers", 10, s.dialler) },
		func() {
			s.forgers("uniform", 50, func(m *mailing) *forger { return s.forge(m, func(int) address { return s.elsewhere() }) })
		},
	} {
		s.size = size / 5
		part()
	}
	s.size = size
	s.background(2*size, second)
}
