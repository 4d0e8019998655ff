package spoof

import (
	"fmt"
	"math"
	"slices"
)

// counter is a value of a packet that some senders count up.
type counter uint8

const (
	counterID       counter = iota // IP-ID
	counterSwapped                 // IP-ID of a host that writes it in its own byte order
	counterSequence                // sequence number of the RPC call
	counterSerial                  // serial number of the RPC fragment
	counterPort                    // source port
)

// turn is the value at which a counter begins anew.
func (k counter) turn() float64 {
	if k == counterSequence {
		return 1 << 32
	}
	return counterTurn
}

// ahead is how far a counter must run from one value to another.
func (k counter) ahead(from, to uint32) float64 {
	if k == counterSequence {
		return float64(to - from)
	}
	return float64(uint16(to - from))
}

// series is the values of one counter in the first packets of a cell.
type series struct {
	kind   counter
	values []uint32
	places []int    // of the packets
	times  []int64  // of the packets, nanoseconds
	votes  []uint32 // the values that are tested
	voters []int    // where they stand among the values
}

// series reads a counter. Where no origin AS is known, each network has one vote, its first packet: else the address pool of one operator,
// behind which one machine sends without any forging, would rise as one counter among the packets of others.
func (c *cell) series(first []firstPacket, k counter) series {
	s := series{kind: k}
	s.values, s.places, s.times = make([]uint32, 0, len(c.places)), make([]int, 0, len(c.places)), make([]int64, 0, len(c.places))
	s.votes, s.voters = make([]uint32, 0, len(c.places)), make([]int, 0, len(c.places))
	for _, place := range c.places {
		f := &first[place]
		v, ok := f.value(k)
		if !ok {
			continue
		}
		if c.voting.has(place) {
			s.votes, s.voters = append(s.votes, v), append(s.voters, len(s.values))
		}
		s.values, s.places, s.times = append(s.values, v), append(s.places, place), append(s.times, f.at)
	}
	return s
}

// vote says which first packets have a vote.
func (c *cell) vote(first []firstPacket) {
	known, voted := c.systems(first), make(map[[4]byte]bool, len(c.places))
	for _, place := range c.places {
		if n := first[place].network; known || !voted[n] {
			voted[n] = true
			c.voting.add(place)
		}
	}
}

// systems says whether the origin AS of any source is known.
func (c *cell) systems(first []firstPacket) bool {
	return slices.ContainsFunc(c.places, func(place int) bool { return first[place].asn != 0 })
}

// kept gives the values that stand for the counter: of the votes those that do not repeat, and where they stand among the values.
func (s *series) kept() (values []uint32, at []int) {
	values, at = distinct(s.votes)
	for i := range at {
		at[i] = s.voters[at[i]]
	}
	return values, at
}

// maxGaps is how many mean steps a counter may run between two packets that follow each other: more happens to one in ten
// thousand even where the mean is a quarter too low.
const maxGaps = 12

// meanGap is the mean step of a counter whose values rise.
func (s *series) meanGap(kept []uint32) float64 {
	if len(kept) < 2 {
		return 0
	}
	way := float64(descents(kept))*s.kind.turn() + float64(kept[len(kept)-1]) - float64(kept[0])
	return max(way/float64(len(kept)-1), 1)
}

// rate is how fast the counter runs, a second: the median over neighbours, since between packets that lie far apart it may have wrapped unseen.
func (s *series) rate(kept []uint32, at []int) float64 {
	var rates []float64
	for i := 1; i < len(kept); i++ {
		if apart := s.times[at[i]] - s.times[at[i-1]]; apart > 0 {
			rates = append(rates, s.kind.ahead(kept[i-1], kept[i])/(float64(apart)/1e9))
		}
	}
	if len(rates) == 0 {
		return 0
	}
	slices.Sort(rates)
	return rates[len(rates)/2]
}

// line is a rising counter that was found.
type line struct {
	*series
	values []uint32
	at     []int // where they stand in the series
	mean   float64
	rate   float64
}

// members gives the packets whose values lie on the rising line: each between those before and after it. One that does not, as of a host that
// has its own counter and only the tool in common, shares nothing.
func (s *series) members() (in placeSet, last uint32, mean float64) {
	l := line{series: s}
	if l.values, l.at = s.kept(); len(l.values) == 0 {
		return in, 0, 0
	}
	l.rate = s.rate(l.values, l.at)
	in = l.fitting(false)
	var inner []uint32 // without those who have their own counter
	for i, v := range l.values {
		if in.has(s.places[l.at[i]]) {
			inner, last = append(inner, v), v
		}
	}
	l.mean = s.meanGap(inner)
	ends := l.fitting(true)
	in.with(&ends)
	if at := len(l.values) - 1; in.has(s.places[l.at[at]]) {
		last = l.values[at]
	}
	return in, last, l.mean
}

// fitting gives the packets that lie between two of the line; with the ends too, once the mean step is known.
func (l *line) fitting(ends bool) (in placeSet) {
	next := 0 // first of the line after the packet in hand
	for i := range l.series.values {
		for next < len(l.at) && l.at[next] <= i {
			next++
		}
		before := next - 1
		if before >= 0 && l.at[before] == i {
			before--
		}
		if (ends || before >= 0 && next < len(l.at)) && l.between(before, next, i) {
			in.add(l.places[i])
		}
	}
	return in
}

// between says whether a packet lies between two of the line, of which the first may be missing, or the second: then the step must be a usual
// one. Where the two lie so far apart that the counter turned round meanwhile, every value lies between them.
func (l *line) between(before, after, i int) bool {
	v := l.series.values[i]
	switch {
	case before < 0 && after >= len(l.values):
		return false
	case before < 0:
		return l.kind.ahead(v, l.values[after]) <= maxGaps*l.mean || l.turned(i, l.at[after])
	case after >= len(l.values):
		return l.kind.ahead(l.values[before], v) <= maxGaps*l.mean || l.turned(l.at[before], i)
	}
	a, b := l.values[before], l.values[after]
	if a <= b {
		return a <= v && v <= b || l.turned(l.at[before], l.at[after])
	}
	return v >= a || v <= b
}

// turned says whether the counter went half round or more between two packets.
func (l *line) turned(from, to int) bool {
	return l.rate*float64(l.times[to]-l.times[from])/1e9 >= l.kind.turn()/2
}

// tail is a counter that was found, as it stands now: sources that come after the last look, and those of which no first packet is kept, are
// measured by it.
type tail struct {
	Cell    uint64
	Kind    counter
	Last    uint32
	Other   uint32 // the last value that did not fit
	Strayed bool   // there is one
	Mean    float64
}

// What campaigns keep of counters that move: maxTails of tailCost octets.
const (
	maxTails = 8
	tailCost = 48
)

// fits moves the counter on to v if that is a usual step. After a pause, or where the tool was started anew, the first value is a stray; the
// second, if it follows the first, is where the counter stands now.
func (t *tail) fits(v uint32) bool {
	if gap := t.Kind.ahead(t.Last, v); gap <= maxGaps*t.Mean {
		t.Mean += (gap - t.Mean) / 32
		t.Last, t.Strayed, t.Mean = v, false, max(t.Mean, 1)
		return true
	}
	if t.Strayed && t.Kind.ahead(t.Other, v) <= maxGaps*t.Mean {
		t.Last, t.Strayed = v, false
		return true
	}
	t.Other, t.Strayed = v, true
	return false
}

// orderSigns makes the order test with each counter: E20 and E22.
func (c *cell) orderSigns(first []firstPacket) {
	c.orderSign(first, rowE20, caps[g2], counterID, counterSwapped)
	c.orderSign(first, rowE22, 25, counterSequence, counterSerial)
	c.orderSign(first, rowE22Port, 15, counterPort)
}

// orderSign makes the order test with the readings of one counter, and takes the one that rises best.
func (c *cell) orderSign(first []firstPacket, row rows, limit float64, kinds ...counter) {
	var s series
	best := orderFound{p: 1}
	for _, k := range kinds {
		t := c.series(first, k)
		if found := order(t.votes, len(kinds)); found.p < best.p {
			best, s = found, t
		}
	}
	weight := min(orderWeight(best.p), limit)
	if weight == 0 {
		return
	}
	in, _, _ := s.members()
	for _, place := range c.places {
		if first[place].fits&row != 0 {
			in.add(place) // it was a usual step when it came
		}
	}
	ok, most := c.spread(first, &in)
	if !ok {
		return
	}
	weight = min(weight, most)
	surely := s.keeps(&in) && (row != rowE22 || best.strict)
	if !surely {
		weight = min(weight, lockstep)
	}
	n := sign{row: row, weight: weight, alone: surely, kind: s.kind, in: in}
	n.says = best.sentence(c, first, &n)
	n.citeMembers(c, first)
	c.signs = append(c.signs, n)
}

// A tool counts its calls from 0. Bots that a command starts in one moment, and that the tool paces alike, then show nearly the same number at
// any time: their first packets rise together though each counts for itself, which the order test was never said to exclude. Their counts
// disagree by the jitter of start and pace, so that many packets close in time do not rise without exception; one counter does. Fewer than
// strictOrder values, or a descent for as many of them, weigh lockstep and make no emitter. (Not so with IP-IDs, which are also
// counted by whatever else a host sends, and wrap.)
const (
	strictOrder = 64
	lockstep    = 12
)

// keeps says whether nearly all values lie on the line, where there are enough to tell: seven in eight. IP-IDs that hosts count from one start
// at their own rates rise on the whole and disagree among neighbours.
func (s *series) keeps(in *placeSet) bool {
	if len(s.voters) < strictOrder {
		return true
	}
	n := 0
	for _, at := range s.voters {
		if in.has(s.places[at]) {
			n++
		}
	}
	return 8*n >= 7*len(s.voters)
}

// sentence says what the order test found.
func (o *orderFound) sentence(c *cell, first []firstPacket, s *sign) string {
	what := map[counter]string{
		counterID: "IP-IDs", counterSwapped: "IP-IDs (octets exchanged)", counterSequence: "RPC sequence numbers", counterSerial: "RPC serial numbers",
		counterPort: "source ports",
	}[s.kind]
	end := "one machine stands behind them."
	if !s.alone {
		end = "one process stands behind them, or many that were started together and keep pace; so this weighs less."
	}
	if s.weight == poolWeight && o.p < 1e-8 {
		end = "one machine stands behind them, but they lie so close that one operator's address pool would show the same; so this weighs less."
	}
	return fmt.Sprintf("The %s of the first packets of %d sources in %d networks rise as one counter (%s, chance below 1e-%d): %s",
		what, s.in.count(), c.networks(first, &s.in), wraps(o.d), exponent(o.p), end)
}

func wraps(d int) string {
	if d == 1 {
		return "1 wrap"
	}
	return fmt.Sprintf("%d wraps", d)
}

// exponent gives e so that p < 10^-e, at most 300.
func exponent(p float64) int { return int(min(math.Ceil(-math.Log10(max(p, 1e-300)))-1, 299)) }

// citeMembers names the first packets of a sign.
func (s *sign) citeMembers(c *cell, first []firstPacket) {
	for _, place := range c.places {
		if s.in.has(place) {
			s.cite(first[place].frame)
		}
	}
}
