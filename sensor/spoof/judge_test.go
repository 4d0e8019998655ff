package spoof

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

var noon = time.Date(2007, 10, 29, 12, 0, 0, 0, time.UTC)

// popup makes a message as a spammer of the time sent it: one idempotent datagram, TTL of a Windows host 14 hops away.
func popup(src string, at time.Time) *decoders.Message {
	m := &decoders.Message{
		Time: at, Began: at, First: true, Frames: []uint64{1},
		Src: netip.AddrPortFrom(netip.MustParseAddr(src), 4177), Dst: netip.MustParseAddrPort("80.171.48.1:1026"),
	}
	m.Marks.TTL = 114
	m.RPC = dcerpc.Call{Header: dcerpc.Header{Flags: dcerpc.FlagIdempotent}, Fragments: 1}
	binary.BigEndian.PutUint64(m.RPC.Activity[:], uint64(at.UnixNano())*0x9e3779b97f4a7c15^uint64(m.Src.Addr().As16()[15]))
	m.RPC.Activity[6], m.RPC.Activity[8] = 0x4f, 0x8f
	return m
}

func ids(evidence []Evidence) string {
	var out []string
	for _, e := range evidence {
		out = append(out, e.ID)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// last gives the final assessment of a single message.
func last(t *testing.T, j *Judge, m *decoders.Message) Assessment {
	t.Helper()
	j.Observe(m, "cmp1-x")
	a, ok := j.Finish(m.Time)
	if !ok || !a.Final {
		t.Fatal("no final assessment")
	}
	return *a
}

func TestStructuralRulesDecideAlone(t *testing.T) {
	home := []netip.Prefix{netip.MustParsePrefix("80.171.0.0/16")}
	for name, c := range map[string]struct {
		src  string
		at   time.Time
		home []netip.Prefix
		want State
		rule string
	}{
		"never a sender":                    {"240.1.2.3", noon, nil, ForgedCertain, "R1"},
		"multicast":                         {"224.0.0.1", noon, home, ForgedCertain, "R1"},
		"test net before it was one":        {"203.0.113.7", noon, nil, Unknown, ""},
		"test net since it is one":          {"203.0.113.7", noon.AddDate(3, 0, 0), nil, ForgedCertain, "R1"},
		"shared space before it was one":    {"100.64.0.1", noon, nil, Unknown, ""},
		"private":                           {"192.168.1.1", noon, home, NonroutableLeak, "R1b"},
		"its own destination":               {"80.171.48.1", noon, nil, ForgedCertain, "E05"},
		"ordinary":                          {"24.64.8.1", noon, home, Unknown, ""},
		"anycast exception":                 {"192.0.0.9", noon.AddDate(5, 0, 0), nil, Unknown, ""},
		"documentation space of IPv6":       {"2001:db8::1", noon, nil, ForgedCertain, "R1"},
		"an IPv4 address mapped into IPv6":  {"::ffff:1.2.3.4", noon, nil, ForgedCertain, "R1"},
		"private, but the packet stays out": {"10.0.0.1", noon, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := popup(c.src, c.at)
			a := last(t, New(Config{Home: c.home}), m)
			if a.State != c.want || !strings.HasPrefix(ids(a.Evidence)+" ", c.rule) && !strings.Contains(ids(a.Evidence), c.rule) {
				t.Errorf("%v by %q, want %v by %s", a.State, ids(a.Evidence), c.want, c.rule)
			}
			if a.Reportable {
				t.Error("reportable")
			}
		})
	}
}

func TestOnePacketRows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *decoders.Message)
		want   string
	}{
		"Windows, 14 hops":                   {func(*decoders.Message) {}, "E61 E63"},
		"no possible distance":               {func(m *decoders.Message) { m.Marks.TTL = 65 }, "E10 E61"},
		"95: 33 hops from 128":               {func(m *decoders.Message) { m.Marks.TTL = 95 }, "E10 E61"},
		"96: 32 hops from 128":               {func(m *decoders.Message) { m.Marks.TTL = 96 }, "E61 E63"},
		"initial TTL from elsewhere":         {func(m *decoders.Message) { m.Marks.TTL = 64 }, "E10 E61"},
		"initial TTL of a neighbour":         {func(m *decoders.Message) { m.Marks.TTL = 64; m.Dst = netip.MustParseAddrPort("24.64.8.9:1026") }, "E61"},
		"Linux":                              {func(m *decoders.Message) { m.Marks.TTL = 50 }, "E61 E63"},
		"high TTL":                           {func(m *decoders.Message) { m.Marks.TTL = 240 }, "E11 E61 E63"},
		"checksum 0":                         {func(m *decoders.Message) { m.Marks.UDPSumZero = true }, "E61 E63"},
		"source ends in 255":                 {func(m *decoders.Message) { m.Src = netip.MustParseAddrPort("24.64.8.255:1") }, "E43 E61 E63"},
		"a call that is answered":            {func(m *decoders.Message) { m.RPC.Flags = 0 }, "E63"},
		"broadcast alone needs the callback": {func(m *decoders.Message) { m.RPC.Flags = dcerpc.FlagBroadcast }, "E63"},
		"several fragments":                  {func(m *decoders.Message) { m.RPC.Fragments = 2 }, "E63"},
	} {
		t.Run(name, func(t *testing.T) {
			m := popup("24.64.8.1", noon)
			c.change(m)
			if a := last(t, New(Config{}), m); ids(a.Evidence) != c.want {
				t.Errorf("evidence %s, want %s", ids(a.Evidence), c.want)
			}
		})
	}
}

// Before XP SP2 a Windows host could send any source address, so looking like Windows speaks for nothing.
func TestWindowsLikeSpeaksForASenderOnlySinceXPSP2(t *testing.T) {
	before := last(t, New(Config{}), popup("24.64.8.1", xpSP2.Add(-time.Second)))
	since := last(t, New(Config{}), popup("24.64.8.1", xpSP2))
	if before.Decibans != 1 || since.Decibans != -1 {
		t.Errorf("%v before, %v since; want 1 and -1", before.Decibans, since.Decibans)
	}
}

func TestTheLedgerGroupsAndCaps(t *testing.T) {
	f := func(want float64, forged bool, add func(l *ledger)) {
		t.Helper()
		var l ledger
		add(&l)
		if got, _ := l.sum(); got != want || l.forged() != forged {
			t.Errorf("%v decibans, forged %v; want %v, %v", got, l.forged(), want, forged)
		}
	}
	f(0, false, func(*ledger) {})
	f(13, false, func(l *ledger) { l.add(g1, 13); l.add(g1, 3) })
	f(20, false, func(l *ledger) { l.add(g1, 40) })
	f(30, true, func(l *ledger) { l.add(g2, 99) })
	f(20, true, func(l *ledger) { l.add(g2, 20) })
	f(20, true, func(l *ledger) { l.add(g1, 13); l.add(g2, 7) })
	f(19.9, false, func(l *ledger) { l.add(g1, 13); l.add(g2, 6.9) })
	f(11, false, func(l *ledger) { l.add(g1, 13); l.add(g6, -2) })
	f(3, false, func(l *ledger) { l.add(g1, 13); l.add(g6, -20) })
}

func TestPosteriorsAreThoseOfTheReference(t *testing.T) {
	if got, want := posterior(20), (Posterior{0.9174, 0.9901, 0.9989}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// withClock puts a running clock into the activity, lagging by so many seconds, between the constants of a tool.
func withClock(m *decoders.Message, lag float64) *decoders.Message {
	var le [16]byte
	copy(le[:], []byte{0x10, 0x20, 0x83, 0xb7})
	binary.LittleEndian.PutUint32(le[4:], uint32(m.Time.Add(-time.Duration(lag*float64(time.Second))).Unix()))
	copy(le[8:], []byte{0xd1, 0x7b, 0xf6, 0xa3, 0x51, 0x95, 0x7a, 0x6f})
	u := dcerpc.UUID(le)
	m.RPC.Activity = u.Little() // its own inverse
	return m
}

// finals closes a judge and gives the last document of each source.
func finals(j *Judge, at time.Time) map[string]Assessment {
	out := map[string]Assessment{}
	for a, ok := j.Finish(at); ok; a, ok = j.Finish(at) {
		if a.Final {
			c := *a
			c.Evidence = slices.Clone(a.Evidence)
			out[a.Key.Source.String()] = c
		}
	}
	return out
}

// decibansOf gives the weight of one row.
func decibansOf(a Assessment, id string) float64 {
	for _, e := range a.Evidence {
		if e.ID == id {
			return e.Decibans
		}
	}
	return 0
}

func TestClocksThatLagTogether(t *testing.T) {
	observe := func(sources []string, lags []float64) map[string]Assessment {
		j := New(Config{})
		for i, src := range sources {
			j.Observe(withClock(popup(src, noon.Add(time.Duration(i)*time.Minute)), lags[i]), "cmp1-x")
		}
		return finals(j, noon.Add(time.Hour))
	}
	pool := []string{"24.64.1.1", "24.64.2.2", "24.64.3.3", "24.64.4.4", "24.64.5.5", "24.64.6.6"}
	wide := []string{"24.64.1.1", "61.2.2.2", "80.3.3.3", "130.4.4.4", "200.5.5.5", "210.6.6.6"}
	twoClocks := []float64{19.3, 19.4, 10.7, 19.5, 19.3, 10.9}
	for name, c := range map[string]struct {
		sources []string
		lags    []float64
		first   float64 // E26 of the first source
		third   float64
	}{
		"two clocks in one pool":                  {pool, twoClocks, 13, 0.9},
		"two clocks over networks":                {wide, twoClocks, 25, 13.9},
		"synchronised clocks agree by themselves": {wide, []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 0, 0},
		"clocks that differ":                      {wide, []float64{20, 40, 60, 80, 100, 120}, 0, 0},
		"agreement to a second":                   {wide, []float64{20, 21, 60, 80, 100, 120}, 13.9, 0},
		"more than a second apart":                {wide, []float64{20, 21.5, 60, 80, 100, 120}, 0, 0},
		"ahead by ten seconds":                    {wide, []float64{-10, -10.5, -10.9, 80, 100, 120}, 25, 25},
	} {
		t.Run(name, func(t *testing.T) {
			got := observe(c.sources, c.lags)
			if first, third := decibansOf(got[c.sources[0]], "E26"), decibansOf(got[c.sources[2]], "E26"); first != c.first || third != c.third {
				t.Errorf("E26 %v and %v, want %v and %v", first, third, c.first, c.third)
			}
		})
	}
}

// A large population of genuine hosts with unsynchronised clocks must not be accused by the pairs that chance makes.
func TestChancePairsOfClocksWeighLittle(t *testing.T) {
	j := New(Config{})
	for i := range 200 {
		src := fmt.Sprintf("%d.%d.1.1", 20+i/2, i)
		m := withClock(popup(src, noon.Add(time.Duration(i)*time.Second)), 3+float64(i*37%600))
		m.Marks.TTL = uint8(100 + i*5%28)
		j.Observe(m, "cmp1-x")
	}
	for src, a := range finals(j, noon.Add(time.Hour)) {
		if a.State != Unknown || decibansOf(a, "E26") > 5 {
			t.Errorf("%s: %v, evidence %+v", src, a.State, a.Evidence)
		}
	}
}

func TestEqualTTLsOverNetworks(t *testing.T) {
	observe := func(n int, ttl func(i int) uint8) map[string]Assessment {
		j := New(Config{})
		for i := range n {
			m := popup(fmt.Sprintf("%d.9.1.1", 20+i), noon.Add(time.Duration(i)*time.Second))
			m.Marks.TTL = ttl(i)
			j.Observe(m, "cmp1-x")
		}
		return finals(j, noon.Add(time.Hour))
	}
	same := observe(5, func(int) uint8 { return 114 })
	if got := decibansOf(same["20.9.1.1"], "E14"); got != 20 {
		t.Errorf("five networks at one distance: %v, want 20", got)
	}
	if got := decibansOf(observe(4, func(int) uint8 { return 114 })["20.9.1.1"], "E14"); got != 0 {
		t.Errorf("four networks: %v, want 0", got)
	}
	// A hundred bots at ten distances, and at five: narrower than distances are distributed.
	for _, distances := range []int{10, 5} {
		for src, a := range observe(100, func(i int) uint8 { return uint8(106 + i%distances) }) {
			if a.State != Unknown || decibansOf(a, "E14") > 6 {
				t.Errorf("bot %s: %v, E14 %v", src, a.State, decibansOf(a, "E14"))
			}
		}
	}
}

func TestStateChangesAreToldOnceAndClaimsCloseOnce(t *testing.T) {
	j := New(Config{})
	changed, final := map[string]int{}, map[string]int{}
	take := func(a *Assessment) {
		if a.Final {
			final[a.Key.Source.String()]++
		} else if a.Changed {
			changed[a.Key.Source.String()]++
		}
	}
	for i, src := range []string{"24.64.1.1", "24.64.2.2", "24.64.3.3", "24.64.4.4"} {
		m := withClock(popup(src, noon.Add(time.Duration(i)*time.Second)), 19.4)
		m.Marks.TTL = 65
		take(j.Observe(m, "cmp1-x"))
		for a, ok := j.Due(m.Time); ok; a, ok = j.Due(m.Time) {
			take(a)
		}
	}
	over := noon.Add(time.Hour + grace)
	if _, ok := j.Due(over.Add(-1)); ok {
		t.Error("a claim closed before its time")
	}
	for a, ok := j.Due(over); ok; a, ok = j.Due(over) {
		take(a)
		if !a.Time.Equal(over) {
			t.Errorf("closed at %v, due at %v", a.Time, over)
		}
	}
	for _, src := range []string{"24.64.1.1", "24.64.2.2", "24.64.3.3", "24.64.4.4"} {
		if changed[src] != 1 || final[src] != 1 {
			t.Errorf("%s: %d changes, %d final documents; want 1 and 1", src, changed[src], final[src])
		}
	}
}

// A claim that got a packet after its hour closed opens a new part, whose rows span the parts before.
func TestAPacketAfterTheHourOpensANewPart(t *testing.T) {
	j := New(Config{})
	m := popup("24.64.8.1", noon)
	m.Marks.TTL = 65
	j.Observe(m, "cmp1-x")
	if _, ok := j.Due(noon.Add(2 * time.Hour)); !ok {
		t.Fatal("the claim did not close")
	}
	late := popup("24.64.8.1", noon.Add(2*time.Hour))
	late.Began = noon.Add(time.Minute)
	a := j.Observe(late, "cmp1-x")
	if a.NewSource || !a.Part.Equal(late.Time) || a.Messages != 1 {
		t.Errorf("new source %v, part %v, %d messages", a.NewSource, a.Part, a.Messages)
	}
	f, ok := j.Finish(late.Time)
	if !ok || decibansOf(*f, "E10") != 13 {
		t.Errorf("the row of the first part is lost: %v", f.Evidence)
	}
}

// Every claim that opened closes exactly once, whatever has to make room; what closed early is counted.
func TestRoomIsMadeByClosingClaims(t *testing.T) {
	const claims = 5000
	memory := int64(1000 * (claimCost + populationCost))
	for name, campaign := range map[string]func(i int) string{
		"one campaign":            func(int) string { return "cmp1-x" },
		"a campaign for each":     func(i int) string { return fmt.Sprint("cmp1-", i) },
		"a hundred campaigns":     func(i int) string { return fmt.Sprint("cmp1-", i%100) },
		"campaigns that go on":    func(i int) string { return fmt.Sprint("cmp1-", i/50) },
		"campaigns that are over": func(i int) string { return fmt.Sprint("cmp1-", i/2500) },
	} {
		t.Run(name, func(t *testing.T) {
			j := New(Config{Memory: memory})
			closed := 0
			for i := range claims {
				m := popup(fmt.Sprintf("24.%d.%d.1", i/250, i%250), noon.Add(time.Duration(i)*time.Millisecond))
				j.Observe(m, campaign(i))
				for a, ok := j.Due(m.Time); ok; a, ok = j.Due(m.Time) {
					if a.Final {
						closed++
					}
				}
				if j.full() {
					t.Fatal("above its memory after Due")
				}
			}
			if uint64(closed) != j.Shed || closed == 0 {
				t.Errorf("%d closed early, %d counted", closed, j.Shed)
			}
			if closed += len(finals(j, noon)); closed != claims {
				t.Errorf("%d final documents for %d claims", closed, claims)
			}
			if len(j.hours) != 0 {
				t.Errorf("%d hours left", len(j.hours))
			}
		})
	}
}

func TestObserveOfAKnownClaimAllocatesNothing(t *testing.T) {
	j := New(Config{})
	m := popup("24.64.8.1", noon)
	j.Observe(m, "cmp1-x")
	if n := testing.AllocsPerRun(100, func() { j.Observe(m, "cmp1-x") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	b.Run("known", func(b *testing.B) {
		j, m := New(Config{}), popup("24.64.8.1", noon)
		b.ReportAllocs()
		for b.Loop() {
			j.Observe(m, "cmp1-x")
		}
	})
	b.Run("new", func(b *testing.B) {
		j, m := New(Config{}), popup("24.64.8.1", noon)
		b.ReportAllocs()
		i := uint32(0)
		for b.Loop() {
			i++
			m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{24, byte(i >> 16), byte(i >> 8), byte(i)}), 1)
			j.Observe(m, "cmp1-x")
			for _, ok := j.Due(noon); ok; _, ok = j.Due(noon) {
			}
		}
	})
}

// What the sentence of a row says must be true of every packet that it cites.
func TestSentencesAreTrueOfThePacketsTheyCite(t *testing.T) {
	j := New(Config{})
	send := func(frame uint64, ttl uint8, sum0 bool) {
		m := popup("24.64.8.1", noon.Add(time.Duration(frame)*time.Second))
		m.Frames, m.Marks.TTL, m.Marks.UDPSumZero = []uint64{frame}, ttl, sum0
		j.Observe(m, "cmp1-x")
	}
	send(1, 110, true)
	send(2, 50, false)
	send(3, 70, false)
	send(4, 80, false)
	a, ok := j.Finish(noon)
	if !ok {
		t.Fatal("no final assessment")
	}
	for _, e := range a.Evidence {
		want := map[string][]uint64{"checksum is 0": {1}, "TTL 50": {2}, "TTL 70": {3}, "needs no answer": {1, 2, 3, 4}}
		for words, packets := range want {
			if strings.Contains(e.Text, words) && !slices.Equal(e.Packets, packets) {
				t.Errorf("%q cites %v, want %v", e.Text, e.Packets, packets)
			}
		}
	}
	if len(a.Evidence) != 4 {
		t.Errorf("%d rows, want 4", len(a.Evidence))
	}
}

// An IPv6 address that maps an IPv4 one is another address.
func TestAMappedAddressSpeaksForNobodyElse(t *testing.T) {
	j := New(Config{})
	j.Observe(popup("24.64.1.2", noon), "cmp1-x")
	j.Observe(popup("::ffff:24.64.1.2", noon), "cmp1-x")
	got := finals(j, noon)
	if got["24.64.1.2"].State != Unknown || got["::ffff:24.64.1.2"].State != ForgedCertain {
		t.Errorf("%v and %v", got["24.64.1.2"].State, got["::ffff:24.64.1.2"].State)
	}
}

// In a home network larger than a /24 an initial TTL and an address that ends in 255 are ordinary.
func TestANeighbourAtHomeIsNotAccused(t *testing.T) {
	m := popup("10.1.1.255", noon)
	m.Dst, m.Marks.TTL = netip.MustParseAddrPort("10.1.2.7:1026"), 64
	a := last(t, New(Config{Home: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}), m)
	if a.State != Unknown || ids(a.Evidence) != "E61" {
		t.Errorf("%v by %s", a.State, ids(a.Evidence))
	}
}

// Time that runs backwards opens an hour with each message: the oldest close, and the work stays the same for each.
func TestHoursThatAreOpenAreBounded(t *testing.T) {
	j := New(Config{})
	closed := 0
	const messages = 3 * maxHoursOpen
	for i := range messages {
		m := popup("24.64.8.1", noon.Add(-time.Duration(i)*time.Hour))
		j.Observe(m, "cmp1-x")
		for a, ok := j.Due(m.Time); ok; a, ok = j.Due(m.Time) {
			if a.Final {
				closed++
			}
		}
		if len(j.hours) > maxHoursOpen {
			t.Fatalf("%d hours open", len(j.hours))
		}
	}
	for a, ok := j.Finish(noon); ok; a, ok = j.Finish(noon) {
		if a.Final {
			closed++
		}
	}
	if closed != messages {
		t.Errorf("%d of %d claims closed", closed, messages)
	}
}
