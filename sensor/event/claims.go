package event

import (
	"net/netip"
	"slices"
	"time"

	"popupwatch/sensor/spoof"
)

// The bounds of a ClaimRollup where its configuration has 0.
const (
	RollupClaims = 1000    // claims of one campaign's hour with a document of their own
	ClaimMemory  = 8 << 20 // octets of the claims that are held
)

// claimGrace is how long after its hour a claim closes (CONTRACT.md 2.0).
const claimGrace = 60 * time.Second

// SharedClaims is what claims that share a document have in common.
type SharedClaims struct {
	Claims uint64
}

// ClaimRollup holds the final assessments of a campaign's hour until it is over. Where there are more than Limit that no evidence of
// their own tells apart, they share one document for each state (CONTRACT.md 2.6): a flood of invented addresses costs documents by
// campaign. What it holds takes a budget of octets at most, as octets.go weighs it. Order of eviction: of the hour that came first the
// claims are told early, one by one; it goes to the end and counts on, so that it has no more than Limit of them. Where it had none
// left it is forgotten. Not safe for use by several goroutines.
type ClaimRollup struct {
	builder *Builder
	limit   int
	memory  int64
	hours   map[claimHour]*claimGroup
	order   []*claimGroup
	held    int64 // octets
	due     time.Time
	ready   []heldClaim
	early   uint64
}

type claimHour struct {
	campaign, class string
	hour            int64
}

type claimGroup struct {
	key    claimHour
	end    time.Time
	claims []spoof.Assessment // until there are too many
	shared [spoof.StateCount]*heldClaim
	many   bool
	told   int   // claims that were told early
	octets int64 // what it takes
}

// heldClaim is a document to come: of one claim, or of several.
type heldClaim struct {
	assessment spoof.Assessment
	shared     SharedClaims
}

// NewClaimRollup makes a gatherer whose events b makes, of at most limit claims of a campaign's hour one by one, in memory octets; 0 takes
// RollupClaims or ClaimMemory.
func NewClaimRollup(b *Builder, limit int, memory int64) *ClaimRollup {
	if limit <= 0 {
		limit = RollupClaims
	}
	if memory <= 0 {
		memory = ClaimMemory
	}
	return &ClaimRollup{builder: b, limit: limit, memory: memory, hours: make(map[claimHour]*claimGroup)}
}

// Early is how often a campaign's hour was told or forgotten before its time for want of room.
func (r *ClaimRollup) Early() uint64 { return r.early }

// Add takes a final assessment and copies it. It returns false where the assessment is to be a document of its own: it is not final,
// or evidence of its own tells it apart.
func (r *ClaimRollup) Add(a *spoof.Assessment) bool {
	if !a.Final || individualClaim(a) {
		return false
	}
	g := r.group(a)
	before := g.octets
	g.add(a, r.limit)
	r.held += g.octets - before
	r.fit()
	return true
}

// fit makes room until what is held has it.
func (r *ClaimRollup) fit() {
	for r.held > r.memory && len(r.order) > 0 {
		r.relieve()
	}
}

// relieve makes room: it tells the claims of the hour that came first, and forgets it where there are none.
func (r *ClaimRollup) relieve() {
	g := r.order[0]
	r.order[0] = nil // or what it holds would live on
	r.order = r.order[1:]
	r.early++
	if len(g.claims) == 0 {
		r.release(g)
		return
	}
	r.tell(g)
	r.held += groupOctets - g.octets
	g.told, g.claims, g.octets = g.told+len(g.claims), nil, groupOctets
	r.order = append(r.order, g)
}

// tell makes the documents of the claims due that a group holds one by one.
func (r *ClaimRollup) tell(g *claimGroup) {
	for i := range g.claims {
		r.ready = append(r.ready, heldClaim{assessment: g.claims[i]})
	}
}

// individualClaim says whether a claim stands out: it was proven or reached, contradicts itself, belongs to a machine that was found,
// or has evidence of group G5 (answers to our hosts' replies), which is about one address alone.
func individualClaim(a *spoof.Assessment) bool {
	if a.State == spoof.GenuineBound || a.State == spoof.ReachableUnbound || a.Conflict || a.Reportable {
		return true
	}
	return slices.ContainsFunc(a.Evidence, func(v spoof.Evidence) bool { return v.Group == "G5" })
}

func (r *ClaimRollup) group(a *spoof.Assessment) *claimGroup {
	key := claimHour{a.Key.Campaign, a.Key.Class, a.Key.Hour.Unix()}
	if g := r.hours[key]; g != nil {
		return g
	}
	g := &claimGroup{key: key, end: a.Key.Hour.Add(time.Hour + claimGrace), octets: groupOctets}
	r.hours[key] = g
	r.held += g.octets
	r.order = append(r.order, g)
	if r.due.IsZero() || g.end.Before(r.due) {
		r.due = g.end
	}
	return g
}

// add takes a claim; where there are more than limit, all of them share.
func (g *claimGroup) add(a *spoof.Assessment, limit int) {
	if g.many {
		g.share(a)
		return
	}
	g.claims = append(g.claims, *a)
	g.octets += assessmentOctets(a)
	if g.told+len(g.claims) <= limit {
		return
	}
	all := g.claims
	g.claims, g.many, g.octets = nil, true, groupOctets
	for i := range all {
		g.share(&all[i])
	}
}

func (g *claimGroup) share(a *spoof.Assessment) {
	h := g.shared[a.State]
	if h == nil {
		h = &heldClaim{assessment: *a, shared: SharedClaims{Claims: 1}}
		h.assessment.Key.Source = netip.Addr{}
		h.assessment.Evidence, h.assessment.Emitter = nil, ""
		g.shared[a.State] = h
		g.octets += assessmentOctets(&h.assessment)
		return
	}
	s := &h.assessment
	h.shared.Claims++
	s.Messages += a.Messages
	s.Time = later(s.Time, a.Time)
	s.Last = later(s.Last, a.Last)
	if a.First.Before(s.First) {
		s.First = a.First
	}
	if a.Part.Before(s.Part) {
		s.Part = a.Part
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Advance makes the documents of hours due that are over. It is to be called after the claims of that time were added.
func (r *ClaimRollup) Advance(now time.Time) {
	if r.due.IsZero() || now.Before(r.due) {
		return
	}
	r.order, r.due = advance(r.order, now, func(g *claimGroup) time.Time { return g.end }, r.release)
}

// Finish makes all documents due.
func (r *ClaimRollup) Finish() {
	for _, g := range r.order {
		r.release(g)
	}
	r.order, r.due = nil, time.Time{}
}

// release makes the documents of a group due. The caller takes it out of the order.
func (r *ClaimRollup) release(g *claimGroup) {
	delete(r.hours, g.key)
	r.held -= g.octets
	r.tell(g)
	for _, h := range g.shared {
		if h != nil {
			r.ready = append(r.ready, *h)
		}
	}
}

// Next is the next document that is due; nil when there is none. It must be asked until then after every Add, Advance and Finish.
func (r *ClaimRollup) Next() *Event {
	if len(r.ready) == 0 {
		r.ready = r.ready[:0]
		return nil
	}
	h := r.ready[0]
	r.ready[0] = heldClaim{}
	r.ready = r.ready[1:]
	if h.shared.Claims == 0 {
		return r.builder.Source(&h.assessment)
	}
	return r.builder.sharedSource(&h)
}

// sharedSource makes the document that claims of one state share; it names no source.
func (b *Builder) sharedSource(h *heldClaim) *Event {
	e := b.Source(&h.assessment)
	e.Claims, e.hasClaim = &h.shared, false
	return e
}
