package event

import (
	"encoding/gob"
	"fmt"
	"time"

	"popupwatch/sensor/spoof"
)

// savedGroup comes before the claims of a campaign's hour that are held one by one.
type savedGroup struct {
	Campaign, Class string
	Hour            int64
	End             time.Time
	Claims          int
	Shared          []savedShared
	Many            bool
	Told            int
	Octets          int64
}

// savedShared is what the claims of one state share.
type savedShared struct {
	Assessment spoof.Assessment
	Claims     uint64
}

// Save writes the claims that are held, hour by hour in the order in which these came. Next must have been asked until it gave nil.
func (r *ClaimRollup) Save(enc *gob.Encoder) error {
	if err := enc.Encode(len(r.order)); err != nil {
		return fmt.Errorf("save claims that are held: %w", err)
	}
	for _, g := range r.order {
		if err := enc.Encode(g.saved()); err != nil {
			return fmt.Errorf("save claims that are held: %w", err)
		}
		for i := range g.claims {
			if err := enc.Encode(&g.claims[i]); err != nil {
				return fmt.Errorf("save a claim that is held: %w", err)
			}
		}
	}
	return nil
}

func (g *claimGroup) saved() *savedGroup {
	k := &g.key
	s := &savedGroup{k.campaign, k.class, k.hour, g.end, len(g.claims), nil, g.many, g.told, g.octets}
	for _, h := range g.shared {
		if h != nil {
			s.Shared = append(s.Shared, savedShared{h.assessment, h.shared.Claims})
		}
	}
	return s
}

// Load reads what Save wrote into a new ClaimRollup. Hours that have no room are told early, as ever; ask Next.
func (r *ClaimRollup) Load(dec *gob.Decoder) error {
	var n int
	if err := dec.Decode(&n); err != nil {
		return fmt.Errorf("load claims that are held: %w", err)
	}
	for range n {
		if err := r.loadGroup(dec); err != nil {
			return fmt.Errorf("load claims that are held: %w", err)
		}
		r.fit()
	}
	return nil
}

func (r *ClaimRollup) loadGroup(dec *gob.Decoder) error {
	var s savedGroup
	if err := dec.Decode(&s); err != nil {
		return err
	}
	g := &claimGroup{key: claimHour{s.Campaign, s.Class, s.Hour}, end: s.End, many: s.Many, told: s.Told, octets: s.Octets}
	for i := range s.Shared {
		if h := &s.Shared[i]; int(h.Assessment.State) < len(g.shared) {
			g.shared[h.Assessment.State] = &heldClaim{h.Assessment, SharedClaims{h.Claims}}
		}
	}
	for range s.Claims {
		var a spoof.Assessment
		if err := dec.Decode(&a); err != nil {
			return err
		}
		g.claims = append(g.claims, a)
	}
	r.hours[g.key] = g
	r.order = append(r.order, g)
	r.held += g.octets
	if r.due.IsZero() || g.end.Before(r.due) {
		r.due = g.end
	}
	return nil
}
