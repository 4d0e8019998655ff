package spoof

import (
	"slices"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/sensor/spoof/proof"
)

// bound says which claim a message belongs to that its sender may prove.
type bound struct {
	claimRef
	frames [2]uint64  // the first and the last of the message
	began  time.Time  // when the first came
	twin   bool       // another message had the same numbers: the answer may mean either
	more   []claimRef // of a connection that carried several, at most maxCarried
}

// maxCarried is how many claims one connection may prove besides the first.
const maxCarried = 7

// isOf says whether it is the very message that a call carried: another of the same numbers may be anybody's.
func (b *bound) isOf(call *decoders.Step) bool {
	return (call.Frame == b.frames[0] || call.Frame == b.frames[1]) && call.Time.Equal(b.began)
}

// dossier is what answers show of the source of one claim. Claims have none but by answers.
type dossier struct {
	proof  proof.Genuine
	failed proof.Outcome // of what was no proof: the last
	cited  []cited
}

// cited is a frame that shows a row.
type cited struct {
	row   rows
	frame uint64
}

// ShedProofs counts the exchanges that might have proven a source and found no room, and what was forgotten that they rest on.
func (j *Judge) ShedProofs() uint64 {
	t := j.trust
	return t.shed + t.bench.Shed + t.waiting.shed + t.guesses.shed + t.records.shed
}

// Lost tells that the capture lost frames up to now: what proofs rest on may be among them.
func (j *Judge) Lost(now time.Time) { j.trust.loss = now }

// await notes a message whose sender may prove that it was his.
func (j *Judge) await(m *decoders.Message, c *claim, slot uint32) {
	t := j.trust
	t.direction(m.Iface, m.Src.Addr(), m.Dst.Addr(), &m.Marks)
	ref := claimRef{slot, c.key}
	if t.home(m.Src.Addr()) {
		if g, ok := t.bench.Access(m); ok {
			j.settle(ref, proof.Outcome{Genuine: g, Rule: proof.RuleAccess, Frames: g.Frames()}, m.Time)
		}
		return
	}
	of, ok := subject(m)
	if !ok || !t.home(m.Dst.Addr()) {
		return
	}
	b, known := t.find(of)
	switch {
	case !known:
		b = bound{claimRef: ref, frames: [2]uint64{m.Frames[0], m.Frames[len(m.Frames)-1]}, began: m.Began}
	case m.Session == nil && m.Retransmit:
		return
	case m.Session == nil:
		b.twin = true
	case b.claimRef == ref || len(b.more) >= maxCarried || slices.Contains(b.more, ref):
		return
	default:
		b.more = append(b.more, ref)
	}
	if m.Session != nil || t.bench.Watches(of) {
		t.hold(of, b, m.Time)
	} else {
		t.waiting.put(of, b, m.Time)
	}
}

// find gives what is bound to a subject.
func (t *trust) find(of proof.Subject) (bound, bool) {
	if b, ok := t.held[of]; ok {
		return b, true
	}
	return t.waiting.get(of)
}

// hold keeps what is bound to a subject until its outcome comes.
func (t *trust) hold(of proof.Subject, b bound, now time.Time) {
	if _, known := t.held[of]; !known && len(t.held) >= t.room {
		for k, old := range t.held {
			if now.Sub(old.began) > holdFor {
				delete(t.held, k)
			}
		}
		if len(t.held) >= t.room {
			t.shed++
			return
		}
	}
	t.held[of] = b
}

// keep moves what is bound to a call out of reach of invented addresses: a callback makes it young again, an answer holds it.
func (t *trust) keep(s *decoders.Signal) {
	e := &s.Exchange
	if s.Kind != decoders.SignalPDU || e.Call.Frame == 0 || s.Fact != decoders.FactCallback && s.Fact != decoders.FactCallbackAnswer {
		return
	}
	of := proof.Called(e)
	b, ok := t.waiting.get(of)
	switch {
	case !ok:
	case t.bench.Watches(of):
		t.hold(of, b, s.Time)
	default:
		t.waiting.put(of, b, s.Time)
	}
}

// subject is what a proof of a message would be about. Calls that need no answer have none, and connections without a handshake.
func subject(m *decoders.Message) (proof.Subject, bool) {
	switch {
	case m.Session != nil:
		return proof.Connection(m.Session), m.Session.Evidence.Handshake()
	case m.Route == decoders.RouteRPC:
		return proof.Call(m.Src, m.Dst, m.RPC.Activity, m.RPC.Sequence), proof.Plain(m.RPC.Flags)
	}
	return proof.Subject{}, false
}

// Signal notes what bears on sources without being a popup: callbacks and their answers, errors, connections. It may change claims: Due
// gives them.
func (j *Judge) Signal(s *decoders.Signal) {
	t := j.trust
	t.direction(s.Iface, s.Src.Addr(), s.Dst.Addr(), &s.Marks)
	if (s.Fact == decoders.FactCallbackAnswer || s.Fact == decoders.FactCallbackRefuse) && s.Exchange.Callback.Frame == 0 && s.Kind == decoders.SignalPDU {
		t.guess(s)
	}
	if e := &s.Exchange; proof.Refuses(s) && s.QuoteDst.Addr() == e.Call.Src.Addr() {
		t.refused.put(proof.Called(e), true, s.Time)
	}
	j.backscatter(s)
	t.bench.Signal(s)
	t.keep(s)
	j.gainsay(s)
}

// gainsay gives the claim of a call the rows of what the source's address, or the way to it, said to our hosts' replies.
func (j *Judge) gainsay(s *decoders.Signal) {
	e := &s.Exchange
	if e.Call.Frame == 0 {
		return
	}
	r := gainsaid(s)
	if r == 0 {
		return
	}
	b, ok := j.trust.find(proof.Called(e))
	if !ok || !b.isOf(&e.Call) {
		return
	}
	c, d := j.open(b.claimRef, j.trust.room/2)
	if c == nil {
		return
	}
	c.rows |= r
	if d != nil && len(d.cited) < maxCited {
		d.cited = append(d.cited, cited{r, s.Frame})
	}
	j.renew(b.claimRef)
}

// gainsaid is the row that a signal shows, 0 for none (SPOOF-AND-CAMPAIGNS 2.6).
func gainsaid(s *decoders.Signal) rows {
	e := &s.Exchange
	fromSource := s.Src.Addr() == e.Call.Src.Addr()
	switch {
	case s.Kind == decoders.SignalQuote && s.QuoteDst.Addr() != e.Call.Src.Addr():
		return 0
	case s.Kind == decoders.SignalQuote && s.ICMPType == 3 && s.ICMPCode == 3:
		return rowE51
	case s.Kind == decoders.SignalQuote:
		return rowE50
	case !fromSource || s.Kind != decoders.SignalPDU:
		return 0
	case e.Differ:
		return rowE54
	case s.Fact == decoders.FactCallbackRefuse && s.HasStatus && s.Status == dcerpc.StatusBadActivity,
		s.Fact == decoders.FactCallbackAnswer && s.HasStatus && s.Status != 0:
		return rowE52
	case s.Fact == decoders.FactCallbackRefuse || s.Fact == decoders.FactNoCall || s.Fact == decoders.FactReject:
		return rowE53
	}
	return 0
}

// open gives an open claim and its dossier, made where there are fewer than room. The claim is nil where it is gone, the dossier where there is no
// room.
func (j *Judge) open(r claimRef, room int) (*claim, *dossier) {
	c := j.claims.get(r.slot)
	if c.key != r.key || !c.open {
		return nil, nil
	}
	d := j.trust.dossiers[r.slot]
	if d == nil && len(j.trust.dossiers) < room {
		d = &dossier{}
		j.trust.dossiers[r.slot] = d
	} else if d == nil {
		j.trust.shed++
	}
	return c, d
}

// dossierOf gives the dossier of a claim; nil where it has none.
func (j *Judge) dossierOf(c *claim) *dossier { return j.trust.dossiers[j.byKey[c.key]] }

// renew judges a claim again; where its state changed it waits for Due.
func (j *Judge) renew(r claimRef) {
	c := j.claims.get(r.slot)
	if j.judge(c, j.populations.get(c.slot)); c.state != c.reported && !c.pending {
		c.pending = true
		j.changed = append(j.changed, r)
	}
}

// prove takes the outcomes of proofs that are due, or all at the end.
func (j *Judge) prove(due func() (proof.Outcome, bool), now time.Time) {
	for o, ok := due(); ok; o, ok = due() {
		if o.Received() {
			j.trust.reached.put(keyOf(o.Subject.Source.Addr()), now.UnixNano(), now)
		}
		b, known := j.trust.find(o.Subject)
		delete(j.trust.held, o.Subject)
		if !known || o.Rule == proof.RuleCallback && !b.isOf(&o.Call) {
			continue
		}
		if refused, _ := j.trust.refused.get(o.Subject); (b.twin || refused) && o.Genuine.Valid() {
			o.Genuine, o.Failed = proof.Genuine{}, proof.NotContradicted
		}
		j.settle(b.claimRef, o, now)
		for _, r := range b.more {
			j.settle(r, o, now)
		}
	}
}

// settle writes an outcome into the dossier of a claim.
func (j *Judge) settle(r claimRef, o proof.Outcome, now time.Time) {
	room := j.trust.room
	if !o.Genuine.Valid() {
		room /= 2 // what proves nothing does not take the room of what does
	}
	c, d := j.open(r, room)
	if c == nil {
		return
	}
	if o.Received() {
		c.rows |= rowReached
	}
	if o.Genuine.Valid() {
		c.rows |= rowProven
		j.proven(c, o.Genuine, now)
	}
	switch {
	case d == nil: // the claim says what it is, without what shows it
	case o.Genuine.Valid():
		d.proof, d.failed = o.Genuine, proof.Outcome{}
	default:
		d.failed = o
	}
	j.renew(r)
}
