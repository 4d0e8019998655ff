package spoof

import (
	"encoding/gob"
	"fmt"

	"popupwatch/decoders/inet"
)

// savedJudge comes first in the state of a Judge: how much follows. Proofs are no part of it, nor can they be: who restores a state cannot
// make an address genuine (DESIGN.md 4.6).
type savedJudge struct {
	Secret              inet.Secret
	NextSeq             uint32
	Populations, Claims savedSlots
	Queued              int // populations that wait among the idle
	Unused              int // of these, those that have no open claim
	Held                int // octets of the populations
	Untouched           int // claims that were not used since the hand passed
	Hours               int
	Changed             []savedRef
}

// savedSlots says how values lie in their places.
type savedSlots struct {
	Places, Hand int
	Spare        []uint32
}

func (s *savedSlots) taken() int { return s.Places - len(s.Spare) }

// savedRef is a claimRef.
type savedRef struct {
	At         uint32
	Source     addrKey
	Population uint32
	Hour       int32
}

// savedBatch is how many values are encoded at once: alone, each would cost a message of its own; all together, a copy of the whole.
const savedBatch = 256

// Save writes all claims, open and closed, and what campaigns know of their sources: in the order in which the hand would pass them. What
// was shed so far is left out: that is told by the run in which it happened.
func (j *Judge) Save(enc *gob.Encoder) error {
	if err := enc.Encode(j.saved()); err != nil {
		return fmt.Errorf("save claims: %w", err)
	}
	if err := j.savePopulations(enc); err != nil {
		return fmt.Errorf("save what campaigns know of their sources: %w", err)
	}
	if err := j.saveClaims(enc); err != nil {
		return fmt.Errorf("save claims: %w", err)
	}
	if err := j.saveHours(enc); err != nil {
		return fmt.Errorf("save the hours of claims: %w", err)
	}
	return nil
}

func (j *Judge) saved() *savedJudge {
	head := &savedJudge{
		Secret: j.secret, NextSeq: j.nextSeq, Populations: j.populations.saved(), Claims: j.claims.saved(), Hours: len(j.hours), Held: j.held,
	}
	for _, r := range j.waits() {
		head.Queued++
		if j.populations.get(r.at).refs == 0 {
			head.Unused++
		}
	}
	for at := range j.claims.taken() {
		if !j.claims.touched[at] {
			head.Untouched++
		}
	}
	for _, r := range j.changed {
		head.Changed = append(head.Changed, savedRef{r.slot, r.key.source, r.key.population, r.key.hour})
	}
	return head
}

// waits gives the idle populations that are still there, longest idle first.
func (j *Judge) waits() []idleRef {
	var out []idleRef
	for _, r := range j.idle {
		if p := j.populations.get(r.at); p.seq == r.seq {
			out = append(out, r)
		}
	}
	return out
}

// savePopulations writes those that wait among the idle first, longest idle first: in the order in which they would be evicted.
func (j *Judge) savePopulations(enc *gob.Encoder) error {
	for _, r := range j.waits() {
		if err := enc.Encode(j.populations.get(r.at).saved(r.at)); err != nil {
			return err
		}
	}
	for at := range j.populations.taken() {
		if p := j.populations.get(at); !p.queued {
			if err := enc.Encode(p.saved(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *Judge) saveClaims(enc *gob.Encoder) error {
	some := make([]savedClaim, 0, savedBatch)
	for at := range j.claims.taken() {
		some = append(some, j.claims.get(at).saved(at, j.claims.touched[at]))
		if len(some) == savedBatch {
			if err := enc.Encode(some); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	if len(some) == 0 {
		return nil
	}
	return enc.Encode(some)
}

// saveHours writes the open claims of each hour, by place, in the order in which they opened.
func (j *Judge) saveHours(enc *gob.Encoder) error {
	for _, b := range j.hours {
		var list []uint32
		for at := b.head; at != noSlot; at = j.claims.get(at).after {
			list = append(list, at)
		}
		if err := enc.Encode(list); err != nil {
			return err
		}
	}
	return nil
}

func (s *slots[T]) saved() savedSlots { return savedSlots{len(s.touched), s.hand, s.spare} }

// taken goes over the places that hold a value, once round from the hand on.
func (s *slots[T]) taken() func(yield func(uint32) bool) {
	spare := make([]bool, len(s.touched))
	for _, at := range s.spare {
		spare[at] = true
	}
	return func(yield func(uint32) bool) {
		for i := range s.touched {
			if at := (s.hand + i) % len(s.touched); !spare[at] && !yield(uint32(at)) {
				return
			}
		}
	}
}

// shrink gives back the places from keep on, if all of them are spare: a state of more memory left them.
func (s *slots[T]) shrink(keep int) bool {
	var low []uint32
	for _, at := range s.spare {
		if int(at) < keep {
			low = append(low, at)
		}
	}
	if len(s.spare)-len(low) < len(s.touched)-keep {
		return false
	}
	chunks := make([][]T, (keep+chunk-1)/chunk)
	copy(chunks, s.chunks)
	s.chunks, s.spare, s.touched = chunks, low, append([]bool(nil), s.touched[:keep]...)
	if s.hand >= keep {
		s.hand = 0
	}
	return true
}

// shrink gives back the room of claims that had to go after a restart with less memory.
func (j *Judge) shrink() {
	if !j.claims.shrink(j.keep) {
		return
	}
	j.keep = 0
	byKey := make(map[claimKey]uint32, j.claims.used()) // a map that was large stays large
	for k, at := range j.byKey {
		byKey[k] = at
	}
	j.byKey = byKey
}
