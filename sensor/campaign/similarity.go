package campaign

import (
	"slices"

	"popupwatch/decoders/text"
)

// The bands of the sketch: 42 of three registers, so that forms of Jaccard .2, .3, .4, .5 meet with probability .29, .68, .94, .996.
const (
	bandCount     = 42
	bandRows      = 3
	maxCandidates = 6
)

type bandHashes [bandCount]uint64

func bandsOf(form *text.Form) (b bandHashes) {
	for i := range b {
		h := uint64(i+1) * 0x9e3779b97f4a7c15
		for _, register := range form.Sketch[i*bandRows : i*bandRows+bandRows] {
			h = (h ^ uint64(register)) * 0xbf58476d1ce4e5b9
			h ^= h >> 29
		}
		b[i] = h
	}
	return b
}

// similarity finds campaigns by bands of their sketches: buckets of four entries; a fifth pushes out the eldest. Entries of campaigns that went are not removed: they
// age out; a candidate is always compared exactly.
type similarity struct {
	buckets []bucket
	masks   []uint32 // of each bucket: which of 32 kinds of tags are in it; nil where most hashes are found
	hits    []candidate
	slots   []int32
}

type bucket [4]entry

// entry says that a campaign has a band with this tag; the zero entry is none. Owner is its slot plus one, and above that bits of its ordinal, so that an entry
// of a campaign that went is not taken for one of its successor in the slot.
type entry struct {
	tag   uint32
	owner uint32
}

// maxSlots is how many campaigns can be remembered, whatever the memory.
const (
	slotBits = 22
	maxSlots = 1<<slotBits - 1
)

func ownerOf(r *record) uint32 { return uint32(r.slot+1) | uint32(r.born)<<slotBits }

type candidate struct {
	slot int32
	hits int32
	born uint64
}

func newSimilarity(memory int64) *similarity {
	n := int64(64)
	for n*2*32 <= memory {
		n *= 2
	}
	return &similarity{buckets: make([]bucket, n)}
}

func (s *similarity) bucket(h uint64) *bucket { return &s.buckets[h&uint64(len(s.buckets)-1)] }

func (s *similarity) add(hashes []uint64, r *record) {
	owner := ownerOf(r)
	for _, h := range hashes {
		b, e := s.bucket(h), entry{uint32(h >> 32), owner}
		if b[0] == e || b[1] == e || b[2] == e || b[3] == e {
			continue
		}
		b[0], b[1], b[2], b[3] = e, b[0], b[1], b[2]
		if s.masks != nil {
			s.masks[h&uint64(len(s.masks)-1)] = b.mask()
		}
	}
}

func (b *bucket) mask() (m uint32) {
	for _, e := range b {
		if e.owner != 0 {
			m |= 1 << (e.tag & 31)
		}
	}
	return m
}

// sparse makes a table one where most hashes are not found.
func (s *similarity) sparse() *similarity {
	s.masks = make([]uint32, len(s.buckets))
	for i := range s.buckets {
		s.masks[i] = s.buckets[i].mask()
	}
	return s
}

// known keeps of hashes those that a sparse table may have. It looks at a small part of the memory alone.
func (s *similarity) known(hashes []uint64) []uint64 {
	found := hashes[:0]
	for _, h := range hashes {
		if s.may(h) != 0 {
			found = append(found, h)
		}
	}
	return found
}

// may is 1 where a sparse table may have a hash, else 0.
func (s *similarity) may(h uint64) int {
	return int(s.masks[h&uint64(len(s.masks)-1)] >> (h >> 32 & 31) & 1)
}

// has is about how many shingles a sparse table of anchors may have: repeated ones count each time.
func (s *similarity) has(shingles []uint32) (n int) {
	for _, shingle := range shingles {
		n += s.may(anchorHash(shingle))
	}
	return n
}

// maxHashes is how many hashes candidates looks for at most.
const maxHashes = 48

// candidates are the slots of at most most campaigns that share most hashes, ties to the elder. The slice is reused.
func (s *similarity) candidates(hashes []uint64, records []*record, most int) []int32 {
	s.hits, s.slots = s.hits[:0], s.slots[:0]
	var near [maxHashes]bucket // fetched first and together: one by one each would wait for the memory
	for i, h := range hashes {
		near[i] = *s.bucket(h)
	}
	for i, h := range hashes {
		for _, e := range &near[i] {
			if e.tag == uint32(h>>32) && e.owner != 0 {
				s.meet(e, records)
			}
		}
	}
	slices.SortFunc(s.hits, func(a, b candidate) int {
		if a.hits != b.hits {
			return int(b.hits - a.hits)
		}
		return int(int64(a.born - b.born))
	})
	for _, c := range s.hits[:min(len(s.hits), most)] {
		s.slots = append(s.slots, c.slot)
	}
	return s.slots
}

// meet counts a band that an entry shares, if its campaign is still there.
func (s *similarity) meet(e entry, records []*record) {
	if r := records[e.owner&maxSlots-1]; r != nil && ownerOf(r) == e.owner {
		s.hit(r.slot, r.born)
	}
}

func (s *similarity) hit(slot int32, born uint64) {
	for i := range s.hits {
		if s.hits[i].slot == slot {
			s.hits[i].hits++
			return
		}
	}
	s.hits = append(s.hits, candidate{slot, 1, born})
}
