package campaign

import (
	"encoding/binary"
	"net/netip"

	"github.com/axiomhq/hyperloglog"
)

// maxExact is how many distinct addresses are counted one by one (CONTRACT.md 2.6).
const maxExact = 1024

// sketchSize is what an estimating count takes, in octets: 2^14 registers, a standard error of 0.8 %.
const sketchSize = 16 << 10

// distinctCount counts distinct addresses: exactly up to 1,024, by HyperLogLog above. An IPv4 address stands for itself, an IPv6 address for 64 bits
// of a fixed hash, so that the estimate is the same in every run. The zero value is empty.
type distinctCount struct {
	n      int
	table  []uint64 // open addressing; 0 is free; a power of two, at least twice n
	sketch *hyperloglog.Sketch
}

// add counts an address and returns by how many octets the count grew.
func (d *distinctCount) add(a netip.Addr) (grown int64) { return d.addKey(addressKey(a)) }

func (d *distinctCount) addKey(key uint64) (grown int64) {
	if d.sketch != nil {
		d.sketch.InsertHash(scatter(key))
		return 0
	}
	if 2*d.n >= len(d.table) {
		grown = d.grow()
	}
	i := d.place(key)
	if d.table[i] == key {
		return grown
	}
	if d.n == maxExact {
		return grown + d.estimate(key)
	}
	d.table[i] = key
	d.n++
	return grown
}

// place is where key stands or would stand.
func (d *distinctCount) place(key uint64) uint64 {
	mask := uint64(len(d.table) - 1)
	i := scatter(key) & mask
	for d.table[i] != 0 && d.table[i] != key {
		i = (i + 1) & mask
	}
	return i
}

func (d *distinctCount) grow() int64 {
	old := d.table
	d.table = make([]uint64, max(2*len(old), 2))
	for _, key := range old {
		if key != 0 {
			d.table[d.place(key)] = key
		}
	}
	return int64(8 * (len(d.table) - len(old)))
}

// estimate goes over from the table to a sketch.
func (d *distinctCount) estimate(key uint64) (grown int64) {
	grown = sketchSize - int64(8*len(d.table))
	d.sketch = hyperloglog.NewNoSparse()
	for _, k := range d.table {
		if k != 0 {
			d.sketch.InsertHash(scatter(k))
		}
	}
	d.sketch.InsertHash(scatter(key))
	d.table = nil
	return grown
}

// count is the number, never below what was counted exactly.
func (d *distinctCount) count() Count {
	if d.sketch == nil {
		return Count{N: uint64(d.n)}
	}
	return Count{N: max(d.sketch.Estimate(), maxExact+1), Estimated: true}
}

// merge adds all that other counted, and returns by how many octets the count grew.
func (d *distinctCount) merge(other *distinctCount) (grown int64) {
	if other.sketch != nil && d.sketch == nil {
		table, size := d.table, int64(8*len(d.table))
		*d = distinctCount{sketch: other.sketch.Clone()}
		for _, key := range table {
			if key != 0 {
				d.sketch.InsertHash(scatter(key))
			}
		}
		return sketchSize - size
	}
	if other.sketch != nil {
		if err := d.sketch.Merge(other.sketch); err != nil {
			return 0 // sketches of one precision always merge
		}
		return 0
	}
	for _, key := range other.table {
		if key != 0 {
			grown += d.addKey(key)
		}
	}
	return grown
}

func (d *distinctCount) size() int64 {
	if d.sketch != nil {
		return sketchSize
	}
	return int64(8 * len(d.table))
}

// addressKey tells addresses apart; never 0.
func addressKey(a netip.Addr) uint64 {
	a = a.Unmap()
	if a.Is4() {
		b := a.As4()
		return 1<<32 | uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return scatter(binary.BigEndian.Uint64(b[:8])^scatter(binary.BigEndian.Uint64(b[8:]))) | 1<<63
}

// scatter is a fixed bijection of 64 bits (the finaliser of SplitMix64).
func scatter(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
