package spoof

import (
	"fmt"
	"math"
	"slices"
)

// T3: the order of targets and the times of first packets (SPOOF-AND-CAMPAIGNS 2.4). A cell of minSweep sources or more shows a sweep where
// the same step leads from target to target for sweepShare of them, and a pace where as many gaps are the same within paceSpread.
const (
	minSweep   = 12
	sweepShare = 0.8
	paceSpread = 0.02
)

// sweepSigns are E25, E30 and E31, over all sources of the cell: order and pace belong to the whole.
func (c *cell) sweepSigns(first []firstPacket) {
	if len(c.places) < minSweep {
		return
	}
	var all placeSet
	for _, place := range c.places {
		all.add(place)
	}
	if ok, _ := c.spread(first, &all); !ok {
		return
	}
	step, swept := c.step(first)
	gap, paced := c.pace(first)
	if paced {
		c.say(first, rowE25, 5, all, fmt.Sprintf("The first packets of %d sources arrive %.2f s apart, within a fiftieth: one pacer sends what no source by itself would keep up.", len(c.places), gap))
	}
	if swept {
		c.say(first, rowE30, 6, all, fmt.Sprintf("Over %d sources the targets go on in steps of %d while the source changes: one controller gives the order.", len(c.places), step))
	}
	if swept && paced {
		c.say(first, rowE31, 10, all, fmt.Sprintf("Over %d sources the targets go on in steps of %d, %.2f s apart within a fiftieth: hosts that are told what to do do not keep such time.", len(c.places), step, gap))
	}
}

func (c *cell) say(first []firstPacket, row rows, weight float64, in placeSet, says string) {
	s := sign{row: row, weight: weight, in: in, finding: finding{says: says}}
	s.citeMembers(c, first)
	c.signs = append(c.signs, s)
}

// step gives the commonest step from one target to the next, and whether it makes a sweep. A step of 0 is none: the sensor has one target. The
// step of a sweep through few targets would come about by chance: the targets must be as many as the sources, nearly.
func (c *cell) step(first []firstPacket) (step int32, swept bool) {
	count, targets := map[int32]int{}, map[uint32]bool{}
	for i := 1; i < len(c.places); i++ {
		from, to := first[c.places[i-1]].dst, first[c.places[i]].dst
		if from != 0 && to != 0 {
			count[int32(to-from)]++
			targets[to] = true
		}
	}
	for d, n := range count {
		if n > count[step] || n == count[step] && d < step {
			step = d
		}
	}
	n := float64(len(c.places) - 1)
	return step, step != 0 && float64(count[step]) >= sweepShare*n && float64(len(targets)) >= sweepShare*n
}

// pace gives the median gap between first packets, in seconds, and whether nearly all are like it. Gaps below 10 ms are a burst, whose pace is
// the line's.
func (c *cell) pace(first []firstPacket) (gap float64, paced bool) {
	gaps := make([]float64, 0, len(c.places))
	for i := 1; i < len(c.places); i++ {
		gaps = append(gaps, float64(first[c.places[i]].at-first[c.places[i-1]].at)/1e9)
	}
	sorted := slices.Sorted(slices.Values(gaps))
	gap = sorted[len(sorted)/2]
	like := 0
	for _, g := range gaps {
		if math.Abs(g-gap) <= paceSpread*gap {
			like++
		}
	}
	return gap, gap >= 0.01 && float64(like) >= sweepShare*float64(len(gaps))
}
