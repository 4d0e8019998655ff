package text

import (
	"crypto/sha256"
	"math/bits"
	"slices"
)

// window is the length of a shingle, in octets.
const window = 5

// Bins is how many registers a sketch has.
const Bins = 128

// newForm computes what depends on the normal form alone. It owns a copy of norm.
func newForm(norm []byte, scratch *[]uint32) *Form {
	f := &Form{Norm: string(norm), Hash: sha256.Sum256(norm)}
	f.Shingles = shingles(f.Norm, scratch)
	f.Sketch = sketch(f.Shingles)
	return f
}

// size is the memory of a form, in octets, as the caches count it.
func (f *Form) size() int64 { return int64(len(f.Norm)+4*len(f.Shingles)) + 32 + 4*Bins + 64 }

// shingles are the hashes of all windows of five octets, ascending, unique; a shorter text is one window.
func shingles(norm string, scratch *[]uint32) []uint32 {
	if norm == "" {
		return nil
	}
	all := (*scratch)[:0]
	var w uint64
	for i := range len(norm) {
		w = (w<<8 | uint64(norm[i])) & (1<<(8*window) - 1)
		if i >= window-1 {
			all = append(all, mix(w))
		}
	}
	if len(all) == 0 {
		all = append(all, mix(w))
	}
	if len(all) > maxNorm {
		all = all[:maxNorm]
	}
	*scratch = all
	sorted := make([]uint32, len(all))
	spread(sorted, all)
	return slices.Clip(slices.Compact(sorted))
}

// mix is a fixed function from a window to 32 bits: the multiplier is Fibonacci's, the shifts bring its high bits down.
func mix(w uint64) uint32 {
	w *= 0x9e3779b97f4a7c15
	w ^= w >> 29
	w *= 0xbf58476d1ce4e5b9
	return uint32(w >> 32)
}

// crowd is how many shingles may share a bucket before spread sorts by comparing: texts made to collide would make insertion quadratic.
const crowd = 24

// spread sorts all into sorted: one pass into buckets by the high bits, about one hash to each, then insertion among neighbours.
func spread(sorted, all []uint32) {
	var starts [4097]uint16
	width := max(bits.Len(uint(len(all))), 1)
	shift := 32 - min(width, 12)
	for _, h := range all {
		starts[h>>shift+1]++
	}
	crowded := false
	for i := 1; i <= 1<<(32-shift); i++ {
		crowded = crowded || starts[i] > crowd
		starts[i] += starts[i-1]
	}
	for _, h := range all {
		sorted[starts[h>>shift]] = h
		starts[h>>shift]++
	}
	if crowded {
		slices.Sort(sorted)
		return
	}
	for i := 1; i < len(sorted); i++ {
		h, j := sorted[i], i
		for ; j > 0 && sorted[j-1] > h; j-- {
			sorted[j] = sorted[j-1]
		}
		sorted[j] = h
	}
}

// sketch is the one-permutation MinHash of the shingles, empty bins filled by optimal densification (Shrivastava 2017): each borrows from a bin that a
// fixed hash of its own number chooses. All ones if there are no shingles.
func sketch(shingles []uint32) (s [Bins]uint32) {
	const empty = ^uint32(0)
	for i := range s {
		s[i] = empty
	}
	var full [Bins]bool
	for _, h := range shingles {
		bin := h % Bins
		s[bin] = min(s[bin], h/Bins)
		full[bin] = true
	}
	if len(shingles) == 0 {
		return s
	}
	for i := range s {
		for try := uint64(1); !full[i] && s[i] == empty; try++ {
			if from := mix(uint64(i)<<32|try) % Bins; full[from] {
				s[i] = s[from]
			}
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
