package decoders_test

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/wire"
	"popupwatch/sensor/capture"
)

const testdata = "../testdata"

// frames reads the frames of a capture, owned.
func frames(t testing.TB, path string) []decoders.Frame {
	t.Helper()
	files, err := capture.Open([]string{path}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out []decoders.Frame
	for {
		f, err := files.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Data = append([]byte(nil), f.Data...)
		out = append(out, f)
	}
}

// newDecoder makes a small one: many tests want a fresh decoder for each frame.
func newDecoder() *decoders.Decoder {
	return decoders.NewDecoder(decoders.Config{Memory: 1 << 20, Interface: func(int) decoders.Interface { return decoders.Interface{} }})
}

// outcome is what a decoder made of some frames.
type outcome struct {
	messages []decoders.Message
	signals  []decoders.Signal
	reasons  []decoders.Reason // of each frame
}

// decode carries frames through a new decoder, end of input included.
func decode(in []decoders.Frame) outcome {
	d := newDecoder()
	var r decoders.Result
	var out outcome
	take := func() {
		out.messages = append(out.messages, r.Messages...)
		out.signals = append(out.signals, r.Signals...)
	}
	for _, f := range in {
		d.Advance(f.Time, &r)
		take()
		out.reasons = append(out.reasons, d.Decode(f, &r))
		take()
	}
	if len(in) > 0 {
		d.Finish(in[len(in)-1].Time, &r)
		take()
	}
	return out
}

// goodFrames gives every frame of the captures and vectors that completes a popup or is a signal by itself: an answer, a quote, a probe.
func goodFrames(t testing.TB) []decoders.Frame {
	t.Helper()
	var good []decoders.Frame
	for _, pattern := range []string{"captures/*.pcap", "vectors/*.pcap"} {
		names, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			for _, f := range frames(t, name) {
				switch newDecoder().Decode(f, &decoders.Result{}) {
				case wire.Message, wire.Signal, wire.ICMPQuote, wire.RPCOperation, wire.RPCVersion, wire.StubShort, wire.StubMalformed:
					good = append(good, f)
				}
			}
		}
	}
	return good
}
