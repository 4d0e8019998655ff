package spoof

import (
	"fmt"
	"time"
)

// phaseSeen is what the phase test found in a cell. It is kept, not computed anew: a look costs, and a look that the budget did not pay for
// stays skipped.
type phaseSeen struct {
	Cell  uint64
	Found phaseFound // the least likely of its looks
	Done  int        // size of the cell at its last look, made or skipped
}

// phaseCost is what one takes, in octets.
const phaseCost = 96

// lookPhases makes the phase test in the cells that reached a look, and says whether it found anything new. A look that has no budget is
// skipped and counted in Judge.Unphased.
func (j *Judge) lookPhases(p *population, at time.Time) (found bool) {
	for i := range p.seen.cells {
		c := &p.seen.cells[i]
		look := 0
		for _, n := range phaseLooks {
			if n <= len(c.places) {
				look = n
			}
		}
		if look == 0 || c.unwrapped() {
			continue
		}
		if s := p.phase(c.key); s != nil && s.Done < look {
			s.Done = look
			found = j.lookPhase(p, c, s, look, at) || found
		}
	}
	return found
}

// unwrapped says whether the order test found one counter already: then the phase test has nothing to add.
func (c *cell) unwrapped() bool {
	for i := range c.signs {
		if c.signs[i].row == rowE20 && c.signs[i].weight >= 20 {
			return true
		}
	}
	return false
}

// phase gives what is kept of a cell; nil where there is no room.
func (p *population) phase(key uint64) *phaseSeen {
	for i := range p.phases {
		if p.phases[i].Cell == key {
			return &p.phases[i]
		}
	}
	if len(p.phases) >= maxCells {
		return nil
	}
	p.phases = append(p.phases, phaseSeen{Cell: key, Found: phaseFound{P: 1}})
	return &p.phases[len(p.phases)-1]
}

func (j *Judge) lookPhase(p *population, c *cell, s *phaseSeen, look int, at time.Time) bool {
	points := c.points(p.first, look)
	if len(points) < phaseLooks[0] || points[len(points)-1].at < minSpan.Seconds() {
		return false
	}
	if !j.phases.take(2*int64(phaseSteps(points[len(points)-1].at))*int64(len(points)), at) {
		j.Unphased++
		return false
	}
	before := s.Found.P
	for _, swapped := range [...]bool{false, true} {
		if f := coherence(points, 2*len(phaseLooks)); f.P < s.Found.P {
			f.Look, f.Swapped = look, swapped
			s.Found = f
		}
		for i := range points {
			points[i].value = points[i].value<<8 | points[i].value>>8
		}
	}
	return phaseWeight(s.Found.P) > phaseWeight(before)
}

// points are the IP-IDs of the first packets of a cell, repeated ones dropped, and their times. Where time runs backwards there are none.
func (c *cell) points(first []firstPacket, look int) []phasePoint {
	s := c.series(first, counterID)
	look = min(look, len(s.votes))
	kept, at := distinct(s.votes[:look])
	points := make([]phasePoint, len(kept))
	for i, v := range kept {
		points[i] = phasePoint{uint16(v), c.seconds(first, first[s.places[s.voters[at[i]]]].at)}
		if points[i].at < 0 || i > 0 && points[i].at < points[i-1].at {
			return nil
		}
	}
	return points
}

// seconds is a packet's time since the first packet of the cell.
func (c *cell) seconds(first []firstPacket, at int64) float64 {
	return float64(at-first[c.places[0]].at) / 1e9
}

// phaseSign is E21.
func (c *cell) phaseSign(p *population) {
	for i := range p.phases {
		s := &p.phases[i]
		weight := phaseWeight(s.Found.P)
		if s.Cell != c.key || weight == 0 {
			continue
		}
		n := sign{row: rowE21, phase: s.Found, alone: true}
		for _, place := range c.places {
			f := &p.first[place]
			if f.v4 && s.Found.coherent(f.id[0], c.seconds(p.first, f.at)) {
				n.in.add(place)
			}
		}
		ok, most := c.spread(p.first, &n.in)
		if !ok {
			return
		}
		n.weight = min(weight, most)
		n.says = fmt.Sprintf("The IP-IDs of the first packets of %d sources in %d networks keep step with one counter that runs at %.1f a second (chance below 1e-%d): one machine stands behind them.",
			n.in.count(), c.networks(p.first, &n.in), s.Found.Rate, exponent(s.Found.P))
		n.citeMembers(c, p.first)
		c.signs = append(c.signs, n)
		return
	}
}
