package dcerpc

import "popupwatch/decoders/wire"

// Status reads the status that a PDU's body carries: of a fault or reject, the return code of a response to NetrSendMessage, the status of
// a who_are_you answer (C706 12.6.4; conv.idl). ok is false where the body holds none.
func Status(h *Header, body []byte) (status uint32, ok bool) {
	c := wire.NewCursor(body, h.BigEndian)
	switch {
	case h.Type == TypeFault || h.Type == TypeReject:
	case h.Type != TypeResponse:
		return 0, false
	case h.Interface == Conversation && h.Operation == 1: // who_are_you2: sequence, CAS UUID, status
		c.Skip(20)
	case h.Interface == Conversation: // who_are_you: sequence, status
		c.Skip(4)
	}
	status = c.U32()
	return status, !c.Err()
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
