package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
)

// SignalKind says what a Signal is.
type SignalKind uint8

// The kinds of signals.
const (
	SignalPDU    SignalKind = iota // a connectionless PDU other than a popup: answer, reject, callback, acknowledgement
	SignalQuote                    // an ICMP error that quotes a popup or another PDU of the Messenger conversation
	SignalStream                   // a TCP connection to the Messenger: a session granted or refused, a command answered, the end
)

// Signal is what bears on a source without being a popup. It is owned.
type Signal struct {
	Kind     SignalKind
	Time     time.Time
	Frame    uint64
	Src, Dst netip.AddrPort // of the datagram itself; ports are 0 for ICMP
	Marks    inet.Marks
	Iface    int

	PDU       dcerpc.Header // SignalPDU: its header. SignalQuote: the quoted one where it reaches, else zero
	Status    uint32        // fault, reject: its status; response of NetrSendMessage: its return code; who-are-you: its status
	HasStatus bool
	Asked     dcerpc.UUID // who-are-you request: the activity it asks about

	ICMPType, ICMPCode uint8          // SignalQuote
	QuoteSrc, QuoteDst netip.AddrPort // SignalQuote: addresses of the quoted datagram
	QuoteHasHeader     bool           // the quote reaches the RPC header
	QuoteFrom          string         // the quoted popup's From, as shown, where the quote reaches it
	QuoteText          string         // and as much of its Text

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
