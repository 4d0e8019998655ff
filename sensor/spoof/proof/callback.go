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
	mostGuesses  = 3
)

// Plain says whether a call of these flags is one that its sender can prove: called hosts ask nobody about others, or need not.
func Plain(f dcerpc.Flags) bool {
	return f&(dcerpc.FlagIdempotent|dcerpc.FlagMaybe|dcerpc.FlagBroadcast) == 0
}

// trial is an exchange in which somebody answered a callback.
type trial struct {
	of       Subject
	exchange decoders.Exchange // as the first answer showed it; its Answer is that answer
	says     answer
	denied   bool // somebody at the source's address said otherwise, or our host did not believe it
	executed bool
}

// answer is what the first answer says.
type answer struct {
	status, sequence uint32
	known            bool // it has both
}

// Call is the subject that a call is: an activity has one at a time between two addresses (C706 12.5.1).
func Call(src, dst netip.AddrPort, activity dcerpc.UUID, sequence uint32) Subject {
	return Subject{src, netip.AddrPortFrom(dst.Addr(), 0), activity, sequence}
}

// Called is the subject that the call of an exchange is.
func Called(e *decoders.Exchange) Subject {
	return Call(e.Call.Src, e.Call.Dst, e.Activity, e.Sequence)
}

// answered takes a PDU, or an ICMP error about one, into the trial of its call; the first answer to a callback begins that.
func (b *Bench) answered(s *decoders.Signal) {
	e := &s.Exchange
	if e.Call.Frame == 0 {
		return
	}
	of := Called(e)
	t := b.trials[of]
	answers := s.Kind == decoders.SignalPDU && (s.Fact == decoders.FactCallbackAnswer || s.Fact == decoders.FactCallbackRefuse)
	switch {
	case t == nil && answers:
		b.try(&trial{of: of, exchange: *e, says: answer{s.Status, s.Returned, s.HasStatus && s.Fact == decoders.FactCallbackAnswer}}, s)
	case t == nil:
	case s.Fact == decoders.FactResponse:
		t.executed = true
	case e.Differ || s.Fact == decoders.FactCallbackRefuse || s.Fact == decoders.FactReject || s.Fact == decoders.FactNoCall, Refuses(s):
		t.denied = true
	}
}

// Refuses says whether a signal is an ICMP error about a callback: its address does not want it.
func Refuses(s *decoders.Signal) bool {
	return s.Kind == decoders.SignalQuote && s.Exchange.Callback.Frame != 0 && s.PDU.Activity == s.Exchange.CallbackActivity
}

// try watches an exchange that may become a proof. What cannot is decided at once, and takes no room.
func (b *Bench) try(t *trial, s *decoders.Signal) {
	if t.failed(b) != Held {
		b.decided = append(b.decided, t.outcome(b, false))
	} else if b.room(len(b.trials)) {
		b.trials[t.of] = t
		b.queue = append(b.queue, pending{s.Time.Add(watch), t.of})
	}
}

// outcome goes through the conditions.
func (t *trial) outcome(b *Bench, short bool) Outcome {
	e := &t.exchange
	o := Outcome{Subject: t.of, Rule: RuleCallback, Failed: t.failed(b), Frames: [3]uint64{e.Call.Frame, e.Callback.Frame, e.Answer.Frame}, Call: e.Call}
	if o.Failed == Held {
		o.Genuine = Genuine{RuleCallback, t.of, e.Call.Time, o.Frames, t.executed, short}
	}
	return o
}

// failed gives the first condition of R2 that does not hold.
func (t *trial) failed(b *Bench) Condition {
	e, a, u := &t.exchange, &t.exchange.Answer, &t.exchange.CallbackActivity
	asked, took := e.Callback.Time.Sub(e.Call.Time), a.Time.Sub(e.Callback.Time)
	switch {
	case !Plain(e.Flags) || e.Call.Tunnels > 0:
		return CallPlain
	case asked <= 0 || asked > askWithin || e.Callback.Dst != e.Call.Src || e.CallbackOperation > dcerpc.WhoAreYouAuth || e.CallbackOperation == dcerpc.AreYouThere || !b.config.Left(&e.Callback, &e.Call):
		return CallbackLeft
	case u[6]>>4 != 4 || u[8]>>6 != 2 || e.CallbackSole != decoders.Yes:
		return ActivityFresh
	case a.Src != e.Call.Src || a.Dst != e.Callback.Src || took < answerAfter || took > answerWithin || t.says != answer{0, e.Sequence, true}:
		return AnswerFits
	case t.denied || e.Differ:
		return NotContradicted
	case b.config.Guesses(a.Src.Addr(), a.Dst.Addr(), a.Time.Add(watch)) > mostGuesses:
		return NotGuessed
	case a.TTL > e.Call.TTL+1 || e.Call.TTL > a.TTL+1 || a.Iface != e.Call.Iface || a.SrcMAC != e.Call.SrcMAC || a.Tunnels > 0:
		return SamePath
	}
	return Held
}
