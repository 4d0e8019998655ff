package event

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/spoof"
)

func TestWhoSendsFromInsideIsAFinding(t *testing.T) {
	suspect, clean := rules.Verdict{Class: rules.Suspect}, rules.Verdict{}
	for name, c := range map[string]struct {
		verdict rules.Verdict
		dir     decoders.Direction
		count   int
		want    int
	}{
		"spam to the outside":           {spam, decoders.DirectionOutbound, 1, 1},
		"suspect to the outside":        {suspect, decoders.DirectionOutbound, 1, 1},
		"clean to the outside":          {clean, decoders.DirectionOutbound, sweep - 1, 0},
		"clean to many outside":         {clean, decoders.DirectionOutbound, sweep, 1},
		"spam within":                   {spam, decoders.DirectionInternal, 1, 1},
		"suspect within":                {suspect, decoders.DirectionInternal, 30, 0},
		"clean within":                  {clean, decoders.DirectionInternal, 30, 0},
		"spam that comes in":            {spam, decoders.DirectionInbound, 30, 0},
		"spam, no home networks":        {spam, decoders.DirectionUnknown, 30, 0},
		"spam between other people":     {spam, decoders.DirectionExternal, 30, 0},
		"many spams to the outside too": {spam, decoders.DirectionOutbound, 30, 1},
	} {
		f := homeFindings()
		n := 0
		for i := range c.count {
			f.Popup(sent(i), c.verdict, nil, c.dir)
			n += len(told(t, f))
		}
		if n != c.want {
			t.Errorf("%s: %d documents, want %d", name, n, c.want)
		}
	}
}

func TestOneProbeIsNoSweep(t *testing.T) {
	f := homeFindings()
	for i := range 40 {
		s := probeOf("192.0.2.8:1040", fmt.Sprintf("198.51.100.%d:1026", i), sampleTime)
		f.Signal(s, &Context{Direction: decoders.DirectionOutbound})
		var inside []map[string]any
		for _, d := range told(t, f) {
			if at(d, "event.action") == ActionInsideSender {
				inside = append(inside, d)
			}
		}
		if want := i == sweep-1; want != (len(inside) == 1) {
			t.Errorf("after %d addresses: %d findings", i+1, len(inside))
		}
	}
}

// Small numbers over many hours are no sweep.
func TestASweepIsOneOfAnHour(t *testing.T) {
	f := homeFindings()
	for i := range 4 * sweep {
		at := sampleTime.Add(time.Duration(i) * 10 * time.Minute)
		f.Advance(at)
		m := sent(i)
		m.Time = at
		f.Popup(m, rules.Verdict{}, nil, decoders.DirectionOutbound)
		if len(told(t, f)) > 0 {
			t.Fatalf("a finding after %d", i)
		}
	}
}

func TestAnInsideSenderIsNamedAsClaimedOnly(t *testing.T) {
	f := homeFindings()
	f.Popup(sent(1), spam, nil, decoders.DirectionOutbound)
	d := one(t, f)
	if at(d, "event.kind") != KindAlert || at(d, "source") != nil || at(d, "popupwatch.claimed.ip") != "192.0.2.8" || strings.Contains(at(d, "message").(string), "192.") {
		t.Errorf("%v", d)
	}
	if at(d, "popupwatch.marks.source_mac") != "02-00-00-00-00-08" || toFloat2(at(d, "event.severity")) != severityHigh {
		t.Errorf("%v", d)
	}
	proven := sampleClaim()
	proven.State = spoof.GenuineBound
	f = homeFindings()
	f.Popup(sent(1), spam, proven, decoders.DirectionOutbound)
	if d := one(t, f); at(d, "source.ip") != "192.0.2.8" || fmt.Sprint(at(d, "tags")) != "[source-proven]" {
		t.Errorf("proven: %v", d)
	}
}

// evidence gives the sentences about an inside sender after a number of popups and signals.
func evidence(t *testing.T, change func(i int, m *decoders.Message), signals ...*decoders.Signal) string {
	t.Helper()
	f := homeFindings()
	for i := range 4 {
		m := sent(i)
		change(i, m)
		f.Popup(m, spam, nil, decoders.DirectionOutbound)
		told(t, f)
	}
	for _, s := range signals {
		f.Signal(s, &Context{Direction: decoders.DirectionInbound})
		told(t, f)
	}
	f.Finish()
	for _, d := range told(t, f) {
		if at(d, "source.ip") == "192.0.2.8" {
			return fmt.Sprint(at(d, "popupwatch.finding.evidence"))
		}
	}
	return ""
}

func TestEvidenceForAndAgainstAForgingNeighbour(t *testing.T) {
	to := func(fact decoders.Fact) *decoders.Signal {
		return &decoders.Signal{Kind: decoders.SignalPDU, Fact: fact, Time: sampleTime, Frame: 5, Src: addrPort("198.51.0.1:1026"), Dst: addrPort("192.0.2.8:1040")}
	}
	from := func(fact decoders.Fact, status uint32) *decoders.Signal {
		return &decoders.Signal{Kind: decoders.SignalPDU, Fact: fact, HasStatus: true, Status: status, Time: sampleTime, Frame: 6, Src: addrPort("192.0.2.8:1040"), Dst: addrPort("198.51.0.1:1026")}
	}
	unreachable := &decoders.Signal{Kind: decoders.SignalQuote, QuoteHasHeader: true, Time: sampleTime, Src: addrPort("192.0.2.8:0"), Dst: addrPort("198.51.0.1:0"),
		QuoteSrc: addrPort("198.51.0.1:1026"), QuoteDst: addrPort("192.0.2.8:1040")}
	for name, c := range map[string]struct {
		change  func(i int, m *decoders.Message)
		signals []*decoders.Signal
		want    string
	}{
		"fresh, one card": {func(int, *decoders.Message) {}, nil, "For the host, or a neighbour of it: all packets arrived with TTL 128"},
		"one card":        {func(int, *decoders.Message) {}, nil, "For the host: all packets came from one MAC address"},
		"behind routers":  {func(_ int, m *decoders.Message) { m.Marks.TTL = 120 }, nil, "they came over routers"},
		"several TTLs":    {func(i int, m *decoders.Message) { m.Marks.TTL = byte(100 + i) }, nil, "Against the host: the packets arrived with 4 different TTLs"},
		"several cards":   {func(i int, m *decoders.Message) { m.Marks.SrcMAC[0] = byte(i) }, nil, "Against the host: the packets came from 4 MAC addresses"},
		"no cards":        {func(_ int, m *decoders.Message) { m.Marks.HasMAC = false }, nil, "no MAC addresses"},
		"a card with others": {func(i int, m *decoders.Message) {
			m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(8 + i)}), 1)
			m.Marks.TTL = 128
		}, nil, ""},
		"answered":    {func(int, *decoders.Message) {}, []*decoders.Signal{to(decoders.FactResponse)}, "Answers came back to it (1 time)"},
		"confirmed":   {func(int, *decoders.Message) {}, []*decoders.Signal{from(decoders.FactCallbackAnswer, 0)}, "it said yes (1 time)"},
		"denied":      {func(int, *decoders.Message) {}, []*decoders.Signal{from(decoders.FactCallbackAnswer, 0x1c00000a), from(decoders.FactCallbackRefuse, 0)}, "no such call (2 times)"},
		"unreachable": {func(int, *decoders.Message) {}, []*decoders.Signal{unreachable}, "refused answers by ICMP (1 time)"},
	} {
		if got := evidence(t, c.change, c.signals...); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestOneCardBehindSeveralAddressesSpeaksAgainstThem(t *testing.T) {
	f := homeFindings()
	for i := range 6 {
		m := sent(i)
		m.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(8 + i%3)}), 1)
		f.Popup(m, spam, nil, decoders.DirectionOutbound)
		told(t, f)
	}
	f.Finish()
	all := told(t, f)
	for _, d := range all {
		if e := fmt.Sprint(at(d, "popupwatch.finding.evidence")); !strings.Contains(e, "carried what 2 other home addresses sent") {
			t.Errorf("%s", e)
		}
	}
	if len(all) != 3 {
		t.Errorf("%d findings, want 3", len(all))
	}
}

// No sentence of a finding names an address.
func TestFindingsSayNoAddress(t *testing.T) {
	for _, line := range sampleFindings() {
		d := decoded(t, []byte(line))
		for _, path := range []string{"message", "popupwatch.finding.evidence", "popupwatch.finding.advice"} {
			if says := fmt.Sprint(at(d, path)); strings.Contains(says, "198.51.") || strings.Contains(says, "192.0.2") || strings.Contains(says, "203.0.113") {
				t.Errorf("%s: %s", path, says)
			}
		}
	}
}
