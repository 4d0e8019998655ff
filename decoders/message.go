package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/text"
)

// Route is the road that a popup took.
type Route uint8

// The roads of WIRE.md 0.
const (
	RouteRPC      Route = iota // DCE-RPC connectionless over UDP
	RouteSMB                   // SMB over a NetBIOS session (TCP 139, 445)
	RouteMailslot              // SMB mailslot in a NetBIOS datagram (UDP 138)
)

// String is the word that stands in events.
func (r Route) String() string {
	switch r {
	case RouteSMB:
		return "smb_tcp"
	case RouteMailslot:
		return "mailslot_udp"
	default:
		return "rpc_udp"
	}
}

// Direction is where a message went, seen from the home networks.
type Direction uint8

// The directions, in the words of ECS network.direction.
const (
	DirectionUnknown  Direction = iota // no home networks configured
	DirectionInbound                   // to home from elsewhere
	DirectionOutbound                  // from home to elsewhere
	DirectionInternal                  // within home
	DirectionExternal                  // neither end at home
)

// String is the word that stands in events.
func (d Direction) String() string {
	return [...]string{"unknown", "inbound", "outbound", "internal", "external"}[d]
}

// Message is one popup that was sent to somebody. It is owned: it stays valid for ever, but for Octets.
type Message struct {
	Time     time.Time      // packet time of the frame that completed it; of a partial one, of its first frame
	Began    time.Time      // packet time of its first frame: the hour of its claim
	Due      time.Time      // when time released it (partial message); zero otherwise
	Src, Dst netip.AddrPort // of the innermost IP datagram
	Marks    inet.Marks     // what the headers of its first fragment carried
	Iface    int
	Frames   []uint64 // frame numbers over the run, ascending

	From, To, Text text.String
	Page           text.Page // code page that From, To and Text are shown in
	PageMargin     int       // by how much that page beat the next best; 0 where it was a guess
	Features       *text.Features

	Route     Route
	RPC       dcerpc.Call  // header of the call (RouteRPC)
	Anomalies []string     // words; shared, read-only
	Shape     msgsvc.Shape // whether it is an attempt at the service's buffer, or just long (WIRE.md 4)
	Traits    []string     // words for what of it made the Shape; shared, read-only

	Calling, Called string         // NetBIOS names, suffix included as in NAME<03>; empty on RouteRPC
	Inner           netip.AddrPort // RouteMailslot: source that the NetBIOS datagram names; Src is that of the IP header
	Session         *Session       // the connection, as it stood at this message (RouteSMB); nil else

	Partial    bool   // a fragment or the tail is missing: the text is what arrived
	Retransmit bool   // the same whole call was seen less than 60 s ago
	First      bool   // first message of its submission (CONTRACT.md 2.0)
	Octets     []byte // octets of the call (stub of all fragments), or of the data blocks of its commands: a view, valid until the next Decode or Advance
}
