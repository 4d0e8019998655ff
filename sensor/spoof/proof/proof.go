// Package proof is the only place that can mint a proof of genuineness: that a host at a source address received something unpredictable
// because of a message and echoed it (SPOOF-AND-CAMPAIGNS 3). Three rules mint: the callback of connectionless RPC (R2), a TCP connection (R2'),
// a port where our own network checks who is who (R2”). What an on-path party could imitate none of them tells apart: every report says so.
package proof

import (
	"net/netip"
	"time"
)

// Rule is what proved a source.
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

// Genuine says that the source of one claim was proven. Only this package can make a valid one; the zero Genuine proves nothing. It is
// never stored and never decoded from anything.
type Genuine struct {
	rule        Rule
	source      netip.AddrPort
	destination netip.AddrPort
	at          time.Time // of the message
	frames      [3]uint64 // what shows it: call, callback, answer; SYN, SYN and ACK, first acknowledgement; message
	executed    bool
}

// Valid says whether g proves anything.
func (g Genuine) Valid() bool { return g.rule != RuleNone }

// Rule is what proved it.
func (g Genuine) Rule() Rule { return g.rule }

// Source is the proven address and the port that it sent from; the zero AddrPort where g is not valid.
func (g Genuine) Source() netip.AddrPort { return g.source }

// Destination is where the message went.
func (g Genuine) Destination() netip.AddrPort { return g.destination }

// At is the packet time of the message that was proven.
func (g Genuine) At() time.Time { return g.at }

// Frames are the frames that show it, over the run: of the call, the callback and its answer; of the three segments of a handshake; or of
// the message. The caller owns the slice.
func (g Genuine) Frames() []uint64 {
	var out []uint64
	for _, f := range g.frames {
		if f != 0 {
			out = append(out, f)
		}
	}
	return out
}

// Executed says whether the host that was called was seen to run the call, or to take the message: more than a proof needs.
func (g Genuine) Executed() bool { return g.executed }
