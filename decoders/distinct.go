package decoders

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/axiomhq/hyperloglog"
)

// distinctExact is up to how many different addresses are counted exactly (CONTRACT.md 2.6).
const distinctExact = 1024

// Distinct counts different addresses: exactly up to 1,024, with a standard error of under one per cent above. The zero Distinct is empty and
// takes 16 octets until the second address comes. The count does not depend on the order, nor on the run.
type Distinct struct {
	first uint64 // hash of the first address; 0 where there is none
	rest  *distinctRest
}

type distinctRest struct {
	few    []uint64            // up to 16, searched one by one
	many   map[uint64]struct{} // up to distinctExact
	sketch *hyperloglog.Sketch // above
}

// Add counts an address.
func (d *Distinct) Add(a netip.Addr) {
	h := addrHash(a)
	switch {
	case d.first == h:
	case d.first == 0:
		d.first = h
	case d.rest == nil:
		d.rest = &distinctRest{few: []uint64{d.first, h}}
	default:
		d.rest.add(h)
	}
}

func (r *distinctRest) add(h uint64) {
	switch {
	case r.sketch != nil:
		r.sketch.InsertHash(h)
	case r.many != nil:
		r.many[h] = struct{}{}
		if len(r.many) > distinctExact {
			r.estimate()
		}
	default:
		for _, k := range r.few {
			if k == h {
				return
			}
		}
		r.few = append(r.few, h)
		if len(r.few) > 16 {
			r.many = make(map[uint64]struct{}, 64)
			for _, k := range r.few {
				r.many[k] = struct{}{}
			}
			r.few = nil
		}
	}
}

func (r *distinctRest) estimate() {
	r.sketch = hyperloglog.New14()
	for h := range r.many { // the order does not show: registers keep maxima
		r.sketch.InsertHash(h)
	}
	r.many = nil
}

// Count gives how many different addresses were added, and whether that is an estimate.
func (d *Distinct) Count() (n uint64, estimated bool) {
	switch r := d.rest; {
	case d.first == 0:
		return 0, false
	case r == nil:
		return 1, false
	case r.sketch != nil:
		return max(r.sketch.Estimate(), distinctExact+1), true
	case r.many != nil:
		return uint64(len(r.many)), false
	default:
		return uint64(len(r.few)), false
	}
}

// addrHash spreads an address over 64 bits by a fixed rule, so that estimates are the same in every run. It is never 0.
func addrHash(a netip.Addr) uint64 {
	b := a.As16()
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b[:8])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(b[8:])^0xe7037ed1a0b428db)
	hi, lo = bits.Mul64(hi^lo^0xa0761d6478bd642f, 0x8ebc6af09c88c6e3)
	return max(hi^lo, 1)
}
