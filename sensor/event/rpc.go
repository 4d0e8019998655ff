package event

import (
	"strconv"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
)

// flagWords are the words of flags1, in the order of output (C706 12.6.3.1).
var flagWords = [...]struct {
	bit  dcerpc.Flags
	word string
}{
	{dcerpc.FlagIdempotent, `"idempotent"`}, {dcerpc.FlagBroadcast, `"broadcast"`}, {dcerpc.FlagMaybe, `"maybe"`},
	{dcerpc.FlagNoFack, `"nofack"`}, {dcerpc.FlagFrag, `"frag"`}, {dcerpc.FlagLastFrag, `"lastfrag"`},
	{dcerpc.FlagForwarded, `"forwarded"`}, {dcerpc.FlagReserved, `"reserved"`},
}

// appendFlags appends the words of flags1 as a list; nothing where no flag is set.
func appendFlags(b []byte, e *Event) []byte {
	start := len(b)
	for i := range flagWords {
		if e.Message.RPC.Flags&flagWords[i].bit != 0 {
			b = append(b, ',')
			b = append(b, flagWords[i].word...)
		}
	}
	if len(b) == start {
		return b
	}
	b[start] = '[' // in place of the comma before the first word
	return append(b, ']')
}

// rpc is a field of the call's header: absent on the other roads.
func rpc(value appender) appender {
	return func(b []byte, e *Event) []byte {
		if e.Message.Route != decoders.RouteRPC {
			return b
		}
		return value(b, e)
	}
}

func rpcNumber(get func(*dcerpc.Call) uint64) appender {
	return rpc(func(b []byte, e *Event) []byte { return strconv.AppendUint(b, get(&e.Message.RPC), 10) })
}

// rpcFields tell of the header of the call (C706 12.6.3.1).
func rpcFields() []Field {
	const in = inMessage
	return []Field{
		{Path: "popupwatch.rpc.activity", Type: "keyword", In: in, append: rpc(func(b []byte, e *Event) []byte { return appendUUID(b, e.Message.RPC.Activity) }),
			About: "Activity UUID of the call, in printing order whatever the byte order."},
		{Path: "popupwatch.rpc.object", Type: "keyword", In: in, append: rpc(appendObject), About: "Object UUID; absent where it is nil."},
		{Path: "popupwatch.rpc.sequence", Type: "long", In: in, append: rpcNumber(func(c *dcerpc.Call) uint64 { return uint64(c.Sequence) }),
			About: "Sequence number of the call in its activity."},
		{Path: "popupwatch.rpc.serial", Type: "long", In: in, append: rpcNumber(func(c *dcerpc.Call) uint64 { return uint64(c.Serial) }),
			About: "Serial number of the PDU."},
		{Path: "popupwatch.rpc.flags", Type: "keyword", In: in, append: rpc(appendFlags),
			About: "Words of flags1: idempotent, broadcast, maybe, nofack, frag, lastfrag; forwarded and reserved, which no sender should set."},
		{Path: "popupwatch.rpc.byte_order", Type: "keyword", In: in, append: rpc(ours(byteOrder)), About: "little or big."},
		{Path: "popupwatch.rpc.fragments", Type: "long", In: in, append: rpcNumber(func(c *dcerpc.Call) uint64 { return uint64(c.Fragments) }),
			About: "RPC fragments that the call came in."},
		{Path: "popupwatch.rpc.server_boot", Type: "long", In: in, append: rpcNumber(func(c *dcerpc.Call) uint64 { return uint64(c.Boot) }),
			About: "Server boot time as the sender knows it, Unix seconds; 0 where it does not."},
		{Path: "popupwatch.rpc.auth", Type: "long", In: in, append: rpcNumber(func(c *dcerpc.Call) uint64 { return uint64(c.Auth) }),
			About: "Authentication protocol; 0 is none."},
	}
}

func appendObject(b []byte, e *Event) []byte {
	if e.Message.RPC.Object == (dcerpc.UUID{}) {
		return b
	}
	return appendUUID(b, e.Message.RPC.Object)
}

func byteOrder(e *Event) string {
	if e.Message.RPC.BigEndian {
		return "big"
	}
	return "little"
}
