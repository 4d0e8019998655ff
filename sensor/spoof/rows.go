package spoof

import "fmt"

// rows is a set of rows of the ledger.
type rows uint64

// The rows that one packet or one campaign gives. Weights and groups: SPOOF-AND-CAMPAIGNS 2.
const (
	rowE10 rows = 1 << iota
	rowE11
	rowE43
	rowE61
	rowE63
	rowE63Sum
	rowE63Windows
	rowE04
	rowE14 // from here on: what a campaign shows
	rowE24
	rowE26
	rowE32
	rowR1
	rowR1b
	rowSelf
	rowE12 // from here on: what proven traffic and answers show
	rowE13
	rowE50
	rowE51
	rowE52
	rowE53
	rowE54
	rowE60
	rowProven  // it proved itself, in this run or before
	rowReached // it received what our hosts sent, about something else
	rowSpam    // one of its messages is spam: no evidence, a gate
	rowE15
	rowE03
	rowE20 // from here on: what a cell of a campaign shows (emitter.go)
	rowE21
	rowE22
	rowE22Port
	rowE23
	rowE25
	rowE30
	rowE31
	rowE40
	rowVote   // an equal TTL within a cell: no row of its own, it counts for the verdict
	rowMember // the source is one of an emitter's
)

// orderRows come of a counter that moves on; emitterRows are what sources of a cell share.
const (
	orderRows   = rowE20 | rowE22 | rowE22Port
	emitterRows = orderRows | rowE21 | rowE23 | rowE25 | rowE30 | rowE31 | rowE40
)

// packetRows is how many rows come from single packets: the first bits.
const packetRows = 8

// group is a set of rows that depend on one another: the strongest counts, up to the cap of the group.
type group uint8

// The groups: time to live, counters, order and timing, population, answers, campaign.
const (
	g1 group = iota
	g2
	g3
	g4
	g5
	g6
	groupCount
)

var groupNames = [groupCount]string{"G1", "G2", "G3", "G4", "G5", "G6"}

// caps bound what a group can add, in decibans; floor what all evidence against forging can take away.
var caps = [groupCount]float64{20, 30, 10, 20, 13, 13}

const floor = -10

// row is one line of the catalogue. A weight of 0 is computed from the campaign.
type row struct {
	bit    rows
	id     string
	group  group
	weight float64
}

// rowTable is the catalogue, in the order in which evidence is listed where weights tie.
var rowTable = [...]row{
	{rowE10, "E10", g1, 13},
	{rowE11, "E11", g1, 3},
	{rowE14, "E14", g1, 0},
	{rowE15, "E15", g1, 5},
	{rowE20, "E20", g2, 0},
	{rowE22, "E22", g2, 0},
	{rowE23, "E23", g2, 0},
	{rowE12, "E12", g1, 7},
	{rowE13, "E13", g1, -5},
	{rowE26, "E26", g2, 0},
	{rowE21, "E21", g2, 0},
	{rowE22Port, "E22", g2, 0},
	{rowE25, "E25", g2, 0},
	{rowE24, "E24", g2, 1},
	{rowE31, "E31", g3, 0},
	{rowE30, "E30", g3, 0},
	{rowE32, "E32", g3, 3},
	{rowE40, "E40", g4, 0},
	{rowE04, "E04", g4, 13},
	{rowE43, "E43", g4, 6},
	{rowE54, "E54", g5, 13},
	{rowE50, "E50", g5, 10},
	{rowE52, "E52", g5, 8},
	{rowE51, "E51", g5, 5},
	{rowE53, "E53", g5, 5},
	{rowE60, "E60", g6, 10},
	{rowE61, "E61", g6, 1},
	{rowE63, "E63", g6, 3},
	{rowE63Sum, "E63", g6, 3},
	{rowE63Windows, "E63", g6, -2},
}

// packetSentences are the sentences of rows that a packet shows by itself, by TTL where that matters. They are made once: a flood of
// claims must not pay for prose.
type packetSentences struct {
	impossible [256]string
	high       [256]string
	stack      [256]string
	windows    [256]string
}

func newPacketSentences() *packetSentences {
	s := &packetSentences{}
	for ttl := range 256 {
		n, initial, _ := hops(uint8(ttl))
		s.impossible[ttl] = fmt.Sprintf("The packet arrived with TTL %d, which no usual initial TTL (32, 64, 128, 255) gives after 1 to %d hops: the TTL was invented.", ttl, maxHops)
		if isInitial(uint8(ttl)) {
			s.impossible[ttl] = fmt.Sprintf("The packet arrived with TTL %d, an initial TTL that only a neighbour on the same network can show, and the source is none: the TTL was invented.", ttl)
		}
		s.high[ttl] = fmt.Sprintf("The packet arrived with TTL %d, rare for UDP.", ttl)
		s.stack[ttl] = fmt.Sprintf("The packet's TTL %d points to an initial %d, which Windows does not use, %s away: a tool or another system made the packet.", ttl, initial, hopText(n))
		s.windows[ttl] = fmt.Sprintf("The packet's TTL %d fits stock Windows (128, %s away), which since XP SP2 does not send foreign source addresses.", ttl, hopText(n))
	}
	return s
}

func hopText(n int) string {
	if n == 1 {
		return "1 hop"
	}
	return fmt.Sprintf("%d hops", n)
}

const (
	sentenceSum0  = "The packet's UDP checksum is 0, which an ordinary socket on Windows never sends: a raw tool made the packet."
	sentenceOwn   = "The source is an address of the home networks, and the packet came in from outside, on an interface that hears nothing else."
	sentenceOctet = "The source address ends in 0 or 255, which few hosts have and 0.8 % of invented addresses."
	sentenceOne   = "The call is of a kind that needs no answer (idempotent or maybe, in one packet): it can be forged, and no proof of its sender is possible."
	sentenceJumps = "Packets of the source arrived with three TTLs within ten minutes, each two or more from the others: they took different ways, or the TTLs were made up."
	sentenceSelf  = "Source and destination are the same address: no host sends itself a packet over the network."
)
