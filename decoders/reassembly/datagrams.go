package reassembly

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders/wire"
)

// maxDatagram is the longest payload an IP datagram can have; maxPieces how many fragments one may come in. A full datagram in Ethernet
// frames needs 45.
const (
	maxDatagram = 65535
	maxPieces   = 256
)

// DatagramKey says which fragments belong together (RFC 791: addresses, protocol, identification; RFC 8200: addresses, identification).
type DatagramKey struct {
	Src, Dst netip.Addr
	ID       uint32
	Proto    uint8 // 0 for IPv6, where the first fragment's header names the protocol
}

// Fragment is one IP fragment; Data is borrowed for the call.
type Fragment[M any] struct {
	Key    DatagramKey
	Offset int
	More   bool
	Cut    bool // the capture holds less than the fragment had
	Data   []byte
	Frame  uint64
	Time   time.Time
	Meta   M // kept of the fragment with offset 0
}

// Datagram is a reassembled datagram. Payload is valid until the next call; the rest is owned.
type Datagram[M any] struct {
	Key     DatagramKey
	Meta    M // of the fragment with offset 0
	Payload []byte
	Frames  []uint64 // ascending
	Began   time.Time
	Due     time.Time // when it was given up; zero where it is whole
	Whole   bool      // false: the octets up to the first hole
}

// Datagrams reassembles IP fragments. One policy holds for overlaps, that of the receivers this is about: the octets that came first stay,
// as Windows does it; a fragment that contradicts them is counted. An unfinished datagram comes out as far as it goes when its time is over or its memory is needed.
type Datagrams[M any] struct {
	Shed uint64 // sets given up because a bound was reached

	table  *table[DatagramKey, datagram[M]]
	joined []byte
}

type datagram[M any] struct {
	pieces  []piece // by start, without overlaps
	have    int     // octets in pieces
	total   int     // length, once the last fragment is here; else 0
	meta    M
	hasMeta bool
	frames  []uint64
	began   time.Time
}

type piece struct {
	start int
	data  []byte
}

// NewDatagrams makes an empty one.
func NewDatagrams[M any](l Limits) *Datagrams[M] {
	return &Datagrams[M]{table: newTable[DatagramKey, datagram[M]](l)}
}

// Has says whether a fragment of a datagram waits.
func (d *Datagrams[M]) Has(k DatagramKey) bool { return d.table.get(k) != nil }

// Add takes one fragment. It gives the datagram and wire.None where that is now whole, else the fragment's reason: wire.Fragment where it
// waits for others.
func (d *Datagrams[M]) Add(f Fragment[M]) (Datagram[M], wire.Reason) {
	end := f.Offset + len(f.Data)
	if end > maxDatagram || len(f.Data) == 0 || (f.More && !f.Cut && len(f.Data)%8 != 0) {
		return Datagram[M]{}, wire.FragmentMalformed
	}
	e := d.table.get(f.Key)
	if e == nil {
		e = d.table.open(f.Key, f.Time)
		e.value.began = f.Time
	}
	s := &e.value
	if s.total != 0 && end > s.total || !f.More && !s.fits(end) {
		return Datagram[M]{}, wire.FragmentMalformed
	}
	if len(s.pieces) >= maxPieces {
		return Datagram[M]{}, wire.FragmentShed
	}
	before := s.have
	contradicts := s.insert(f.Offset, f.Data)
	d.table.charge(e, s.have-before+pieceOverhead)
	s.note(f, end)
	if s.total != 0 && s.have == s.total {
		d.table.remove(e)
		return d.datagram(f.Key, s, time.Time{}), wire.None
	}
	if contradicts {
		return Datagram[M]{}, wire.FragmentOverlap
	}
	return Datagram[M]{}, wire.Fragment
}

// fits says whether a datagram that ends at end contradicts nothing that is here.
func (s *datagram[M]) fits(end int) bool {
	if s.total != 0 {
		return s.total == end
	}
	if len(s.pieces) == 0 {
		return true
	}
	last := s.pieces[len(s.pieces)-1]
	return last.start+len(last.data) <= end
}

// note keeps what a fragment says besides its octets. The last fragment tells the length, unless the capture cut it.
func (s *datagram[M]) note(f Fragment[M], end int) {
	if !f.More && !f.Cut {
		s.total = end
	}
	if f.Offset == 0 && !s.hasMeta {
		s.meta, s.hasMeta = f.Meta, true
	}
	s.frames = append(s.frames, f.Frame)
}

// insert adds the octets of data that are not there yet and says whether any that are there differ.
func (s *datagram[M]) insert(start int, data []byte) (contradicts bool) {
	end := start + len(data)
	known := s.pieces
	for _, p := range known {
		if p.start >= end {
			break
		}
		stop := p.start + len(p.data)
		if stop <= start {
			continue
		}
		if start < p.start {
			s.add(start, data[:p.start-start])
			data, start = data[p.start-start:], p.start
		}
		n := min(stop, end) - start
		contradicts = contradicts || !bytes.Equal(data[:n], p.data[start-p.start:start-p.start+n])
		data, start = data[n:], start+n
		if len(data) == 0 {
			break
		}
	}
	if len(data) > 0 {
		s.add(start, data)
	}
	slices.SortFunc(s.pieces, func(a, b piece) int { return cmp.Compare(a.start, b.start) })
	return contradicts
}

func (s *datagram[M]) add(start int, data []byte) {
	s.pieces = append(s.pieces, piece{start, bytes.Clone(data)})
	s.have += len(data)
}

// Release gives a datagram whose time is over at now, or that has to make room; call it until it says no.
func (d *Datagrams[M]) Release(now time.Time) (Datagram[M], bool) {
	e := d.table.over()
	if e != nil {
		d.Shed++
		return d.datagram(e.key, &e.value, now), true
	}
	if e = d.table.expired(now); e != nil {
		return d.datagram(e.key, &e.value, e.touched.Add(d.table.limits.Hold)), true
	}
	return Datagram[M]{}, false
}

// Finish gives the unfinished datagrams one by one, oldest first; call it until it says no.
func (d *Datagrams[M]) Finish(now time.Time) (Datagram[M], bool) {
	if e := d.table.take(); e != nil {
		return d.datagram(e.key, &e.value, now), true
	}
	return Datagram[M]{}, false
}

// datagram joins the pieces of s up to the first hole. One without its first fragment comes out empty: nobody can say what it was.
func (d *Datagrams[M]) datagram(k DatagramKey, s *datagram[M], due time.Time) Datagram[M] {
	d.joined = d.joined[:0]
	for _, p := range s.pieces {
		if p.start != len(d.joined) || !s.hasMeta {
			break
		}
		d.joined = append(d.joined, p.data...)
	}
	slices.Sort(s.frames)
	return Datagram[M]{
		Key: k, Meta: s.meta, Payload: d.joined, Frames: s.frames, Began: s.began, Due: due,
		Whole: s.total != 0 && len(d.joined) == s.total,
	}
}
