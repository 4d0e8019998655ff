package proof

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// Condition is one of a rule's (SPOOF-AND-CAMPAIGNS 3.3, 3.4); those of R2 have the number that they have there.
type Condition uint8

// The conditions of R2. The eighth, that the host ran the call, only adds strength; the ninth, that the ledger says nothing against, is the
// caller's.
const (
	Held            Condition = iota
	CallPlain                 // 1: a readable call that needs an answer
	CallbackLeft              // 2: our host asked about it within 30 s, on its way out
	ActivityFresh             // 3: by an activity that nobody else can know
	AnswerFits                // 4: the caller answered that, in time, status 0, with the call's number
	NotContradicted           // 5: and nothing else
	NotGuessed                // 6: without trying
	SamePath                  // 7: from where the call came
)

// What the conditions of R2 allow.
const (
	askWithin    = 30 * time.Second
	answerAfter  = 200 * time.Microsecond
	answerWithin = 10 * time.Second
	soleFor      = 15 * time.Minute
	mostGuesses  = 3
	oneWay       = dcerpc.FlagIdempotent | dcerpc.FlagMaybe | dcerpc.FlagBroadcast
)

// trial is an exchange in which somebody answered a callback.
type trial struct {
	of       Subject
	exchange decoders.Exchange // as the first answer showed it
	answer   decoders.Signal
	guesses  int
	denied   bool // somebody at the source's address said otherwise, or our host did not believe it
	executed bool
}

// Call is the subject that a call is: an activity has one at a time between two addresses (C706 12.5.1).
func Call(src, dst netip.AddrPort, activity dcerpc.UUID, sequence uint32) Subject {
	return Subject{src, netip.AddrPortFrom(dst.Addr(), 0), activity, sequence}
}

// answered takes a PDU, or an ICMP error about one, into the trial of its call; the first answer to a callback begins that.
func (b *Bench) answered(s *decoders.Signal) {
	e := &s.Exchange
	if e.Call.Frame == 0 {
		return
	}
	of := Call(e.Call.Src, e.Call.Dst, e.Activity, e.Sequence)
	t := b.trials[of]
	says := s.Fact == decoders.FactCallbackAnswer || s.Fact == decoders.FactCallbackRefuse
	switch {
	case t == nil && says && s.Kind == decoders.SignalPDU && b.room(len(b.trials)):
		b.trials[of] = &trial{of: of, exchange: *e, answer: *s, denied: s.Fact == decoders.FactCallbackRefuse}
		b.queue = append(b.queue, pending{s.Time.Add(watch), of})
	case t == nil:
	case s.Fact == decoders.FactResponse:
		t.executed = true
	case s.Kind == decoders.SignalQuote || e.Differ || s.Fact == decoders.FactCallbackRefuse || s.Fact == decoders.FactReject || s.Fact == decoders.FactNoCall:
		t.denied = true
	}
}

// outcome goes through the conditions.
func (t *trial) outcome(b *Bench, short bool) Outcome {
	e := &t.exchange
	t.guesses = b.config.Guesses(&t.answer)
	o := Outcome{Subject: t.of, Rule: RuleCallback, Failed: t.failed(b), Frames: [3]uint64{e.Call.Frame, e.Callback.Frame, t.answer.Frame}, Call: e.Call}
	if o.Failed == Held {
		o.Genuine = Genuine{RuleCallback, t.of, e.Call.Time, o.Frames, t.executed, short}
	}
	return o
}

// failed gives the first condition of R2 that does not hold.
func (t *trial) failed(b *Bench) Condition {
	e, a, u := &t.exchange, &t.answer, &t.exchange.CallbackActivity
	asked, took := e.Callback.Time.Sub(e.Call.Time), a.Time.Sub(e.Callback.Time)
	switch {
	case e.Flags&oneWay != 0 || e.Call.Tunnels > 0:
		return CallPlain
	case asked <= 0 || asked > askWithin || e.Callback.Dst != e.Call.Src || e.CallbackOperation > dcerpc.WhoAreYouAuth || e.CallbackOperation == dcerpc.AreYouThere || !b.config.Left(&e.Callback, &e.Call):
		return CallbackLeft
	case u[6]>>4 != 4 || u[8]>>6 != 2 || e.CallbackSole != decoders.Yes || e.CallbackSequence > 0 && e.Callback.Time.Sub(e.CallbackSince) < soleFor:
		return ActivityFresh
	case a.Src != e.Call.Src || a.Dst != e.Callback.Src || took < answerAfter || took > answerWithin || !a.HasStatus || a.Status != 0 || a.Returned != e.Sequence:
		return AnswerFits
	case t.denied || e.Differ:
		return NotContradicted
	case t.guesses > mostGuesses:
		return NotGuessed
	case a.Marks.TTL > e.Call.TTL+1 || e.Call.TTL > a.Marks.TTL+1 || a.Iface != e.Call.Iface || a.Marks.SrcMAC != e.Call.SrcMAC || a.Marks.Tunnels > 0:
		return SamePath
	}
	return Held
}
