package decoders_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
)

// seedFrames gives every frame of the captures and vectors with its link type.
func seedFrames(t testing.TB) []decoders.Frame {
	t.Helper()
	var all []decoders.Frame
	for _, pattern := range []string{"captures/*.pcap", "captures/background/*.pcap", "vectors/*.pcap"} {
		names, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			in := frames(t, name)
			all = append(all, in[:min(len(in), 40)]...)
		}
	}
	return all
}

// FuzzDecoder carries two frames through the whole decoder, so that fragments, copies and answers meet.
func FuzzDecoder(f *testing.F) {
	var before []byte
	for _, s := range seedFrames(f) {
		f.Add(uint32(s.Link), before, s.Data, int64(s.Time.Unix()))
		before = s.Data
	}
	f.Fuzz(func(t *testing.T, link uint32, first, second []byte, at int64) {
		d := newDecoder()
		var r decoders.Result
		keep := slices.Clone(second)
		for i, data := range [][]byte{first, second} {
			in := decoders.Frame{Seq: uint64(i + 1), Time: time.Unix(at+int64(i), 0), Data: data, Len: len(data), Link: decoders.LinkType(link)}
			reason := d.Decode(in, &r)
			if reason == wire.None || int(reason) >= wire.ReasonCount {
				t.Fatalf("reason %d", reason)
			}
			checkMessages(t, &r)
			checkSignals(t, &r)
		}
		d.Finish(time.Unix(at+2, 0), &r)
		checkMessages(t, &r)
		if !slices.Equal(keep, second) {
			t.Fatal("the decoder wrote into the frame")
		}
	})
}

// checkMessages holds what every message promises.
func checkMessages(t *testing.T, r *decoders.Result) {
	t.Helper()
	for i := range r.Messages {
		m := &r.Messages[i]
		if !m.Src.IsValid() || !m.Dst.IsValid() || m.Features == nil || len(m.Frames) == 0 || !slices.IsSorted(m.Frames) {
			t.Fatalf("message %+v", m)
		}
		if m.Text.Actual > 0 && len(m.Text.Raw) == 0 {
			t.Fatal("a text that is not empty has no octet")
		}
	}
}

// checkSignals holds what every signal promises.
func checkSignals(t *testing.T, r *decoders.Result) {
	t.Helper()
	for i := range r.Signals {
		s := &r.Signals[i]
		if !s.Src.IsValid() || !s.Dst.IsValid() || s.Frame == 0 || (s.Kind == decoders.SignalProbe) != (s.Probe != decoders.ProbeNone) {
			t.Fatalf("signal %+v", s)
		}
		if s.Kind == decoders.SignalQuote && (!s.QuoteSrc.IsValid() || s.QuoteHasHeader != (s.QuoteReach >= decoders.ReachHeader)) {
			t.Fatalf("quote %+v", s)
		}
		if s.Kind == decoders.SignalProbe && (s.Solicited == decoders.Yes || s.Probe == decoders.ProbeDatagram && s.Solicited != decoders.No) {
			t.Fatalf("probe %+v", s)
		}
		e := &s.Exchange
		if e.Answer.Frame != 0 && e.Callback.Frame == 0 || (e.Answers > 0) != (e.Answer.Frame != 0) || e.Callback.Frame == 0 && e.CallbackSole != decoders.Unknown {
			t.Fatalf("exchange %+v", e)
		}
	}
}
