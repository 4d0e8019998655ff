package spoof

import "fmt"

// MULTI (SPOOF-AND-CAMPAIGNS 4.4): minMany sources have a counter each. A source has one where its first three IP-IDs rise by at most
// ownStep in all, within ownSpan. Counters are different where, at one moment, they stand further apart than any of them moved.
const (
	minMany = 5
	ownStep = 2048
	ownSpan = int64(900e9) // 15 minutes, nanoseconds
)

// own says whether a source showed a counter of its own, or one that many sources share and that hardly moved meanwhile.
func (f *firstPacket) own() bool {
	if int(f.followed) < len(f.id) || !f.v4 || f.third-f.at > ownSpan || f.third < f.at {
		return false
	}
	a, b := f.id[1]-f.id[0], f.id[2]-f.id[1]
	return a > 0 && b > 0 && a <= ownStep && b <= ownStep-a
}

// manyCounters says whether minMany sources of the cell, all of which sent before and after one moment, stand apart.
func (c *cell) manyCounters(first []firstPacket) bool {
	for _, at := range c.places {
		if !first[at].own() {
			continue
		}
		moment := first[at].at // the first packet of one is a moment of all that began before and went on
		var apart []int
		for _, place := range c.places {
			f := &first[place]
			if f.own() && f.at <= moment && f.third >= moment && standsApart(first, apart, f) {
				apart = append(apart, place)
			}
		}
		if len(apart) >= minMany {
			c.many.says = fmt.Sprintf("%d sources have a counter of IP-IDs each, which stand apart at one moment: several hosts send this, or somebody who takes that trouble; so the ledger calls none of them forged.", len(apart))
			for _, place := range apart {
				c.many.cite(first[place].frame)
			}
			return true
		}
	}
	return false
}

// standsApart says whether a counter is further than ownStep from each of the others, either way round.
func standsApart(first []firstPacket, others []int, f *firstPacket) bool {
	for _, o := range others {
		if d := f.id[0] - first[o].id[0]; d <= 2*ownStep || -d <= 2*ownStep {
			return false
		}
	}
	return true
}
