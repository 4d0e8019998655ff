package spoof

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/msgsvc"
)

func probe(src string, at time.Time) *decoders.Signal {
	s := &decoders.Signal{Kind: decoders.SignalProbe, Probe: decoders.ProbeShort, Time: at, Frame: 7,
		Src: netip.AddrPortFrom(netip.MustParseAddr(src), 4177), Dst: netip.MustParseAddrPort("80.171.48.1:1026")}
	s.Marks.TTL = 114
	return s
}

func TestProbesAndExploitAttemptsAreClaimsOfTheirClassAndHour(t *testing.T) {
	j := New(Config{})
	attempt := popup("24.64.8.1", noon)
	attempt.Shape = msgsvc.ShapeExploit
	got := []ClaimKey{j.ObserveProbe(probe("24.64.8.1", noon)).Key}
	got = append(got, j.Observe(attempt, "cmp1-x", false).Key)
	got = append(got, j.Observe(popup("24.64.8.1", noon), "cmp1-x", false).Key)
	src := netip.MustParseAddr("24.64.8.1")
	want := []ClaimKey{{src, "", ClassProbe, noon}, {src, "", ClassExploit, noon}, {src, "cmp1-x", ClassPopup, noon}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	closed := 0
	for a, ok := j.Finish(noon); ok && a.Final; a, ok = j.Finish(noon) {
		closed++
	}
	if closed != 3 {
		t.Errorf("%d final assessments, want 3", closed)
	}
}

func TestProbesAreJudgedLikePopups(t *testing.T) {
	for src, want := range map[string]State{"240.1.2.3": ForgedCertain, "192.168.1.1": NonroutableLeak, "24.64.8.1": Unknown} {
		if a := New(Config{}).ObserveProbe(probe(src, noon)); a.State != want || a.Reportable {
			t.Errorf("%s: %v, reportable %v; want %v, false", src, a.State, a.Reportable, want)
		}
	}
	j := New(Config{}) // each network's first packet with one TTL, and TTLs that no host gives
	var last *Assessment
	for i := range 60 {
		g := probe(fmt.Sprintf("%d.64.8.1", 20+i), noon.Add(time.Duration(i)*time.Second))
		g.Marks.TTL = 200
		last = j.ObserveProbe(g)
	}
	if last.State != ForgedProbable {
		t.Errorf("one emitter behind 60 networks: %v", last.State)
	}
}

// A probe that is no call has no activity: the zero UUID of all of them is no tool's mark.
func TestProbesWithoutACallShareNoConstants(t *testing.T) {
	j := New(Config{})
	for i := range 8 {
		j.ObserveProbe(probe(fmt.Sprintf("24.64.8.%d", 1+i), noon))
	}
	for _, a := range finals(j, noon) {
		for _, e := range a.Evidence {
			if e.ID == "E24" || e.ID == "E26" || e.ID == "E61" {
				t.Errorf("%s: %s", e.ID, e.Text)
			}
		}
	}
	g := probe("24.64.8.1", noon)
	g.Probe, g.PDU.Activity = decoders.ProbeMapper, dcerpc.UUID{1}
	if s := New(Config{}).ObserveProbe(g); s.Key.Class != ClassProbe || !calls(g) {
		t.Errorf("a call to the endpoint mapper: %+v", s.Key)
	}
}

// The sources of another hour are another population: what a year's scanners have in common is no emitter.
func TestProbesOfAnotherHourAreAnotherPopulation(t *testing.T) {
	j := New(Config{})
	for hour := range 3 {
		for i := range 30 {
			j.ObserveProbe(probe(fmt.Sprintf("%d.64.8.1", 20+i), noon.Add(time.Duration(hour)*time.Hour)))
		}
	}
	if len(j.byCampaign) != 3 {
		t.Errorf("%d populations, want 3", len(j.byCampaign))
	}
}

func TestClassesSurviveARestart(t *testing.T) {
	run := func(restart bool) map[string]Assessment {
		j := New(Config{})
		j.ObserveProbe(probe("24.64.8.1", noon))
		if restart {
			var b bytes.Buffer
			if err := j.Save(gob.NewEncoder(&b)); err != nil {
				t.Fatal(err)
			}
			j = New(Config{})
			if err := j.Load(gob.NewDecoder(&b)); err != nil {
				t.Fatal(err)
			}
		}
		j.ObserveProbe(probe("24.64.8.1", noon.Add(time.Second)))
		return finals(j, noon)
	}
	want, got := run(false), run(true)
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" || len(got) != 1 || got["24.64.8.1"].Messages != 2 {
		t.Errorf("without and with a restart (-want +got):\n%s", diff)
	}
}

func TestAFloodOfProbesStaysInItsMemory(t *testing.T) {
	j := New(Config{Memory: 1 << 20})
	opened, closed := 100_000, 0
	count := func(a *Assessment, ok bool) bool {
		if ok && a.Final {
			closed++
		}
		return ok
	}
	for i := range opened {
		at := noon.Add(time.Duration(i) * 100 * time.Millisecond)
		j.ObserveProbe(probe(fmt.Sprintf("%d.%d.%d.1", 20+i>>16, i>>8&255, i&255), at))
		for count(j.Due(at)) {
		}
		if j.full() {
			t.Fatal("above its memory after Due")
		}
	}
	for count(j.Finish(noon)) {
	}
	if closed != opened {
		t.Errorf("%d final assessments for %d claims", closed, opened)
	}
}
