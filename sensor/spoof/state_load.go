package spoof

import (
	"encoding/gob"
	"errors"
	"fmt"
)

// Load reads what Save wrote into a new Judge. Where it has less memory than was taken, campaigns and claims go in the usual order: closed
// claims are forgotten at once and count as shed, open ones come out of Due first. After an error the Judge is of no use.
func (j *Judge) Load(dec *gob.Decoder) error {
	l := loader{Judge: j, dec: dec}
	if err := dec.Decode(&l.head); err != nil {
		return fmt.Errorf("load claims: %w", err)
	}
	if err := l.plan(); err != nil {
		return fmt.Errorf("load claims: %w", err)
	}
	if err := l.loadPopulations(); err != nil {
		return fmt.Errorf("load what campaigns know of their sources: %w", err)
	}
	if err := l.loadClaims(); err != nil {
		return fmt.Errorf("load claims: %w", err)
	}
	if err := l.loadHours(); err != nil {
		return fmt.Errorf("load the hours of claims: %w", err)
	}
	return nil
}

// loader takes a state apart. Where all has room, everything goes to the place it had: evictions then go on as they would have. Where not,
// what stays is put together, and open claims that must go behind it, where the hand points.
type loader struct {
	*Judge
	dec           *gob.Decoder
	head          savedJudge
	fits          bool
	unused        int      // populations to forget, of those without an open claim
	untouched     int      // claims to forget or close, of those that were not used lately
	touched       int      // and of the others
	stay          int      // claims that stay
	kept, surplus uint32   // next places of claims that stay, that must go
	populationAt  []uint32 // new places by old ones
	claimAt       []uint32
}

var errPlaces = errors.New("places do not agree with what they hold")

// plan says what must go, from the numbers alone, in the order of makeRoom.
func (l *loader) plan() error {
	h := &l.head
	populations, claims := h.Populations.taken(), h.Claims.taken()
	if !h.Populations.valid() || !h.Claims.valid() || h.Untouched > claims || h.Queued > populations || h.Unused > h.Queued || h.Held < 0 {
		return errPlaces
	}
	l.secret, l.nextSeq = h.Secret, h.NextSeq
	held := func() int { return h.Held - l.unused*populationCost } // an unused one takes that at least
	over := func() int { return claims*claimCost + held() - l.memory }
	l.fits = over() <= 0
	for over() > 0 && l.unused < h.Unused && held() > l.memory/2 {
		l.unused++
	}
	must := min((max(over(), 0)+claimCost-1)/claimCost, claims)
	l.untouched = min(must, h.Untouched)
	l.touched = must - l.untouched
	l.stay = claims - must
	l.surplus = uint32(l.stay)
	l.populationAt, l.claimAt = nowhere(h.Populations.Places), nowhere(h.Claims.Places)
	if l.fits {
		l.populations.restore(&h.Populations)
		l.claims.restore(&h.Claims)
	} else {
		l.claims.restore(&savedSlots{Places: claims, Hand: l.stay})
	}
	return nil
}

// valid says whether places are what slots can have: hostile numbers would size tables.
func (s *savedSlots) valid() bool {
	if s.Places < 0 || s.Places >= int(noSlot) || len(s.Spare) > s.Places || s.Hand < 0 || s.Hand > 0 && s.Hand >= s.Places {
		return false
	}
	for _, at := range s.Spare {
		if int(at) >= s.Places {
			return false
		}
	}
	return true
}

func nowhere(n int) []uint32 {
	at := make([]uint32, n)
	for i := range at {
		at[i] = noSlot
	}
	return at
}

// restore makes empty places as they were saved.
func (s *slots[T]) restore(saved *savedSlots) {
	for range saved.Places {
		s.free()
	}
	s.spare = saved.Spare
	if saved.Hand < saved.Places {
		s.hand = saved.Hand
	}
}

func (l *loader) loadPopulations() error {
	for i := range l.head.Populations.taken() {
		var s savedPopulation
		if err := l.dec.Decode(&s); err != nil {
			return err
		}
		if int(s.At) >= len(l.populationAt) || l.populationAt[s.At] != noSlot || s.Queued != (i < l.head.Queued) {
			return errPlaces
		}
		if s.Queued && s.Refs == 0 && l.unused > 0 {
			l.unused--
			continue
		}
		at := s.At
		if !l.fits {
			at = l.populations.free()
		}
		l.populationAt[s.At] = at
		*l.populations.get(at) = s.population()
		l.weigh(l.populations.get(at))
		l.byCampaign[s.Campaign] = at
		if s.Queued {
			l.idle = append(l.idle, idleRef{at, s.Seq})
		}
	}
	return nil
}

func (l *loader) loadClaims() error {
	for n := l.head.Claims.taken(); n > 0; {
		var some []savedClaim // new each time: gob leaves alone what is zero in the file
		if err := l.dec.Decode(&some); err != nil {
			return err
		}
		if len(some) == 0 || len(some) > n {
			return errPlaces
		}
		n -= len(some)
		for i := range some {
			if err := l.take(&some[i]); err != nil {
				return err
			}
		}
	}
	return l.settle()
}

// take puts a claim into its place, unless it is closed and must go.
func (l *loader) take(s *savedClaim) error {
	if int(s.At) >= len(l.claimAt) || l.claimAt[s.At] != noSlot || int(s.Slot) >= len(l.populationAt) {
		return errPlaces
	}
	if s.Open && l.populationAt[s.Slot] == noSlot {
		return errPlaces
	}
	at := s.At
	if !l.fits {
		var stays bool
		if at, stays = l.next(s); !stays {
			return nil
		}
	}
	c := s.claim()
	if c.slot = l.populationAt[s.Slot]; c.slot == noSlot {
		c.slot = 0 // closed: it is not looked at again
	}
	l.claimAt[s.At] = at
	*l.claims.get(at) = c
	l.claims.touched[at] = s.Touched && at < l.surplusFrom()
	l.byKey[c.key] = at
	return nil
}

// surplusFrom is the first place of claims that must go.
func (l *loader) surplusFrom() uint32 {
	if l.fits {
		return noSlot
	}
	return uint32(l.stay)
}

// next gives the next place for a claim; none where it is forgotten at once.
func (l *loader) next(s *savedClaim) (at uint32, stays bool) {
	left := &l.untouched
	if s.Touched {
		left = &l.touched
	}
	switch {
	case *left == 0:
		l.kept++
		return l.kept - 1, true
	case s.Open:
		*left--
		l.surplus++
		return l.surplus - 1, true
	}
	*left--
	l.Shed++
	return 0, false
}

// settle gives back the places that closed claims left, and makes the hand pass the open ones that must go before any other.
func (l *loader) settle() error {
	if l.fits {
		return nil
	}
	l.keep = l.stay
	if int(l.kept) != l.keep {
		return errPlaces
	}
	hand := l.keep
	for at := int(l.surplus); at < len(l.claims.touched); at++ {
		l.claims.spare = append(l.claims.spare, uint32(at))
	}
	l.claims.shrink(int(l.surplus))
	if l.claims.hand = hand; hand >= int(l.surplus) { // none must go
		l.claims.hand, l.keep = 0, 0
	}
	return nil
}

func (l *loader) loadHours() error {
	for range l.head.Hours {
		var list []uint32
		if err := l.dec.Decode(&list); err != nil {
			return err
		}
		for _, old := range list {
			if int(old) >= len(l.claimAt) || l.claimAt[old] == noSlot {
				return errPlaces
			}
			at := l.claimAt[old]
			c := l.claims.get(at)
			if !c.open || c.before != noSlot || c.after != noSlot {
				return errPlaces
			}
			l.enlist(at, c)
		}
	}
	for _, r := range l.head.Changed {
		if int(r.At) < len(l.claimAt) && l.claimAt[r.At] != noSlot {
			l.changed = append(l.changed, claimRef{l.claimAt[r.At], claimKey{r.Source, r.Population, r.Hour}})
		}
	}
	return nil
}
