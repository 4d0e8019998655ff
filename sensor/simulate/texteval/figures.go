package texteval

import (
	"math/rand/v2"
	"slices"
)

// Key names a measure: of which stream, by which engine, of which part of it.
type Key struct {
	Stream, Engine, Measure string
}

// share is what one seed came to: a sum over a count.
type share struct{ sum, count float64 }

// counts are the measures of one seed.
type counts map[Key]share

func (c counts) add(k Key, sum, count float64) {
	s := c[k]
	c[k] = share{s.sum + sum, s.count + count}
}

// Figures are the measures of all seeds.
type Figures struct {
	seeds  int
	series map[Key][]share
}

// take adds one more seed.
func (f *Figures) take(c counts) {
	f.seeds++
	for k, s := range c {
		f.series[k] = append(f.series[k], s)
	}
}

// Interval is a figure and where it lies with 95 % confidence.
type Interval struct {
	Value, Low, High float64
	Sum, Count       float64
}

// resamples is how many times the seeds are drawn anew.
const resamples = 1000

// Get is a measure with its interval: a percentile bootstrap over seeds. It is false where nothing was counted.
func (f *Figures) Get(k Key) (Interval, bool) {
	all := f.series[k]
	total := sumOf(all, func(i int) int { return i })
	if total.count == 0 {
		return Interval{}, false
	}
	out := Interval{Value: total.sum / total.count, Sum: total.sum, Count: total.count}
	r := rand.New(rand.NewPCG(1, 2))
	var values []float64
	for range resamples {
		if s := sumOf(all, func(int) int { return r.IntN(len(all)) }); s.count > 0 {
			values = append(values, s.sum/s.count)
		}
	}
	slices.Sort(values)
	out.Low, out.High = values[len(values)*25/1000], values[len(values)*975/1000]
	return out, true
}

func sumOf(all []share, which func(i int) int) (total share) {
	for i := range all {
		s := all[which(i)]
		total.sum += s.sum
		total.count += s.count
	}
	return total
}
