package campaign

import (
	"cmp"
	"encoding/gob"
	"errors"
	"slices"
)

// savedBuckets is how many buckets of a similarity table are encoded at once.
const savedBuckets = 4096

// save writes the buckets that are not empty, in batches of savedBuckets places: for each its place, how many entries it has, and those.
func (s *similarity) save(enc *gob.Encoder) error {
	var some []uint32
	for from := 0; from < len(s.buckets); from += savedBuckets {
		some = some[:0]
		for at, b := range s.buckets[from:min(from+savedBuckets, len(s.buckets))] {
			some = b.append(some, uint32(from+at))
		}
		if err := enc.Encode(some); err != nil {
			return err
		}
	}
	return nil
}

// append appends what a bucket holds: its entries stand before the empty ones.
func (b *bucket) append(to []uint32, at uint32) []uint32 {
	n := 0
	for n < len(b) && b[n].owner != 0 {
		n++
	}
	if n == 0 {
		return to
	}
	to = append(to, at, uint32(n))
	for _, e := range b[:n] {
		to = append(to, e.tag, e.owner)
	}
	return to
}

// loadSimilar reads what save wrote of n buckets into a table. One of another size is made anew from the campaigns instead: what two
// campaigns of equal likeness share may then be another.
func (t *Tracker) loadSimilar(dec *gob.Decoder, table *similarity, n int, anew func(*record)) error {
	same := n == len(table.buckets)
	for from := 0; from < n; from += savedBuckets {
		var some []uint32
		if err := dec.Decode(&some); err != nil {
			return err
		}
		if !same {
			continue
		}
		if err := table.fill(some, len(t.records)); err != nil {
			return err
		}
	}
	if !same {
		t.eldestFirst(anew)
	}
	return nil
}

// fill puts a batch where it was. Owners are checked: they are used as places of campaigns.
func (s *similarity) fill(some []uint32, slots int) error {
	for len(some) > 0 {
		if len(some) < 2 || int(some[0]) >= len(s.buckets) || some[1] > uint32(len(bucket{})) || len(some) < int(2+2*some[1]) {
			return errors.New("decode buckets: one that is none")
		}
		b, n := &s.buckets[some[0]], int(some[1])
		some = some[2:]
		for i := range n {
			b[i] = entry{some[2*i], some[2*i+1]}
			if slot := b[i].owner & maxSlots; slot == 0 || int(slot) > slots {
				return errors.New("decode buckets: an entry of no campaign")
			}
		}
		some = some[2*n:]
	}
	return nil
}

// eldestFirst does something to all campaigns, the eldest first.
func (t *Tracker) eldestFirst(do func(*record)) {
	records := slices.DeleteFunc(slices.Clone(t.records), func(r *record) bool { return r == nil })
	slices.SortFunc(records, func(a, b *record) int { return cmp.Compare(a.born, b.born) })
	for _, r := range records {
		do(r)
	}
}

// resemble makes the entries of a campaign's representatives anew.
func (t *Tracker) resemble(r *record) {
	for _, rep := range r.reps {
		if !rep.Empty() {
			bands := bandsOf(rep)
			t.similar.add(bands[:], r)
		}
	}
}

// anchor makes the entries of a campaign's anchors anew.
func (t *Tracker) anchor(r *record) {
	if r.agreed != nil {
		t.anchors.add(t.lowest(r.agreed.anchors, indexed), r)
	}
}
