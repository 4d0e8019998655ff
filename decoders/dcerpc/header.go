package dcerpc

import (
	"bytes"

	"popupwatch/decoders/wire"
)

// HeaderSize is the size of a connectionless header (C706 12.6.3.1).
const HeaderSize = 80

// The interfaces of the Messenger conversation.
var (
	// MessengerSend is msgsvcsend: NetrSendMessage ([MS-MSRP] 1.9).
	MessengerSend = UUID{0x5a, 0x7b, 0x91, 0xf8, 0xff, 0x00, 0x11, 0xd0, 0xa9, 0xb2, 0x00, 0xc0, 0x4f, 0xb6, 0xe6, 0xfc}
	// Conversation is the conversation manager: who_are_you and its relatives (C706 appendix P).
	Conversation = UUID{0x33, 0x3a, 0x22, 0x76, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x00, 0x00, 0x80, 0x9c, 0x00, 0x00, 0x00}
)

// Interfaces by which others look for the Messenger.
var (
	// MessengerNames is msgsvc: it adds, lists and deletes the names of a host, by way of a pipe and for its administrators ([MS-MSRP] 1.9).
	MessengerNames = UUID{0x17, 0xfd, 0xd7, 0x03, 0x18, 0x27, 0x4e, 0x34, 0x79, 0xd4, 0x24, 0xa5, 0x5c, 0x53, 0xbb, 0x37}
	// Mapper is the endpoint mapper: it says on which port an interface is served (C706 appendix O).
	Mapper = UUID{0xe1, 0xaf, 0x83, 0x08, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}
)

// NamesMessenger says whether the body of a request to the endpoint mapper names an interface of the Messenger: in a tower, which is
// little-endian whatever the call is (C706 appendix L), or as an argument.
func NamesMessenger(body []byte) bool {
	for _, u := range []UUID{MessengerSend, MessengerNames} {
		little := u.Little()
		if bytes.Contains(body, little[:]) || bytes.Contains(body, u[:]) {
			return true
		}
	}
	return false
}

// Shaped says whether b may begin a connectionless PDU: version 4 in the low half of the first octet (a real server looks at no more), a
// legal data representation. It is the cheap test: most other traffic fails at the first octet.
func Shaped(b []byte) bool {
	c := wire.NewCursor(b, false)
	version, _, _ := c.U8(), c.U8(), c.U16()
	order, float := c.U8(), c.U8()
	return version&0x0f == 4 && !c.Err() && order&^0x11 == 0 && float <= 3
}

// Parse reads a header and cuts the body: as many octets as Length says, or as are there. It asks for no more than WIRE.md 1.8: version,
// type, data representation; the caller looks at Interface. wire.RPCTruncated: shaped, but short. wire.NotRPC: not shaped. wire.RPCType: PDU
// type above 10.
func Parse(b []byte) (h Header, body []byte, reason wire.Reason) {
	if !Shaped(b) {
		return Header{}, nil, wire.NotRPC
	}
	c := wire.NewCursor(b, false)
	h = parseHeader(&c)
	if c.Err() {
		return Header{}, nil, wire.RPCTruncated
	}
	if h.Type > TypeCancelAck {
		return h, nil, wire.RPCType
	}
	return h, c.UpTo(int(h.Length)), wire.None
}

// Beginning reads a header that may be cut, as ICMP errors quote it: fields that are not there are zero. ok says that b may begin one and
// reaches the activity.
func Beginning(b []byte) (h Header, ok bool) {
	if !Shaped(b) {
		return Header{}, false
	}
	c := wire.NewCursor(b, false)
	if c.Skip(56); c.Err() {
		return Header{}, false
	}
	c = wire.NewCursor(b, false)
	return parseHeader(&c), true
}

// parseHeader reads the fields in their order (C706 12.6.3.1).
func parseHeader(c *wire.Cursor) (h Header) {
	c.Skip(1)
	h.Type, h.Flags, h.Flags2 = Type(c.U8()), Flags(c.U8()), c.U8()
	order := c.U8()
	h.BigEndian, h.EBCDIC = order&0x10 == 0, order&0x01 != 0
	c.SetOrder(h.BigEndian)
	c.Skip(2)
	serialHigh := c.U8()
	h.Object, h.Interface, h.Activity = readUUID(c, h.BigEndian), readUUID(c, h.BigEndian), readUUID(c, h.BigEndian)
	h.Boot, h.Version, h.Sequence = c.U32(), c.U32(), c.U32()
	h.Operation, h.IfHint, h.ActHint = c.U16(), c.U16(), c.U16()
	h.Length, h.Fragment = c.U16(), c.U16()
	h.Auth = c.U8()
	h.Serial = uint16(serialHigh)<<8 | uint16(c.U8())
	return h
}

// readUUID reads a UUID in the byte order of the PDU into canonical order: the first three components are integers (C706 appendix A).
func readUUID(c *wire.Cursor, big bool) (u UUID) {
	c.Read(u[:])
	if !big {
		u[0], u[1], u[2], u[3] = u[3], u[2], u[1], u[0]
		u[4], u[5] = u[5], u[4]
		u[6], u[7] = u[7], u[6]
	}
	return u
}

// Fragmented says whether the PDU is one of several of its call.
func (h *Header) Fragmented() bool { return h.Flags&FlagFrag != 0 }

// OneWay says whether a server runs the call without asking anything of the sender: idempotent or maybe (C706 12.5; the broadcast flag
// alone does not do it). Such a call can be forged.
func (h *Header) OneWay() bool { return h.Flags&(FlagIdempotent|FlagMaybe) != 0 }

// String prints the UUID in its usual form, lower case.
func (u UUID) String() string { return string(u.Append(nil)) }

// Append appends the UUID in its usual form, lower case.
func (u UUID) Append(b []byte) []byte {
	const digits = "0123456789abcdef"
	for i, o := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[o>>4], digits[o&15])
	}
	return b
}

// Little gives the octets as a little-endian PDU carries them: tools' marks are seen there.
func (u UUID) Little() [16]byte {
	return [16]byte{u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]}
}

// Resembles says whether a short or odd PDU still shows an interface of the Messenger conversation: enough to call it RPC.
func Resembles(b []byte) bool {
	c := wire.NewCursor(b, false)
	c.Skip(4)
	big := c.U8()&0x10 == 0
	c.Skip(19)
	u := readUUID(&c, big)
	return !c.Err() && (u == MessengerSend || u == Conversation)
}

// Consistent says whether a header of an unknown interface agrees with itself and with the n octets of its datagram: else it is chance
// that the first octets look like RPC. cut says that the capture holds less than was sent.
func (h *Header) Consistent(n int, cut bool) bool {
	return (cut || int(h.Length) <= n-HeaderSize) && h.Flags2&0xf8 == 0 && (h.Fragmented() || h.Fragment == 0) && h.Interface != UUID{}
}

// AuthLevel reads the level from the authentication trailer of a PDU, which begins after the body, padded to 8 ([MS-RPCE] 2.2.3.4); 0
// where it is not there.
func AuthLevel(h *Header, pdu []byte) uint8 {
	c := wire.NewCursor(pdu, h.BigEndian)
	c.Skip(HeaderSize + int(h.Length))
	c.Align(8)
	return c.U8()
}
