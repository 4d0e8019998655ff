package spoof

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// sparse gives n points of a steady counter over a span of seconds, whose rate wanders.
func sparse(r *rand.Rand, n int, span, rate, wander float64) []phasePoint {
	points, start := make([]phasePoint, n), r.Float64()*counterTurn
	times := make([]float64, n)
	for i := range times {
		times[i] = r.Float64() * span
	}
	slices.Sort(times)
	count, last, now := start, 0.0, rate
	for i, t := range times {
		count += now * (t - last)
		now = rate * (1 + wander*r.NormFloat64()*math.Sqrt(1/float64(n)))
		last = t
		points[i] = phasePoint{uint16(int64(count) % counterTurn), t - times[0]}
	}
	return points
}

const phaseTries = 8 // four looks, two byte orders

func TestThePhaseTestFindsASteadyCounter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, c := range []struct {
		n      int
		wander float64
		least  float64
	}{{20, 0, 0}, {32, 0, 0.99}, {64, 0, 1}, {64, 0.001, 0.9}} {
		const trials = 40
		found := map[float64]int{}
		for range trials {
			f := coherence(sparse(r, c.n, 3000, 500+1200*r.Float64(), c.wander), phaseTries)
			for _, level := range []float64{1e-4, 1e-6} {
				if f.P < level {
					found[level]++
				}
			}
		}
		t.Logf("n %d, wander %g: power %.2f at 1e-4, %.2f at 1e-6", c.n, c.wander, float64(found[1e-4])/trials, float64(found[1e-6])/trials)
		if float64(found[1e-6])/trials < c.least {
			t.Errorf("n %d: %d of %d", c.n, found[1e-6], trials)
		}
	}
}

// The permutation null, for values and times that are heaped as well: what is found after shuffling is found by chance.
func TestThePhaseTestRejectsAtItsLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for name, value := range map[string]func(i int) uint16{
		"uniform":        func(int) uint16 { return uint16(r.Uint32()) },
		"freshly booted": func(int) uint16 { return uint16(r.Uint32N(4096)) },
		"one counter":    func(i int) uint16 { return uint16(i * 911) },
		"two heaps":      func(i int) uint16 { return uint16(i%2*30000) + uint16(r.Uint32N(500)) },
	} {
		for _, n := range []int{16, 32, 128} {
			trials, rejected, far := 4000/n, 0, 0
			for range trials {
				points := sparse(r, n, 600, 1, 0)
				if r.IntN(2) == 0 { // a burst, and stragglers
					for i := range points[:n-2] {
						points[i].at /= 20
					}
				}
				values := make([]uint16, n)
				for i := range values {
					values[i] = value(i)
				}
				for i, at := range r.Perm(n) {
					points[i].value = values[at]
				}
				p := coherence(points, phaseTries).P
				if p < 0.05 {
					rejected++
				}
				if p < 1e-6 {
					far++
				}
			}
			at := float64(trials)
			if share := float64(rejected) / at; share > 0.05+3*math.Sqrt(0.05*0.95/at) || far > 0 {
				t.Errorf("%s, n %d: %.4f rejected at 0.05, %d at 1e-6", name, n, share, far)
			}
		}
	}
}

func TestThePhaseTestHasABudget(t *testing.T) {
	var b phaseBudget
	if !b.take(phaseBurst, noon) || b.take(1, noon) {
		t.Error("the burst is not what it is said to be")
	}
	if b.take(phaseRefill+1, noon.Add(time.Second)) || !b.take(phaseRefill, noon.Add(time.Second)) {
		t.Error("the refill is not what it is said to be")
	}
	if b.take(1, noon.Add(-time.Hour)) || b.take(phaseBurst+1, noon.Add(1000*time.Hour)) || !b.take(phaseBurst, noon.Add(1000*time.Hour)) {
		t.Error("time backwards refills, or more than a burst is kept")
	}
}

func BenchmarkPhaseLook(b *testing.B) {
	points := sparse(rand.New(rand.NewPCG(5, 1)), 128, 86400, 900, 0)
	operations := float64(phaseSteps(points[127].at) * 128)
	for b.Loop() {
		coherence(points, phaseTries)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/operations, "ns/operation")
}
