package text

import (
	"math/bits"
	"slices"
)

// sorter makes shingles. Its buffers are reused.
type sorter struct {
	all    []uint32
	sorted []uint32
	starts [maxBuckets + 1]uint16
}

// maxBuckets is how many buckets a sorter has at most: two for each shingle of the longest form.
const maxBuckets = 2 * maxNorm

// shingles are the hashes of all windows of five octets, ascending, unique, at most maxNorm, owned; a shorter text is one window.
func (s *sorter) shingles(norm string) []uint32 {
	if norm == "" {
		return nil
	}
	s.all = s.all[:0]
	var w uint64
	for i := range min(window-1, len(norm)) {
		w = w<<8 | uint64(norm[i])
	}
	if len(norm) < window {
		return []uint32{mix(w)}
	}
	for i := window - 1; i < len(norm); i++ {
		w = (w<<8 | uint64(norm[i])) & (1<<(8*window) - 1)
		s.all = append(s.all, mix(w))
	}
	s.sort()
	return append([]uint32(nil), s.sorted...)
}

// crowd is how many shingles may share a bucket before sort compares instead: texts made to collide would make insertion quadratic.
const crowd = 32

// sort sorts all into sorted, each once: one pass into buckets by the high bits, two buckets for each hash, then insertion among neighbours.
func (s *sorter) sort() {
	buckets := min(1<<bits.Len(uint(2*len(s.all)-1)), maxBuckets)
	shift := 33 - bits.Len(uint(buckets))
	starts := s.starts[:buckets+1]
	clear(starts)
	for _, h := range s.all {
		starts[h>>shift+1]++
	}
	sizes, at := uint16(0), uint16(0)
	for i, n := range starts {
		sizes |= n
		at += n
		starts[i] = at
	}
	s.sorted = slices.Grow(s.sorted[:0], len(s.all))[:len(s.all)]
	for _, h := range s.all {
		place := &starts[h>>shift]
		s.sorted[*place] = h
		*place++
	}
	if sizes >= crowd {
		slices.Sort(s.sorted)
	} else {
		insertion(s.sorted)
	}
	s.sorted = slices.Compact(s.sorted)
}

// insertion sorts what is nearly sorted.
func insertion(list []uint32) {
	for i := 1; i < len(list); i++ {
		h, j := list[i], i
		for ; j > 0 && list[j-1] > h; j-- {
			list[j] = list[j-1]
		}
		list[j] = h
	}
}
