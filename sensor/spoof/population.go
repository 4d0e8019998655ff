package spoof

import (
	"fmt"
	"time"
)

// population is what the sources of one campaign show together.
type population struct {
	campaign    string // its id; for probes and exploit attempts a name of class and hour
	class       string
	seq         uint32 // number of this population: its slot may have been another's before
	refs        int32  // open claims
	queued      bool   // waits among the idle
	sources     uint32
	submissions uint32
	hours       []int32       // hours in which it had claims, latest last, at most maxHours
	first       []firstPacket // at most maxFirst
	version     uint32        // grows when a look changed what follows
	phases      []phaseSeen   // what the phase test found, by cell, at most maxCells
	moving      []tail        // the counters that were found, as they stand now, at most maxTails
	triples     uint32        // sources that sent a third packet
	weighed     int           // octets, as Judge.held counts them
	seen        *common
}

// id is the campaign that documents name; empty for probes and exploit attempts.
func (p *population) id() string {
	if p.class != ClassPopup {
		return ""
	}
	return p.campaign
}

// maxHours is how many hours back a source's last claim is looked for.
const maxHours = 32

// common is what the last look found.
type common struct {
	clocks map[addrKey]clockGroup
	prints map[addrKey]*finding // E24, for sources that share their constants
	ttls   []ttlFinding         // E14, for the few TTLs that many share
	cells  []cell               // of one tool each, that hold minCell sources or more
	cellOf []uint8              // 1 + index into cells, for each first packet; 0 none
}

// ttlFinding is what an arrival TTL shows that sources of many networks share.
type ttlFinding struct {
	ttl    uint8
	weight float64
	finding
}

// atTTL is what that TTL shows; nil where few share it.
func (c *common) atTTL(ttl uint8) *ttlFinding {
	for i := range c.ttls {
		if c.ttls[i].ttl == ttl {
			return &c.ttls[i]
		}
	}
	return nil
}

// What a population takes besides populationCost, in octets, about: for each first packet, and for each source and finding of a look.
const (
	firstCost   = 208 // with what append keeps free, and its place in a cell
	sharedCost  = 176
	findingCost = 512
)

// octets is what the population takes.
func (p *population) octets() int {
	n := populationCost + len(p.first)*firstCost + len(p.phases)*phaseCost + len(p.moving)*tailCost
	if p.seen != nil {
		n += cellsCost(p.seen.cells)
		n += (len(p.seen.clocks)+len(p.seen.prints))*sharedCost + len(p.seen.ttls)*findingCost
	}
	return n
}

// finding is what several sources show together: the sentence, and the packets that show it, at most maxCited.
type finding struct {
	says   string
	frames []uint64
}

// maxCited is how many packets an evidence names.
const maxCited = 16

func (f *finding) cite(frame uint64) {
	if len(f.frames) < maxCited {
		f.frames = append(f.frames, frame)
	}
}

// looksAt says whether a population is looked at when it has that many first packets: at each up to 16 and at 18 and 20, so that a cell of
// which some packets have no vote still has its look at 16, then at each power of two and halfway to the next.
func looksAt(n int) bool {
	return n >= 2 && (n <= 16 || n == 18 || n == 20 || n&(n-1) == 0 || n%3 == 0 && n/3&(n/3-1) == 0)
}

// look computes what the first packets show together.
func (p *population) look() {
	p.seen = commonOf(p)
	p.version++
}

// commonOf computes what first packets show together; it depends on them and on what the phase test found, and on nothing else.
func commonOf(p *population) *common {
	first := p.first
	c := &common{clocks: map[addrKey]clockGroup{}, prints: sharedPrints(first)}
	for i, g := range clockGroups(first) {
		if g.k > 0 {
			c.clocks[first[i].source] = g
		}
	}
	c.countTTLs(first)
	c.findCells(p)
	return c
}

// sharedPrints finds the sources whose activity UUIDs hold the same constants (E24).
func sharedPrints(first []firstPacket) map[addrKey]*finding {
	count := map[uint64]int{}
	for i := range first {
		if print := first[i].print; print != 0 {
			count[print]++
		}
	}
	of, prints := map[addrKey]*finding{}, map[uint64]*finding{}
	for i := range first {
		f := &first[i]
		k := count[f.print]
		if k < 2 {
			continue
		}
		if prints[f.print] == nil {
			prints[f.print] = &finding{says: fmt.Sprintf("The activity UUIDs of %d sources hold the same constants: one tool made them, though not necessarily one machine.", k)}
		}
		prints[f.print].cite(f.frame)
		of[f.source] = prints[f.print]
	}
	return of
}

// minVotes is from how many networks an equal TTL says anything (E14). commonTTL is the share of hosts that the commonest hop count may
// cover: over the whole net it is a tenth, but bots of one region lie closer together, and a genuine botnet must not be taken for one emitter.
const (
	minVotes  = 5
	commonTTL = 0.2
)

// countTTLs weighs equal arrival TTLs over different /8s, one vote each, the first packet of the network: as unlikely as that so many of all
// votes fall on the commonest value.
func (c *common) countTTLs(first []firstPacket) {
	var voted [256]bool
	var votes [256]int
	all := 0
	for i := range first {
		if f := &first[i]; f.v4 && !voted[f.slash8] {
			voted[f.slash8] = true
			votes[f.ttl]++
			all++
		}
	}
	for ttl, k := range votes {
		if k < minVotes {
			continue
		}
		t := ttlFinding{ttl: uint8(ttl), weight: round(min(improbability(binomialTail(all-1, k-1, commonTTL)), caps[g1]))}
		t.says = fmt.Sprintf("Sources in %d of %d different /8 networks arrived with the same TTL %d: hosts so far apart are not equally far away, one emitter is.", k, all, ttl)
		t.citeVotes(first)
		c.ttls = append(c.ttls, t)
	}
}

// citeVotes names the packets that voted for a TTL.
func (t *ttlFinding) citeVotes(first []firstPacket) {
	var voted [256]bool
	for i := range first {
		f := &first[i]
		if !f.v4 || voted[f.slash8] {
			continue
		}
		voted[f.slash8] = true
		if f.ttl == t.ttl {
			t.cite(f.frame)
		}
	}
}

// once says whether the campaign's sources send one submission each, as invented addresses do (E32).
func (p *population) once() bool {
	return p.sources >= 50 && uint64(p.submissions)*10 <= uint64(p.sources)*11
}

// hour notes that the campaign has claims in an hour.
func (p *population) hour(h int32) {
	for _, known := range p.hours {
		if known == h {
			return
		}
	}
	if len(p.hours) >= maxHours {
		p.hours = append(p.hours[:0], p.hours[1:]...)
	}
	p.hours = append(p.hours, h)
}

// hourOf is the number of the hour since 1970 in which t lies.
func hourOf(t time.Time) int32 { return int32(t.Unix() / 3600) }
