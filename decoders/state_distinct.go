package decoders

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// The first octet of a count in a state file says what follows.
const (
	savedHashes = 1 // hashes of eight octets, ascending
	savedSketch = 2 // an hyperloglog.Sketch
)

// MarshalBinary gives the count for a state file: what was counted, in an order that does not depend on when.
func (d Distinct) MarshalBinary() ([]byte, error) {
	if d.rest != nil && d.rest.sketch != nil {
		return d.rest.sketch.AppendBinary([]byte{savedSketch})
	}
	hashes := []uint64{d.first}
	if d.rest != nil {
		hashes = slices.Clone(d.rest.table)
		slices.Sort(hashes)
	}
	b := make([]byte, 1, 1+8*len(hashes))
	b[0] = savedHashes
	for _, h := range hashes {
		if h != 0 {
			b = binary.BigEndian.AppendUint64(b, h)
		}
	}
	return b, nil
}

// UnmarshalBinary sets the count to one that MarshalBinary gave. It does not keep b.
func (d *Distinct) UnmarshalBinary(b []byte) error {
	*d = Distinct{}
	if len(b) == 0 {
		return errors.New("decode a count of addresses: no octets")
	}
	switch kind, b := b[0], b[1:]; {
	case kind == savedSketch:
		s := new(hyperloglog.Sketch)
		if err := s.UnmarshalBinary(b); err != nil {
			return fmt.Errorf("decode a count of addresses: %w", err)
		}
		d.rest = &distinctRest{sketch: s}
	case kind == savedHashes && len(b)%8 == 0 && len(b) <= 8*distinctExact:
		hashes := make([]uint64, len(b)/8)
		if _, err := binary.Decode(b, binary.BigEndian, hashes); err != nil {
			return fmt.Errorf("decode a count of addresses: %w", err)
		}
		for _, h := range hashes {
			d.add(max(h, 1)) // 0 would be a free place
		}
	default:
		return fmt.Errorf("decode a count of addresses: kind %d with %d octets", kind, len(b))
	}
	return nil
}
