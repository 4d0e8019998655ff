package text

import (
	"crypto/sha256"
	"unsafe"
)

// window is the length of a shingle, in octets.
const window = 5

// Bins is how many registers a sketch has.
const Bins = 128

// maxLow is how many of a form's shingles are at hand without a Sorter: 72 in the mean, so that the lowest 48 are among them.
const (
	maxLow  = 128
	meanLow = 72
)

// newForm computes what depends on the normal form alone. It owns a copy of norm.
func newForm(norm []byte, s *Sorter) *Form {
	f := &Form{Norm: string(norm), Hash: sha256.Sum256(norm)}
	f.Name = f.Hash
	s.windows(f.Norm)
	f.sketch(s.all)
	f.Low = s.below()
	return f
}

// Form makes the form of a normal form that is at hand. Its name is that of a text that was not mended.
func (s *Sorter) Form(norm string) *Form { return newForm([]byte(norm), s) }

// FormOf makes a form of shingles alone, ascending and unique, which it then owns: of a text that is not at hand, or of windows of another kind.
func FormOf(shingles []uint32) *Form {
	f := &Form{shingles: shingles}
	f.sketch(shingles)
	f.Low = (&Sorter{all: shingles}).below()
	return f
}

// Empty says whether a form has no shingles: nothing was left of its text.
func (f *Form) Empty() bool { return f.full == 0 }

// Octets is about the memory of a form without its shingles, in octets. Each of those takes four more; there are fewer of them than octets in Norm, but for one.
func (f *Form) Octets() int64 {
	const rounding = 72 // what the runtime adds to three pieces of memory of odd sizes
	return int64(unsafe.Sizeof(*f)) + int64(len(f.Norm)+4*len(f.Low)) + rounding
}

// Sorted says whether the shingles of a form were made.
func (f *Form) Sorted() bool { return f.shingles != nil }

// mix is a fixed function from a window to 32 bits: the multiplier is Fibonacci's, the shifts bring its high bits down.
func mix(w uint64) uint32 {
	w *= 0x9e3779b97f4a7c15
	w ^= w >> 29
	w *= 0xbf58476d1ce4e5b9
	return uint32(w >> 32)
}

// sketch makes the one-permutation MinHash of shingles in any order, empty bins filled by optimal densification (Shrivastava 2017): each borrows from a bin that a
// fixed hash of its own number chooses. All ones if there are no shingles.
func (f *Form) sketch(shingles []uint32) {
	const empty = ^uint32(0)
	s := &f.Sketch
	for i := range s {
		s[i] = empty
	}
	for _, h := range shingles {
		s[h%Bins] = min(s[h%Bins], h/Bins) // never empty: seven bits less
	}
	if len(shingles) == 0 {
		return
	}
	full, borrowed := *s, 0
	for i := range s {
		if s[i] != empty {
			continue
		}
		borrowed++
		for try := uint64(1); s[i] == empty; try++ {
			s[i] = full[mix(uint64(i)<<32|try)%Bins]
		}
	}
	f.full = uint8(Bins - borrowed)
}

// The registers of sketches by which Unlike judges.
const (
	leastFull = 96 // of each sketch: where more are borrowed, chance has more part in them

	firstBins  = 48 // are looked at first: most pairs have hardly any in common
	leastFirst = 6  // of Jaccard .5 24 of those are equal, and 64 of all; less five standard errors, and
	leastEqual = 26 // less seven: not one pair in a million has fewer
)

// Unlike says, after a look at the sketches, that two forms are surely of a Jaccard below one half; false says nothing.
func (f *Form) Unlike(o *Form) bool {
	if min(f.full, o.full) < leastFull {
		return false
	}
	equal := equals(f.Sketch[:firstBins], o.Sketch[:firstBins])
	return equal < leastFirst || equal+equals(f.Sketch[firstBins:], o.Sketch[firstBins:]) < leastEqual
}

// equals is how many registers are equal.
func equals(a, b []uint32) (n int) {
	for i, x := range a[:len(b)] {
		if x == b[i] {
			n++
		}
	}
	return n
}

// Jaccard is the exact share of common shingles, 0 to 1, of two ascending unique lists; 0 where both are empty.
func Jaccard(a, b []uint32) float64 {
	common, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			common, i, j = common+1, i+1, j+1
		}
	}
	if len(a)+len(b) == 0 {
		return 0
	}
	return float64(common) / float64(len(a)+len(b)-common)
}
