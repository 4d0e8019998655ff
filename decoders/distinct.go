package decoders

import (
	"encoding/binary"
	"net/netip"

	"github.com/axiomhq/hyperloglog"
)

// distinctExact is up to how many different addresses are counted exactly (CONTRACT.md 2.6).
const distinctExact = 1024

// sketchSize is what an estimating count takes, in octets: 2^14 registers, a standard error of 0.8 %.
const sketchSize = 16 << 10

// Distinct counts different addresses: exactly up to 1,024, with a standard error of under one per cent above. The zero Distinct is empty and
// takes 16 octets until the second address comes, later at most 16 KiB more. The count does not depend on the order, nor on the run. Who can
// choose the addresses can choose such as make the estimate too high or too low: it is fixed so that two runs say the same.
type Distinct struct {
	first uint64 // hash of the only address; 0 where there is none, or a rest
	rest  *distinctRest
}

type distinctRest struct {
	n      int
	table  []uint64            // hashes, open addressing; 0 is free; a power of two, at least twice n
	sketch *hyperloglog.Sketch // above distinctExact; then there is no table
}

// restSize is what a rest takes besides its table, in octets.
const restSize = 40

// Add counts an address and returns by how many octets the memory of the count grew. An address that was counted before allocates nothing.
func (d *Distinct) Add(a netip.Addr) (grown int64) { return d.add(addrHash(a)) }

func (d *Distinct) add(h uint64) (grown int64) {
	switch {
	case d.rest != nil:
		return d.rest.add(h)
	case d.first == 0:
		d.first = h
	case d.first != h:
		d.rest = &distinctRest{table: make([]uint64, 4)}
		d.rest.add(d.first)
		d.rest.add(h)
		d.first = 0
		return d.Size()
	}
	return 0
}

func (r *distinctRest) add(h uint64) (grown int64) {
	if r.sketch != nil {
		r.sketch.InsertHash(h)
		return 0
	}
	i := r.place(h)
	if r.table[i] == h {
		return 0
	}
	if r.n == distinctExact {
		return r.estimate(h)
	}
	if r.n++; 2*r.n > len(r.table) {
		grown = r.grow()
		i = r.place(h)
	}
	r.table[i] = h
	return grown
}

// place is where h stands or would stand.
func (r *distinctRest) place(h uint64) uint64 {
	mask := uint64(len(r.table) - 1)
	i := h & mask
	for r.table[i] != 0 && r.table[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (r *distinctRest) grow() int64 {
	old := r.table
	r.table = make([]uint64, 2*len(old))
	for _, h := range old {
		if h != 0 {
			r.table[r.place(h)] = h
		}
	}
	return int64(8 * len(old))
}

// estimate goes over from the table to a sketch.
func (r *distinctRest) estimate(h uint64) (grown int64) {
	grown = sketchSize - int64(8*len(r.table))
	r.sketch = hyperloglog.NewNoSparse()
	r.fill(r.sketch)
	r.sketch.InsertHash(h)
	r.table = nil
	return grown
}

// fill puts what the table holds into a sketch. The order does not show: registers keep maxima.
func (r *distinctRest) fill(s *hyperloglog.Sketch) {
	for _, h := range r.table {
		if h != 0 {
			s.InsertHash(h)
		}
	}
}

// Count gives how many different addresses were added, and whether that is an estimate, which is never below 1,025.
func (d *Distinct) Count() (n uint64, estimated bool) {
	switch {
	case d.rest == nil && d.first == 0:
		return 0, false
	case d.rest == nil:
		return 1, false
	case d.rest.sketch == nil:
		return uint64(d.rest.n), false
	}
	return max(d.rest.sketch.Estimate(), distinctExact+1), true
}

// Few is the count where it is exact, which is up to 1,024, and 1,025 above. It takes no longer however many there are.
func (d *Distinct) Few() int {
	switch {
	case d.rest == nil && d.first == 0:
		return 0
	case d.rest == nil:
		return 1
	case d.rest.sketch == nil:
		return d.rest.n
	}
	return distinctExact + 1
}

// Size is the memory of the count besides its own 16 octets, in octets.
func (d *Distinct) Size() int64 {
	switch {
	case d.rest == nil:
		return 0
	case d.rest.sketch != nil:
		return restSize + sketchSize
	}
	return restSize + int64(8*len(d.rest.table))
}

// Merge adds every address that other counted, and returns by how many octets the memory of the count grew. Other stays as it is.
func (d *Distinct) Merge(other *Distinct) (grown int64) {
	before := d.Size()
	switch {
	case other.rest != nil && other.rest.sketch != nil:
		d.mergeSketch(other.rest.sketch)
	case other.rest != nil:
		for _, h := range other.rest.table {
			if h != 0 {
				d.add(h)
			}
		}
	case other.first != 0:
		d.add(other.first)
	}
	return d.Size() - before
}

func (d *Distinct) mergeSketch(other *hyperloglog.Sketch) {
	merged := other.Clone()
	switch {
	case d.rest != nil && d.rest.sketch != nil:
		if err := merged.Merge(d.rest.sketch); err != nil {
			return // sketches of one precision always merge
		}
	case d.rest != nil:
		d.rest.fill(merged)
	case d.first != 0:
		merged.InsertHash(d.first)
	}
	*d = Distinct{rest: &distinctRest{sketch: merged}}
}

// addrHash spreads an address over 64 bits by a fixed rule, never 0. No two IPv4 addresses have the same.
func addrHash(a netip.Addr) uint64 {
	if a.Is4() {
		b := a.As4()
		return scatter(1<<32 | uint64(binary.BigEndian.Uint32(b[:])))
	}
	b := a.As16()
	return scatter(scatter(binary.BigEndian.Uint64(b[:8])^scatter(binary.BigEndian.Uint64(b[8:]))) | 1<<63)
}

// scatter is a fixed bijection of 64 bits with scatter(0) = 0 (the finaliser of SplitMix64).
func scatter(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
