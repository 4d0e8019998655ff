package report

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
	"popupwatch/decoders/wire"
	"popupwatch/sensor/event"
	"popupwatch/sensor/spoof"
)

// packets notes what is written.
type packets []string

func (p *packets) Add(f *decoders.Frame, comments []string) error {
	*p = append(*p, fmt.Sprintf("%d %s | %s", f.Seq, f.Data, strings.Join(comments, " | ")))
	return nil
}

func keeping(t *testing.T, c EvidenceConfig) *Evidence {
	t.Helper()
	c.Dir = t.TempDir()
	c.Line = func(s string, n int) string { return strings.ReplaceAll(cut(s, n), "\x1b", `\x1b`) }
	e, err := NewEvidence(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Discard() })
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) > 0 {
		t.Errorf("the spool has a name: %v, %v", left, err)
	}
	return e
}

// see shows a witness frames; the octets are borrowed and spoilt after it.
func see(e *Evidence, why decoders.Reason, seqs ...uint64) {
	for _, seq := range seqs {
		f := decoders.Frame{Seq: seq, Time: noon, Data: fmt.Appendf(nil, "frame%d", seq)}
		e.Frame(&f, why, &decoders.Result{})
		copy(f.Data, "spoilt")
	}
}

func popup(words string, frames ...uint64) *decoders.Message {
	return &decoders.Message{Time: noon, Frames: frames, Text: text.String{Shown: words}}
}

func save(t *testing.T, e *Evidence) packets {
	t.Helper()
	var p packets
	if err := e.Save(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestThePacketsOfPopupsAndEvidenceAreKeptWithTheLastWord(t *testing.T) {
	e := keeping(t, EvidenceConfig{})
	see(e, wire.Signal, 1, 2)
	see(e, wire.UDPOther, 3)
	see(e, wire.Message, 4, 5)
	e.Popup(popup("buy\x1b[31m", 4), claim(func(*spoof.Assessment) {}))
	e.Claim(claim(func(a *spoof.Assessment) {
		a.State, a.Decibans = spoof.ForgedProbable, 27
		a.Evidence = []spoof.Evidence{
			{ID: "E61", Group: "G6", Decibans: 1, Text: "It can be forged.", Packets: []uint64{4, 77}},
			{ID: "E26", Group: "G2", Decibans: 25, Text: "One machine stands behind them.", Packets: []uint64{2, 4}},
		}
	}))
	got := save(t, e)
	verdict := "Verdict on the address written here, 192.0.2.7 (campaign cmp1-a, hour of 2026-11-25 12:00:00): forged_probable, +27.0 dB: " +
		wordsOf("forged_probable").meaning + ". Do not report it."
	strong, weak := "Evidence E26 (G2, +25.0 dB): One machine stands behind them.", "Evidence E61 (G6, +1.0 dB): It can be forged."
	want := packets{
		"2 frame2 | " + verdict + " | " + strong,
		`4 frame4 | Popup. From "" to "", in the sender's words: buy\x1b[31m | ` + verdict + " | " + strong + " | " + weak,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if k := e.Kept(); k != (Kept{Packets: 2, Gone: 1}) {
		t.Errorf("%+v", k)
	}
}

func TestWhatFindsNoRoomIsCountedAndTheFirstStays(t *testing.T) {
	for name, c := range map[string]EvidenceConfig{"packets": {Packets: 3}, "octets": {Octets: 18}} {
		e := keeping(t, c)
		for seq := range uint64(5) {
			see(e, wire.Message, seq+1)
			e.Popup(popup("x", seq+1), nil)
			e.Popup(popup("x", seq+1), nil) // counted once
		}
		if got := save(t, e); len(got) != 3 || !strings.HasPrefix(got[2], "3 frame3") || e.Kept() != (Kept{Packets: 3, Left: 2}) {
			t.Errorf("%s: %q, %+v", name, got, e.Kept())
		}
	}
}

func TestWhatMayBeCitedIsForgottenInItsOrder(t *testing.T) {
	e := keeping(t, EvidenceConfig{Ring: 10 * (heldCost + 6)})
	for seq := uint64(100); seq < 5000; seq++ {
		see(e, wire.Stream, seq)
	}
	if n := len(e.ring.frames); n == 0 || n > 11 || len(e.ring.order) > 2100 {
		t.Errorf("%d frames, %d places", n, len(e.ring.order))
	}
	e.Popup(popup("x", 200, 4999), nil)
	if got := save(t, e); len(got) != 1 || !strings.HasPrefix(got[0], "4999 ") {
		t.Errorf("%q", got)
	}
}

func TestClaimsWithoutRoomAreCountedAndTheirPacketsSaySo(t *testing.T) {
	e := keeping(t, EvidenceConfig{})
	see(e, wire.Message, 1)
	source := netip.MustParseAddr("10.0.0.0")
	for range maxClaims + 2 {
		source = source.Next()
		e.Claim(claim(func(a *spoof.Assessment) { a.Key.Source = source }))
	}
	e.Popup(popup("x", 1), claim(func(a *spoof.Assessment) { a.Key.Source = source.Next() }))
	if got := save(t, e); len(got) != 1 || !strings.HasSuffix(got[0], "There was no room for the verdict on its source.") || e.Kept().Unsaid != 3 {
		t.Errorf("%q, %+v", got, e.Kept())
	}
}

func TestAFindingsLastDocumentIsSaidOnItsPackets(t *testing.T) {
	e := keeping(t, EvidenceConfig{})
	see(e, wire.ICMPQuote, 1, 2)
	for i, sentences := range [][]string{{"One quote."}, {"Two quotes.", "A copy of the tool."}} {
		f := &event.Finding{Class: event.ActionBackscatter, Part: noon, Packets: []uint64{1, 2}[:i+1], Evidence: sentences}
		if err := e.Emit(&event.Event{Set: event.SetFinding, Finding: f}); err != nil {
			t.Fatal(err)
		}
	}
	const says = " | Finding spoof_backscatter: A copy of the tool. | Finding spoof_backscatter: Two quotes."
	if got, want := save(t, e), (packets{"1 frame1" + says, "2 frame2" + says}); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAManyTimesCitedPacketHasABoundedNumberOfComments(t *testing.T) {
	e := keeping(t, EvidenceConfig{})
	see(e, wire.Message, 1)
	for i := range 100 {
		e.Claim(claim(func(a *spoof.Assessment) {
			a.Key.Source = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
			a.Evidence = []spoof.Evidence{
				{ID: "E1", Text: fmt.Sprint("sentence ", i), Packets: []uint64{1}}, {ID: "E2", Text: "the same", Packets: []uint64{1}},
			}
		}))
	}
	got := save(t, e)
	if n := strings.Count(got[0], " | "); n != maxLines+2 || !strings.HasSuffix(got[0], "77 more sentences cite this packet.") {
		t.Errorf("%d comments: %q", n, got)
	}
}
