package campaign

import (
	"encoding/gob"
	"errors"
	"math/bits"
)

// savedKeys are places of an index of keys that are taken: a batch of those in savedBuckets places.
type savedKeys struct {
	At     []uint32
	Places []keyPlace
}

// save writes the places that are taken, in batches.
func (x *keyIndex) save(enc *gob.Encoder) error {
	for from := 0; from < len(x.places); from += savedBuckets {
		var some savedKeys
		for i, p := range x.places[from:min(from+savedBuckets, len(x.places))] {
			if p.Count > 0 {
				some.At, some.Places = append(some.At, uint32(from+i)), append(some.Places, p)
			}
		}
		if err := enc.Encode(&some); err != nil {
			return err
		}
	}
	return nil
}

// loadKeys reads what save wrote of n places. An index of another size takes what has room.
func (t *Tracker) loadKeys(dec *gob.Decoder, n int) error {
	if n < 0 || bits.OnesCount(uint(n)) > 1 {
		return errors.New("decode keys: no table has so many places")
	}
	for from := 0; from < n; from += savedBuckets {
		var some savedKeys
		if err := dec.Decode(&some); err != nil {
			return err
		}
		if len(some.At) != len(some.Places) {
			return errors.New("decode keys: places without their keys")
		}
		for i, p := range some.Places {
			if at := int(some.At[i]); n == len(t.keys.places) && at < n {
				t.keys.places[at] = p
			} else if place, _ := t.keys.pair(p.Hash); place.Count < p.Count {
				*place = p
			}
		}
	}
	return nil
}
