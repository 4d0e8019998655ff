package event

import (
	"net/netip"
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// The bounds of a Rollup where its configuration has 0.
const (
	RollupSources = 100      // sources of one bucket, campaign, port and route with a document of their own
	RollupMemory  = 16 << 20 // octets of what is gathered
)

// RollupConfig is how messages are gathered.
type RollupConfig struct {
	Period  time.Duration // length of a bucket, aligned to multiples of it; 0: every message is its own document
	Sources int           // rollup.sources; 0 takes RollupSources
	Memory  int64         // octets that what is gathered may take; 0 takes RollupMemory
}

// Rolled is what one document of a bucket gathered. A view: valid as long as the event.
type Rolled struct {
	Count       uint64
	First, Last time.Time
	Targets     []netip.Addr // the first 64, as they came
	TargetCount campaign.Count
	SourceCount campaign.Count
	Rest        bool // the sources beyond rollup.sources share it

	SeveralTargets, SeveralPorts bool // destination addresses, source ports differ
}

// Rollup gathers popups into one document for each campaign, source, destination port and route in a bucket of time (CONTRACT.md 2.6).
// What it gathers takes Memory octets at most, as octets.go weighs it. Order of eviction: the bucket that opened first closes early, and
// its documents are due; a later message of it opens it again. Not safe for use by several goroutines.
type Rollup struct {
	builder *Builder
	config  RollupConfig
	buckets map[bucketKey]*bucket
	order   []*bucket // as they opened
	held    int64     // octets
	due     time.Time // the first end of an open bucket
	ready   []*rolling
	early   uint64
}

type bucketKey struct {
	campaign campaign.ID
	port     uint16
	route    decoders.Route
	start    int64 // Unix nanoseconds cannot hold every time of a capture file: seconds and the rest apart
	fraction int
}

type bucket struct {
	key     bucketKey
	end     time.Time
	sources map[netip.Addr]*rolling
	rolling []*rolling // as they came; the rest last
	rest    *rolling
	octets  int64 // what it takes
}

// rolling is one document that is being gathered.
type rolling struct {
	message    decoders.Message
	membership campaign.Membership
	verdict    rules.Verdict
	direction  decoders.Direction
	claim      *spoof.Assessment
	rolled     Rolled
	targets    weighed
	sources    weighed
	start      time.Time
}

// NewRollup makes a gatherer whose events b makes.
func NewRollup(b *Builder, c RollupConfig) *Rollup {
	if c.Sources <= 0 {
		c.Sources = RollupSources
	}
	if c.Memory <= 0 {
		c.Memory = RollupMemory
	}
	return &Rollup{builder: b, config: c, buckets: make(map[bucketKey]*bucket)}
}

// Early is how many buckets closed before their time for want of room.
func (r *Rollup) Early() uint64 { return r.early }

// Add gathers a popup. It returns false where the message is to be a document of its own: without a period, and for exploit attempts.
// What it keeps of the parts it copies. It may make early closed documents due: ask Next.
func (r *Rollup) Add(m *decoders.Message, in campaign.Membership, v rules.Verdict, a *spoof.Assessment, dir decoders.Direction) bool {
	if r.config.Period <= 0 || popupAction(m, v, a) != ActionPopup {
		return false
	}
	b := r.bucket(m, in.ID)
	g := b.place(m, r.config.Sources)
	if g == nil {
		g = r.open(b, m, in, v, a, dir)
	}
	r.weigh(b, g.add(m))
	r.relieve()
	return true
}

// relieve closes buckets early until what is gathered has room.
func (r *Rollup) relieve() {
	for r.held > r.config.Memory && len(r.order) > 0 {
		r.close(r.order[0])
		r.order[0] = nil // or what it holds would live on
		r.order = r.order[1:]
		r.early++
	}
}

func (r *Rollup) weigh(b *bucket, octets int64) {
	b.octets += octets
	r.held += octets
}

func (r *Rollup) bucket(m *decoders.Message, id campaign.ID) *bucket {
	start := m.Time.Truncate(r.config.Period)
	key := bucketKey{campaign: id, port: m.Dst.Port(), route: m.Route, start: start.Unix(), fraction: start.Nanosecond()}
	if b := r.buckets[key]; b != nil {
		return b
	}
	b := &bucket{key: key, end: start.Add(r.config.Period), sources: make(map[netip.Addr]*rolling)}
	r.buckets[key] = b
	r.order = append(r.order, b)
	r.weigh(b, bucketOctets)
	if r.due.IsZero() || b.end.Before(r.due) {
		r.due = b.end
	}
	return b
}

// place is where a message belongs; nil where there is nothing yet.
func (b *bucket) place(m *decoders.Message, most int) *rolling {
	if g := b.sources[m.Src.Addr()]; g != nil {
		return g
	}
	if len(b.sources) >= most {
		return b.rest
	}
	return nil
}

// open begins a document with its first message, whose fields it keeps.
func (r *Rollup) open(b *bucket, m *decoders.Message, in campaign.Membership, v rules.Verdict, a *spoof.Assessment, dir decoders.Direction) *rolling {
	g := &rolling{message: *m, membership: in, verdict: v, direction: dir, start: b.end.Add(-r.config.Period)}
	g.message.Octets = nil // a view that dies with the packet
	g.message.Features = advertisedOnly(m.Features)
	g.membership.Aliases = slices.Clone(in.Aliases)
	if a != nil {
		known := *a
		known.Evidence = nil // message documents carry none
		g.claim = &known
	}
	g.rolled.First, g.rolled.Last = m.Time, m.Time
	if len(b.sources) < r.config.Sources {
		b.sources[m.Src.Addr()] = g
	} else {
		g.rolled.Rest = true
		b.rest = g
	}
	b.rolling = append(b.rolling, g)
	r.weigh(b, g.octets())
	return g
}

// add counts a message and says by how many octets the document grew.
func (g *rolling) add(m *decoders.Message) (grown int64) {
	d := &g.rolled
	d.Count++
	if m.Time.Before(d.First) {
		d.First = m.Time
	}
	if m.Time.After(d.Last) {
		d.Last = m.Time
	}
	d.SeveralPorts = d.SeveralPorts || m.Src.Port() != g.message.Src.Port()
	d.SeveralTargets = d.SeveralTargets || m.Dst.Addr() != g.message.Dst.Addr()
	to := m.Dst.Addr()
	grown = g.targets.add(to)
	if len(d.Targets) < listRoom && !slices.Contains(d.Targets, to) {
		d.Targets = append(d.Targets, to)
	}
	if d.Rest {
		grown += g.sources.add(m.Src.Addr())
	}
	return grown
}

// Advance makes the documents of buckets due that are over.
func (r *Rollup) Advance(now time.Time) {
	if r.due.IsZero() || now.Before(r.due) {
		return
	}
	r.order, r.due = advance(r.order, now, func(b *bucket) time.Time { return b.end }, r.close)
}

// Finish makes all documents due.
func (r *Rollup) Finish() {
	for _, b := range r.order {
		r.close(b)
	}
	r.order, r.due = nil, time.Time{}
}

// close makes the documents of a bucket due, in the order in which their sources came. The caller takes it out of the order.
func (r *Rollup) close(b *bucket) {
	delete(r.buckets, b.key)
	r.held -= b.octets
	r.ready = append(r.ready, b.rolling...)
}

// Next is the next document that is due; nil when there is none. It must be asked until then after every Add, Advance and Finish.
func (r *Rollup) Next() *Event {
	if len(r.ready) == 0 {
		r.ready = r.ready[:0]
		return nil
	}
	g := r.ready[0]
	r.ready[0] = nil
	r.ready = r.ready[1:]
	return r.builder.rolledUp(g)
}

// rolledUp makes the document of one source, or of the rest, in a bucket. Its id hashes the bucket's key, its first packet's time and
// its ordinal among equals (CONTRACT.md 2.0).
func (b *Builder) rolledUp(g *rolling) *Event {
	g.rolled.TargetCount, g.rolled.SourceCount = g.targets.count(), g.sources.count()
	e := b.begin(SetMessage, g.rolled.First)
	b.popup(e, &g.message, g.membership, g.verdict, g.claim, g.direction)
	e.Time, e.Rolled = g.rolled.First, &g.rolled
	e.start, e.end = g.rolled.First, g.rolled.Last
	if g.rolled.Rest {
		e.tag, e.hasClaim = "source-unverified", false
	}
	d := &b.identity
	d.start(SetMessage)
	d.word(b.config.Sensor)
	d.word("bucket")
	d.word(string(g.membership.ID))
	d.addr(e.from().Addr())
	d.number(uint64(g.message.Dst.Port())<<16 | uint64(g.message.Route))
	d.time(g.start)
	d.time(g.rolled.First)
	first := d.hash(0)
	e.identity = d.numbered(first, b.buckets.ordinal(equalKey(first)))
	return e
}
