package event

import (
	"encoding/gob"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/spoof"
)

// savedBucket comes before the documents of a bucket.
type savedBucket struct {
	Campaign campaign.ID
	Port     uint16
	Route    decoders.Route
	Start    int64
	Fraction int
	End      time.Time
	Octets   int64
	Rolling  int
}

// savedRolling is a document that is being gathered. Hits are shared by many: they stand in the first document that has them, the others
// name the list by its number, from 1; 0 is none.
type savedRolling struct {
	Message    decoders.Message
	Iface      decoders.Interface
	Membership campaign.Membership
	Verdict    rules.Verdict
	Hits       int
	Direction  decoders.Direction
	Claim      *spoof.Assessment
	Rolled     Rolled
	Targets    savedWeighed
	Sources    savedWeighed
	Start      time.Time
}

// savedWeighed is a weighed.
type savedWeighed struct {
	Distinct  decoders.Distinct
	Octets    int64
	Estimated bool
}

func (w *weighed) saved() savedWeighed { return savedWeighed{w.Distinct, w.octets, w.estimated} }

func (s *savedWeighed) weighed() weighed { return weighed{s.Distinct, s.Octets, s.Estimated} }

// hitList names a list of hits: they are shared and read-only, so the same pointer and length is the same list.
type hitList struct {
	first *rules.Hit
	n     int
}

// Save writes the open buckets in the order in which they opened. Next must have been asked until it gave nil.
func (r *Rollup) Save(enc *gob.Encoder) error {
	if err := enc.Encode(len(r.order)); err != nil {
		return fmt.Errorf("save buckets: %w", err)
	}
	known := map[hitList]int{}
	for _, b := range r.order {
		k := &b.key
		head := savedBucket{k.campaign, k.port, k.route, k.start, k.fraction, b.end, b.octets, len(b.rolling)}
		if err := enc.Encode(&head); err != nil {
			return fmt.Errorf("save a bucket of campaign %s: %w", k.campaign, err)
		}
		for _, g := range b.rolling {
			if err := enc.Encode(r.saved(g, known)); err != nil {
				return fmt.Errorf("save a bucket of campaign %s: %w", k.campaign, err)
			}
		}
	}
	return nil
}

// saved gives a document; known are the lists of hits that stand in the file already.
func (r *Rollup) saved(g *rolling, known map[hitList]int) *savedRolling {
	s := &savedRolling{
		Message: g.message, Iface: r.builder.interfaces.Lasting(g.message.Iface), Membership: g.membership, Verdict: g.verdict,
		Direction: g.direction, Claim: g.claim, Rolled: g.rolled, Targets: g.targets.saved(), Sources: g.sources.saved(), Start: g.start,
	}
	s.Message.Iface = 0
	if hits := g.verdict.Hits; len(hits) > 0 {
		list := hitList{&hits[0], len(hits)}
		at, ok := known[list]
		if ok {
			s.Verdict.Hits = nil
		} else {
			at = len(known) + 1
			known[list] = at
		}
		s.Hits = at
	}
	return s
}

// errCount says that a file does not hold what it announces.
var errCount = errors.New("not as many as announced")

// Load reads what Save wrote into a new Rollup. Buckets that have no room close early, as ever; ask Next. Where the Rollup has another
// period, or none, open buckets keep theirs.
func (r *Rollup) Load(dec *gob.Decoder) error {
	var n int
	if err := dec.Decode(&n); err != nil {
		return fmt.Errorf("load buckets: %w", err)
	}
	var known [][]rules.Hit
	for range n {
		if err := r.loadBucket(dec, &known); err != nil {
			return fmt.Errorf("load a bucket: %w", err)
		}
		r.relieve()
	}
	return nil
}

func (r *Rollup) loadBucket(dec *gob.Decoder, known *[][]rules.Hit) error {
	var head savedBucket
	if err := dec.Decode(&head); err != nil {
		return err
	}
	b := &bucket{
		key: bucketKey{head.Campaign, head.Port, head.Route, head.Start, head.Fraction},
		end: head.End, octets: head.Octets, sources: make(map[netip.Addr]*rolling),
	}
	r.buckets[b.key] = b
	r.order = append(r.order, b)
	r.held += b.octets
	if r.due.IsZero() || b.end.Before(r.due) {
		r.due = b.end
	}
	for range head.Rolling {
		var s savedRolling
		if err := dec.Decode(&s); err != nil {
			return err
		}
		if s.Hits < 0 || s.Hits > len(*known)+1 {
			return errCount
		}
		if s.Hits > len(*known) {
			*known = append(*known, s.Verdict.Hits)
		}
		if s.Hits > 0 {
			s.Verdict.Hits = (*known)[s.Hits-1]
		}
		b.take(s.rolling(r.builder))
	}
	return nil
}

func (s *savedRolling) rolling(b *Builder) *rolling {
	s.Message.Iface = b.interfaces.Earlier(s.Iface)
	return &rolling{
		message: s.Message, membership: s.Membership, verdict: s.Verdict, direction: s.Direction, claim: s.Claim,
		rolled: s.Rolled, targets: s.Targets.weighed(), sources: s.Sources.weighed(), start: s.Start,
	}
}

// take puts a loaded document into its bucket.
func (b *bucket) take(g *rolling) {
	b.rolling = append(b.rolling, g)
	if g.rolled.Rest {
		b.rest = g
	} else {
		b.sources[g.message.Src.Addr()] = g
	}
}
