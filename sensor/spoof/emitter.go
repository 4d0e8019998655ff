package spoof

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
)

// A cell is the first packets of one tool in a campaign; in each, signs are looked for that one machine stands behind many addresses
// (SPOOF-AND-CAMPAIGNS 4). Bounds: minCell sources make a cell, a campaign has maxCells at most, in the order in which they began.
const (
	minCell  = 4
	maxCells = 16
)

// verdict is what a cell's signs come to (SPOOF-AND-CAMPAIGNS 4.4).
type verdict uint8

const (
	undetermined verdict = iota
	single               // one emitter
	multi                // several hosts: proves no member genuine, and only keeps the ledger from calling one forged
)

// placeSet is a set of first packets, by their place.
type placeSet [maxFirst / 64]uint64

func (s *placeSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *placeSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s *placeSet) with(o *placeSet) {
	for i := range s {
		s[i] |= o[i]
	}
}
func (s *placeSet) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// sign is one piece of evidence that sources of a cell share.
type sign struct {
	row    rows // rowVote: E14 within the cell, which counts for the verdict alone
	weight float64
	alone  bool // it makes the cell SINGLE by itself
	makes  bool // it makes the cell SINGLE, alone or with another: who shows it is a member of the emitter
	in     placeSet
	never  int // members that are never a sender
	kind   counter
	phase  phaseFound
	lag    int64 // E23: units of 100 ns
	node   [6]byte
	ttl    uint8
	finding
}

// cell is what the first packets of one tool show.
type cell struct {
	key     uint64
	places  []int    // in order of arrival
	voting  placeSet // those that the tests are made with
	signs   []sign
	verdict verdict
	members placeSet // of the emitter
	emitter string
	many    finding // what makes it MULTI
}

// What cells take, in octets, about.
const (
	cellCost = 384
	signCost = 576
)

func cellsCost(cells []cell) (n int) {
	for i := range cells {
		n += cellCost + len(cells[i].signs)*signCost
	}
	return n
}

// findCells parts first packets by tool and looks for what each cell shows. Packets whose activity UUID too few share, as where a tool makes a
// new one for each packet, go by what the headers hold besides.
func (c *common) findCells(p *population) {
	first, shared := p.first, map[uint64]int{}
	for i := range first {
		shared[first[i].key()]++
	}
	at := map[uint64]int{}
	var cells []cell
	for i := range first {
		key := first[i].key()
		if shared[key] < minCell {
			key = first[i].loose()
		}
		k, ok := at[key]
		if !ok {
			k, at[key] = len(cells), len(cells)
			cells = append(cells, cell{key: key})
		}
		cells[k].places = append(cells[k].places, i)
	}
	c.cellOf = make([]uint8, len(first))
	for i := range cells {
		if len(cells[i].places) >= minCell && len(c.cells) < maxCells {
			c.take(p, cells[i])
		}
	}
}

func (c *common) take(p *population, found cell) {
	c.cells = append(c.cells, found)
	for _, place := range found.places {
		c.cellOf[place] = uint8(len(c.cells))
	}
	c.cells[len(c.cells)-1].examine(p, c.ttls)
}

// examine looks for all signs of a cell and comes to its verdict.
func (c *cell) examine(p *population, ttls []ttlFinding) {
	c.vote(p.first)
	c.orderSigns(p.first)
	c.phaseSign(p)
	c.timeSign(p.first)
	c.sweepSigns(p.first)
	c.ttlVotes(p.first, ttls)
	for i := range c.signs {
		s := &c.signs[i]
		for _, place := range c.places {
			if s.in.has(place) && p.first[place].never {
				s.never++
			}
		}
	}
	c.judge(p)
}

// judge comes to the verdict. One counter or clock over unrelated networks is one emitter; so are two of: an equal TTL, a source that is never
// a sender among those who show a sign, one paced sweep. A population of hosts shows none of the three, and two agree by no accident.
func (c *cell) judge(p *population) {
	shows := rows(0)
	for i := range c.signs {
		shows |= c.signs[i].row
	}
	for i := range c.signs {
		s := &c.signs[i]
		s.makes = s.alone || s.never > 0 && s.row&(rowVote|rowE31) != 0 || s.row == rowVote && shows&rowE31 != 0
		if s.makes {
			c.verdict = single
			c.members.with(&s.in)
		}
	}
	switch {
	case c.verdict == single:
		c.emitter = c.id(p)
		c.neverSign(p.first)
	case c.manyCounters(p.first):
		c.verdict = multi
	}
}

// id names the emitter by its campaign and the first packet of its cell: equal for all its sources, and after a restart.
func (c *cell) id(p *population) string {
	f := &p.first[c.places[0]]
	h := sha256.New()
	h.Write([]byte("popupwatch emitter 1\x00" + p.campaign + "\x00"))
	h.Write(f.source[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(f.at)))
	h.Write(binary.BigEndian.AppendUint16(nil, f.id[0]))
	return "emt1-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:10]))
}

// neverSign is E40: an emitter that also writes source addresses which no sender has. A population of hosts contains none. Somebody who copies
// a botnet's packets with such sources blames nobody by it: it counts among those only who share the emitter's counter, clock or distance.
func (c *cell) neverSign(first []firstPacket) {
	e := sign{row: rowE40, weight: caps[g4]}
	never := 0
	for i := range c.signs {
		s := &c.signs[i]
		if s.makes && s.never > 0 {
			e.in.with(&s.in)
			never = max(never, s.never)
		}
	}
	if never == 0 {
		return
	}
	for _, place := range c.places {
		if f := &first[place]; e.in.has(place) && f.never {
			e.cite(f.frame)
		}
	}
	e.says = fmt.Sprintf("Of the %d sources of this emitter %d are never a sender: it invents addresses, and no population of hosts contains such.", e.in.count(), never)
	c.signs = append(c.signs, e)
}

// ttlVotes are the TTLs that sources of many networks share, for the verdict of the cell.
func (c *cell) ttlVotes(first []firstPacket, ttls []ttlFinding) {
	for i := range ttls {
		if ttls[i].weight < 13 {
			continue
		}
		s := sign{row: rowVote, ttl: ttls[i].ttl}
		for _, place := range c.places {
			if first[place].ttl == s.ttl {
				s.in.add(place)
			}
		}
		if ok, _ := c.spread(first, &s.in); ok {
			c.signs = append(c.signs, s)
		}
	}
}

// What sources must lie in to be no operator's address pool (SPOOF-AND-CAMPAIGNS 2.3 E20): networks are /16 (/32 of IPv6), operators are origin
// ASes. Without AS data an operator is a /8 (/24 of IPv6), and as one operator may have addresses in several, fewer than fiveEights count for
// less. No operator may hold more than half: else its pool, and some who fit by chance, would make the sign.
const (
	minNetworks  = 4
	minOperators = 3
	sureEights   = 5
	poolWeight   = 13
)

// spread says whether the sources of a set lie in unrelated networks, and what the weight of a sign is at most.
func (c *cell) spread(first []firstPacket, in *placeSet) (ok bool, limit float64) {
	networks, operators, eights := map[[4]byte]bool{}, map[uint32]int{}, map[uint32]int{}
	n, known := 0, 0
	for _, place := range c.places {
		if !in.has(place) {
			continue
		}
		f := &first[place]
		n++
		networks[f.network] = true
		eights[f.eight()]++
		if f.asn != 0 {
			operators[f.asn]++
			known++
		}
	}
	limit = caps[g2]
	if known == 0 {
		if operators, known = eights, n; len(eights) < sureEights {
			limit = poolWeight
		}
	}
	for _, k := range operators {
		if 2*k > known {
			return false, 0
		}
	}
	return len(networks) >= minNetworks && len(operators) >= minOperators, limit
}

// eight is what stands for an operator where no AS is known.
func (f *firstPacket) eight() uint32 {
	if f.v4 {
		return 1<<24 | uint32(f.slash8)
	}
	return uint32(f.network[0])<<16 | uint32(f.network[1])<<8 | uint32(f.network[2])
}

// networks counts the networks of a set.
func (c *cell) networks(first []firstPacket, in *placeSet) int {
	seen := map[[4]byte]bool{}
	for _, place := range c.places {
		if in.has(place) {
			seen[first[place].network] = true
		}
	}
	return len(seen)
}
