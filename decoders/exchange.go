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
	SrcMAC   [6]byte // of the outermost Ethernet header; zero without one
	Iface    int
}

// Exchange is what is remembered of the call that a PDU belongs to. PDUs find their call by addresses, activity and sequence number, never
// by ports: calls to the endpoint mapper are answered from the port of the service, callbacks come from yet another. It is empty where
// the call was not seen.
//
// Calls are remembered for a minute, callbacks for fifteen: both in tables of fixed size that forget the oldest, of which callbacks have
// their own, since only a host that was called sends them. Nothing of it outlives a run.
type Exchange struct {
	Activity dcerpc.UUID  // of the call
	Sequence uint32       // of the call
	Flags    dcerpc.Flags // flags1 of the call's first fragment: idempotent, maybe and broadcast rule a proof out
	Call     Step         // the call as it came whole
	Popup    bool         // it was a NetrSendMessage that could be read

	Callback          Step // the last callback about this call
	CallbackActivity  dcerpc.UUID
	CallbackSequence  uint32
	CallbackOperation uint16
	// CallbackSole says whether the callback's activity was seen with this one caller alone: Yes for the last 15 minutes, No where any PDU
	// carried it to or from another address (a caller could learn it there), Unknown where the sensor has not watched for that long, or had to
	// forget activities within that time.
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
