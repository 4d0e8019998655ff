package spoof

import (
	"net/netip"
	"slices"
	"time"

	"popupwatch/sensor/spoof/proof"
)

// record is what is remembered of an address that proved itself: not of the proofs, of their times.
type record struct {
	first, last int64 // proofs, nanoseconds
	conflict    int64 // 0 for none
}

// verified is how many hops away proven traffic of an address or network arrived.
type verified uint8

// The words for the gates that keep a proven claim from being reportable (SPOOF-AND-CAMPAIGNS 9).
const (
	RefusedRestored = "proof_not_held" // the claim came from a state file
	RefusedOwn      = "own_address"
	RefusedAllowed  = "allow_listed"
	RefusedText     = "not_spam"        // or a probe, or an exploit attempt
	RefusedFew      = "few_messages"    // the campaign has fewer than three
	RefusedSingle   = "single_proof"    // not two, 60 s apart
	RefusedConflict = "conflict"        // of this address, in the last 24 hours
	RefusedLoss     = "capture_loss"    // frames were lost around the proof
	RefusedShort    = "watch_cut_short" // input ended before the proof was watched to its end
)

// What the gates ask for.
const (
	leastMessages = 3
	proofsApart   = time.Minute
	lossNear      = 15 * time.Minute
)

// proven notes a proof of an address: it counts for the gates, and says how far away the address is.
func (j *Judge) proven(c *claim, g proof.Genuine, now time.Time) {
	at := g.At().UnixNano()
	r, ok := j.trust.records.get(c.key.source)
	if !ok || r.first == 0 {
		r.first = at
	}
	r.first, r.last = min(r.first, at), max(r.last, at)
	j.trust.records.put(c.key.source, r, now)
	if n, _, ok := hops(c.ttl); ok && g.Rule() != proof.RuleAccess {
		v := verified(n)
		a := c.key.source.addr()
		for _, bits := range []int{a.BitLen(), networkBits(a)} {
			if p, err := a.Prefix(bits); err == nil {
				j.trust.hops.put(p, v, now)
			}
		}
	}
}

// networkBits is the length of the prefix whose hosts are taken to lie equally far away.
func networkBits(a netip.Addr) int {
	if a.Is4() {
		return 24
	}
	return 64
}

// verifiedHops gives what is verified of an address, or of its network.
func (t *trust) verifiedHops(a netip.Addr) (verified, bool) {
	for _, bits := range []int{a.BitLen(), networkBits(a)} {
		if p, err := a.Prefix(bits); err == nil {
			if v, ok := t.hops.get(p); ok {
				return v, true
			}
		}
	}
	return 0, false
}

// hopRows compares how far away a packet comes from with what is verified (E12, E13). Outside the tolerance of two hops three in four forged
// packets fall, and one in seven genuine ones.
func (j *Judge) hopRows(m *sighting) rows {
	if len(j.trust.hops.current)+len(j.trust.hops.before) == 0 {
		return 0
	}
	v, ok := j.trust.verifiedHops(m.src.Addr())
	n, _, possible := hops(m.marks.TTL)
	switch d := n - int(v); {
	case !ok || !possible:
		return 0
	case d < -2 || d > 2:
		return rowE12
	}
	return rowE13
}

// clash notes that a proof and other evidence contradict each other.
func (j *Judge) clash(source addrKey, now time.Time) {
	r, _ := j.trust.records.get(source)
	r.conflict = now.UnixNano()
	j.trust.records.put(source, r, now)
}

// refusals gives the gates that keep a proven claim from being reportable; none where it is.
func (j *Judge) refusals(c *claim, p *population) (out []string) {
	d := j.dossierOf(c)
	if d == nil || !d.proof.Valid() {
		return []string{RefusedRestored}
	}
	r, _ := j.trust.records.get(c.key.source)
	a, at := c.key.source.addr(), d.proof.At()
	refuse := func(when bool, word string) {
		if when {
			out = append(out, word)
		}
	}
	refuse(d.proof.Rule() == proof.RuleAccess || j.isHome(a), RefusedOwn)
	refuse(slices.ContainsFunc(j.allow, func(p netip.Prefix) bool { return p.Contains(a) }), RefusedAllowed)
	refuse(c.rows&rowSpam == 0 || p.class != ClassPopup, RefusedText)
	refuse(p.submissions < leastMessages, RefusedFew)
	refuse(r.last-r.first < int64(proofsApart), RefusedSingle)
	refuse(r.conflict != 0 && j.now.UnixNano()-r.conflict < int64(recordFor), RefusedConflict)
	refuse(!j.trust.loss.IsZero() && at.Sub(j.trust.loss).Abs() < lossNear, RefusedLoss)
	refuse(d.proof.Short(), RefusedShort)
	return out
}
