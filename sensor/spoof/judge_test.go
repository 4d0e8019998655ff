package spoof

import (
	"encoding/binary"
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
	j.Observe(m, "cmp1-x", false)
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
		take(j.Observe(m, "cmp1-x", false))
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
	j.Observe(m, "cmp1-x", false)
	if _, ok := j.Due(noon.Add(2 * time.Hour)); !ok {
		t.Fatal("the claim did not close")
	}
	late := popup("24.64.8.1", noon.Add(2*time.Hour))
	late.Began = noon.Add(time.Minute)
	a := j.Observe(late, "cmp1-x", false)
	if a.NewSource || !a.Part.Equal(late.Time) || a.Messages != 1 {
		t.Errorf("new source %v, part %v, %d messages", a.NewSource, a.Part, a.Messages)
	}
	f, ok := j.Finish(late.Time)
	if !ok || decibansOf(*f, "E10") != 13 {
		t.Errorf("the row of the first part is lost: %v", f.Evidence)
	}
}

// What the sentence of a row says must be true of every packet that it cites.
func TestSentencesAreTrueOfThePacketsTheyCite(t *testing.T) {
	j := New(Config{})
	send := func(frame uint64, ttl uint8, sum0 bool) {
		m := popup("24.64.8.1", noon.Add(time.Duration(frame)*time.Second))
		m.Frames, m.Marks.TTL, m.Marks.UDPSumZero = []uint64{frame}, ttl, sum0
		j.Observe(m, "cmp1-x", false)
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
		want := map[string][]uint64{"checksum is 0": {1}, "TTL 50": {2}, "TTL 70": {3}, "needs no answer": {1, 2, 3, 4}, "three TTLs": {1, 2, 3, 4}}
		for words, packets := range want {
			if strings.Contains(e.Text, words) && !slices.Equal(e.Packets, packets) {
				t.Errorf("%q cites %v, want %v", e.Text, e.Packets, packets)
			}
		}
	}
	if len(a.Evidence) != 5 {
		t.Errorf("%d rows, want 5", len(a.Evidence))
	}
}

// An IPv6 address that maps an IPv4 one is another address.
func TestAMappedAddressSpeaksForNobodyElse(t *testing.T) {
	j := New(Config{})
	j.Observe(popup("24.64.1.2", noon), "cmp1-x", false)
	j.Observe(popup("::ffff:24.64.1.2", noon), "cmp1-x", false)
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

// A home address from outside speaks against itself where the interface is known to hear the outside alone, and never decides alone.
func TestAHomeAddressFromOutsideIsEvidenceOnAnExternalInterface(t *testing.T) {
	home := []netip.Prefix{netip.MustParsePrefix("24.64.0.0/16")}
	for _, c := range []struct {
		name string
		role decoders.Role
		home []netip.Prefix
		want bool
	}{
		{"external", decoders.RoleExternal, home, true},
		{"span", decoders.RoleSpan, home, false},
		{"external, no home", decoders.RoleExternal, nil, false},
		{"external, not home", decoders.RoleExternal, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, false},
	} {
		j := New(Config{Home: c.home, Interface: func(int) decoders.Interface { return decoders.Interface{Role: c.role} }})
		m := popup("24.64.8.1", noon)
		j.Observe(m, "cmp1-x", false)
		a := finals(j, noon)["24.64.8.1"]
		got := slices.ContainsFunc(a.Evidence, func(e Evidence) bool { return e.ID == "E04" && e.Decibans == 13 && len(e.Packets) == 1 })
		if got != c.want || a.State.Forged() {
			t.Errorf("%s: E04 %v, state %v", c.name, got, a.State)
		}
	}
}
