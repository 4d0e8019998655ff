package event

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"

	"popupwatch/sensor/campaign"
)

// distinctRoom is how many addresses are counted exactly.
const distinctRoom = 1024

// distinct counts distinct addresses: exactly up to distinctRoom, estimated above. It keeps the smallest distinctRoom hashes, and
// estimates from how densely they lie (Bar-Yossef et al. 2002, "k minimum values"; standard error 3 %). The hash is fixed, so that a
// replay counts alike; who knows it can bend an estimate, and nothing else.
type distinct struct {
	least []uint64 // ascending
	more  bool
}

func (d *distinct) add(a netip.Addr) {
	h := addressHash(a)
	at, has := slices.BinarySearch(d.least, h)
	switch {
	case has:
		return
	case len(d.least) < distinctRoom:
		d.least = slices.Insert(d.least, at, h)
	case at < distinctRoom:
		copy(d.least[at+1:], d.least[at:distinctRoom-1])
		d.least[at], d.more = h, true
	default:
		d.more = true
	}
}

func (d *distinct) count() campaign.Count {
	if !d.more {
		return campaign.Count{N: uint64(len(d.least))}
	}
	// (k-1) * 2^64 / largest; the largest is above 0 since 1,024 different hashes are not all 0
	n, _ := bits.Div64(distinctRoom-1, 0, max(d.least[distinctRoom-1], distinctRoom))
	return campaign.Count{N: max(n, distinctRoom+1), Estimated: true}
}

// addressHash mixes the sixteen octets of an address (the finaliser of splitmix64, Steele et al. 2014).
func addressHash(a netip.Addr) uint64 {
	o := a.As16()
	return mix(mix(binary.BigEndian.Uint64(o[:8])) ^ binary.BigEndian.Uint64(o[8:]))
}

func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
