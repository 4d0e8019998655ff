package spoof

import (
	"fmt"
	"math"
	"slices"
)

// E23: version-1 activity UUIDs of one node (an Ethernet address) whose clock lags behind the packets by the same amount while it runs. A
// template whose clock stands still lags more and more (E24). The sources must show it within timeWindow of each other: a laptop that is
// carried about has many addresses in a month, but not in an hour.
const (
	timeWeight = 25
	timeAgree  = 1e7 // units of 100 ns: 1 s
	timeWindow = int64(3600e9)
	// uuidEpoch is 1970 in the time of UUIDs, in units of 100 ns since 1582 (RFC 4122).
	uuidEpoch = 0x01b21dd213814000
)

// lag is how far the clock of a version-1 UUID is behind its packet, in units of 100 ns.
func lag(ticks, at int64) int64 { return at/100 + uuidEpoch - ticks }

// timeSign is E23. The largest group of one node and one lag counts.
func (c *cell) timeSign(first []firstPacket) {
	var found sign
	best := 0
	for _, place := range c.places {
		f := &first[place]
		if f.ticks == 0 || found.in.has(place) {
			continue
		}
		s := sign{row: rowE23, weight: timeWeight, alone: true, node: f.node, lag: lag(f.ticks, f.at)}
		s.in = c.sameClock(first, &s)
		if n := s.in.count(); n > best && c.ran(first, &s.in) && c.atOnce(first, &s.in) {
			best, found = n, s
		}
	}
	ok, most := c.spread(first, &found.in)
	if best < minCell || !ok {
		return
	}
	found.weight = min(found.weight, most)
	found.says = fmt.Sprintf("The activity UUIDs of %d sources in %d networks name one network card, %x, and its one running clock: one machine stands behind them.",
		best, c.networks(first, &found.in), found.node)
	found.citeMembers(c, first)
	c.signs = append(c.signs, found)
}

// shows says whether a UUID is of the node and clock of a sign.
func (s *sign) shows(f *firstPacket) bool {
	return f.ticks != 0 && f.node == s.node && math.Abs(float64(lag(f.ticks, f.at)-s.lag)) <= timeAgree
}

func (c *cell) sameClock(first []firstPacket, s *sign) (in placeSet) {
	for _, place := range c.places {
		if s.shows(&first[place]) {
			in.add(place)
		}
	}
	return in
}

// ran says whether the clock went on by a multiple of what lags may differ by, so that it is no template's.
func (c *cell) ran(first []firstPacket, in *placeSet) bool {
	low, high := int64(math.MaxInt64), int64(0)
	for _, place := range c.places {
		if in.has(place) {
			low, high = min(low, first[place].ticks), max(high, first[place].ticks)
		}
	}
	return high-low > 4*timeAgree
}

// atOnce says whether some timeWindow holds sources of unrelated networks.
func (c *cell) atOnce(first []firstPacket, in *placeSet) bool {
	var places []int
	for _, place := range c.places {
		if in.has(place) {
			places = append(places, place)
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return int(min(max(first[a].at-first[b].at, -1), 1)) })
	for lo := 0; lo < len(places); lo += max(1, len(places)/16) {
		var window placeSet
		for _, place := range places[lo:] {
			if first[place].at-first[places[lo]].at <= timeWindow {
				window.add(place)
			}
		}
		if ok, _ := c.spread(first, &window); ok {
			return true
		}
	}
	return false
}
