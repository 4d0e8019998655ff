package main

import (
	"math"

	"popupwatch/rules"
)

// loose and fast are how strongly a weight is drawn to the one written by hand: the inverse of the variance that it may have, about two points either way,
// or none.
const (
	loose = 0.25
	fast  = 1e9
)

// newtonSteps is more than it takes to converge.
const newtonSteps = 40

// logistic fits weights by Newton's method, L2-regularised towards those written by hand: a rule that no text tells anything about stays as it was. The
// intercept is fixed midway between the thresholds, so that scores keep their meaning: even odds there.
func logistic(all []sample, c []coefficient, t rules.Thresholds) []float64 {
	w := byHand(c)
	middle := (t.Suspect + t.Spam) / 2
	for range newtonSteps {
		gradient, hessian := make([]float64, len(w)), make([][]float64, len(w))
		for i := range w {
			gradient[i] = c[i].prior * (w[i] - c[i].hand)
			hessian[i] = make([]float64, len(w))
			hessian[i][i] = c[i].prior
		}
		for i := range all {
			accumulate(&all[i], w, middle, gradient, hessian)
		}
		step := solve(hessian, gradient)
		longest := 0.0
		for i := range w {
			longest = max(longest, math.Abs(step[i]))
		}
		for i := range w {
			w[i] -= step[i] / max(1, longest) // at most a point at a time, or Newton may run away
		}
		if longest < 1e-6 {
			break
		}
	}
	return w
}

// accumulate adds what one sample says of the slope and the curvature.
func accumulate(s *sample, w []float64, middle float64, gradient []float64, hessian [][]float64) {
	p := likelihood(score(s, w) - middle)
	y := 0.0
	if s.spam {
		y = 1
	}
	for _, i := range s.holds {
		gradient[i] += s.weight * (p - y)
		for _, j := range s.holds {
			hessian[i][j] += s.weight * p * (1 - p)
		}
	}
}

func likelihood(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }

func score(s *sample, w []float64) float64 {
	sum := 0.0
	for _, i := range s.holds {
		sum += w[i]
	}
	return sum
}

// solve gives x of a x = b by Cholesky's method; a is symmetric and positive, since the prior is.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	x := append([]float64(nil), b...)
	for i := range n {
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(sum)
			} else {
				a[i][j] = sum / a[j][j]
			}
		}
	}
	for i := range n {
		for k := range i {
			x[i] -= a[i][k] * x[k]
		}
		x[i] /= a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= a[k][i] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}

// byHand are the weights as authors wrote them.
func byHand(c []coefficient) []float64 {
	w := make([]float64, len(c))
	for i := range c {
		w[i] = c[i].hand
	}
	return w
}

// The bounds of a fitted weight. No rule makes spam alone; and none that speaks for a clean message outweighs a lure, or spam would borrow its words.
const (
	least       = 0.5
	mostForSpam = 4
	mostAgainst = 3
)

// rounded clips and rounds weights: to halves, never to the other sign, never to none.
func rounded(w []float64, c []coefficient) []float64 {
	out := make([]float64, len(w))
	for i := range w {
		size, most := math.Round(2*math.Abs(w[i]))/2, float64(mostForSpam)
		if w[i]*c[i].hand <= 0 {
			size = 0
		}
		if c[i].hand < 0 {
			most = mostAgainst
		}
		out[i] = math.Copysign(min(max(size, least), most), c[i].hand)
	}
	return out
}
