package spoof

import (
	"math"
	"slices"
	"sync"
)

// The order test T1 (SPOOF-AND-CAMPAIGNS 4.1): do the values that n sources show in their first packets rise in the order of arrival, as one
// counter does? Where the values are exchangeable, whatever their distribution, the number of descents is distributed as in a random
// permutation (Eulerian numbers), exactly. Descents are counted once round, from the last value to the first too: a counter that runs on for
// less than one turn then has one, wherever it stood at the first packet, while a plain count has none or one as the wrap falls, which costs
// power.

// orderLooks are the sizes at which a cell is looked at: each is one more chance to be wrong, so that p is multiplied by their number.
var orderLooks = [...]int{10, 16, 32, 64, 128, 256, 512}

// minOrder is the fewest distinct values that the order test is made of.
const minOrder = 10

// eulerian gives P(at most d descents in a random permutation of n) for n up to maxFirst. It is computed once: half a millisecond, 1 MiB.
var eulerian = sync.OnceValue(func() [][]float64 {
	table := make([][]float64, maxFirst+1)
	row := []float64{1} // of n = 1: P(exactly k descents)
	for n := 1; n <= maxFirst; n++ {
		if n > 1 {
			row = nextEulerian(row, n)
		}
		cumulated, sum := make([]float64, n), 0.0
		for k, p := range row {
			sum += p
			cumulated[k] = min(sum, 1)
		}
		table[n] = cumulated
	}
	return table
})

// nextEulerian gives the distribution of descents for n from that for n-1: the n-th value goes to one of n places, k+1 of which add no
// descent to k. All terms are positive, so that nothing cancels; what is below 1e-300 becomes 0.
func nextEulerian(row []float64, n int) []float64 {
	next := make([]float64, n)
	for k, p := range row {
		next[k] += p * float64(k+1) / float64(n)
		next[k+1] += p * float64(n-1-k) / float64(n)
	}
	return next
}

// chance is the probability of at most d descents once round among n exchangeable distinct values; 1 where the test does not apply. Of the
// permutations of n, n A(n-1, d-1) have d: each rotation of one that begins with its highest value, which leaves n-1 in any order.
func chance(n, d int) float64 {
	if n < minOrder || n > maxFirst || d < 1 || d >= n {
		return 1
	}
	return eulerian()[n-1][d-1]
}

// roundDescents counts descents once round: those of neighbours, and that from the last value to the first.
func roundDescents(values []uint32) int {
	d := descents(values)
	if n := len(values); n > 1 && values[0] < values[n-1] {
		d++
	}
	return d
}

// descents counts the values that are lower than the one before.
func descents(values []uint32) int {
	d := 0
	for i := 1; i < len(values); i++ {
		if values[i] < values[i-1] {
			d++
		}
	}
	return d
}

// distinct drops every value that occurs more than once, all its occurrences: hosts with a constant show no counter, and of what remains each
// order stays as likely as any other (to keep the first occurrence would favour common values early). It gives the places of what it keeps.
func distinct(values []uint32) (kept []uint32, places []int) {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	kept, places = make([]uint32, 0, len(values)), make([]int, 0, len(values))
	for i, v := range values {
		at, _ := slices.BinarySearch(sorted, v)
		if at+1 == len(sorted) || sorted[at+1] != v {
			kept, places = append(kept, v), append(places, i)
		}
	}
	return kept, places
}

// constant says whether all values are the same: most tools count no calls.
func constant(values []uint32) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
}

// orderFound is what the order test found at the look where it was least likely.
type orderFound struct {
	p      float64 // corrected for the looks and for tries
	n, d   int     // values, descents from one to the next
	strict bool    // at the latest look the values rose nearly without exception
}

// order makes the order test at each look that the values reach and gives the most telling one. Tries is how many readings of the values are
// tested beside each other (two byte orders).
func order(values []uint32, tries int) orderFound {
	best := orderFound{p: 1}
	if constant(values) {
		return best
	}
	for _, look := range orderLooks {
		if look > len(values) {
			break
		}
		kept, _ := distinct(values[:look])
		if p := chance(len(kept), roundDescents(kept)) * float64(len(orderLooks)*tries); p < best.p {
			best = orderFound{p: p, n: len(kept), d: descents(kept)}
		}
		best.strict = len(kept) >= strictOrder && descents(kept) < len(kept)/strictOrder
	}
	return best
}

// orderWeight turns the chance of a test into decibans: 13 at 1e-6, 20 at 1e-8, 30 at 1e-12 (SPOOF-AND-CAMPAIGNS 2.3 E20), and between those
// as it lies between them. Above 1e-6 it is nothing: what breaks the null (hosts that rebooted together) was measured below that only.
func orderWeight(p float64) float64 {
	e := -math.Log10(max(p, 1e-300))
	switch {
	case e >= 12:
		return 30
	case e >= 8:
		return round(20 + (e-8)*2.5)
	case e > 6:
		return round(13 + (e-6)*3.5)
	}
	return 0
}
