package spoof

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactChance is P(at most d descents of n) in rational numbers, by the closed form of the Eulerian numbers.
func exactChance(n, d int) float64 {
	sum, term, choose := new(big.Int), new(big.Int), big.NewInt(1) // sum over j of (-1)^j C(n,j) (d+1-j)^n is n! P(D <= d)
	for j := 0; j <= d; j++ {
		term.Exp(big.NewInt(int64(d+1-j)), big.NewInt(int64(n)), nil)
		term.Mul(term, choose)
		if j%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
		choose.Mul(choose, big.NewInt(int64(n-j)))
		choose.Div(choose, big.NewInt(int64(j+1)))
	}
	p, _ := new(big.Rat).SetFrac(sum, new(big.Int).MulRange(1, int64(n))).Float64()
	return p
}

func TestTheEulerianTableIsExact(t *testing.T) {
	for _, n := range []int{10, 11, 16, 32, 64, 128, 300, 512} {
		for d := range n {
			if n >= 300 && d%9 != 0 {
				continue // in rational numbers that is work
			}
			got, want := eulerian()[n][d], exactChance(n, d)
			if math.Abs(got-want) > 1e-11*want && want > 1e-290 {
				t.Fatalf("n %d, d %d: %g, want %g", n, d, got, want)
			}
		}
	}
	if got := chance(12, 1); math.Abs(got-1/39916800.0) > 1e-18 {
		t.Errorf("twelve rising values: %g", got)
	}
	if chance(9, 1) != 1 || chance(513, 1) != 1 {
		t.Error("outside its bounds the test says something")
	}
}

// The count once round is that of all permutations.
func TestDescentsOnceRound(t *testing.T) {
	const n = 10
	counts, r := [n]int{}, rand.New(rand.NewPCG(6, 1))
	const trials = 200_000
	for range trials {
		v := make([]uint32, n)
		for i, x := range r.Perm(n) {
			v[i] = uint32(x)
		}
		counts[roundDescents(v)]++
	}
	sum := 0
	for d := 1; d < n-1; d++ {
		sum += counts[d]
		want := chance(n, d)
		if got := float64(sum) / trials; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/trials)+1e-5 {
			t.Errorf("at most %d: %.5f, want %.5f", d, got, want)
		}
	}
}

func TestEveryOccurrenceOfARepeatedValueIsDropped(t *testing.T) {
	kept, places := distinct([]uint32{5, 0, 7, 0, 9, 0, 5})
	if len(kept) != 2 || kept[0] != 7 || kept[1] != 9 || places[0] != 2 || places[1] != 4 {
		t.Errorf("%v at %v", kept, places)
	}
}

// The permutation null: whatever the values are, in a random order the test rejects at its level and no more often.
func TestTheOrderTestRejectsAtItsLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	values := map[string]func(n, i int) uint32{
		"one counter, shuffled":  func(_, i int) uint32 { return uint32(100 + 7*i) },
		"freshly booted":         func(_, _ int) uint32 { return r.Uint32N(4096) },
		"two fifths constant":    func(_, _ int) uint32 { return r.Uint32N(65536) * min(1, r.Uint32N(5)/2) },
		"heaped at powers of 10": func(_, _ int) uint32 { return uint32(math.Pow(10, r.Float64()*4.8)) },
	}
	const trials = 4000
	for name, value := range values {
		for _, n := range []int{16, 64, 512} {
			rejected := map[float64]int{}
			for range trials / (1 + n/100) {
				v := make([]uint32, n)
				for i := range v {
					v[i] = value(n, i)
				}
				r.Shuffle(n, func(a, b int) { v[a], v[b] = v[b], v[a] })
				p := order(v, 2).p
				for _, level := range []float64{0.05, 1e-6} {
					if p < level {
						rejected[level]++
					}
				}
			}
			at := float64(trials / (1 + n/100))
			if share := float64(rejected[0.05]) / at; share > 0.05+3*math.Sqrt(0.05*0.95/at) || rejected[1e-6] > 0 {
				t.Errorf("%s, n %d: %.4f rejected at 0.05, %d at 1e-6", name, n, share, rejected[1e-6])
			}
		}
	}
}

// The power of SPOOF-AND-CAMPAIGNS 4.1: one emitter whose counter advances by one a packet, of which a share is seen.
func TestTheOrderTestFindsOneCounter(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for _, c := range []struct {
		n     int
		share float64
		least float64
	}{{16, 1, 1}, {16, 0.002, 1}, {16, 0.0005, 0.99}, {32, 0.0005, 1}, {64, 0.0002, 1}} {
		found := 0
		const trials = 500
		for range trials {
			if order(emitted(r, c.n, c.share), 2).p < 1e-6 {
				found++
			}
		}
		t.Logf("n %d, visible share %g: power %.3f", c.n, c.share, float64(found)/trials)
		if float64(found)/trials < c.least {
			t.Errorf("n %d, visible share %g: found %d of %d", c.n, c.share, found, trials)
		}
	}
}

// emitted gives n values of a 16-bit counter, of which a share is seen.
func emitted(r *rand.Rand, n int, share float64) []uint32 {
	v, at := make([]uint32, n), r.Uint32()
	for i := range v {
		at += 1 + uint32(math.Log(1-r.Float64())/math.Log1p(-min(share, 1-1e-12)))
		v[i] = at & 0xffff
	}
	return v
}
