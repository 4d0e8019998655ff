package event

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders"
	"popupwatch/decoders/msgsvc"
	"popupwatch/rules"
	"popupwatch/sensor/spoof"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples are one document of each kind.
func samples() []string {
	b := sampleBuilder()
	var lines []string
	add := func(e *Event) { lines = append(lines, string(e.JSON())) }
	add(b.Message(sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim(), decoders.DirectionInbound))
	six := sampleMessage()
	six.Src, six.Dst, six.Marks.IPv6, six.Route, six.Partial = addrPort("[2001:db8::1]:99"), addrPort("[2001:db8::2]:445"), true, decoders.RouteSMB, true
	six.Session = sampleSession()
	six.Due, six.Text = six.Time.Add(15*time.Second), shown("\x1b[31mgo to 198.51.100.1")
	six.Text.Exact, six.Marks.HasMAC, six.Marks.Tunnels, six.Marks.TunnelKind = false, true, 1, 3
	add(b.Message(six, sampleMembership(), rules.Verdict{}, nil, decoders.DirectionUnknown))
	add(b.Source(sampleClaim()))
	proven := sampleClaim()
	proven.State, proven.Reportable, proven.Final = spoof.GenuineBound, true, false
	add(b.Source(proven))
	add(b.Campaign(sampleUpdate()))
	lines = append(lines, sampleFindings()...)
	add(b.Finding(&Finding{Class: ActionProbe, Time: sampleTime, Outcome: "unknown", Src: addrPort("198.51.100.7:1"), Dst: addrPort("192.0.2.8:135"), Protocol: protocolUDP, Count: 2, First: sampleTime, Last: sampleTime, Again: true}))
	add(b.Stats(sampleStats()))
	return lines
}

func TestGoldenLines(t *testing.T) {
	compareGolden(t, filepath.Join("testdata", "golden.ndjson"), strings.Join(samples(), "\n")+"\n")
}

func TestReferencePageIsThatOfTheTable(t *testing.T) {
	compareGolden(t, filepath.FromSlash("../../cmd/popupwatch/topics/fields.md"), Reference())
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is stale; look and run with -update (-want +got):\n%s", path, diff)
	}
}

func TestEveryFieldOfALineStandsInTheTableAndInItsSet(t *testing.T) {
	for i, line := range samples() {
		v := decoded(t, []byte(line))
		set := at(v, "event.dataset").(string)
		known := map[string]bool{}
		for _, f := range Fields() {
			for s := range setCount {
				if f.In.has(s) && s.String() == set {
					known[f.Path] = true
				}
			}
		}
		for _, path := range leaves("", v) {
			if !known[path] {
				t.Errorf("line %d: %s is not in the table of %s", i, path, set)
			}
		}
	}
}

func leaves(path string, x any) []string {
	switch x := x.(type) {
	case map[string]any:
		if _, point := x["lat"]; point { // a geo_point is one field
			return []string{path}
		}
		var l []string
		for name, y := range x {
			l = append(l, leaves(strings.TrimPrefix(path+"."+name, "."), y)...)
		}
		return l
	case []any:
		var l []string
		for _, y := range x {
			l = append(l, leaves(path, y)...)
		}
		return l
	}
	return []string{path}
}

func TestTableNamesEveryFieldOnceWithASentence(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Fields() {
		if seen[f.Path] {
			t.Errorf("%s stands in the table twice", f.Path)
		}
		seen[f.Path] = true
		if f.In == 0 || f.Type == "" || !strings.HasSuffix(f.About, ".") || strings.Contains(f.About, "\n") {
			t.Errorf("%s lacks data sets, a type or a sentence: %+v", f.Path, fmt.Sprint(f.In, f.Type, f.About))
		}
		if strings.HasPrefix(f.Path, "host.") {
			t.Errorf("%s: the sensor's host is not what is at risk", f.Path)
		}
	}
}

func TestEveryRowOfAMessagesObjectsIsWritten(t *testing.T) {
	m := sampleMessage()
	m.Partial, m.Retransmit, m.RPC.Object[0] = true, true, 1
	m.Text.Exact, m.From.Exact, m.To.Exact = false, false, false
	m.Marks.DontFragment, m.Marks.Fragments, m.Marks.UDPSumZero, m.Marks.HasMAC = true, 2, true, true
	m.Marks.Tunnels, m.Marks.TunnelKind, m.Marks.TunnelID = 1, 3, 5
	m.Marks.TunnelSrc, m.Marks.TunnelDst = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	m.Shape, m.Traits = msgsvc.ShapeLong, []string{"text-above-1024"}
	m.Calling, m.Called, m.Inner = "ALICE<03>", "LAB<03>", netip.MustParseAddrPort("10.0.0.1:138")
	m.Features.Phones, m.Features.Emails = []string{"1"}, []string{"a@example.com"}
	c := sampleConfig()
	c.Interface = func(int) decoders.Interface { return decoders.Interface{Name: "eth0", Role: decoders.RoleExternal} }
	c.Place = func(netip.Addr) *Place { return samplePlace() }
	b := NewBuilder(c)
	written := map[string]bool{}
	see := func(e *Event) {
		for _, path := range leaves("", decoded(t, e.JSON())) {
			written[path] = true
		}
	}
	see(b.Message(m, sampleMembership(), sampleVerdict(), sampleClaim(), decoders.DirectionInbound))
	m.Session = sampleSession()
	claim := sampleClaim()
	claim.Key.Class = "exploit"
	see(b.Message(m, sampleMembership(), sampleVerdict(), claim, decoders.DirectionInbound))
	see(b.Finding(&Finding{Class: ActionProbe, Src: m.Src, Dst: m.Dst}))
	see(b.Finding(&Finding{Class: ActionProbe, Src: m.Src, Dst: m.Dst, Again: true}))
	g := &rolling{message: *m, rolled: Rolled{Rest: true}}
	for i := range 3 * 1024 {
		g.add(flood(i, i, 1))
	}
	see(b.rolledUp(g))
	alert := b.Finding(&Finding{Class: ActionProbe, Src: m.Src})
	see(alert)
	for _, f := range Fields() {
		if f.In.has(SetMessage) && f.Type != "object" && !written[f.Path] {
			t.Errorf("%s is described and never written", f.Path)
		}
	}
}
