package event

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/msgsvc"
	"popupwatch/rules"
)

func TestExploitAttemptsAreCountedByNetworkAndAnsweredOnesByHost(t *testing.T) {
	f := homeFindings()
	in := decoders.DirectionInbound
	f.Popup(attempt(), rules.Verdict{}, exploitClaim(), in)
	d := one(t, f)
	if at(d, "event.kind") != KindAlert || at(d, "event.action") != ActionExploit || toFloat2(at(d, "event.severity")) != severityMedium ||
		at(d, "popupwatch.finding.network") != "192.0.2.0/24" || at(d, "source") != nil || at(d, "threat.technique.id") != "T1190" {
		t.Errorf("the attempt: %v", d)
	}
	f.Signal(answerOf(decoders.FactReject, sampleTime), &Context{Direction: decoders.DirectionUnknown})
	if f.Next() != nil {
		t.Error("a refusal is a finding of its own")
	}
	f.Signal(answerOf(decoders.FactCallback, sampleTime), &Context{Direction: decoders.DirectionInternal})
	d = one(t, f)
	if at(d, "popupwatch.finding.kind") != "answered" || toFloat2(at(d, "event.severity")) != severityCritical || at(d, "event.outcome") != "success" ||
		at(d, "destination.ip") != "192.0.2.8" || at(d, "source") != nil {
		t.Errorf("the answer: %v", d)
	}
	stranger := answerOf(decoders.FactResponse, sampleTime)
	stranger.Exchange.Call.Frame = 43
	if f.Signal(stranger, &Context{}); f.Next() != nil {
		t.Error("the answer to an ordinary popup counts as one to an attempt")
	}
}

func TestARuleOfCategoryExploitMakesAnAttempt(t *testing.T) {
	f := homeFindings()
	f.Popup(sampleMessage(), rules.Verdict{Hits: []rules.Hit{{Rule: "mine", Category: "exploit"}}}, sampleClaim(), decoders.DirectionInbound)
	if d := one(t, f); at(d, "event.action") != ActionExploit || fmt.Sprint(at(d, "popupwatch.finding.traits")) != "[by_rule]" {
		t.Errorf("%v", d)
	}
}

func TestOrdinaryPopupsFromOutsideAreNoFindings(t *testing.T) {
	f := homeFindings()
	long := sampleMessage()
	long.Shape = msgsvc.ShapeLong
	for _, m := range []*decoders.Message{sampleMessage(), long} {
		for _, dir := range []decoders.Direction{decoders.DirectionInbound, decoders.DirectionUnknown, decoders.DirectionExternal} {
			if f.Popup(m, spam, sampleClaim(), dir); f.Next() != nil {
				t.Errorf("%v: a finding", dir)
			}
		}
	}
}

func TestOnlyProbesThatNobodyAskedForCount(t *testing.T) {
	for _, c := range []struct {
		probe     decoders.Probe
		solicited decoders.Known
		want      int
	}{
		{decoders.ProbeShort, decoders.No, 1}, {decoders.ProbeShort, decoders.Unknown, 1}, {decoders.ProbeShort, decoders.Yes, 0},
		{decoders.ProbeDatagram, decoders.No, 1}, {decoders.ProbeDatagram, decoders.Yes, 0},
		{decoders.ProbeMapper, decoders.Yes, 1}, {decoders.ProbeNames, decoders.Unknown, 1},
	} {
		f := homeFindings()
		s := probeOf("198.51.100.1:4177", "192.0.2.1:1026", sampleTime)
		s.Probe, s.Solicited = c.probe, c.solicited
		f.Signal(s, &Context{Direction: decoders.DirectionInbound})
		if got := len(told(t, f)); got != c.want {
			t.Errorf("%v, solicited %v: %d findings, want %d", c.probe, c.solicited, got, c.want)
		}
	}
}

// Many probes from invented sources are one finding for each network: counts add up, documents do not.
func TestAFloodOfProbesIsOneFindingForEachNetworkAndHour(t *testing.T) {
	f := homeFindings()
	const probes, networks = 100_000, 4
	documents, counts := 0, map[netip.Prefix]uint64{}
	take := func() {
		for e := f.Next(); e != nil; e = f.Next() {
			documents++
			counts[e.Finding.Subject] = e.Finding.Count
			if e.Finding.Count > 1 && (e.Finding.Src.IsValid() || e.Finding.Dst.IsValid()) {
				t.Fatalf("many sources, and one is named: %s", e.JSON())
			}
		}
	}
	for i := range probes {
		at := sampleTime.Add(time.Duration(i) * 100 * time.Millisecond)
		f.Advance(at)
		take()
		s := probeOf("198.51.100.1:4177", "192.1.0.0:1026", at)
		s.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), 4177)
		s.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 1, byte(i % networks), byte(i)}), 1026)
		f.Signal(s, &Context{Direction: decoders.DirectionInbound})
		take()
	}
	f.Finish()
	take()
	sum := uint64(0)
	for _, n := range counts {
		sum += n
	}
	if sum != probes || documents != networks*4 { // at once, after each of two hours, at the end
		t.Errorf("%d probes in %d documents, want %d in %d", sum, documents, probes, networks*4)
	}
}

// To ever new networks the room fills, and the rest share: still all are counted.
func TestAFloodOverManyNetworksStaysInItsRoom(t *testing.T) {
	f := homeFindings()
	const probes = 20_000
	counts := map[string]uint64{}
	documents := 0
	take := func() {
		for e := f.Next(); e != nil; e = f.Next() {
			documents++
			counts[fmt.Sprint(e.Finding.Subject, e.Finding.Surplus)] = e.Finding.Count
		}
	}
	for i := range probes {
		s := probeOf("198.51.100.1:4177", "192.1.0.0:1026", sampleTime.Add(time.Duration(i)*time.Millisecond))
		s.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}), 1026)
		f.Signal(s, &Context{})
		take()
	}
	f.Finish()
	take()
	sum := uint64(0)
	for _, n := range counts {
		sum += n
	}
	if h := &f.shelves[shelfProbe]; len(h.order) != FindingRoom || len(h.places) != FindingRoom || sum != probes || documents != FindingRoom+2 {
		t.Errorf("%d places, %d probes told in %d documents; want %d, %d, %d", len(h.order), sum, documents, FindingRoom, probes, FindingRoom+2)
	}
}

func TestAttemptsAreRememberedUpToTheirRoom(t *testing.T) {
	a := newAttempts()
	for i := range uint64(mostAttempts + 10) {
		a.add([]uint64{i + 1})
		a.add([]uint64{i + 1})
	}
	if len(a.frames) != mostAttempts || a.has(10) || !a.has(11) || !a.has(mostAttempts+10) {
		t.Errorf("%d remembered, want %d, the oldest forgotten", len(a.frames), mostAttempts)
	}
}
