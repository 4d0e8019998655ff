package event

import (
	"strconv"
	"strings"

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

// flagLists are the words of every value of flags1, as lists with the name before and the comma after them; empty where no flag is set.
type flagLists [256]string

func newFlagLists() flagLists {
	var lists flagLists
	for flags := 1; flags < len(lists); flags++ {
		lists[flags] = `"flags":[` + strings.Join(wordsOf(dcerpc.Flags(flags)), ",") + "],"
	}
	return lists
}

func wordsOf(flags dcerpc.Flags) []string {
	var words []string
	for _, f := range flagWords {
		if flags&f.bit != 0 {
			words = append(words, f.word)
		}
	}
	return words
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
	b = append(b, e.builder.flags[c.Flags]...)
	if c.BigEndian {
		b = append(b, `"byte_order":"big","fragments":`...)
	} else {
		b = append(b, `"byte_order":"little","fragments":`...)
	}
	b = append(strconv.AppendUint(b, uint64(c.Fragments), 10), ',')
	b = appendCounted(b, `"server_boot":`, uint64(c.Boot))
	b = append(b, `"auth":`...)
	b = strconv.AppendUint(b, uint64(c.Auth), 10)
	return append(b, '}')
}
