package event

import (
	"popupwatch/decoders"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
)

// sessionFields tell of the TCP connection that brought a popup over SMB, as it stood then. Whoever writes another's address cannot
// acknowledge what the server sends: these fields are what a proof of the sender begins with, and none by themselves.
func sessionFields() []Field {
	return object("popupwatch.session", inMessage, appendSession, "The TCP connection of a popup over SMB, as it stood then; absent on the other roads.",
		Field{Path: "command", Type: "keyword", About: "send_message, send_broadcast, or multi_block where the text came in blocks."},
		Field{Path: "blocks", Type: "long", About: "Blocks that the text came in; absent where it came in one command."},
		Field{Path: "handshake", Type: "keyword", About: "complete where all three segments of the handshake were seen, with numbers that fit; partial or none else."},
		Field{Path: "handshake_packets", Type: "long", About: "Numbers of the frames of the handshake that were seen, over the run."},
		Field{Path: "server_seen", Type: "boolean", About: "True where anything that the server sent was captured. Else absent."},
		Field{Path: "acknowledged", Type: "long", About: "Data segments of the server that the client acknowledged, with numbers that fit."},
		Field{Path: "acknowledged_unseen", Type: "long", About: "Acknowledgements of the client for what the server was not seen to send: a lossy capture, or a guess. Absent where 0."},
		Field{Path: "reset", Type: "boolean", About: "True where the client's address sent a RST whose numbers fit, as a host does that did not connect. Else absent."},
		Field{Path: "outside", Type: "long", About: "Segments from the client's address whose numbers fit nothing; absent where 0, as the next two."},
		Field{Path: "overlaps", Type: "long", About: "Segments of the client that contradict octets that had come before; the first stayed."},
		Field{Path: "holes", Type: "long", About: "Holes in what the client sent that did not fill."},
		Field{Path: "server_ttl", Type: "long", About: "Lowest TTL or hop limit of what the server sent; absent where nothing was captured."},
	)
}

func appendSession(b []byte, e *Event) []byte {
	s := e.Message.Session
	if s == nil {
		return b
	}
	b = append(b, '{')
	b = appendNamed(b, `"command":`, commandWord(s.Command))
	b = appendPositive(b, `"blocks":`, uint64(s.Blocks))
	b = appendNamed(b, `"handshake":`, s.Handshake())
	b = appendHandshake(b, &s.Evidence)
	b = appendSides(b, s)
	b[len(b)-1] = '}'
	return b
}

// appendSides appends what both ends showed.
func appendSides(b []byte, s *decoders.Session) []byte {
	client, server := &s.Evidence.Ends[reassembly.Client], &s.Evidence.Ends[reassembly.Server]
	b = appendTrue(b, `"server_seen":true,`, s.ServerSeen())
	b = appendCounted(b, `"acknowledged":`, uint64(client.Acked))
	b = appendPositive(b, `"acknowledged_unseen":`, uint64(client.AckedBeyond))
	b = appendTrue(b, `"reset":true,`, client.Reset != 0)
	b = appendPositive(b, `"outside":`, uint64(client.Outside))
	b = appendPositive(b, `"overlaps":`, uint64(client.Overlaps))
	b = appendPositive(b, `"holes":`, uint64(client.Holes))
	return appendPositive(b, `"server_ttl":`, uint64(server.TTLLow))
}

// appendHandshake appends the frames of the handshake.
func appendHandshake(b []byte, e *reassembly.Evidence) []byte {
	frames := make([]uint64, 0, 3)
	for _, f := range [...]uint64{e.SYN, e.SYNACK, e.Acknowledged} {
		if f != 0 {
			frames = append(frames, f)
		}
	}
	if len(frames) == 0 {
		return b
	}
	b = append(b, `"handshake_packets":`...)
	return append(appendNumbers(b, frames, len(frames)), ',')
}

// appendPositive appends a name and a number that is not 0.
func appendPositive(b []byte, name string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return appendCounted(b, name, n)
}

// commandWord is the word of a command that brings a popup.
func commandWord(c smb.Command) string {
	switch c {
	case smb.SendMessage:
		return "send_message"
	case smb.SendBroadcast:
		return "send_broadcast"
	case smb.SendStart:
		return "multi_block"
	}
	return ""
}
