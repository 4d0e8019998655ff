//go:build !race

// The race detector makes millions of decodes slow and finds nothing in one goroutine: make test runs this file without it.

package decoders_test

import (
	"fmt"
	"slices"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

// distinctGood gives good frames of different shapes: twenty popups of one tool teach no more than two.
func distinctGood(t testing.TB) []decoders.Frame {
	seen := map[string]int{}
	var out []decoders.Frame
	for _, f := range goodFrames(t) {
		shape := fmt.Sprint(f.Link, len(f.Data), f.Data[:min(14, len(f.Data))])
		if seen[shape]++; seen[shape] <= 2 {
			out = append(out, f)
		}
	}
	return out
}

func TestEveryPrefixHasAReason(t *testing.T) {
	for _, f := range distinctGood(t) {
		whole := newDecoder().Decode(f, &decoders.Result{})
		for n := range len(f.Data) {
			cut := f
			cut.Data = f.Data[:n:n]
			d, r := newDecoder(), decoders.Result{}
			reason := d.Decode(cut, &r)
			if reason == wire.None || int(reason) >= wire.ReasonCount {
				t.Fatalf("frame %d of %d octets, first %d: reason %d", f.Seq, len(f.Data), n, reason)
			}
			if (reason == wire.Message) != (len(r.Messages) > 0) {
				t.Fatalf("first %d of %d octets: %v with %d popups", n, len(f.Data), reason.String(), len(r.Messages))
			}
			if reason == wire.Message && !r.Messages[0].Partial && !trailerOnly(whole, &r.Messages[0]) {
				t.Fatalf("first %d of %d octets: a popup that misses octets and does not say so", n, len(f.Data))
			}
		}
	}
}

// trailerOnly says whether a popup of a cut frame lost nothing but padding behind its text.
func trailerOnly(whole decoders.Reason, m *decoders.Message) bool {
	return whole == wire.Message && uint64(len(m.Text.Raw)) == uint64(m.Text.Actual)
}

func TestEveryBitFlipHasAReason(t *testing.T) {
	d := newDecoder()
	var r decoders.Result
	seq := uint64(1)
	for _, f := range distinctGood(t) {
		was := slices.Clone(f.Data)
		for bit := range len(f.Data) * 8 {
			f.Data[bit/8] ^= 1 << (bit % 8)
			f.Seq = seq
			seq++
			reason := d.Decode(f, &r)
			if reason == wire.None || int(reason) >= wire.ReasonCount {
				t.Fatalf("frame %d, bit %d: reason %d", f.Seq, bit, reason)
			}
			checkMessages(t, &r)
			checkSignals(t, &r)
			f.Data[bit/8] ^= 1 << (bit % 8)
		}
		if !slices.Equal(was, f.Data) {
			t.Fatal("the decoder wrote into the frame")
		}
	}
}

// Whatever bit of a conversation flips, no answer is tied to a callback or call that it does not name: one flip in the addresses, the
// activity or the sequence number of a datagram parts it from the others.
func TestEveryBitFlipOfAConversation(t *testing.T) {
	in := vectorFrames(t, "05_way2_exchange")
	names := func(octet int) bool {
		return octet >= atSource && octet < atDestination+4 || octet >= atActivity && octet < atActivity+16 || octet >= atSequence && octet < atSequence+4
	}
	for i, f := range in {
		for bit := range len(f.Data) * 8 {
			f.Data[bit/8] ^= 1 << (bit % 8)
			got := decode(in)
			f.Data[bit/8] ^= 1 << (bit % 8)
			r := decoders.Result{Messages: got.messages, Signals: got.signals}
			checkMessages(t, &r)
			checkSignals(t, &r)
			for _, s := range got.signals {
				tied := s.Frame == f.Seq && s.Kind == decoders.SignalPDU && s.Fact != decoders.FactCallback && s.Exchange.Call.Frame != 0
				if i > 0 && tied && names(bit/8) {
					t.Fatalf("frame %d, bit %d: %v, %+v", f.Seq, bit, s.Fact, s.Exchange)
				}
			}
		}
	}
}

// NetBIOS datagrams in parts, each prefix and each flip of each part.
func TestHostileParts(t *testing.T) {
	in := parts(vectorFrames(t, "14_udp138_mailslot")[0], true, false, 60, 110)
	try := func(what string, i, n int) {
		got := decode(in)
		r := decoders.Result{Messages: got.messages, Signals: got.signals}
		checkMessages(t, &r)
		if len(got.messages) > 1 || slices.Contains(got.reasons, wire.None) {
			t.Fatalf("part %d, %s %d: %d popups", i, what, n, len(got.messages))
		}
	}
	for i := range in {
		whole := in[i].Data
		for n := range len(whole) {
			in[i].Data = whole[:n:n]
			try("prefix", i, n)
		}
		in[i].Data = slices.Clone(whole)
		for bit := range len(whole) * 8 {
			in[i].Data[bit/8] ^= 1 << (bit % 8)
			try("bit", i, bit)
			in[i].Data[bit/8] ^= 1 << (bit % 8)
		}
		in[i].Data = whole
	}
}
