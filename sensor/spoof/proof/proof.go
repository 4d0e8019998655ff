// Package proof is the only place that can mint a proof of genuineness: that a host at a source address received something unpredictable
// because of a message and echoed it (SPOOF-AND-CAMPAIGNS 3). Three rules mint: the callback of connectionless RPC (R2), a TCP connection (R2'),
// a port where our own network checks who is who. What an on-path party could imitate none of them tells apart: every report says so.
package proof

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
)

// Rule is what proves a source.
type Rule uint8

// The rules.
const (
	RuleNone     Rule = iota
	RuleCallback      // R2: it answered a question that only it received
	RuleTCP           // R2': it acknowledged what only it received
	RuleAccess        // R2'': it sent from a port of our own that is bound to its MAC and address
)

// String is the rule as evidence names it.
func (r Rule) String() string { return [...]string{"", "R2", "R2'", "R2''"}[min(r, RuleAccess)] }

// Subject is what a proof is about: a call by its activity and sequence number, without the port that it was sent to; or a connection by the
// client's initial number, with a zero activity.
type Subject struct {
	Source, Destination netip.AddrPort
	Activity            dcerpc.UUID
	Sequence            uint32
}

// Genuine says that the source of a message was proven. Only this package can make a valid one; the zero Genuine proves nothing. It is
// never stored and never decoded from anything.
type Genuine struct {
	rule            Rule
	subject         Subject
	at              time.Time
	frames          [3]uint64
	executed, short bool
}

// Valid says whether g proves anything.
func (g Genuine) Valid() bool { return g.rule != RuleNone }

// Rule is what proved it.
func (g Genuine) Rule() Rule { return g.rule }

// Source is the proven address and the port that it sent from; the zero AddrPort where g is not valid.
func (g Genuine) Source() netip.AddrPort { return g.subject.Source }

// Destination is where the message went.
func (g Genuine) Destination() netip.AddrPort { return g.subject.Destination }

// At is the packet time of the message that was proven; of a connection, of its beginning.
func (g Genuine) At() time.Time { return g.at }

// Frames are the frames that show it, over the run: of the call, the callback and its answer; of the three segments of a handshake; or of
// the message.
func (g Genuine) Frames() [3]uint64 { return g.frames }

// Executed says whether the host that was called was seen to take the message: more than a proof needs.
func (g Genuine) Executed() bool { return g.executed }

// Short says whether input ended before the proof was watched for contradictions to its end: then it is no ground for a report.
func (g Genuine) Short() bool { return g.short }
