package event

import (
	"net/netip"
	"slices"
	"time"

	"popupwatch/sensor/spoof"
)

// The bounds of a ClaimRollup where its configuration has 0.
const (
	RollupClaims = 1000  // claims of one campaign's hour with a document of their own
	ClaimRoom    = 16384 // claims held at a time
)

// claimGrace is how long after its hour a claim closes (CONTRACT.md 2.0).
const claimGrace = 60 * time.Second

// SharedClaims is what claims that share a document have in common.
type SharedClaims struct {
	Claims uint64
}

// ClaimRollup holds the final assessments of a campaign's hour until it is over. Where there are more than Limit that no evidence of
// their own tells apart, they share one document for each state (CONTRACT.md 2.6): a flood of invented addresses costs documents by
// campaign. It holds Room assessments. Order of eviction: the hour that came first is let go early, as it stands; what comes of it
// later begins anew. Not safe for use by several goroutines.
type ClaimRollup struct {
	builder *Builder
	limit   int
	room    int
	hours   map[claimHour]*claimGroup
	order   []*claimGroup
	held    int
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
}

// heldClaim is a document to come: of one claim, or of several.
type heldClaim struct {
	assessment spoof.Assessment
	shared     SharedClaims
}

// NewClaimRollup makes a gatherer whose events b makes; 0 for limit or room takes RollupClaims or ClaimRoom.
func NewClaimRollup(b *Builder, limit, room int) *ClaimRollup {
	if limit <= 0 {
		limit = RollupClaims
	}
	if room <= 0 {
		room = ClaimRoom
	}
	return &ClaimRollup{builder: b, limit: limit, room: room, hours: make(map[claimHour]*claimGroup)}
}

// Early is how many campaign's hours were let go before their time for want of room.
func (r *ClaimRollup) Early() uint64 { return r.early }

// Add takes a final assessment and copies it. It returns false where the assessment is to be a document of its own: it is not final,
// or evidence of its own tells it apart.
func (r *ClaimRollup) Add(a *spoof.Assessment) bool {
	if !a.Final || individualClaim(a) {
		return false
	}
	g := r.group(a)
	switch {
	case g.many:
		r.held += g.share(a)
	default:
		g.claims = append(g.claims, *a)
		r.held++
		if len(g.claims) > r.limit {
			r.held += g.fold()
		}
	}
	for r.held > r.room && len(r.order) > 0 {
		r.release(r.order[0])
		r.order = r.order[1:]
		r.early++
	}
	return true
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
	g := &claimGroup{key: key, end: a.Key.Hour.Add(time.Hour + claimGrace)}
	r.hours[key] = g
	r.order = append(r.order, g)
	if r.due.IsZero() || g.end.Before(r.due) {
		r.due = g.end
	}
	return g
}

// fold puts all claims of a group into shared documents; it returns by how much the group holds more.
func (g *claimGroup) fold() int {
	grown := -len(g.claims)
	for i := range g.claims {
		grown += g.share(&g.claims[i])
	}
	g.claims, g.many = nil, true
	return grown
}

func (g *claimGroup) share(a *spoof.Assessment) int {
	h := g.shared[a.State]
	if h == nil {
		h = &heldClaim{assessment: *a, shared: SharedClaims{Claims: 1}}
		h.assessment.Key.Source = netip.Addr{}
		h.assessment.Evidence, h.assessment.Emitter = nil, ""
		g.shared[a.State] = h
		return 1
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
	return 0
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
	open := r.order[:0]
	r.due = time.Time{}
	for _, g := range r.order {
		if !now.Before(g.end) {
			r.release(g)
			continue
		}
		open = append(open, g)
		if r.due.IsZero() || g.end.Before(r.due) {
			r.due = g.end
		}
	}
	clear(r.order[len(open):])
	r.order = open
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
	r.held -= len(g.claims)
	for i := range g.claims {
		r.ready = append(r.ready, heldClaim{assessment: g.claims[i]})
	}
	for _, h := range g.shared {
		if h != nil {
			r.held--
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
