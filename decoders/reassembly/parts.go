package reassembly

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders/wire"
)

// maxParts is how many parts a NetBIOS datagram may come in, maxWhole how many octets they may have. Its sender cuts one in two, the most
// that fits into the mailslot of a popup is 443 octets.
const (
	maxParts = 16
	maxWhole = 8192
)

// PartKey says which parts of NetBIOS datagrams belong together (RFC 1002 5.3.3).
type PartKey struct {
	Src, Dst netip.Addr
	ID       uint16
}

// Part is one part of a NetBIOS datagram; Data is borrowed for the call of Add.
type Part[M any] struct {
	Key    PartKey
	Offset int
	First  bool
	Last   bool
	Data   []byte
	Frames []uint64
	Time   time.Time // when it came
	Began  time.Time // when the first octet of it came
	Names  int       // octets of the names before Data: whether offsets count them in differs by sender
	Meta   M         // kept of the first part
}

// Parted is what parts were joined to. Data is valid until the next call; the rest is owned.
type Parted[M any] struct {
	Meta   M
	Data   []byte
	Frames []uint64 // ascending
	Began  time.Time
	Due    time.Time // when it was given up; zero where it is whole
	Whole  bool
}

// Parts joins the parts of NetBIOS datagrams, in any order. Of two with one offset the first stays. What is unfinished comes out as far as
// it goes when its time is over or its memory is needed.
type Parts[M any] struct {
	Shed uint64 // sets given up because a bound was reached

	table  *table[PartKey, parted[M]]
	joined []byte
}

type parted[M any] struct {
	parts []part // by offset, unique; the first part before all
	names int
	size  int
	meta  M
	began time.Time
}

type part struct {
	offset      int
	first, last bool
	data        []byte
	frames      []uint64
}

// NewParts makes an empty one.
func NewParts[M any](l Limits) *Parts[M] {
	return &Parts[M]{table: newTable[PartKey, parted[M]](l)}
}

// Add takes one part. It gives the whole and wire.None where that is now there, else the part's reason: wire.Fragment where it waits for
// others.
func (p *Parts[M]) Add(a Part[M]) (Parted[M], wire.Reason) {
	e := p.table.get(a.Key)
	if e == nil {
		e = p.table.open(a.Key, a.Time)
		e.value.began = a.Began
	}
	s := &e.value
	n := part{a.Offset, a.First, a.Last, bytes.Clone(a.Data), slices.Clone(a.Frames)}
	if n.first {
		n.offset = -1 // before all others, whatever it says
	}
	at, known := slices.BinarySearchFunc(s.parts, n.offset, func(q part, offset int) int { return cmp.Compare(q.offset, offset) })
	switch {
	case known:
		return Parted[M]{}, wire.Fragment
	case len(s.parts) >= maxParts || s.size+len(a.Data) > maxWhole:
		return Parted[M]{}, wire.FragmentShed
	}
	s.parts = slices.Insert(s.parts, at, n)
	s.size += len(a.Data)
	if n.first {
		s.meta, s.names = a.Meta, a.Names
	}
	p.table.charge(e, len(a.Data)+8*len(a.Frames)+pieceOverhead)
	p.table.touch(e, a.Time)
	if !s.whole() {
		return Parted[M]{}, wire.Fragment
	}
	p.table.remove(e)
	return p.join(s, time.Time{}), wire.None
}

// whole says whether the parts reach from the first to the last without a hole.
func (s *parted[M]) whole() bool {
	n := s.reach()
	return n > 0 && s.parts[n-1].last
}

// reach is how many parts follow one another from the first on.
func (s *parted[M]) reach() int {
	if len(s.parts) == 0 || !s.parts[0].first {
		return 0
	}
	end := len(s.parts[0].data)
	for i, q := range s.parts[1:] {
		if s.parts[i].last || q.offset != end && q.offset != end+s.names {
			return i + 1
		}
		end += len(q.data)
	}
	return len(s.parts)
}

// Release gives a datagram whose time is over at now, or that has to make room; call it until it says no.
func (p *Parts[M]) Release(now time.Time) (Parted[M], bool) {
	if e := p.table.over(); e != nil {
		p.Shed++
		return p.join(&e.value, now), true
	}
	if e := p.table.expired(now); e != nil {
		return p.join(&e.value, e.touched.Add(p.table.limits.Hold)), true
	}
	return Parted[M]{}, false
}

// Finish gives the unfinished datagrams one by one, oldest first; call it until it says no.
func (p *Parts[M]) Finish(now time.Time) (Parted[M], bool) {
	if e := p.table.take(); e != nil {
		return p.join(&e.value, now), true
	}
	return Parted[M]{}, false
}

// join joins the parts of s up to the first hole. Without the first part it is empty: nobody can say what it was.
func (p *Parts[M]) join(s *parted[M], due time.Time) Parted[M] {
	p.joined = p.joined[:0]
	out := Parted[M]{Meta: s.meta, Began: s.began, Due: due, Whole: due.IsZero()}
	for _, q := range s.parts[:s.reach()] {
		p.joined = append(p.joined, q.data...)
		out.Frames = append(out.Frames, q.frames...)
	}
	slices.Sort(out.Frames)
	out.Frames, out.Data = slices.Compact(out.Frames), p.joined
	return out
}
