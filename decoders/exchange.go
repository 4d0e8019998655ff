package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
)

// Fact is what a PDU says in the conversation that a call begins (C706 12.5, 12.6; conv.idl for the callback).
type Fact uint8

// The facts. Callbacks are requests of the conversation manager, operations who_are_you, who_are_you2, who_are_you_auth and
// who_are_you_auth_more; are_you_there has a word of its own.
const (
	FactNone           Fact = iota
	FactCallback            // the called host asks the caller whether it made the call
	FactCallbackAnswer      // a host answers that: Status 0 says yes, Returned is the call's sequence number as it says
	FactCallbackRefuse      // a host answers it by fault, reject or nocall
	FactThere               // are_you_there, or the answer to it
	FactResponse            // the call ran: Status is its return code
	FactFault               // the call ran into a fault: Status
	FactReject              // the call was not run: Status
	FactWorking             // the call runs still
	FactNoCall              // the host knows nothing of the call
	FactAck                 // the caller has the response
	FactFack                // fragments so far have arrived
	FactPing                // the caller asks what became of the call
	FactCancel              // the caller wants it no more
	FactCancelAck           // the answer to that
)

var factWords = [...]string{
	"none", "callback", "callback_answer", "callback_refuse", "are_you_there", "response", "fault", "reject", "working", "nocall", "ack", "fack",
	"ping", "cancel", "cancel_ack",
}

// String is the fact as one word.
func (f Fact) String() string {
	if int(f) < len(factWords) {
		return factWords[f]
	}
	return factWords[FactNone]
}

// Known says how sure something is that the sensor may not have been in a place to see.
type Known uint8

// What can be known. Unknown is never to be read as one of the others.
const (
	Unknown Known = iota
	No
	Yes
)

// String is the word that stands in evidence.
func (k Known) String() string { return [...]string{"unknown", "no", "yes"}[min(k, Yes)] }

// Step is one datagram of an exchange that a later one refers to. Frame is 0 where the sensor did not see it, or no longer knows of it; then
// all is zero.
type Step struct {
	Frame    uint64    // number of the frame that completed it, over the run
	Time     time.Time // packet time of that frame
	Src, Dst netip.AddrPort
	TTL      uint8
	Tunnels  uint8   // around its innermost IP header: what came in a tunnel may have been made by whoever sent that
	SrcMAC   [6]byte // of the outermost Ethernet header; zero without one
	Iface    int
}

// Exchange is what is remembered of the call that a PDU belongs to. PDUs find their call by addresses, activity and sequence number, never
// by ports: calls to the endpoint mapper are answered from the port of the service, callbacks come from yet another. It is empty where
// the call was not seen.
//
// Calls and callbacks are remembered for a minute, the activities of callbacks for fifteen: in tables of fixed size that forget their older
// half, of which callbacks have their own, since only a host that was called sends them. Nothing of it outlives a run.
type Exchange struct {
	Activity dcerpc.UUID  // of the call
	Sequence uint32       // of the call
	Flags    dcerpc.Flags // flags1 of the call's first fragment: idempotent, maybe and broadcast rule a proof out
	Call     Step         // its first datagram; of one in fragments Frame is the frame that made it whole
	Popup    bool         // it was a NetrSendMessage that could be read

	Callback          Step // the last callback about this call
	CallbackActivity  dcerpc.UUID
	CallbackSequence  uint32
	CallbackOperation uint16
	// CallbackSole says whether the callback's activity went between this server and this caller alone: No where any PDU of the conversation
	// manager carried it between others (somebody could learn it there), Yes where all its sequence numbers from 0 on were seen, Unknown
	// where one is missing: the sensor came later, lost frames or hears not every road, and who knows to whom that one went.
	CallbackSole Known

	Answer  Step   // the first answer to that callback
	Answers uint16 // how many there were, this one included
	Differ  bool   // they do not all say the same: one host denies what another affirms
}

// Forwarded says whether the call went to the endpoint mapper, which handed it to the service ([MS-RPCE] 4.5): the answer then comes from
// another port than the one that was called.
func (e *Exchange) Forwarded(from uint16) bool {
	return e.Call.Frame != 0 && e.Call.Dst.Port() == dcerpc.MapperPort && from != dcerpc.MapperPort
}
