package decoders_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

// fragmented cuts the popup of a frame into RPC fragments of so many octets, a second apart, each with an IP ID of its own.
func fragmented(f decoders.Frame, size int) []decoders.Frame {
	stub := f.Data[atStub:]
	var out []decoders.Frame
	for n := 0; n*size < len(stub); n++ {
		part := stub[n*size : min((n+1)*size, len(stub))]
		g := f
		g.Seq = uint64(n + 1)
		g.Time = f.Time.Add(time.Duration(n) * time.Second)
		g.Data = append(slices.Clone(f.Data[:atStub]), part...)
		g.Data[16], g.Data[17] = byte((len(g.Data)-14)>>8), byte(len(g.Data)-14)
		g.Data[38], g.Data[39] = byte((len(g.Data)-34)>>8), byte(len(g.Data)-34)
		g.Data[atID] = byte(n + 1)
		h := g.Data[42:]
		h[2] |= 4
		if (n+1)*size >= len(stub) {
			h[2] |= 2
		}
		h[74], h[75], h[76], h[77] = byte(len(part)), byte(len(part)>>8), byte(n), byte(n>>8)
		out = append(out, g)
	}
	return out
}

func TestNeedlessFragmentsOfAnySizeGiveThePopup(t *testing.T) {
	f := popupFrame(t)
	want := decode([]decoders.Frame{f}).messages[0]
	for _, size := range []int{8, 13, 64, 200} {
		got := decode(fragmented(f, size)).messages
		if len(got) != 1 || got[0].Text.Raw != want.Text.Raw || got[0].Partial {
			t.Errorf("fragments of %d octets: %d popups", size, len(got))
		}
	}
}

// A fragment that comes again after its call was whole shows nobody a second popup; a whole call that returns is a retransmission.
func TestFragmentsThatReturnMakeNoPopup(t *testing.T) {
	parts := fragmented(popupFrame(t), 100)
	late := changed(parts[0], time.Duration(len(parts))*time.Second, func(b []byte) { b[atID+1]++ })
	if got := decode(append(slices.Clone(parts), late)).messages; len(got) != 1 {
		t.Errorf("one fragment again: %d popups", len(got))
	}
	all := slices.Clone(parts)
	for _, p := range parts {
		all = append(all, changed(p, 20*time.Second, func(b []byte) { b[atID+1]++ }))
	}
	if got := decode(all).messages; len(got) != 2 || !got[1].Retransmit {
		t.Errorf("all fragments again: %d popups", len(got))
	}
}

// What expires must not make younger calls expire with it.
func TestAnOldFragmentTakesNoCallAlong(t *testing.T) {
	parts := fragmented(popupFrame(t), 100)
	big := vectorFrames(t, "11_ms03043_shape_benign_ipfrag")[0]
	big.Time = parts[0].Time.Add(-20 * time.Second)
	in := append([]decoders.Frame{big}, parts...)
	for i := range in {
		in[i].Seq = uint64(i + 1)
		if i > 2 {
			in[i].Time = parts[0].Time.Add(10*time.Second + 200*time.Millisecond)
		}
	}
	tick := big.Time.Add(30*time.Second + 50*time.Millisecond)
	d := newDecoder()
	var r decoders.Result
	whole := 0
	for i, f := range in {
		if i == 3 {
			d.Advance(tick, &r)
		}
		d.Decode(f, &r)
		for _, m := range r.Messages {
			if !m.Partial {
				whole++
			}
		}
	}
	if whole != 1 {
		t.Errorf("%d whole popups, want 1", whole)
	}
}

// Several popups that time releases in one step keep their own octets: their ids are made of them.
func TestPopupsReleasedTogetherKeepTheirOctets(t *testing.T) {
	f := popupFrame(t)
	first := fragmented(f, 200)[:2]
	other := changed(f, time.Millisecond, func(b []byte) { b[42+40]++; b[atStub+60]++ })
	second := fragmented(other, 220)[:1]
	d := newDecoder()
	var r decoders.Result
	for _, g := range append(slices.Clone(first), second...) {
		d.Decode(g, &r)
	}
	d.Advance(f.Time.Add(time.Minute), &r)
	if len(r.Messages) != 2 || bytes.Equal(r.Messages[0].Octets, r.Messages[1].Octets) {
		t.Fatalf("%d popups", len(r.Messages))
	}
	if !bytes.Equal(r.Messages[0].Octets, f.Data[atStub:atStub+400]) && !bytes.Equal(r.Messages[1].Octets, f.Data[atStub:atStub+400]) {
		t.Error("the octets of the first were overwritten")
	}
}

// A fragment above the last one belongs to no call: it does not hold the call up.
func TestAFragmentAboveTheLastIsDropped(t *testing.T) {
	parts := fragmented(popupFrame(t), 100)
	stray := changed(parts[1], 0, func(b []byte) { b[42+76] = 200; b[atID+1] = 9 })
	in := append([]decoders.Frame{stray}, parts...)
	d := newDecoder()
	var r decoders.Result
	var reason decoders.Reason
	for _, f := range in {
		reason = d.Decode(f, &r)
	}
	if reason != wire.Message || r.Messages[0].Partial {
		t.Errorf("%v at the last fragment", reason.String())
	}
}

// The beginning of a popup whose tunnel was fragmented, or that has IPv6 options before it.
func TestAMissingFragmentOfATunnelLeavesAPartialPopup(t *testing.T) {
	f := popupFrame(t)
	inner := f.Data[14:]
	outer := slices.Concat([]byte{0x45, 0, 0, 0, 7, 7, 0x20, 0, 60, 4, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}, inner[:len(inner)/8*8-40])
	outer[2], outer[3] = byte(len(outer)>>8), byte(len(outer))
	f.Data = slices.Concat(f.Data[:14], outer)
	got := decode([]decoders.Frame{f})
	if len(got.messages) != 1 || !got.messages[0].Partial || got.messages[0].Marks.Tunnels != 1 {
		t.Errorf("%d popups, reasons %v", len(got.messages), words(got.reasons))
	}
}

func TestWindowsOfSubmissionsEndWithTheirFirstCall(t *testing.T) {
	f := popupFrame(t)
	at := func(after time.Duration, port, text byte) decoders.Frame {
		return changed(f, after, func(b []byte) {
			b[atID] = byte(after / time.Second)
			b[atPort+1] += port
			b[len(b)-20] += text
		})
	}
	type marks struct{ first, again bool }
	for name, c := range map[string]struct {
		in   []decoders.Frame
		want []marks
	}{
		"the port's first call counts": {[]decoders.Frame{at(0, 0, 0), at(50*time.Second, 1, 0), at(61*time.Second, 1, 0)},
			[]marks{{true, false}, {false, false}, {true, true}}},
		"a frozen activity with two texts": {[]decoders.Frame{at(0, 0, 1), at(30*time.Second, 0, 2), at(61*time.Second, 0, 2)},
			[]marks{{true, false}, {true, false}, {false, true}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []marks
			for _, m := range decode(c.in).messages {
				got = append(got, marks{m.First, m.Retransmit})
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("first, again: %v, want %v", got, c.want)
			}
		})
	}
}

// A popup that the snap length cut may hide another end: it is never called a retransmission.
func TestAPartialPopupIsNoRetransmission(t *testing.T) {
	f := popupFrame(t)
	f.Data = f.Data[:len(f.Data)-60]
	got := decode([]decoders.Frame{f, changed(f, 2*time.Second, func(b []byte) { b[atID]++ })}).messages
	if len(got) != 2 || !got[1].Partial || got[1].Retransmit {
		t.Errorf("%d popups, the second %+v", len(got), got[len(got)-1].Retransmit)
	}
}
