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
	for _, f := range distinctGood(t) {
		was := slices.Clone(f.Data)
		for bit := range len(f.Data) * 8 {
			f.Data[bit/8] ^= 1 << (bit % 8)
			reason := d.Decode(f, &r)
			if reason == wire.None || int(reason) >= wire.ReasonCount {
				t.Fatalf("frame %d, bit %d: reason %d", f.Seq, bit, reason)
			}
			f.Data[bit/8] ^= 1 << (bit % 8)
		}
		if !slices.Equal(was, f.Data) {
			t.Fatal("the decoder wrote into the frame")
		}
	}
}
