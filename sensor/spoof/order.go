package spoof

import "sync"

// The order test T1 (SPOOF-AND-CAMPAIGNS 4.1): do the values that n sources show in their first packets rise in the order of arrival, as one
// counter does? Where the values are exchangeable, whatever their distribution, the number of descents is distributed as in a random
// permutation (Eulerian numbers), exactly.

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

// chance is the probability of at most d descents among n exchangeable distinct values; 1 where the test does not apply.
func chance(n, d int) float64 {
	if n < minOrder || n > maxFirst || d >= n {
		return 1
	}
	return eulerian()[n][d]
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
	count := make(map[uint32]int, len(values))
	for _, v := range values {
		count[v]++
	}
	for i, v := range values {
		if count[v] == 1 {
			kept, places = append(kept, v), append(places, i)
		}
	}
	return kept, places
}

// orderFound is what the order test found at the look where it was least likely.
type orderFound struct {
	p          float64 // corrected for the looks and for tries
	n, d, look int
}

// order makes the order test at each look that the values reach and gives the most telling one. Tries is how many readings of the values are
// tested beside each other (two byte orders).
func order(values []uint32, tries int) orderFound {
	best := orderFound{p: 1}
	for _, look := range orderLooks {
		if look > len(values) {
			break
		}
		kept, _ := distinct(values[:look])
		d := descents(kept)
		if p := chance(len(kept), d) * float64(len(orderLooks)*tries); p < best.p {
			best = orderFound{p, len(kept), d, look}
		}
	}
	return best
}

// orderWeight turns the chance of a test into decibans, in steps: below 1e-6 the null was measured, and the steps leave room for what breaks
// it (hosts that rebooted together, SPOOF-AND-CAMPAIGNS 2.3 E20).
func orderWeight(p float64) float64 {
	switch {
	case p < 1e-12:
		return 30
	case p < 1e-8:
		return 20
	case p < 1e-6:
		return 13
	}
	return 0
}
