package text

import (
	"math/bits"
	"slices"
)

// Sorter makes shingles. The zero Sorter is ready; its buffers are reused. For one goroutine.
type Sorter struct {
	all    []uint32
	low    []uint32
	sorted []uint32
	starts [maxBuckets + 1]uint16
}

// maxBuckets is how many buckets a Sorter has at most: two for each shingle of the longest form.
const maxBuckets = 2 * maxNorm

// Shingles are the hashes of all windows of five octets of a form, ascending, unique, at most 4096; a shorter form is one window. They are made when they are first asked
// for, since most forms of a flood are never compared, and belong to the form from then on: read-only.
func (s *Sorter) Shingles(f *Form) []uint32 {
	if f.shingles == nil && f.Norm != "" {
		s.windows(f.Norm)
		f.shingles = slices.Clone(s.sort(s.all))
	}
	return f.shingles
}

// windows fills all with the hashes of the windows of a form, as they come.
func (s *Sorter) windows(norm string) {
	if s.all = s.all[:0]; norm == "" {
		return
	}
	var w uint64
	for i := range min(window-1, len(norm)) {
		w = w<<8 | uint64(norm[i])
	}
	if len(norm) < window {
		s.all = append(s.all, mix(w))
		return
	}
	s.all = slices.Grow(s.all, len(norm))[:len(norm)-window+1]
	for i := range s.all {
		w = (w<<8 | uint64(norm[i+window-1])) & (1<<(8*window) - 1)
		s.all[i] = mix(w)
	}
}

// below are the shingles among all that are below a bound under which 72 of them stand in the mean, at most 128. They are owned.
func (s *Sorter) below() []uint32 {
	if len(s.all) <= meanLow {
		return slices.Clone(s.all)
	}
	bound := uint64(meanLow) << 32 / uint64(len(s.all))
	low, n := slices.Grow(s.low[:0], len(s.all))[:len(s.all)], 0
	for _, h := range s.all {
		low[n] = h
		n += int((uint64(h) - bound) >> 63)
	}
	s.low = low
	return slices.Clone(low[:min(n, maxLow)])
}

// crowd is how many shingles may share a bucket before sort compares instead: texts made to collide would make insertion quadratic.
const crowd = 32

// sort gives some shingles each once, ascending: one pass into buckets by the high bits, two buckets for each, then insertion among neighbours. The slice is reused.
func (s *Sorter) sort(all []uint32) []uint32 {
	buckets := min(1<<bits.Len(uint(2*len(all)-1)), maxBuckets)
	shift := 33 - bits.Len(uint(buckets))
	starts := s.starts[:buckets+1]
	clear(starts)
	for _, h := range all {
		starts[h>>shift+1]++
	}
	sizes, at := uint16(0), uint16(0)
	for i, n := range starts {
		sizes |= n
		at += n
		starts[i] = at
	}
	s.sorted = slices.Grow(s.sorted[:0], len(all))[:len(all)]
	for _, h := range all {
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
	return s.sorted
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
