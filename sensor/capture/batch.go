package capture

import (
	"time"

	"popupwatch/decoders"
)

// The size of batches: a channel is used once for some hundred frames, and what waits in them is at most 2 MiB an interface.
const (
	batchOctets = 256 << 10
	batchFrames = 1024
	batchesEach = 8
)

// batch is frames of one interface that were copied out of the kernel's ring: their Data are views of octets.
type batch struct {
	port   *port
	octets []byte
	frames []decoders.Frame
	until  time.Time // no earlier frame comes after this batch
	came   time.Time // wall clock
	last   bool      // the interface is done
}

func newBatch(p *port) *batch {
	return &batch{port: p, octets: make([]byte, 0, batchOctets+snapLength), frames: make([]decoders.Frame, 0, batchFrames)}
}

// add copies a frame. There is room for one more wherever due is false.
func (b *batch) add(p *port, data []byte, wire int, at time.Time) {
	from := len(b.octets)
	b.octets = append(b.octets, data...)
	b.frames = append(b.frames, decoders.Frame{
		Time: at.UTC(), Data: b.octets[from:len(b.octets):len(b.octets)], Len: max(wire, len(data)), Link: p.link(), Iface: p.index,
	})
}

// due says whether the batch has to go: no room for another frame, or its first has waited long enough.
func (b *batch) due() bool {
	n := len(b.frames)
	return len(b.octets) >= batchOctets || n == batchFrames || b.frames[n-1].Time.Sub(b.frames[0].Time) >= readTimeout
}

// recycle empties the batch and gives it back to its reader.
func (b *batch) recycle() {
	if b.last {
		return
	}
	b.octets, b.frames = b.octets[:0], b.frames[:0]
	b.port.free <- b
}
