package reassembly

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders/wire"
)

// maxStub is the most octets of a call that are kept, maxCallPieces the most fragments. Windows shows 4,095 characters of a popup and
// senders of needless fragments make them as small as 8 octets.
const (
	maxStub       = 65536
	maxCallPieces = 1024
)

// CallKey says which RPC fragments belong together. The activity alone would join strangers: tools freeze it. Ports may change within a call.
type CallKey struct {
	Src, Dst netip.Addr
	Activity [16]byte
	Sequence uint32
}

// CallFragment is one fragment of a call; Data is borrowed for the call of Add.
type CallFragment[M any] struct {
	Key    CallKey
	Number uint16
	Last   bool
	Cut    bool // the capture holds less than the fragment had
	Data   []byte
	Frames []uint64
	Time   time.Time // when it came
	Began  time.Time // when the first octet of it came; zero: with it
	Meta   M         // kept of fragment 0
}

// Call is a reassembled call. Stub is valid until the next call; the rest is owned.
type Call[M any] struct {
	Meta      M // of fragment 0
	Stub      []byte
	Fragments int      // fragments that Stub came in
	Frames    []uint64 // ascending; those of Stub
	Began     time.Time
	Due       time.Time // when it was given up; zero where it is whole
	Whole     bool      // all fragments to the last are in Stub
}

// Calls reassembles RPC calls from fragments in any order (C706 12.6.3.12). Of two fragments with one number the first stays, as a DCE
// server has it. An unfinished call comes out as far as it goes when its time is over or its memory is needed.
type Calls[M any] struct {
	Shed uint64 // calls given up because a bound was reached

	table    *table[CallKey, call[M]]
	joined   []byte
	finished [2]map[CallKey]time.Time // whole calls of late: this generation and the one before
}

// returnsWithin is how long after a call was whole its fragments may come again: as long as a call that returns is a retransmission.
const returnsWithin = time.Minute

type call[M any] struct {
	pieces []callPiece // by number, unique
	octets int
	last   int // number of the last fragment; -1 while it is not known
	meta   M
	began  time.Time
	again  bool // the call was whole already: these are repetitions, and no popup unless all of them come
}

type callPiece struct {
	number uint16
	cut    bool
	data   []byte
	frames []uint64
}

// NewCalls makes an empty one.
func NewCalls[M any](l Limits) *Calls[M] {
	return &Calls[M]{table: newTable[CallKey, call[M]](l), finished: [2]map[CallKey]time.Time{{}, {}}}
}

// Add takes one fragment. It gives the call and wire.None where that is now whole, else the fragment's reason: wire.Fragment where it waits
// for others.
func (c *Calls[M]) Add(f CallFragment[M]) (Call[M], wire.Reason) {
	e := c.table.get(f.Key)
	if e == nil {
		e = c.begin(&f)
	}
	s := &e.value
	at, known := slices.BinarySearchFunc(s.pieces, f.Number, func(p callPiece, n uint16) int { return cmp.Compare(p.number, n) })
	switch {
	case known:
		return Call[M]{}, wire.Fragment
	case s.last >= 0 && (int(f.Number) > s.last || f.Last):
		return Call[M]{}, wire.RPCFragment
	case len(s.pieces) >= maxCallPieces || s.octets+len(f.Data) > maxStub:
		return Call[M]{}, wire.RPCShed
	}
	s.pieces = slices.Insert(s.pieces, at, callPiece{f.Number, f.Cut, bytes.Clone(f.Data), slices.Clone(f.Frames)})
	s.octets += len(f.Data)
	c.table.charge(e, len(f.Data)+8*len(f.Frames)+pieceOverhead)
	c.table.touch(e, f.Time)
	if f.Last {
		s.last = int(f.Number)
		s.pieces = s.pieces[:at+1] // what has a higher number belongs to no call that ends here
	}
	if f.Number == 0 {
		s.meta = f.Meta
	}
	if len(s.pieces) != s.last+1 {
		return Call[M]{}, wire.Fragment
	}
	c.table.remove(e)
	c.finish(f.Key, f.Time)
	return c.call(s, time.Time{}), wire.None
}

// begin opens the set of a call with its first fragment to come.
func (c *Calls[M]) begin(f *CallFragment[M]) *entry[CallKey, call[M]] {
	e := c.table.open(f.Key, f.Time)
	e.value.last, e.value.began = -1, f.Time
	if !f.Began.IsZero() {
		e.value.began = f.Began
	}
	for _, known := range c.finished {
		if at, ok := known[f.Key]; ok && f.Time.Sub(at).Abs() < returnsWithin {
			e.value.again = true
		}
	}
	return e
}

// finish remembers that a call was whole. When as many are remembered as sets may be open, the generation before is forgotten.
func (c *Calls[M]) finish(k CallKey, at time.Time) {
	if len(c.finished[0]) >= c.table.limits.Sets {
		c.finished[0], c.finished[1] = c.finished[1], c.finished[0]
		clear(c.finished[0])
	}
	c.finished[0][k] = at
}

// Release gives a call whose time is over at now, or that has to make room; call it until it says no.
func (c *Calls[M]) Release(now time.Time) (Call[M], bool) {
	for e := c.table.over(); e != nil; e = c.table.over() {
		if !e.value.again {
			c.Shed++
			return c.call(&e.value, now), true
		}
	}
	for e := c.table.expired(now); e != nil; e = c.table.expired(now) {
		if !e.value.again {
			return c.call(&e.value, e.touched.Add(c.table.limits.Hold)), true
		}
	}
	return Call[M]{}, false
}

// Finish gives the unfinished calls one by one, oldest first; call it until it says no.
func (c *Calls[M]) Finish(now time.Time) (Call[M], bool) {
	for e := c.table.take(); e != nil; e = c.table.take() {
		if !e.value.again {
			return c.call(&e.value, now), true
		}
	}
	return Call[M]{}, false
}

// call joins the fragments of s up to the first that is missing; what follows one that the capture cut has lost its place.
func (c *Calls[M]) call(s *call[M], due time.Time) Call[M] {
	c.joined = c.joined[:0]
	out := Call[M]{Meta: s.meta, Began: s.began, Due: due}
	cut := false
	for i, p := range s.pieces {
		if int(p.number) != i || cut {
			break
		}
		c.joined = append(c.joined, p.data...)
		out.Frames = append(out.Frames, p.frames...)
		out.Fragments, cut = i+1, p.cut
	}
	slices.Sort(out.Frames)
	out.Frames = slices.Compact(out.Frames)
	out.Stub, out.Whole = c.joined, out.Fragments == s.last+1 && !cut
	return out
}
