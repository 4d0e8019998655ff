package spoof

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
)

// clockSpan is how far a clock in an activity UUID may be from the packet's time to be taken for one: a day either way. Chance gives that to
// one random UUID in 6,000, and E26 asks for equal constants around it as well.
const clockSpan = 24 * time.Hour

// uuidClock is a running clock in an activity UUID: a little-endian Unix time between octets that stay the same.
type uuidClock struct {
	offset uint8   // 0, 4, 8 or 12: where the time stands in the octets of a little-endian PDU
	rest   [8]byte // the half of the UUID that does not hold the time
	lag    float64 // seconds by which the clock is behind the packet's time
}

// findClock looks for a Unix time near the packet's own in an activity UUID.
func findClock(activity dcerpc.UUID, at time.Time) (uuidClock, bool) {
	octets := activity.Little()
	for offset := 0; offset < 16; offset += 4 {
		told := time.Unix(int64(binary.LittleEndian.Uint32(octets[offset:])), 0)
		if lag := at.Sub(told); lag < clockSpan && lag > -clockSpan {
			c := uuidClock{offset: uint8(offset), lag: lag.Seconds()}
			copy(c.rest[:], octets[8-offset/8*8:])
			return c, true
		}
	}
	return uuidClock{}, false
}

// sameTool says whether two clocks stand in UUIDs of one make.
func (c uuidClock) sameTool(o uuidClock) bool { return c.offset == o.offset && c.rest == o.rest }

// The rule of E26: k of n clocks within agreement of each other, more than synchronised seconds away from the true time, where an
// unsynchronised host would agree by chance with probability chanceAgree; less onePool where all k lie in one operator's network.
const (
	agreement    = 1.0
	synchronised = 2.0
	chanceAgree  = 1.0 / 120
	onePool      = 13
	poolCap      = 13
	clockCap     = 25
)

// clockGroup is the sources whose clocks lag by the same amount.
type clockGroup struct {
	decibans float64
	k, n     int
	from, to float64 // lags, seconds
	pool     bool    // all in one /16
	members  []int   // indices into the first packets
}

// clockGroups finds, for each first packet with a clock, the largest group that agrees with it. Packets without one have the zero group.
func clockGroups(first []firstPacket) []clockGroup {
	groups := make([]clockGroup, len(first))
	done := make([]bool, len(first))
	for i := range first {
		if !first[i].hasClock || done[i] {
			continue
		}
		var cell []int
		for j := i; j < len(first); j++ {
			if first[j].hasClock && first[j].clock.sameTool(first[i].clock) {
				cell, done[j] = append(cell, j), true
			}
		}
		slices.SortStableFunc(cell, func(a, b int) int { return compareLag(first[a].clock.lag, first[b].clock.lag) })
		agree(first, cell, groups)
	}
	return groups
}

func compareLag(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// agree slides a window of one second over the clocks of one tool, sorted by lag, and gives each clock the largest window that holds it.
func agree(first []firstPacket, cell []int, groups []clockGroup) {
	for lo := range cell {
		hi := lo
		for hi+1 < len(cell) && first[cell[hi+1]].clock.lag-first[cell[lo]].clock.lag <= agreement {
			hi++
		}
		from, to := first[cell[lo]].clock.lag, first[cell[hi]].clock.lag
		k := hi - lo + 1
		if k < 2 || math.Min(math.Abs(from), math.Abs(to)) <= synchronised || from < 0 && to > 0 {
			continue
		}
		members := slices.Clone(cell[lo : hi+1])
		g := clockGroup{k: k, n: len(cell), from: from, to: to, pool: inOnePool(first, members), members: members}
		g.decibans = clockWeight(g.k, g.n, g.pool)
		for _, i := range members {
			if g.k > groups[i].k {
				groups[i] = g
			}
		}
	}
}

// clockWeight is E26: how unlikely it is that k of n clocks agree by chance.
func clockWeight(k, n int, pool bool) float64 {
	w := improbability(binomialTail(n-1, k-1, chanceAgree))
	if pool {
		return round(max(0, min(w-onePool, poolCap)))
	}
	return round(min(w, clockCap))
}

// inOnePool says whether all sources lie in one /16, or /32 of IPv6: an operator's address pool shows one machine's clock behind many
// addresses without any forging.
func inOnePool(first []firstPacket, members []int) bool {
	for _, i := range members[1:] {
		if first[i].network != first[members[0]].network {
			return false
		}
	}
	return true
}

// fingerprint is what stays the same in the activity UUIDs of one tool (E24): the half around a running clock, or all of a frozen one. Two
// sources share it by chance only if the secret is guessed.
func fingerprint(secret inet.Secret, activity dcerpc.UUID, c uuidClock, hasClock bool) uint64 {
	if !hasClock {
		return secret.Sum(activity[:])
	}
	var octets [len(c.rest) + 1]byte
	copy(octets[:], c.rest[:])
	octets[len(c.rest)] = c.offset
	return secret.Sum(octets[:])
}
