package proof

import (
	"popupwatch/decoders"
	"popupwatch/decoders/reassembly"
)

// The conditions of R2' (SPOOF-AND-CAMPAIGNS 3.4).
const (
	HandshakeWhole    Condition = iota + 11 // all three segments, with numbers that fit
	NumbersUnforeseen                       // nobody could tell the server's numbers
	NotReset                                // the client's address did not refuse the connection
	ServerLeft                              // the server's answers were on their way out, and nothing came in a tunnel
	Acknowledged                            // the client acknowledged two segments of data, or more, that the server sent
	OnePath                                 // its segments came with one TTL
	NumbersNotTried                         // hardly any of the client's segments fit nothing
)

// mostOutside is how many segments of the client may fit nothing: late ones do.
const mostOutside = 3

// link is a connection to the Messenger whose handshake was seen.
type link struct {
	of           Subject
	last         decoders.Session
	answers      int  // of the server
	stray        bool // one of them was not on its way out
	over, tunnel bool
}

// Connection is the subject that a connection to the Messenger is.
func Connection(s *decoders.Session) Subject {
	return Subject{Source: s.Ends.Client, Destination: s.Ends.Server, Sequence: s.Evidence.Ends[reassembly.Client].ISN}
}

// shown takes what a connection shows now; when it is over it is judged once nothing contradicts any more.
func (b *Bench) shown(s *decoders.Signal) {
	of := Connection(s.Session)
	l := b.links[of]
	if l == nil {
		if !s.Session.Evidence.Handshake() || !b.room(len(b.links)) {
			return
		}
		l = &link{of: of}
		b.links[of] = l
	}
	l.last = *s.Session
	step := decoders.Step{Frame: s.Frame, Src: s.Src, Dst: s.Dst, SrcMAC: s.Marks.SrcMAC, Tunnels: s.Marks.Tunnels, Iface: s.Iface}
	if l.tunnel = l.tunnel || s.Marks.Tunnels > 0; s.Src == of.Destination {
		l.answers++
		l.stray = l.stray || !b.config.Left(&step, nil)
	}
	if s.Session.Stage == decoders.SessionOver && !l.over {
		l.over = true
		b.queue = append(b.queue, pending{s.Time.Add(watch), of})
	}
}

func (l *link) outcome(_ *Bench, short bool) Outcome {
	e := &l.last.Evidence
	o := Outcome{Subject: l.of, Rule: RuleTCP, Failed: l.failed(), Frames: [3]uint64{e.SYN, e.SYNACK, e.Acknowledged}}
	if o.Failed == Held {
		o.Genuine = Genuine{RuleTCP, l.of, e.Began, o.Frames, l.last.Answers > 0, short}
	}
	return o
}

// failed gives the first condition of R2' that does not hold.
func (l *link) failed() Condition {
	client := &l.last.Evidence.Ends[reassembly.Client]
	switch {
	case !l.last.Evidence.Handshake():
		return HandshakeWhole
	case l.last.Initials.Predictable():
		return NumbersUnforeseen
	case client.Reset != 0:
		return NotReset
	case l.stray || l.tunnel || l.answers == 0:
		return ServerLeft
	case client.Acked < 2:
		return Acknowledged
	case client.TTLHigh-client.TTLLow > 1:
		return OnePath
	case client.Outside > mostOutside:
		return NumbersNotTried
	}
	return Held
}
