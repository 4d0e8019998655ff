package spoof

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// trials multiplies the number of runs by SPOOF_TRIALS where it is set: the figures of the documentation come of 20.
func trials(n int) int {
	if by, err := strconv.Atoi(os.Getenv("SPOOF_TRIALS")); err == nil {
		return n * by
	}
	return n
}

// world makes packets of hosts and forgers; seeds other than those of a test make another world.
type world struct {
	*rand.Rand
	from    time.Time
	systems []system
}

// system is an autonomous system: some /16s and a distance.
type system struct {
	blocks [][2]byte
	hops   float64
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7)), from: noon}
	for range 300 {
		s := system{hops: min(max(16+4*w.NormFloat64(), 3), 29)}
		for range 1 + w.IntN(4) {
			s.blocks = append(s.blocks, w.block())
		}
		w.systems = append(w.systems, s)
	}
	return w
}

// block is a /16 of public unicast space.
func (w *world) block() [2]byte {
	for {
		a := byte(1 + w.IntN(223))
		switch a {
		case 10, 100, 127, 169, 172, 192, 198, 203:
			continue
		}
		return [2]byte{a, byte(w.IntN(256))}
	}
}

// networks tells the AS of an address: each /16 is one AS's, those of the world's systems or one of its own.
func (w *world) networks() Networks {
	of := map[[2]byte]uint32{}
	for i, s := range w.systems {
		for _, b := range s.blocks {
			of[b] = uint32(i + 1)
		}
	}
	return func(a netip.Addr) uint32 {
		o := a.As4()
		if n, ok := of[[2]byte(o[:2])]; ok {
			return n
		}
		return 1000 + uint32(o[0])<<8 + uint32(o[1])
	}
}

// host is one machine with its own counters.
type host struct {
	addr     netip.Addr
	ttl      uint8
	id       float64 // at boot
	rate     float64 // of its IP-IDs, a second
	boot     float64 // seconds before or after the start
	still    bool    // its IP-ID is constant
	sequence float64 // calls a second, counted from start
	start    float64 // of its tool, seconds
}

func (w *world) addrIn(s *system) netip.Addr {
	b := s.blocks[w.IntN(len(s.blocks))]
	return netip.AddrFrom4([4]byte{b[0], b[1], byte(w.IntN(256)), byte(1 + w.IntN(253))})
}

// bot is a host somewhere: two fifths have a constant IP-ID, the others a counter at a rate of their own.
func (w *world) bot() *host {
	s := &w.systems[w.IntN(len(w.systems))]
	initial := 128.0
	if w.IntN(5) == 0 {
		initial = 64
	}
	return &host{
		addr: w.addrIn(s), ttl: uint8(initial - math.Round(s.hops) - float64(w.IntN(3))), id: w.Float64() * counterTurn,
		rate: math.Exp(3 + 1.2*w.NormFloat64()), still: w.Float64() < 0.39, sequence: math.Exp(2 + 0.8*w.NormFloat64()), start: -w.Float64() * 86400,
	}
}

func (w *world) bots(k int, change func(h *host)) []*host {
	hosts := make([]*host, k)
	for i := range hosts {
		hosts[i] = w.bot()
		if change != nil {
			change(hosts[i])
		}
	}
	return hosts
}

// sent is a packet with its place in time.
type sent struct {
	at     float64
	source netip.Addr
	ttl    uint8
	id     uint16
	port   uint16
	seq    uint32
	uuid   dcerpc.UUID
	forged bool
}

// chatter is n packets of hosts, at random times within a span of seconds, each by a host of its own choice.
func (w *world) chatter(hosts []*host, n int, span float64) []sent {
	out := make([]sent, n)
	for i := range out {
		h := hosts[w.IntN(len(hosts))]
		out[i] = h.send(w.Float64() * span)
	}
	return out
}

func (h *host) send(at float64) sent {
	s := sent{at: at, source: h.addr, ttl: h.ttl, seq: uint32(max(h.sequence*(at-h.start), 0)), port: 1025 + uint16(uint64(max(h.rate*at/50, 0))%3976)}
	if !h.still {
		s.id = uint16(uint64(h.id + h.rate*max(at-h.boot, 0)))
	}
	return s
}

// forger is one machine that writes sources as it likes.
type forger struct {
	source func() netip.Addr
	ttl    func() uint8
	id     func(count uint64) uint16
	share  float64 // of its packets that are seen
	rate   float64 // packets a second
}

// spray is n packets that are seen of a forger.
func (w *world) spray(f *forger, n int) []sent {
	out, count, at := make([]sent, n), w.Uint64N(counterTurn), 0.0
	for i := range out {
		skipped := 1 + uint64(math.Log(1-w.Float64())/math.Log1p(-min(f.share, 1-1e-12)))
		count += skipped
		at += float64(skipped) / f.rate
		out[i] = sent{at: at, source: f.source(), ttl: f.ttl(), id: f.id(count), port: 4177, forged: true}
	}
	return out
}

func counted(count uint64) uint16     { return uint16(count) }
func (w *world) random(uint64) uint16 { return uint16(w.Uint32()) }
func (w *world) anywhere() netip.Addr {
	return netip.AddrFrom4([4]byte{byte(w.IntN(256)), byte(w.IntN(256)), byte(w.IntN(256)), byte(w.IntN(256))})
}
func (w *world) plausible() uint8 { return uint8(101 + w.IntN(18)) }
func (w *world) never() netip.Addr {
	return netip.AddrFrom4([4]byte{byte(240 + w.IntN(15)), byte(w.IntN(256)), byte(w.IntN(256)), byte(w.IntN(256))})
}
func always(ttl uint8) func() uint8 { return func() uint8 { return ttl } }
func (w *world) pool(k int) (all []netip.Addr) {
	for range k {
		b := w.block()
		all = append(all, netip.AddrFrom4([4]byte{b[0], b[1], byte(w.IntN(256)), byte(1 + w.IntN(253))}))
	}
	return all
}

// inTurn goes round a pool; atRandom draws from it.
func inTurn(pool []netip.Addr) func() netip.Addr {
	i := 0
	return func() netip.Addr { i++; return pool[i%len(pool)] }
}
func (w *world) atRandom(pool []netip.Addr) func() netip.Addr {
	return func() netip.Addr { return pool[w.IntN(len(pool))] }
}

// tally counts the last words on claims.
type tally struct {
	claims, forged, emitters int
	evidence                 map[string]int
}

func (t *tally) add(o tally) {
	t.claims, t.forged, t.emitters = t.claims+o.claims, t.forged+o.forged, t.emitters+o.emitters
	if t.evidence == nil {
		t.evidence = map[string]int{}
	}
	for id, n := range o.evidence {
		t.evidence[id] += n
	}
}

func (t *tally) share() float64 { return float64(t.forged) / max(float64(t.claims), 1) }

// judged gives packets to a judge in the order of their times and counts the claims of genuine hosts and of forged sources, of which the
// latest document counts.
func (w *world) judged(j *Judge, packets []sent, frozen bool) (genuine, forged tally) {
	slices.SortStableFunc(packets, func(a, b sent) int { return cmp.Compare(a.at, b.at) })
	fake := map[netip.Addr]bool{}
	count := func(a *Assessment) {
		t := &genuine
		if fake[a.Key.Source] {
			t = &forged
		}
		if a.State == NonroutableLeak {
			return // what private sources show is no matter of likelihood
		}
		one := tally{claims: 1, evidence: map[string]int{}}
		if a.State.Forged() {
			one.forged = 1
			for _, e := range a.Evidence {
				one.evidence[e.ID]++
			}
		}
		if a.Emitter != "" {
			one.emitters = 1
		}
		t.add(one)
	}
	for i := range packets {
		p := &packets[i]
		fake[p.source] = p.forged
		m := w.message(p, uint64(i+1), frozen)
		j.Observe(m, "cmp1-x", true)
		for a, ok := j.Due(m.Time); ok; a, ok = j.Due(m.Time) {
			if a.Final {
				count(a)
			}
		}
	}
	for a, ok := j.Finish(w.from); ok; a, ok = j.Finish(w.from) {
		if a.Final {
			count(a)
		}
	}
	return genuine, forged
}

func (w *world) message(p *sent, frame uint64, frozen bool) *decoders.Message {
	at := w.from.Add(time.Duration(p.at * 1e9))
	m := &decoders.Message{
		Time: at, Began: at, First: true, Frames: []uint64{frame},
		Src: netip.AddrPortFrom(p.source, p.port), Dst: netip.MustParseAddrPort("80.171.48.1:1026"),
	}
	m.Marks.TTL, m.Marks.ID = p.ttl, p.id
	m.RPC = dcerpc.Call{Header: dcerpc.Header{Flags: dcerpc.FlagIdempotent, Sequence: p.seq, Activity: p.uuid}, Fragments: 1}
	switch {
	case p.uuid != dcerpc.UUID{}:
	case frozen:
		m.RPC.Activity = dcerpc.UUID{1, 2, 3, 4, 5, 6, 0x4f, 8, 0x8f}
	default:
		binary.BigEndian.PutUint64(m.RPC.Activity[:], w.Uint64())
		binary.BigEndian.PutUint64(m.RPC.Activity[8:], w.Uint64())
		m.RPC.Activity[6], m.RPC.Activity[8] = 0x4f, 0x8f
	}
	return m
}

// over runs a scenario in several worlds, with and without AS data, with a frozen activity UUID and with random ones.
func over(t *testing.T, seed uint64, runs int, scenario func(w *world) []sent) (genuine, forged tally) {
	t.Helper()
	for run := range trials(runs) {
		w := newWorld(seed*1_000_000 + uint64(run))
		c := Config{}
		if run%2 == 0 {
			c.Networks = w.networks()
		}
		g, f := w.judged(New(c), scenario(w), run%4 < 2)
		genuine.add(g)
		forged.add(f)
	}
	return genuine, forged
}
