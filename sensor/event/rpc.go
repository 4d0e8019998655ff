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
func appendFlags(b []byte, flags dcerpc.Flags) []byte {
	start := len(b)
	for i := range flagWords {
		if flags&flagWords[i].bit != 0 {
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

// rpcFields tell of the header of the call (C706 12.6.3.1).
func rpcFields() []Field {
	return object("popupwatch.rpc", inMessage, appendRPC, "Header of the call; absent on the other roads.",
		Field{Path: "activity", Type: "keyword", About: "Activity UUID of the call, in printing order whatever the byte order."},
		Field{Path: "object", Type: "keyword", About: "Object UUID; absent where it is nil."},
		Field{Path: "sequence", Type: "long", About: "Sequence number of the call in its activity."},
		Field{Path: "serial", Type: "long", About: "Serial number of the PDU."},
		Field{Path: "flags", Type: "keyword", About: "Words of flags1: idempotent, broadcast, maybe, nofack, frag, lastfrag; forwarded and reserved, which no sender should set."},
		Field{Path: "byte_order", Type: "keyword", About: "little or big."},
		Field{Path: "fragments", Type: "long", About: "RPC fragments that the call came in."},
		Field{Path: "server_boot", Type: "long", About: "Server boot time as the sender knows it, Unix seconds; 0 where it does not."},
		Field{Path: "auth", Type: "long", About: "Authentication protocol; 0 is none."},
	)
}

func appendRPC(b []byte, e *Event) []byte {
	if e.Message.Route != decoders.RouteRPC {
		return b
	}
	c := &e.Message.RPC
	b = append(b, `{"activity":`...)
	b = appendUUID(b, c.Activity)
	if c.Object != (dcerpc.UUID{}) {
		b = append(b, `,"object":`...)
		b = appendUUID(b, c.Object)
	}
	b = append(b, ',')
	b = appendCounted(b, `"sequence":`, uint64(c.Sequence))
	b = appendCounted(b, `"serial":`, uint64(c.Serial))
	if c.Flags != 0 {
		b = append(b, `"flags":`...)
		b = append(appendFlags(b, c.Flags), ',')
	}
	order := "little"
	if c.BigEndian {
		order = "big"
	}
	b = appendNamed(b, `"byte_order":`, order)
	b = appendCounted(b, `"fragments":`, uint64(c.Fragments))
	b = appendCounted(b, `"server_boot":`, uint64(c.Boot))
	b = append(b, `"auth":`...)
	b = strconv.AppendUint(b, uint64(c.Auth), 10)
	return append(b, '}')
}
