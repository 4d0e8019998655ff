package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
)

// UpperBound is the upper end of the 95 % interval of a rate of which k were seen in n: 3/n for none. It is one-sided, of a Poisson law.
func UpperBound(k, n uint64) float64 {
	if n == 0 {
		return 1
	}
	low, high := 0.0, float64(k)*2+20
	for range 60 {
		middle := (low + high) / 2
		if poissonBelow(k, middle) > 0.05 {
			low = middle
		} else {
			high = middle
		}
	}
	return min(1, high/float64(n))
}

// poissonBelow is P(X <= k) for a mean.
func poissonBelow(k uint64, mean float64) float64 {
	if k > 500 {
		return 0.5 * math.Erfc((mean-float64(k)-0.5)/math.Sqrt(2*max(mean, 1)))
	}
	term := math.Exp(-mean)
	sum := term
	for i := uint64(1); i <= k; i++ {
		term *= mean / float64(i)
		sum += term
	}
	return sum
}

// resamples is how often the seeds are drawn anew for an interval.
const resamples = 400

// Interval is the 95 % interval of a share by drawing its seeds anew, with the same seeds the same; ok is false for fewer than five.
func (s *Share) Interval() (low, high float64, ok bool) {
	if len(s.seeds) < 5 {
		return 0, 0, false
	}
	r := rand.New(rand.NewPCG(1, uint64(len(s.seeds))))
	values := make([]float64, 0, resamples)
	for range resamples {
		var drawn Share
		for range s.seeds {
			one := s.seeds[r.IntN(len(s.seeds))]
			drawn.Of, drawn.Are = drawn.Of+one.Of, drawn.Are+one.Are
		}
		values = append(values, part(drawn.Are, drawn.Of))
	}
	slices.Sort(values)
	return values[resamples/40], values[resamples-1-resamples/40], true
}
