package dcerpc

import "popupwatch/decoders/wire"

// The operations of the conversation manager, interface version 3 (conv.idl; C706 appendix P).
const (
	WhoAreYou         = 0
	WhoAreYou2        = 1
	AreYouThere       = 2
	WhoAreYouAuth     = 3
	WhoAreYouAuthMore = 4
)

// StatusBadActivity is how a host says that it knows of no such call (C706 appendix E: nca_s_bad_actid).
const StatusBadActivity = 0x1c00000a

// casUUID is the length of the UUID of a client's address space, in octets.
const casUUID = 16

// Status reads the status that a PDU's body carries: of a fault or reject, the return code of a response to NetrSendMessage, the status of
// a who_are_you answer (C706 12.6.4; conv.idl). ok is false where the body holds none.
func Status(h *Header, body []byte) (status uint32, ok bool) {
	c := wire.NewCursor(body, h.BigEndian)
	switch {
	case h.Type == TypeFault || h.Type == TypeReject:
	case h.Type != TypeResponse:
		return 0, false
	case h.Interface == Conversation:
		skipAnswer(&c, h.Operation)
	}
	status = c.U32()
	return status, !c.Err()
}

// skipAnswer passes over what a response of the conversation manager holds before its status.
func skipAnswer(c *wire.Cursor, operation uint16) {
	switch operation {
	case WhoAreYou: // sequence
		c.Skip(4)
	case WhoAreYou2: // sequence, CAS UUID
		c.Skip(4 + casUUID)
	case WhoAreYouAuth: // sequence, CAS UUID, octets, their number
		c.Skip(4 + casUUID)
		skipOctets(c)
	case WhoAreYouAuthMore: // octets, their number
		skipOctets(c)
	}
}

// skipOctets passes over a conformant varying array of octets (C706 14.3.3.4) and the number that follows it.
func skipOctets(c *wire.Cursor) {
	c.Skip(8)
	n := c.U32()
	c.Skip(int(min(n, 1<<16)))
	c.Align(4)
	c.Skip(4)
}

// Returned reads which sequence number an answer to a callback names: the one of the call that its sender says it made.
func Returned(h *Header, body []byte) (sequence uint32, ok bool) {
	if h.Type != TypeResponse || h.Interface != Conversation || h.Operation == AreYouThere || h.Operation > WhoAreYouAuth {
		return 0, false
	}
	c := wire.NewCursor(body, h.BigEndian)
	sequence = c.U32()
	return sequence, !c.Err()
}

// Asked reads which activity a who_are_you request asks about: the first argument of every operation of the conversation manager.
func Asked(h *Header, body []byte) (u UUID, ok bool) {
	if h.Type != TypeRequest || h.Interface != Conversation {
		return UUID{}, false
	}
	c := wire.NewCursor(body, h.BigEndian)
	u = readUUID(&c, h.BigEndian)
	return u, !c.Err()
}
