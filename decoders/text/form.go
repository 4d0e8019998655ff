package text

import (
	"crypto/sha256"
)

// window is the length of a shingle, in octets.
const window = 5

// Bins is how many registers a sketch has.
const Bins = 128

// newForm computes what depends on the normal form alone. It owns a copy of norm.
func newForm(norm []byte, s *sorter) *Form {
	f := &Form{Norm: string(norm), Hash: sha256.Sum256(norm)}
	f.Name = f.Hash
	f.Shingles = s.shingles(f.Norm)
	f.Sketch = sketch(f.Shingles)
	return f
}

// size is the memory of a form, in octets, as the caches count it.
func (f *Form) size() int64 { return int64(len(f.Norm)+4*len(f.Shingles)) + 64 + 4*Bins + 64 }

// mix is a fixed function from a window to 32 bits: the multiplier is Fibonacci's, the shifts bring its high bits down.
func mix(w uint64) uint32 {
	w *= 0x9e3779b97f4a7c15
	w ^= w >> 29
	w *= 0xbf58476d1ce4e5b9
	return uint32(w >> 32)
}

// sketch is the one-permutation MinHash of the shingles, empty bins filled by optimal densification (Shrivastava 2017): each borrows from a bin that a
// fixed hash of its own number chooses. All ones if there are no shingles.
func sketch(shingles []uint32) (s [Bins]uint32) {
	const empty = ^uint32(0)
	for i := range s {
		s[i] = empty
	}
	for _, h := range shingles {
		s[h%Bins] = min(s[h%Bins], h/Bins) // never empty: seven bits less
	}
	if len(shingles) == 0 {
		return s
	}
	full := s
	for i := range s {
		for try := uint64(1); s[i] == empty; try++ {
			s[i] = full[mix(uint64(i)<<32|try)%Bins]
		}
	}
	return s
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
