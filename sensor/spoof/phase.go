package spoof

import (
	"math"
	"time"
)

// The phase test T2 (SPOOF-AND-CAMPAIGNS 4.2): a sensor that sees few of an emitter's packets sees its counter wrap many times between them.
// A counter that runs at a steady rate R then still shows itself: turned back by R times the arrival time, the values fall together.

// phaseLooks are the sizes of a cell at which the phase test is made, once each.
var phaseLooks = [...]int{16, 32, 64, 128}

// The grid of rates: up to maxRate packets a second, in steps of a third of a turn over the whole span. The span is at least minSpan: at
// shorter ones even the fastest counter hardly wraps, and the order test says all there is to say.
const (
	counterTurn = 65536
	maxRate     = 3000.0
	minSpan     = time.Minute
)

// phaseBudget bounds the work of the phase test: an operation is one value at one rate, about 3 ns. What a burst does not pay for (a cell of
// 128 whose packets span more than two and a half days) is not looked at.
type phaseBudget struct {
	tokens int64
	at     int64 // packet time, nanoseconds
	begun  bool
}

// The budget: 2.5 ms of work for each second of packet time, 20 ms at once.
const (
	phaseRefill = 1_000_000 // operations a second
	phaseBurst  = 8_000_000 // operations
)

// take says whether there is budget for so many operations at a packet's time. Time that runs backwards refills nothing.
func (b *phaseBudget) take(operations int64, at time.Time) bool {
	now := at.UnixNano()
	if !b.begun {
		b.begun, b.at, b.tokens = true, now, phaseBurst
	}
	if passed := now - b.at; passed > 0 {
		b.at = now
		refill := int64(math.Min(float64(passed)*phaseRefill/1e9, phaseBurst))
		b.tokens = min(b.tokens+refill, phaseBurst)
	}
	if operations > b.tokens {
		return false
	}
	b.tokens -= operations
	return true
}

// phasePoint is one value of a 16-bit counter and its packet's time in seconds since the first.
type phasePoint struct {
	value uint16
	at    float64
}

// phaseFound is the rate at which values fall together best.
type phaseFound struct {
	P       float64 // corrected for grid, looks and byte orders
	N       int     // values used
	Look    int     // size of the cell
	Rate    float64 // packets a second
	Phase   float64 // of the counter at the first packet, in turns
	Swapped bool    // octets of the value exchanged
}

// phaseSteps is how many rates the grid has for a span of seconds.
func phaseSteps(span float64) int { return int(maxRate * 3 * span / counterTurn) }

// coherence searches the grid for the rate at which points fall together. The phasors are centred: under exchangeable values the sum then has
// mean 0 at every rate, however values and times are heaped (hosts that just booted, bursts), and its square over its variance is
// exponential or lighter. Rates at which the counter makes less than a quarter turn for each value are left out: hosts that rebooted together
// keep step for that long at rates of their own, and the order test sees such a counter rise.
func coherence(points []phasePoint, looks int) phaseFound {
	f := phaseFound{P: 1, N: len(points)}
	span := points[len(points)-1].at
	step := counterTurn / (3 * span)
	steps := phaseSteps(span)
	turned, variance := centred(points)
	least := 3 * len(points) / 4 // a quarter turn for each value
	if variance < 1e-9 || steps <= least {
		return f
	}
	best, at := scan(points, turned, step*float64(least), step, steps-least)
	fine, fineAt := scan(points, turned, at-step, step/16, 32) // a finer rate holds for longer
	if fine > best {
		best, at = fine, fineAt
	}
	f.Rate = at
	f.P = math.Min(float64(steps)*float64(looks)*math.Exp(-best/variance), 1)
	f.Phase = meanPhase(points, at)
	return f
}

// centred gives the phasors less their mean, and the variance of their sum under a random order.
func centred(points []phasePoint) (out []complex128, variance float64) {
	n := float64(len(points))
	out = make([]complex128, len(points))
	mean := complex(0, 0)
	for i, p := range points {
		s, c := math.Sincos(2 * math.Pi * float64(p.value) / counterTurn)
		out[i] = complex(c, s)
		mean += out[i] / complex(n, 0)
	}
	for i := range out {
		out[i] -= mean
		variance += real(out[i])*real(out[i]) + imag(out[i])*imag(out[i])
	}
	return out, variance * n / (n - 1)
}

// scan gives the largest squared sum over steps rates above from, and its rate.
func scan(points []phasePoint, phasors []complex128, from, step float64, steps int) (best, rate float64) {
	turned, turn := make([]complex128, len(points)), make([]complex128, len(points))
	for i, p := range points {
		s, c := math.Sincos(-2 * math.Pi * from * p.at / counterTurn)
		turned[i] = phasors[i] * complex(c, s)
		s, c = math.Sincos(-2 * math.Pi * step * p.at / counterTurn)
		turn[i] = complex(c, s)
	}
	for k := 1; k <= steps; k++ {
		sum := complex(0, 0)
		for i := range turned {
			turned[i] *= turn[i]
			sum += turned[i]
		}
		if z := real(sum)*real(sum) + imag(sum)*imag(sum); z > best {
			best, rate = z, from+step*float64(k)
		}
	}
	return best, rate
}

// meanPhase is the phase that points have in the mean at a rate, in turns, 0 to 1.
func meanPhase(points []phasePoint, rate float64) float64 {
	x, y := 0.0, 0.0
	for _, p := range points {
		s, c := math.Sincos(2 * math.Pi * (float64(p.value) - rate*p.at) / counterTurn)
		x, y = x+c, y+s
	}
	turns := math.Atan2(y, x) / (2 * math.Pi)
	return turns - math.Floor(turns)
}

// coherent says whether a value at a time, in seconds since the first packet, lies within a quarter turn of the counter that was found.
func (f *phaseFound) coherent(value uint16, at float64) bool {
	if f.Swapped {
		value = value<<8 | value>>8
	}
	turns := (float64(value)-f.Rate*at)/counterTurn - f.Phase
	return math.Abs(turns-math.Round(turns)) <= 0.25
}

// phaseWeight turns the chance of the phase test into decibans, as that of the order test, up to 20.
func phaseWeight(p float64) float64 { return min(orderWeight(p), 20) }
