package main

import (
	"math"
	"slices"

	"popupwatch/rules"
)

// loose and fast are how strongly a weight is drawn to the one written by hand: the inverse of the variance that it may have, about
// two thirds of a point either way, or none. Looser ones fitted better and blamed more notices on texts held out.
const (
	loose = 2
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

// bounds are how small and how large a weight may get; it keeps the sign that its author gave it.
func bounds(c *coefficient) (low, high float64) {
	if c.hand < 0 {
		return -mostAgainst, -least
	}
	return least, mostForSpam
}

// bounded fits weights within their bounds: one that would leave them is held at the bound, and the others are fitted anew.
func bounded(all []sample, c []coefficient, t rules.Thresholds) []float64 {
	drawn := slices.Clone(c)
	for {
		w, left := logistic(all, drawn, t), false
		for i := range w {
			low, high := bounds(&c[i])
			if held := min(max(w[i], low), high); drawn[i].prior != fast && held != w[i] {
				drawn[i].hand, drawn[i].prior, left = held, fast, true
			}
		}
		if !left {
			return w
		}
	}
}

// rounded clips and rounds weights to halves.
func rounded(w []float64, c []coefficient) []float64 {
	out := make([]float64, len(w))
	for i := range w {
		low, high := bounds(&c[i])
		out[i] = min(max(math.Round(2*w[i])/2, low), high)
	}
	return out
}
