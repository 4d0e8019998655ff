package netbios

import (
	"net/netip"

	"popupwatch/decoders/wire"
)

// Type is the type of a session packet (RFC 1002 4.3.1).
type Type uint8

// The types of session packets.
const (
	TypeMessage   Type = 0x00
	TypeRequest   Type = 0x81
	TypePositive  Type = 0x82
	TypeNegative  Type = 0x83
	TypeRetarget  Type = 0x84
	TypeKeepAlive Type = 0x85
)

// HeaderSize is the length of a session packet's header, in octets.
const HeaderSize = 4

// maxControl is the longest packet of any type but a message: a request with two names and their scopes.
const maxControl = 2 * 255

// Header is the header of a session packet.
type Header struct {
	Type   Type
	Length int // octets that follow
}

// ParseHeader reads the header of a session packet. Direct says that it came to port 445, where all packets are messages and their length
// has 24 bits ([MS-SMB] 2.1); programs that send the other types there are read all the same. Of a session the length has 17 bits (RFC 1002
// 4.3.1). It says no where fewer than four octets are there, where the type is unknown, or where the length cannot be that of the type.
func ParseHeader(b []byte, direct bool) (Header, bool) {
	c := wire.NewCursor(b, true)
	h := Header{Type: Type(c.U8())}
	high := c.U8()
	h.Length = int(high)<<16 | int(c.U16())
	if c.Err() || high > 1 && (!direct || h.Type != TypeMessage) || !h.possible() {
		return Header{}, false
	}
	return h, true
}

// possible says whether a packet of the type can be that long.
func (h *Header) possible() bool {
	switch h.Type {
	case TypeMessage:
		return true
	case TypeRequest:
		return h.Length >= 2*(2*nameOctets+2) && h.Length <= maxControl
	case TypePositive, TypeKeepAlive:
		return h.Length == 0
	case TypeNegative:
		return h.Length == 1
	case TypeRetarget:
		return h.Length == 6
	}
	return false
}

// ParseRequest reads the names of a session request (RFC 1002 4.3.2): whom the client calls, and what it calls itself.
func ParseRequest(b []byte) (called, calling Name, ok bool) {
	c := wire.NewCursor(b, true)
	if called, ok = ParseName(&c); !ok {
		return Name{}, Name{}, false
	}
	if calling, ok = ParseName(&c); !ok {
		return Name{}, Name{}, false
	}
	return called, calling, true
}

// Refusal is why a server refuses a session (RFC 1002 4.3.4).
type Refusal uint8

// The reasons of a refusal.
const (
	NotListeningOnCalled   Refusal = 0x80
	NotListeningForCalling Refusal = 0x81
	CalledNotPresent       Refusal = 0x82
	InsufficientResources  Refusal = 0x83
	Unspecified            Refusal = 0x8f
)

// ParseRefusal reads a negative session response.
func ParseRefusal(b []byte) (Refusal, bool) {
	c := wire.NewCursor(b, true)
	r := Refusal(c.U8())
	return r, !c.Err()
}

// ParseRetarget reads where a client is to connect instead (RFC 1002 4.3.5).
func ParseRetarget(b []byte) (netip.AddrPort, bool) {
	c := wire.NewCursor(b, true)
	var address [4]byte
	c.Read(address[:])
	port := c.U16()
	return netip.AddrPortFrom(netip.AddrFrom4(address), port), !c.Err()
}
