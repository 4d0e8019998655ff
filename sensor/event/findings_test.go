package event

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/msgsvc"
	"popupwatch/rules"
	"popupwatch/sensor/spoof"
)

// The home networks of these tests are 192.0.2.0/24 and 192.1.0.0/16.
func atHome() Config {
	c := sampleConfig()
	c.Home = func(a netip.Addr) bool {
		o := a.As4()
		return o == [4]byte{192, 0, 2, o[3]} || o[0] == 192 && o[1] == 1
	}
	return c
}

func homeFindings() *Findings { return NewFindings(NewBuilder(atHome()), 0) }

// told gives the documents that are due, as decoded lines.
func told(t *testing.T, f *Findings) (out []map[string]any) {
	t.Helper()
	for e := f.Next(); e != nil; e = f.Next() {
		out = append(out, decoded(t, e.JSON()))
	}
	return out
}

// one gives the only document that is due.
func one(t *testing.T, f *Findings) map[string]any {
	t.Helper()
	all := told(t, f)
	if len(all) != 1 {
		t.Fatalf("%d documents, want 1", len(all))
	}
	return all[0]
}

func quoteOf(i int, at time.Time) *decoders.Signal {
	s := sampleQuote()
	s.Time = at
	s.QuoteSrc = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}), 1)
	return s
}

// probeOf is a probe of two octets that a source sends to a home host.
func probeOf(src, dst string, at time.Time) *decoders.Signal {
	return &decoders.Signal{Kind: decoders.SignalProbe, Probe: decoders.ProbeShort, Solicited: decoders.No, Octets: 2, Time: at, Frame: 3,
		Src: addrPort(src), Dst: addrPort(dst), Marks: sampleMessage().Marks}
}

// answerOf is what a home host says to a call that came from outside.
func answerOf(fact decoders.Fact, at time.Time) *decoders.Signal {
	s := &decoders.Signal{Kind: decoders.SignalPDU, Fact: fact, Time: at, Frame: 12, Src: addrPort("192.0.2.8:1026"), Dst: addrPort("198.51.100.7:31337"), HasStatus: true}
	s.Exchange.Call = decoders.Step{Frame: 42, Time: sampleTime, Src: addrPort("198.51.100.7:31337"), Dst: addrPort("192.0.2.8:1026")}
	return s
}

// attempt is a popup with the shape of an exploit.
func attempt() *decoders.Message {
	m := sampleMessage()
	m.Shape, m.Traits = msgsvc.ShapeExploit, []string{"text-above-2200", "line-break-run-64"}
	return m
}

func exploitClaim() *spoof.Assessment {
	a := sampleClaim()
	a.Key.Class, a.Key.Campaign, a.State = "exploit", "", spoof.Unknown
	return a
}

// sent is a popup that a home host sends to an outside address.
func sent(i int) *decoders.Message {
	m := sampleMessage()
	m.Src = addrPort("192.0.2.8:1040")
	m.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 1026)
	m.Marks.TTL, m.Marks.HasMAC, m.Marks.SrcMAC = 128, true, [6]byte{2, 0, 0, 0, 0, 8}
	return m
}

var spam = rules.Verdict{Class: rules.Spam, Score: 9}

// sampleFindings are a document of each class, for the golden lines.
func sampleFindings() (lines []string) {
	f := homeFindings()
	take := func() {
		for e := f.Next(); e != nil; e = f.Next() {
			lines = append(lines, string(e.JSON()))
		}
	}
	out, in := decoders.DirectionOutbound, decoders.DirectionInbound
	f.Signal(sampleQuote(), &Context{Direction: in, Tie: Tie{"cmp1-abcdefghijklmnop", TieActivity}})
	take()
	f.Signal(answerOf(decoders.FactResponse, sampleTime), &Context{Direction: out})
	take()
	forwarded := answerOf(decoders.FactResponse, sampleTime)
	forwarded.Exchange.Call.Dst, forwarded.Status = addrPort("192.0.2.8:135"), 0x8e1
	f.Signal(forwarded, &Context{Direction: out})
	take()
	f.Popup(sent(1), spam, sampleClaim(), out)
	take()
	f.Popup(attempt(), rules.Verdict{}, exploitClaim(), in)
	take()
	f.Signal(answerOf(decoders.FactCallback, sampleTime), &Context{Direction: out})
	take()
	for i := range 3 {
		f.Signal(probeOf(fmt.Sprintf("198.51.100.%d:4177", i), fmt.Sprintf("192.0.2.%d:1026", i), sampleTime), &Context{Direction: in})
	}
	f.Finish()
	take()
	return lines
}

func TestFindingsTellAtOnceThenOncePerHourWithNews(t *testing.T) {
	f := homeFindings()
	if f.Signal(&decoders.Signal{Kind: decoders.SignalPDU}, &Context{}); f.Next() != nil {
		t.Error("a PDU that says nothing is a finding")
	}
	in := &Context{Direction: decoders.DirectionInbound}
	f.Signal(quoteOf(1, sampleTime), in)
	if e := f.Next(); e == nil || e.Kind != KindAlert || e.Finding.Count != 1 {
		t.Fatalf("the first: %+v", e)
	}
	f.Signal(quoteOf(1, sampleTime.Add(time.Second)), in)
	if f.Next() != nil {
		t.Error("the second was told at once")
	}
	hour := sampleTime.Truncate(time.Hour).Add(time.Hour)
	f.Advance(hour)
	e := f.Next()
	if e == nil || e.Kind != KindState || e.Finding.Count != 2 || !e.Time.Equal(hour) || !e.Finding.Part.Equal(sampleTime) {
		t.Fatalf("after the hour: %+v", e)
	}
	f.Advance(sampleTime.Add(3 * time.Hour))
	if f.Finish(); f.Next() != nil {
		t.Error("an hour without news was told")
	}
}

func TestFindingsBeyondTheirRoomShareOneAndOldOnesAreForgotten(t *testing.T) {
	f := NewFindings(sampleBuilder(), 2*shelfCount*gatheredOctets)
	h := &f.shelves[shelfBackscatter]
	n := 0
	add := func(i int, at time.Time) {
		f.Signal(quoteOf(i, at), &Context{})
		n += len(told(t, f))
	}
	for i := range 10 {
		add(i, sampleTime.Add(time.Duration(i)*time.Second))
	}
	if len(h.places) != 2 || n != 3 || h.rest.finding.Count != 8 {
		t.Errorf("%d places, %d told, %d share; want 2, 3, 8", len(h.places), n, h.rest.finding.Count)
	}
	if add(50, sampleTime.Add(forgotten+time.Second/2)); n != 4 || f.Evicted() != 1 {
		t.Errorf("after a day: %d told, %d forgotten; want 4, 1", n, f.Evicted())
	}
	if h.places[findingKey{subject: netip.MustParsePrefix("192.0.0.1/32")}] == nil || h.places[findingKey{subject: netip.MustParsePrefix("192.0.0.0/32")}] != nil {
		t.Error("the one silent longest stayed")
	}
}

// What a finding weighs is what it takes with all its lists full.
func TestAFullFindingWeighsNoMoreThanIsReckoned(t *testing.T) {
	f := homeFindings()
	for i := range 5000 {
		m := sent(i)
		m.Dst = netip.AddrPortFrom(m.Dst.Addr(), uint16(1025+i%50))
		m.Marks.TTL, m.Marks.SrcMAC[5], m.Frames = byte(i), byte(i), []uint64{uint64(i)}
		f.Popup(m, spam, sampleClaim(), decoders.DirectionOutbound)
		told(t, f)
	}
	g := f.shelves[shelfInside].order[0]
	if len(g.targets.hashes) != mostAddresses || len(g.finding.Ports) != listed || len(g.finding.Packets) != listed || len(g.ttls) != fewMarks || len(g.macs) != fewMarks {
		t.Errorf("lists of %d targets, %d ports, %d packets, %d TTLs, %d MACs", len(g.targets.hashes), len(g.finding.Ports), len(g.finding.Packets), len(g.ttls), len(g.macs))
	}
	if n := cap(g.targets.hashes)*8 + cap(g.finding.Packets)*8 + cap(g.words)*24 + cap(g.finding.Ports)*2 + 1000; n > gatheredOctets {
		t.Errorf("takes about %d octets, reckoned %d", n, gatheredOctets)
	}
}

// Findings that were saved go on as if there had been no stop.
func TestFindingsSurviveARestart(t *testing.T) {
	run := func(restart bool) (lines []string) {
		b := NewBuilder(atHome())
		f := NewFindings(b, 0)
		take := func() {
			for e := f.Next(); e != nil; e = f.Next() {
				lines = append(lines, string(e.JSON()))
			}
		}
		play := func(i int) {
			at := sampleTime.Add(time.Duration(i) * 20 * time.Minute)
			f.Advance(at)
			take()
			m := sent(i % 40)
			m.Time = at
			f.Popup(m, spam, sampleClaim(), decoders.DirectionOutbound)
			take()
			f.Popup(sent(i), rules.Verdict{}, nil, decoders.DirectionOutbound)
			take()
			for _, s := range []*decoders.Signal{probeOf(fmt.Sprintf("198.51.100.%d:1", i), "192.0.2.3:1027", at), quoteOf(i%3, at), answerOf(decoders.FactFault, at)} {
				dir := decoders.DirectionInbound
				if s.Kind == decoders.SignalPDU {
					dir = decoders.DirectionOutbound
				}
				f.Signal(s, &Context{Direction: dir, Tie: Tie{"cmp1-a", TieText}})
				take()
			}
		}
		for i := range 200 {
			if restart && i%17 == 5 {
				var state bytes.Buffer
				if err := f.Save(gob.NewEncoder(&state)); err != nil {
					t.Fatal(err)
				}
				f = NewFindings(b, 0)
				if err := f.Load(gob.NewDecoder(&state)); err != nil {
					t.Fatal(err)
				}
			}
			play(i)
		}
		f.Finish()
		take()
		return lines
	}
	if want, got := run(false), run(true); !slices.Equal(want, got) {
		t.Errorf("without and with restarts (-want +got):\n%.4000s", cmp.Diff(want, got))
	}
}

// With less memory those that came last lose their place, and what is untold of them comes out.
func TestFindingsLoadedIntoLessRoomTellWhatTheyLose(t *testing.T) {
	f := homeFindings()
	for range 2 {
		for i := range 5 {
			f.Signal(quoteOf(i, sampleTime), &Context{})
			told(t, f)
		}
	}
	var state bytes.Buffer
	if err := f.Save(gob.NewEncoder(&state)); err != nil {
		t.Fatal(err)
	}
	f = NewFindings(NewBuilder(atHome()), 2*shelfCount*gatheredOctets)
	if err := f.Load(gob.NewDecoder(&state)); err != nil {
		t.Fatal(err)
	}
	if n := len(told(t, f)); n != 3 || f.Evicted() != 3 {
		t.Errorf("%d told, %d evicted; want 3, 3", n, f.Evicted())
	}
}
