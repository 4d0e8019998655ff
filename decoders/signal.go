package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/text"
)

// SignalKind says what a Signal is.
type SignalKind uint8

// The kinds of signals.
const (
	SignalPDU    SignalKind = iota // a connectionless PDU other than a popup: answer, reject, callback, acknowledgement
	SignalQuote                    // an ICMP error that quotes a popup, another PDU of the Messenger conversation, or the ports of one of them
	SignalProbe                    // what looks for the service without being a popup
	SignalStream                   // a TCP connection to the Messenger: a session granted or refused, a command answered, the end
)

// Reach is how far the quote of an ICMP error goes. RFC 792 asks for 8 octets of the datagram, RFC 1812 for as many as fit into 576.
type Reach uint8

// How far a quote goes. Each holds what those before it hold.
const (
	ReachPorts    Reach = iota // the UDP header: that it was a popup is a guess from port and length
	ReachActivity              // the RPC header up to the activity: of PDU the fields before it are known
	ReachHeader                // the RPC header: the sequence number is known too
	ReachFrom                  // From, or its beginning
	ReachText                  // Text, or its beginning
)

// String is the word that stands in evidence.
func (r Reach) String() string {
	return [...]string{"ports", "activity", "rpc_header", "from", "text"}[min(r, ReachText)]
}

// Signal is what bears on a source without being a popup. It is owned. It says what was seen, never who is to blame: but for the callbacks
// of an Exchange nothing in it shows that Src sent it.
type Signal struct {
	Kind     SignalKind
	Time     time.Time
	Frame    uint64
	Src, Dst netip.AddrPort // of the datagram itself; ports are 0 for ICMP
	Marks    inet.Marks
	Iface    int

	PDU       dcerpc.Header // SignalPDU, SignalProbe: its header. SignalQuote: the quoted one as far as it reaches. Else zero
	Status    uint32        // fault, reject: its status; response of NetrSendMessage: its return code; who-are-you: its status
	HasStatus bool
	Asked     dcerpc.UUID // who-are-you request: the activity it asks about
	Fact      Fact        // SignalPDU: what it says
	Returned  uint32      // FactCallbackAnswer: the sequence number that the answer names
	Exchange  Exchange    // SignalPDU, SignalQuote: the call it belongs to, where that was seen
	CallSeen  bool        // SignalPDU, SignalQuote: the popup that it answers or quotes passed in the last minute. Unlike Exchange it outlives a run

	Probe     Probe
	Octets    int   // SignalProbe: octets of UDP payload
	Solicited Known // SignalProbe, SignalQuote of ports alone: whether the host that got it had sent there from that port before

	ICMPType, ICMPCode uint8          // SignalQuote
	QuoteSrc, QuoteDst netip.AddrPort // SignalQuote: addresses of the quoted datagram
	QuoteHasHeader     bool           // the quote reaches the RPC header: QuoteReach is at least ReachHeader
	QuoteReach         Reach
	QuoteTTL           uint8          // as it was where the error was made
	QuoteID            uint16         // IP identification; 0 for IPv6
	QuoteLength        int            // octets of UDP payload that the quoted header announces
	QuoteFrom          string         // the quoted popup's From, as shown, where the quote reaches it
	QuoteTo            string         // its To
	QuoteText          string         // and as much of its Text
	QuoteFeatures      *text.Features // of QuoteText; nil where the quote does not reach it. Shared, read-only
	QuoteTextLength    uint32         // octets of its Text, NUL included, as its counts say; 0 where the quote does not reach them

	Session *Session // SignalStream: what the connection shows so far
}

// Arrival is what came to one of the ports of the Messenger service, decodable or not.
type Arrival struct {
	Port   uint16 // destination port; 0 where nothing came
	Source netip.Addr
	Octets int // of UDP payload
}

// Result is what one step of the Decoder gave. It is reused: the slices are valid until the next step, their elements are owned (but for
// the view that Message.Octets is).
type Result struct {
	Messages []Message
	Signals  []Signal
	Arrival  Arrival
}

// Reset empties the result and keeps its memory.
func (r *Result) Reset() {
	r.Messages = r.Messages[:0]
	r.Signals = r.Signals[:0]
	r.Arrival = Arrival{}
}
