package event

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// drawSimilar makes a popup or a claim out of few values, so that conclusions are often the same, or the same but for one part.
func drawSimilar(t *rapid.T, hits []rules.Hit) func(*Builder) *Event {
	m, class := sampleMessage(), rapid.SampledFrom([]string{"popup", "exploit"}).Draw(t, "class")
	m.Route = decoders.Route(rapid.IntRange(0, 2).Draw(t, "route"))
	m.Iface = rapid.IntRange(0, 1).Draw(t, "interface")
	m.From, m.Text = text.String{Exact: true}, shown(rapid.SampledFrom([]string{"a", "b\x1b"}).Draw(t, "text"))
	if rapid.Bool().Draw(t, "six") {
		m.Src, m.Dst = addrPort("[2001:db8::1]:99"), addrPort("[2001:db8::2]:135")
	}
	n := rapid.IntRange(0, len(hits)).Draw(t, "hits")
	v := rules.Verdict{Hits: hits[:n], Score: float64(rapid.IntRange(0, 1).Draw(t, "score")), Class: rules.Class(rapid.IntRange(0, 2).Draw(t, "verdict")),
		Lure: rapid.SampledFrom([]string{"", "x"}).Draw(t, "lure")}
	in := campaign.Membership{ID: campaign.ID(rapid.SampledFrom([]string{"", "cmp1-abcdefghijklmnop"}).Draw(t, "id")),
		Aliases: []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(t, "aliases")]}
	a := sampleClaim()
	a.Key.Campaign, a.Key.Class, a.Final, a.Reportable = string(in.ID), class, rapid.Bool().Draw(t, "final"), rapid.Bool().Draw(t, "reportable")
	a.State, a.Previous = spoof.State(rapid.IntRange(0, 5).Draw(t, "state")), spoof.State(rapid.IntRange(0, 5).Draw(t, "previous"))
	dir := decoders.Direction(rapid.IntRange(0, 4).Draw(t, "direction"))
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return func(b *Builder) *Event { return b.Source(a) }
	case 1:
		return func(b *Builder) *Event { return b.Message(m, in, v, nil, dir) }
	}
	return func(b *Builder) *Event { return b.Message(m, in, v, a, dir) }
}

func TestADocumentIsTheSameWhateverWasConcludedBefore(t *testing.T) {
	c := sampleConfig()
	c.Home = func(a netip.Addr) bool { return a.Is6() }
	c.Interface = func(i int) decoders.Interface {
		return decoders.Interface{Name: fmt.Sprint("eth", i), Role: decoders.RoleExternal}
	}
	hits := sampleVerdict().Hits
	rapid.Check(t, func(t *rapid.T) {
		used := NewBuilder(c)
		for range rapid.IntRange(2, 12).Draw(t, "documents") {
			build := drawSimilar(t, hits)
			got := build(used)
			fresh := NewBuilder(c)
			want := build(fresh)
			want.identity = got.identity // the ordinal among equals is another matter
			for i := range 2 {
				if diff := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); diff != "" {
					t.Fatalf("written for the %d. time (-want +got):\n%s", i+1, diff)
				}
				fresh.conclusions = new(conclusions)
			}
		}
	})
}

func TestAConclusionTooLongToRememberIsWrittenAnew(t *testing.T) {
	b, in := sampleBuilder(), campaign.Membership{ID: "cmp1-abcdefghijklmnop", Aliases: []string{strings.Repeat("x", conclusionOctets)}}
	var lines []string
	for range 3 {
		e := b.Message(sampleMessage(), in, rules.Verdict{}, nil, 0)
		e.identity = [idLength]byte{}
		lines = append(lines, string(e.JSON()))
	}
	if lines[0] != lines[1] || lines[1] != lines[2] || !strings.Contains(lines[0], in.Aliases[0]) {
		t.Errorf("three equal documents differ: %s", cmp.Diff(lines[0], lines[1]))
	}
	for i := range b.conclusions {
		for _, c := range b.conclusions[i].both {
			if n := len(c.text); n > conclusionOctets || c.whole {
				t.Errorf("place %d holds %d octets (whole %v), want %d at most", i, n, c.whole, conclusionOctets)
			}
		}
	}
}

func TestPiecesOfADocumentHaveTheirRoom(t *testing.T) {
	b := sampleBuilder()
	b.Message(sampleMessage(), sampleMembership(), sampleVerdict(), sampleClaim(), 0).JSON()
	b.Source(sampleClaim()).JSON()
	whole := 0
	for i := range b.conclusions {
		for _, c := range b.conclusions[i].both {
			if c.pieces > pieceRoom {
				t.Errorf("%d pieces, want %d at most", c.pieces, pieceRoom)
			}
			if c.whole {
				whole++
			}
		}
	}
	if whole != 2 {
		t.Errorf("%d conclusions are whole, want 2", whole)
	}
}

func TestTheConclusionNotUsedLastMakesRoom(t *testing.T) {
	b, m := sampleBuilder(), sampleMessage()
	find := func(score float64) *conclusion { // the score does not decide the place
		return b.conclusions.find(b.Message(m, sampleMembership(), rules.Verdict{Score: score}, nil, 0))
	}
	first, second := find(1), find(2)
	if find(1) != first || find(2) != second || first == second {
		t.Fatal("two conclusions that meet are not both remembered")
	}
	if find(1) != first || find(3) != second || find(1) != first {
		t.Error("the third did not take the place of the second, which was used before the first")
	}
}
