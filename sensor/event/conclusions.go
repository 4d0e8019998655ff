package event

import (
	"encoding/binary"
	"slices"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/spoof"
)

// conclusionRoom is how many places there are, of two conclusions each: as many as the eight bits of a place tell apart.
const conclusionRoom = 1 << 8

// conclusionOctets is the longest text that a conclusion may have: what is longer is written anew each time.
const conclusionOctets = 4096

// pieceRoom is how many pieces a document has that its conclusion decides; compile and the golden lines hold it.
const pieceRoom = 16

// conclusions remembers what documents say that concluded the same: the popups of one campaign with one verdict repeat a third of
// their octets. Order of eviction: of the two in a place the one that was not used last. At most 2 * conclusionRoom texts of
// conclusionOctets: 2 MiB.
type conclusions [conclusionRoom]struct {
	both [2]conclusion
	last int // the one used last
}

// conclusion is the text of the pieces that one conclusion decides, in the order in which documents carry them.
type conclusion struct {
	of      basis
	aliases []string
	whole   bool // all pieces are written
	pieces  int
	ends    [pieceRoom]int
	text    []byte
}

// basis is all that the pieces of a conclusion depend on, besides the configuration. Whatever a field marked concluded reads must
// stand here, or a document would repeat what another said.
type basis struct {
	set                        Set
	kind, action, outcome, tag string
	severity                   int
	risk                       float64
	threat                     *threat
	campaign                   string
	iface                      decoders.Interface

	hits      *rules.Hit // hits are shared and read-only: the same pointer is the same list up to its length
	hitCount  int
	score     float64
	verdict   rules.Class
	lure      string
	route     decoders.Route
	direction decoders.Direction
	family    int // bits of the source address

	state      spoof.State
	assessed   bool
	reportable bool
}

// remembers says whether the documents of a set repeat themselves enough.
func (s Set) remembers() bool { return s == SetMessage || s == SetSource }

func basisOf(e *Event) basis {
	k := basis{set: e.Set, kind: e.Kind, action: e.Action, outcome: e.Outcome, tag: e.tag, severity: e.Severity, risk: e.Risk, threat: e.threat}
	if a := e.Source; a != nil {
		k.assessed, k.state, k.reportable = true, a.State, reportable(a)
	}
	if e.Set == SetSource {
		k.campaign = e.Source.Key.Campaign
		return k
	}
	k.campaign, k.iface = string(e.Membership.ID), e.iface()
	k.score, k.verdict, k.lure = e.Verdict.Score, e.Verdict.Class, e.Verdict.Lure
	k.hits, k.hitCount = e.strongest(), len(e.Verdict.Hits)
	k.route, k.direction, k.family = e.Message.Route, e.Direction, e.Message.Src.Addr().BitLen()
	return k
}

// find gives the conclusion of a document, to read or to fill; nil for documents that are not remembered: those that several packets
// share are few, and say other things.
func (r *conclusions) find(e *Event) *conclusion {
	if !e.Set.remembers() || e.Rolled != nil || e.Claims != nil {
		return nil
	}
	k := basisOf(e)
	p := &r[k.place()]
	for _, i := range [2]int{p.last, 1 - p.last} {
		if c := &p.both[i]; c.of == k && slices.Equal(c.aliases, e.Membership.Aliases) {
			p.last = i
			return c
		}
	}
	p.last = 1 - p.last
	c := &p.both[p.last]
	*c = conclusion{of: k, aliases: append(c.aliases[:0], e.Membership.Aliases...), text: c.text[:0]}
	return c
}

// place spreads conclusions. Who makes many meet in one place has them written anew each time, as if nothing were remembered.
func (k *basis) place() uint64 {
	h := uint64(k.set) + uint64(k.state)<<3 + uint64(k.hitCount)<<6 + ending(k.campaign)
	return h * 0x9e3779b97f4a7c15 >> 56
}

// ending is the end of a campaign's id as a number: letters of a hash, which spread well.
func ending(campaign string) uint64 {
	n := len(campaign)
	if n < 8 {
		return uint64(n)
	}
	return binary.LittleEndian.Uint64([]byte(campaign[n-8:]))
}

// recall appends the next piece of the document's conclusion, which write writes the first time.
func (e *Event) recall(b []byte, write appender) []byte {
	c, n := e.conclusion, e.piece
	if c == nil || n >= pieceRoom {
		return write(b, e)
	}
	e.piece++
	if c.whole {
		from := 0
		if n > 0 {
			from = c.ends[n-1]
		}
		return append(b, c.text[from:c.ends[n]]...)
	}
	start := len(b)
	b = write(b, e)
	c.learn(n, b[start:])
	return b
}

// learn keeps piece n. A line that was begun and not ended begins anew.
func (c *conclusion) learn(n int, piece []byte) {
	if n == 0 {
		c.text, c.pieces = c.text[:0], 0
	}
	if len(c.text)+len(piece) <= conclusionOctets {
		c.text = append(c.text, piece...)
	} else {
		c.pieces = -pieceRoom // never whole
	}
	c.ends[n] = len(c.text)
	c.pieces++
}

// end is called after a document is written: its conclusion is whole, unless it was too long.
func (c *conclusion) end() {
	if c != nil {
		c.whole = c.pieces > 0
	}
}
