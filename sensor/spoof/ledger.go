package spoof

import "math"

// probable is the sum, in decibans, from which a claim is forged_probable: a likelihood ratio of a hundred.
const probable = 20

// ledger sums evidence: within a group the strongest row counts, up to the cap; groups add up.
type ledger struct {
	high, low [groupCount]float64
}

func (l *ledger) add(g group, decibans float64) {
	l.high[g] = max(l.high[g], min(decibans, caps[g]))
	l.low[g] = min(l.low[g], decibans)
}

// sum gives the total and how many groups speak for forging. Where a group holds both, the strongest of either sign count against each other.
func (l *ledger) sum() (total float64, positive int) {
	negative := 0.0
	for g := range groupCount {
		total += l.high[g]
		negative += l.low[g]
		if l.high[g] > 0 {
			positive++
		}
	}
	return round(total + max(negative, floor)), positive
}

// forged says whether the ledger makes a claim forged_probable (R4): +20 from two groups, or from the counters alone.
func (l *ledger) forged() bool {
	total, positive := l.sum()
	return total >= probable && (positive >= 2 || l.high[g2] >= probable)
}

// round keeps a tenth of a deciban: more would be pretence, and less depends on the order of sums.
func round(x float64) float64 { return math.Round(x*10) / 10 }

// posterior turns decibans into the probability that the address is forged, for three priors.
func posterior(decibans float64) Posterior {
	odds := math.Pow(10, decibans/10)
	at := func(prior float64) float64 {
		o := odds * prior / (1 - prior)
		return math.Round(o/(1+o)*1e4) / 1e4
	}
	return Posterior{at(0.1), at(0.5), at(0.9)}
}

// binomialTail is P(Bin(n, p) >= k).
func binomialTail(n, k int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		term := math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		if sum += term; float64(i) > float64(n)*p && term < sum*1e-9 {
			break // beyond the mode terms fall ever faster
		}
	}
	return min(sum, 1)
}

// improbability turns a probability into decibans.
func improbability(p float64) float64 {
	if p <= 0 {
		return math.Inf(1)
	}
	return -10 * math.Log10(p)
}
