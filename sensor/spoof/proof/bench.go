package proof

import (
	"net/netip"
	"time"

	"popupwatch/decoders"
)

// Config of a Bench, whose owner knows what the network is like. All are needed.
type Config struct {
	Left    func(s *decoders.Step, theirs *decoders.Step) bool // whether a packet was on its way out from a host of ours, to one elsewhere that sent theirs
	Bound   func(m *decoders.Message) bool                     // whether the interface is one of our users', where its MAC and address are bound to it
	Room    int                                                // exchanges, and connections, that are watched at a time
	Guesses func(from, to netip.Addr, at time.Time) int        // how many answers to nothing went between them in the last 10 minutes
}

// watch is how long a contradiction is waited for.
const watch = 10 * time.Second

// Outcome is what became of a source's chance to prove itself: a valid Genuine, or the condition that did not hold.
type Outcome struct {
	Subject Subject
	Genuine Genuine
	Rule    Rule
	Failed  Condition
	Frames  [3]uint64     // as far as the proof got
	Call    decoders.Step // of R2: the call's first datagram
}

// Received says whether the source at least received what a host of ours sent, though it may not have sent the message.
func (o *Outcome) Received() bool {
	return o.Rule == RuleTCP && (o.Failed == Held || o.Failed >= Acknowledged)
}

// Bench watches exchanges and connections until they prove their source or fail to. Nothing of it outlives the run. It belongs to one
// goroutine.
type Bench struct {
	Shed uint64 // exchanges and connections that found no room

	config  Config
	trials  map[Subject]*trial
	links   map[Subject]*link
	queue   []pending // in the order of their time
	decided []Outcome // that need no watching
}

// pending says when something is to be judged.
type pending struct {
	at time.Time
	of Subject
}

// New makes an empty Bench.
func New(c Config) *Bench {
	return &Bench{config: c, trials: map[Subject]*trial{}, links: map[Subject]*link{}}
}

// Signal notes what bears on a proof.
func (b *Bench) Signal(s *decoders.Signal) {
	switch s.Kind {
	case decoders.SignalStream:
		b.shown(s)
	case decoders.SignalPDU, decoders.SignalQuote:
		b.answered(s)
	}
}

// Access is the rule of access ports: it proves the source of a message that came where its MAC and address are bound to the port.
func (b *Bench) Access(m *decoders.Message) (Genuine, bool) {
	if !m.Marks.HasMAC || m.Marks.Tunnels > 0 || !b.config.Bound(m) {
		return Genuine{}, false
	}
	return Genuine{rule: RuleAccess, subject: Subject{Source: m.Src, Destination: m.Dst}, at: m.Time, frames: [3]uint64{m.Frames[0]}}, true
}

// Watches says whether somebody answered a callback about a call: then an outcome comes.
func (b *Bench) Watches(of Subject) bool { return b.trials[of] != nil }

// room says whether one more may be watched of so many. A host that exists must have answered in each: no invented address pushes one out,
// and where there is no room it is the newcomer that has none.
func (b *Bench) room(n int) bool {
	if n >= b.config.Room {
		b.Shed++
	}
	return n < b.config.Room
}

// Due gives the next outcome at packet time now; ask until it says no.
func (b *Bench) Due(now time.Time) (Outcome, bool) {
	if len(b.decided) == 0 && (len(b.queue) == 0 || b.queue[0].at.After(now)) {
		return Outcome{}, false
	}
	return b.next(false), true
}

// Finish gives the outcomes of what is still watched at the end of input: what nothing contradicted up to there is proven, and short.
func (b *Bench) Finish() (Outcome, bool) {
	if len(b.decided) == 0 && len(b.queue) == 0 {
		return Outcome{}, false
	}
	return b.next(true), true
}

func (b *Bench) next(short bool) Outcome {
	if len(b.decided) > 0 {
		o := b.decided[0]
		b.decided = b.decided[1:]
		return o
	}
	of := b.queue[0].of
	b.queue = b.queue[1:]
	if t := b.trials[of]; t != nil {
		delete(b.trials, of)
		return t.outcome(b, short)
	}
	l := b.links[of]
	delete(b.links, of)
	return l.outcome(b, short)
}
