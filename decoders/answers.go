package decoders

import (
	"net/netip"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// step is the datagram in hand as a step of an exchange.
func (d *Decoder) step(c *carrier, src, dst uint16, m *inet.Marks) step {
	return step{frame: c.seq, at: c.time.UnixNano(), src: src, dst: dst, iface: int32(c.iface), mac: m.SrcMAC, ttl: m.TTL, tunnels: m.Tunnels}
}

// answers says whether a PDU belongs to a popup or a callback that went the other way: servers put a wrong interface into their answers
// (WIRE.md 3), so activity and sequence decide.
func (d *Decoder) answers(c *carrier, h *dcerpc.Header) bool {
	if h.Type == dcerpc.TypeRequest {
		return false
	}
	src, dst := d.packet.Src(), d.packet.Dst()
	return d.submissions.answers(c.time, src, dst, h) || d.conversations.asked(c.time.UnixNano(), dst, src, h) != nil
}

// pdu makes a signal of an answer, a callback or a control PDU.
func (d *Decoder) pdu(c *carrier, u *inet.UDP, h *dcerpc.Header, body []byte, r *Result) Reason {
	if d.copies.again(&d.packet, c, inet.Known{}) {
		return wire.Duplicate
	}
	s := Signal{
		Kind: SignalPDU, Time: c.time, Frame: c.seq, Marks: d.marks(u), Iface: c.iface, PDU: *h,
		Src: netip.AddrPortFrom(d.packet.Src(), u.SrcPort), Dst: netip.AddrPortFrom(d.packet.Dst(), u.DstPort),
	}
	s.Status, s.HasStatus = dcerpc.Status(h, body)
	s.Asked, _ = dcerpc.Asked(h, body)
	s.Returned, _ = dcerpc.Returned(h, body)
	d.converse(&s, d.step(c, u.SrcPort, u.DstPort, &s.Marks))
	s.CallSeen = d.submissions.answers(c.time, s.Src.Addr(), s.Dst.Addr(), h)
	r.Signals = append(r.Signals, s)
	return wire.Signal
}

// converse finds the call that a PDU belongs to and says what the PDU shows.
func (d *Decoder) converse(s *Signal, at step) {
	h, src, dst := &s.PDU, s.Src.Addr(), s.Dst.Addr()
	manager := h.Interface == dcerpc.Conversation
	back := d.conversations.asked(at.at, dst, src, h) // the callback that this answers
	if manager || back != nil {
		d.conversations.carry(at.at, src, dst, h)
	}
	switch {
	case manager && h.Type == dcerpc.TypeRequest:
		s.Fact = managerFact(h)
		if s.Fact == FactCallback {
			s.Exchange = d.conversations.around(d.conversations.asks(at, src, dst, h, s.Asked), dst, src)
		}
	case (manager || back != nil) && answersCallback(h.Type):
		s.Fact = answerFact(h)
		if back != nil {
			back.answered(at, said{h.Type, s.Status, s.Returned})
			s.Exchange = d.conversations.around(back, src, dst)
		}
	default:
		s.Fact = typeFacts[h.Type]
		s.Exchange = d.exchangeOf(at.at, src, dst, h)
	}
}

// exchangeOf finds the call of a PDU that either end may have sent: acks and pings come from the caller, answers from the called host, facks
// from both (C706 12.6.2).
func (d *Decoder) exchangeOf(at int64, src, dst netip.Addr, h *dcerpc.Header) Exchange {
	switch h.Type {
	case dcerpc.TypePing, dcerpc.TypeAck, dcerpc.TypeCancel, dcerpc.TypeRequest:
		return d.conversations.exchange(at, src, dst, h)
	case dcerpc.TypeFack:
		if e := d.conversations.exchange(at, src, dst, h); e.Call.Frame != 0 {
			return e
		}
	}
	return d.conversations.exchange(at, dst, src, h)
}

// answersCallback says whether a PDU of that type is what a caller says to a callback, other than nothing.
func answersCallback(t dcerpc.Type) bool {
	return t == dcerpc.TypeResponse || t == dcerpc.TypeFault || t == dcerpc.TypeReject || t == dcerpc.TypeNoCall
}

// managerFact is what a request of the conversation manager asks (conv.idl).
func managerFact(h *dcerpc.Header) Fact {
	switch h.Operation {
	case dcerpc.WhoAreYou, dcerpc.WhoAreYou2, dcerpc.WhoAreYouAuth, dcerpc.WhoAreYouAuthMore:
		return FactCallback
	case dcerpc.AreYouThere:
		return FactThere
	}
	return FactNone
}

func answerFact(h *dcerpc.Header) Fact {
	switch {
	case h.Type != dcerpc.TypeResponse:
		return FactCallbackRefuse
	case h.Interface == dcerpc.Conversation && h.Operation == dcerpc.AreYouThere:
		return FactThere
	}
	return FactCallbackAnswer
}

// typeFacts are the facts of PDUs that are no callbacks, by type.
var typeFacts = [...]Fact{
	dcerpc.TypeRequest: FactNone, dcerpc.TypePing: FactPing, dcerpc.TypeResponse: FactResponse, dcerpc.TypeFault: FactFault,
	dcerpc.TypeWorking: FactWorking, dcerpc.TypeNoCall: FactNoCall, dcerpc.TypeReject: FactReject, dcerpc.TypeAck: FactAck,
	dcerpc.TypeCancel: FactCancel, dcerpc.TypeFack: FactFack, dcerpc.TypeCancelAck: FactCancelAck,
}
