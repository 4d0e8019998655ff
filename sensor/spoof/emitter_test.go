package spoof

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// give makes a judge of n packets that change makes different from each other, a second apart.
func give(c Config, n int, change func(i int, m *decoders.Message)) *Judge {
	j := New(c)
	for i := range n {
		m := popup(fmt.Sprintf("%d.%d.1.1", 20+i*3%180, i), noon.Add(time.Duration(i)*time.Second))
		m.Frames = []uint64{uint64(i + 1)}
		m.Marks.TTL, m.Marks.ID = uint8(101+i*7%18), uint16(i*40503)
		change(i, m)
		j.Observe(m, "cmp1-x", true)
	}
	return j
}

func from(m *decoders.Message, format string, a ...any) {
	m.Src = netip.AddrPortFrom(netip.MustParseAddr(fmt.Sprintf(format, a...)), m.Src.Port())
}

// emitters counts the sources of each emitter, and of those with a row.
func emitters(j *Judge) (of map[string]int, rows map[string]int) {
	of, rows = map[string]int{}, map[string]int{}
	for _, a := range finals(j, noon.Add(time.Hour)) {
		if a.Emitter != "" {
			of[a.Emitter]++
		}
		for _, e := range a.Evidence {
			rows[e.ID]++
			if len(e.Packets) > maxCited || len(e.Packets) == 0 && e.Group != "rule" || !strings.HasSuffix(e.Text, ".") {
				panic(fmt.Sprintf("%s: %q cites %v", e.ID, e.Text, e.Packets))
			}
		}
	}
	return of, rows
}

// alone gives the number of sources of the only emitter; -1 where there are several.
func alone(of map[string]int) int {
	for _, n := range of {
		if len(of) == 1 {
			return n
		}
		return -1
	}
	return 0
}

func TestOneCounterIsAnEmitterOnlyOverUnrelatedNetworks(t *testing.T) {
	systems := func(n int) Networks {
		return func(a netip.Addr) uint32 { return 1 + uint32(a.As4()[3])%uint32(n) }
	}
	for name, c := range map[string]struct {
		networks Networks
		source   func(i int) string
		want     int
	}{
		"many ASes":                      {systems(9), func(i int) string { return fmt.Sprintf("%d.5.1.%d", 30+i, i) }, 16},
		"three ASes":                     {systems(3), func(i int) string { return fmt.Sprintf("%d.5.1.%d", 30+i, i) }, 16},
		"two ASes":                       {systems(2), func(i int) string { return fmt.Sprintf("%d.5.1.%d", 30+i, i) }, 0},
		"three ASes, three networks":     {systems(3), func(i int) string { return fmt.Sprintf("30.%d.1.%d", i%3, i) }, 0},
		"one AS has more than half":      {func(a netip.Addr) uint32 { return max(uint32(a.As4()[3]), 10) }, func(i int) string { return fmt.Sprintf("%d.5.1.%d", 30+i, i) }, 0},
		"no AS known, many /8":           {nil, func(i int) string { return fmt.Sprintf("%d.5.1.%d", 30+i, i) }, 16},
		"no AS known, two /8":            {nil, func(i int) string { return fmt.Sprintf("%d.%d.1.1", 30+i%2, i) }, 0},
		"no AS known, one vote a /16":    {nil, func(i int) string { return fmt.Sprintf("%d.5.1.%d", 30+i%9, i) }, 0},
		"no AS known, IPv6 has no IP-ID": {nil, func(i int) string { return fmt.Sprintf("2001:%x::1", 1000*i) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			of, _ := emitters(give(Config{Networks: c.networks}, 16, func(i int, m *decoders.Message) {
				from(m, "%s", c.source(i))
				m.Marks.ID, m.Marks.IPv6 = uint16(60000+700*i), m.Src.Addr().Is6()
			}))
			if alone(of) != c.want {
				t.Errorf("emitters %v, want %d sources of one", of, c.want)
			}
		})
	}
}

func TestThreeEightsWithoutASDataWeighLess(t *testing.T) {
	j := give(Config{}, 16, func(i int, m *decoders.Message) { from(m, "%d.%d.1.1", 30+i%4, i); m.Marks.ID = uint16(700 * i) })
	for _, a := range finals(j, noon) {
		if decibansOf(a, "E20") != poolWeight || a.Emitter == "" {
			t.Errorf("E20 %v, emitter %q", decibansOf(a, "E20"), a.Emitter)
		}
	}
}

// A host with a counter of its own among the packets of an emitter has the tool in common with it, and no more.
func TestWhoDoesNotFitTheCounterIsNoMember(t *testing.T) {
	j := give(Config{}, 64, func(i int, m *decoders.Message) {
		if m.Marks.ID = uint16(100 + 20*i); i%8 == 3 {
			m.Marks.ID = uint16(40000 - 311*i)
		}
	})
	of, rows := emitters(j)
	if n := alone(of); n != 56 || rows["E20"] != 56 {
		t.Errorf("%d members, %d with E20; want 56", n, rows["E20"])
	}
}

// Sources that come after the last look, and more than are kept, are measured by the counter as it moved on.
func TestLaterSourcesAreMeasuredByTheCounter(t *testing.T) {
	const n = 700
	for _, restart := range []bool{false, true} {
		send := func(j *Judge, i int) {
			m := popup(fmt.Sprintf("%d.%d.1.1", 20+i*3%180, i%250), noon.Add(time.Duration(i)*time.Second))
			m.Marks.TTL, m.Marks.ID = uint8(101+i*7%18), uint16(100+30*i)
			if i%50 == 49 {
				m.Marks.ID += 30000
			}
			j.Observe(m, "cmp1-x", true)
		}
		j := New(Config{})
		for i := range n {
			send(j, i)
			if restart && i == 600 {
				j, _ = reloaded(t, j, 0)
			}
		}
		if of, _ := emitters(j); alone(of) != n-n/50 {
			t.Errorf("restart %v: %v, want %d members", restart, of, n-n/50)
		}
	}
}

// A tool that starts anew counts from elsewhere: two packets that follow each other show where.
func TestACounterThatStartsAnewIsFound(t *testing.T) {
	c := tail{Kind: counterID, Last: 1000, Mean: 20}
	for _, v := range []struct {
		value uint32
		fits  bool
	}{{1020, true}, {50000, false}, {50010, true}, {50030, true}, {20, false}, {50050, true}, {65530, false}, {10, true}} {
		if c.fits(v.value) != v.fits {
			t.Errorf("%d: want %v", v.value, v.fits)
		}
	}
}

// The first packet of a source is one for ever: a host that was forgotten and comes back must not be tested against itself.
func TestASourceThatComesBackHasOneFirstPacket(t *testing.T) {
	p := population{}
	for i := range 40 {
		p.add(&firstPacket{source: addrKey{4, byte(i % 3)}})
	}
	if len(p.first) != 3 {
		t.Errorf("%d first packets of three sources", len(p.first))
	}
}

func TestAllCountersAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		row    string
		weight float64
		set    func(i int, m *decoders.Message)
	}{
		"IP-ID":              {"E20", 30, func(i int, m *decoders.Message) { m.Marks.ID = uint16(30000 + 900*i) }},
		"IP-ID, swapped":     {"E20", 30, func(i int, m *decoders.Message) { v := uint16(30000 + 911*i); m.Marks.ID = v<<8 | v>>8 }},
		"RPC sequence":       {"E22", 25, func(i int, m *decoders.Message) { m.RPC.Sequence = uint32(5 + 3*i) }},
		"RPC serial":         {"E22", 25, func(i int, m *decoders.Message) { m.RPC.Serial = uint16(5 + 3*i) }},
		"source port":        {"E22", 15, func(i int, m *decoders.Message) { m.Src = netip.AddrPortFrom(m.Src.Addr(), uint16(1025+3*i)) }},
		"the UUID of a card": {"E23", 25, func(i int, m *decoders.Message) { m.RPC.Activity = stamped(m.Time.Add(-19*time.Second), 7) }},
	} {
		t.Run(name, func(t *testing.T) {
			j := give(Config{}, 70, c.set)
			for src, a := range finals(j, noon) {
				if frame := a.Evidence[0].Packets; decibansOf(a, c.row) != c.weight && len(frame) > 0 && strings.Split(src, ".")[1] < "2" {
					t.Errorf("%s: %s weighs %v, want %v: %v", src, c.row, decibansOf(a, c.row), c.weight, a.Evidence)
				}
			}
		})
	}
}

// stamped is a version-1 UUID.
func stamped(at time.Time, node byte) dcerpc.UUID {
	ticks := uint64(at.UnixNano()/100 + uuidEpoch)
	return dcerpc.UUID{byte(ticks >> 24), byte(ticks >> 16), byte(ticks >> 8), byte(ticks), byte(ticks >> 40), byte(ticks >> 32),
		0x10 | byte(ticks>>56), byte(ticks >> 48), 0x80, 0, 0, 1, 2, 3, 4, node}
}

func TestTheClockOfACardMustRunAndBeAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		want int
		set  func(i int, m *decoders.Message)
	}{
		"one clock":   {8, func(i int, m *decoders.Message) { m.RPC.Activity = stamped(m.Time.Add(-19*time.Second), 7) }},
		"a card each": {0, func(i int, m *decoders.Message) { m.RPC.Activity = stamped(m.Time, byte(i)) }},
		"a template":  {0, func(i int, m *decoders.Message) { m.RPC.Activity = stamped(noon, 7) }},
		"a clock that is behind": {0, func(i int, m *decoders.Message) {
			m.RPC.Activity = stamped(m.Time.Add(-time.Duration(i)*2*time.Second), 7)
		}},
		"a laptop that is carried about": {0, func(i int, m *decoders.Message) {
			m.Time = noon.Add(time.Duration(i) * 5 * time.Hour)
			m.RPC.Activity = stamped(m.Time.Add(-19*time.Second), 7)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			of, rows := emitters(give(Config{}, 8, c.set))
			if alone(of) != c.want || rows["E23"] != c.want {
				t.Errorf("emitters %v, %d with E23; want %d", of, rows["E23"], c.want)
			}
		})
	}
}

func TestSweepAndPace(t *testing.T) {
	for name, c := range map[string]struct {
		want string
		set  func(i int, m *decoders.Message)
	}{
		"sweep and pace": {"E25 E30 E31", func(i int, m *decoders.Message) { to(m, 3*i) }},
		"pace":           {"E25", func(i int, m *decoders.Message) { to(m, i*i*7919%60000) }},
		"sweep": {"E30", func(i int, m *decoders.Message) {
			to(m, 3*i)
			m.Time = noon.Add(time.Duration(i*i*137%400+400*i) * time.Second / 100)
		}},
		"one target":  {"E25", func(i int, m *decoders.Message) {}},
		"two targets": {"E25", func(i int, m *decoders.Message) { to(m, i%2) }},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows := emitters(give(Config{}, 16, c.set))
			var got []string
			for _, id := range []string{"E25", "E30", "E31"} {
				if rows[id] > 0 {
					got = append(got, id)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func to(m *decoders.Message, i int) {
	m.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte{80, 171, byte(i >> 8), byte(i)}), 1026)
}

// E40 speaks of those who share the emitter's mark. Copies of a botnet's packets with impossible sources blame none of its hosts.
func TestImpossibleSourcesBlameTheEmitterAlone(t *testing.T) {
	never := func(i int, m *decoders.Message) {
		if i%5 == 2 {
			from(m, "240.%d.1.1", i)
		}
	}
	_, rows := emitters(give(Config{}, 20, func(i int, m *decoders.Message) { never(i, m); m.Marks.ID = uint16(90 * i) }))
	if rows["E40"] < 16 {
		t.Errorf("one counter: E40 for %d", rows["E40"])
	}
	of, rows := emitters(give(Config{}, 20, never))
	if rows["E40"] != 0 || len(of) != 0 {
		t.Errorf("hosts with copies among them: E40 for %d, emitters %v", rows["E40"], of)
	}
	_, rows = emitters(give(Config{}, 20, func(i int, m *decoders.Message) {
		if never(i, m); i%3 == 2 {
			m.Marks.TTL = 77
		}
	}))
	if rows["E40"] > 7 {
		t.Errorf("copies at one distance: E40 for %d, more than share it", rows["E40"])
	}
}

// Hosts whose counters stand apart at one moment are several. The ledger then calls none forged; the structural rules go on.
func TestHostsWithTheirOwnCountersAreNotCalledForged(t *testing.T) {
	run := func(apart uint16) map[string]Assessment {
		j := New(Config{})
		for round := range 3 {
			for i := range 8 {
				m := popup(fmt.Sprintf("%d.9.1.1", 20+i), noon.Add(time.Duration(round*8+i)*time.Second))
				m.Marks.TTL, m.Marks.ID = 50, uint16(i)*apart+uint16(10*round)
				m.RPC.Activity = dcerpc.UUID{1}
				j.Observe(m, "cmp1-x", true)
			}
		}
		return finals(j, noon)
	}
	for src, a := range run(6000) {
		if a.State != Unknown || !slices.ContainsFunc(a.Evidence, func(e Evidence) bool { return e.ID == "MULTI" && len(e.Packets) >= minMany }) {
			t.Errorf("%s: %v, %v", src, a.State, a.Evidence)
		}
	}
	for src, a := range run(1) { // one counter, in rotation
		if a.State != ForgedProbable {
			t.Errorf("%s: %v, %v", src, a.State, a.Evidence)
		}
	}
}

func TestTTLsThatJump(t *testing.T) {
	for name, c := range map[string]struct {
		ttls []uint8
		gap  time.Duration
		want float64
	}{
		"three":              {[]uint8{110, 50, 90}, time.Minute, 5},
		"equal-cost paths":   {[]uint8{110, 111, 110, 109}, time.Minute, 0},
		"two hosts, one NAT": {[]uint8{110, 50, 110, 51}, time.Minute, 0},
		"over an hour":       {[]uint8{110, 50, 90}, 15 * time.Minute, 0},
	} {
		j := New(Config{})
		for i, ttl := range c.ttls {
			m := popup("24.64.1.1", noon.Add(time.Duration(i)*c.gap))
			m.Marks.TTL = ttl
			j.Observe(m, "cmp1-x", true)
		}
		if a := finals(j, noon)["24.64.1.1"]; decibansOf(a, "E15") != c.want {
			t.Errorf("%s: %v, want %v", name, decibansOf(a, "E15"), c.want)
		}
	}
}

// What the tests found survives a restart, whatever the moment, and the emitter keeps its name.
func TestEmittersSurviveARestart(t *testing.T) {
	w := newWorld(77)
	packets := w.spray(&forger{w.atRandom(w.pool(90)), w.plausible, counted, 1.5e-5, 900}, 300) // sparse: the phase test
	run := func(restart int) map[string]string {
		j, out := New(Config{}), map[string]string{}
		for i := range packets {
			m := w.message(&packets[i], uint64(i), true)
			j.Observe(m, "cmp1-x", true)
			if i == restart {
				j, _ = reloaded(t, j, 0)
			}
		}
		for src, a := range finals(j, noon) {
			out[src] = fmt.Sprint(a.State, a.Decibans, a.Emitter, ids(a.Evidence))
		}
		return out
	}
	want := run(-1)
	for _, restart := range []int{20, 50, 100, 250} {
		if diff := cmp.Diff(want, run(restart)); diff != "" {
			t.Errorf("restart after %d (-without +with):\n%s", restart, diff)
		}
	}
	if !strings.Contains(fmt.Sprint(want), "E21") {
		t.Error("the phase test found nothing")
	}
	var b bytes.Buffer
	if err := New(Config{}).Save(gob.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
}
