package text

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestShinglesAreSortedUniqueAndBounded(t *testing.T) {
	var sorter Sorter
	rapid.Check(t, func(t *rapid.T) {
		words := strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-z]{1,8}`)).Draw(t, "words"), " ")
		s := strings.Repeat(words+" ", rapid.SampledFrom([]int{1, 1, 2, 9, 200}).Draw(t, "times"))
		f := sorter.Form(Normalise(s))
		var want []uint32
		for i := range max(len(f.Norm)-window+1, min(len(f.Norm), 1)) {
			var w uint64
			for _, c := range []byte(f.Norm[i:min(i+window, len(f.Norm))]) {
				w = w<<8 | uint64(c)
			}
			want = append(want, mix(w))
		}
		slices.Sort(want)
		want = slices.Compact(want)
		got := sorter.Shingles(f)
		if !slices.Equal(got, want) || len(got) > maxNorm {
			t.Fatalf("%d shingles of %q, want %d", len(got), s, len(want))
		}
		if n := len(f.Norm); len(f.Low) > maxLow || n > 0 && n < meanLow && len(f.Low) != max(n-window+1, 1) {
			t.Fatalf("%d low ones of %q", len(f.Low), s)
		}
		for _, h := range f.Low {
			if _, ok := slices.BinarySearch(want, h); !ok {
				t.Fatalf("%#x is no shingle of %q", h, s)
			}
		}
		if alone := FormOf(want); alone.Sketch != f.Sketch || alone.Empty() != f.Empty() || alone.Octets() <= 0 {
			t.Fatalf("the form of the shingles of %q is another one", s)
		}
	})
}

func TestCrowdedBucketsAreSortedToo(t *testing.T) {
	var s Sorter
	for _, n := range []int{1, 2, 31, 32, 33, 1000, maxNorm} {
		var all []uint32
		for i := range n {
			all = append(all, uint32(n-i)/2) // all but one twice
		}
		want := slices.Clone(all)
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), s.sort(all)); diff != "" {
			t.Errorf("%d hashes (-want +got):\n%s", n, diff)
		}
	}
}

func TestSketchesAgreeAboutAsMuchAsTheTextsDo(t *testing.T) {
	var sorter Sorter
	for _, pair := range [][2]int{{0, 3}, {0, 2}, {8, 10}} {
		texts := realTexts(t)
		a, b := sorter.Form(Normalise(texts[pair[0]])), sorter.Form(Normalise(texts[pair[1]]))
		equal := 0
		for i := range a.Sketch {
			if a.Sketch[i] == b.Sketch[i] {
				equal++
			}
		}
		if exact, estimate := Jaccard(sorter.Shingles(a), sorter.Shingles(b)), float64(equal)/Bins; estimate < exact-0.15 || estimate > exact+0.15 {
			t.Errorf("texts %v: Jaccard %.2f, sketches agree in %.2f", pair, exact, estimate)
		}
	}
}

func TestLowShinglesAreAboutAsManyInEveryText(t *testing.T) {
	var sorter Sorter
	rnd := rand.New(rand.NewPCG(6, 2))
	for _, octets := range []int{100, 400, 4000} {
		sum := 0
		for range 200 {
			f := sorter.Form(randomText(rnd, octets))
			for i, h := range f.Low {
				if uint64(h)*uint64(octets-window+1) >= meanLow<<32 {
					t.Fatalf("shingle %d of a text of %d octets is %#x", i, octets, h)
				}
			}
			sum += len(f.Low)
		}
		if mean := sum / 200; mean < meanLow-3 || mean > meanLow+3 {
			t.Errorf("%d low shingles in texts of %d octets in the mean", mean, octets)
		}
	}
}

// TestUnlikeIsSaidOfNoPairThatIsHalfAlike makes pairs of every size that share somewhat more than half.
func TestUnlikeIsSaidOfNoPairThatIsHalfAlike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 1))
	random := func(n int) []uint32 {
		all := make([]uint32, n)
		for i := range all {
			all[i] = rnd.Uint32()
		}
		return all
	}
	form := func(parts ...[]uint32) *Form {
		all := slices.Concat(parts...)
		slices.Sort(all)
		return FormOf(slices.Compact(all))
	}
	said := 0
	for range 20_000 {
		n := 1 + rnd.IntN(600)
		common := random(n)
		own := n / 2 * rnd.IntN(2) // both have as much for themselves, or one has all
		a, b := form(common, random(own)), form(common, random(n-1-own))
		if a.Unlike(b) || b.Unlike(a) {
			t.Fatalf("two forms of %d common shingles are said to be unlike", n)
		}
		if form(random(n)).Unlike(form(random(n))) {
			said++
		}
	}
	if said < 10_000 {
		t.Errorf("said of %d pairs that have nothing in common", said)
	}
}
