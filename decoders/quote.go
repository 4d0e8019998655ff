package decoders

import (
	"net/netip"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/wire"
)

// leastPopup is the shortest payload of a popup, in octets: the RPC header and the counts of three strings.
const leastPopup = dcerpc.HeaderSize + 36

// icmp reads an error that quotes a popup, or another PDU of the conversation. A quoted popup is backscatter, never a popup: its sender is
// whoever sent the datagram that the quote shows, or nobody.
func (d *Decoder) icmp(c *carrier, r *Result) Reason {
	m, reason := inet.ParseICMP(d.packet.Payload, d.packet.Marks.IPv6)
	if reason != wire.None {
		return reason
	}
	h, body, reason := dcerpc.Parse(m.Quote)
	if reason != wire.None {
		return d.cutQuote(c, &m, r)
	}
	s := d.quote(c, &m)
	s.PDU, s.QuoteHasHeader, s.QuoteReach = h, true, ReachHeader
	s.Exchange = d.quotedExchange(c.time.UnixNano(), &m, &h)
	s.CallSeen = d.submissions.answers(c.time, m.QuoteDst.Addr(), m.QuoteSrc.Addr(), &h)
	if h.Interface != dcerpc.MessengerSend && h.Interface != dcerpc.Conversation && s.Exchange.Call.Frame == 0 {
		return wire.ICMPOther
	}
	if d.copies.again(&d.packet, c, inet.Known{}) {
		return wire.Duplicate
	}
	reason = wire.Signal
	if h.Interface == dcerpc.MessengerSend && h.Type == dcerpc.TypeRequest {
		reason = wire.ICMPQuote
		d.glimpse(&s, body)
	}
	r.Signals = append(r.Signals, s)
	return reason
}

// quote is the signal of an error, with what it says of any quoted datagram.
func (d *Decoder) quote(c *carrier, m *inet.ICMP) Signal {
	return Signal{
		Kind: SignalQuote, Time: c.time, Frame: c.seq, Marks: d.packet.Marks, Iface: c.iface,
		Src: netip.AddrPortFrom(d.packet.Src(), 0), Dst: netip.AddrPortFrom(d.packet.Dst(), 0),
		ICMPType: m.Type, ICMPCode: m.Code, QuoteSrc: m.QuoteSrc, QuoteDst: m.QuoteDst,
		QuoteTTL: m.QuoteTTL, QuoteID: m.QuoteID, QuoteLength: m.QuoteLength,
	}
}

// glimpse reads as much of a quoted popup as is there. Later fragments have no place of their own in the stub.
func (d *Decoder) glimpse(s *Signal, body []byte) {
	if s.PDU.Fragment != 0 {
		return
	}
	p := msgsvc.Glimpse(body, s.PDU.BigEndian)
	from, to, text, _, _ := d.text.Decode(p.From.Octets, p.To.Octets, p.Text.Octets, s.PDU.EBCDIC)
	s.QuoteFrom, s.QuoteTo, s.QuoteText, s.QuoteTextLength = from.Shown, to.Shown, text.Shown, p.Text.Actual
	if text.Shown != "" {
		s.QuoteFeatures = d.text.Analyze(text.Shown)
	}
	switch {
	case len(p.Text.Octets) > 0:
		s.QuoteReach = ReachText
	case len(p.From.Octets) > 0:
		s.QuoteReach = ReachFrom
	}
}

// quotedExchange finds the call that a quoted PDU belongs to: the call itself where its own datagram passed, the callback that a host
// refused, the answer that did not arrive.
func (d *Decoder) quotedExchange(at int64, m *inet.ICMP, h *dcerpc.Header) Exchange {
	src, dst := m.QuoteSrc.Addr(), m.QuoteDst.Addr()
	if h.Interface == dcerpc.Conversation && h.Type == dcerpc.TypeRequest {
		if b := d.conversations.asked(at, src, dst, h); b != nil {
			return d.conversations.around(b, dst, src)
		}
		return Exchange{}
	}
	return d.exchangeOf(at, src, dst, h)
}

// cutQuote reads a quote that does not reach the end of the RPC header. With the activity it names an interface of the Messenger or not; with
// less it is told by watched port and length, and whether the host had asked for it. Such a frame counts as quoting no popup: it may not.
func (d *Decoder) cutQuote(c *carrier, m *inet.ICMP, r *Result) Reason {
	h, reaches := dcerpc.Beginning(m.Quote)
	reaches = reaches && len(m.Quote) < dcerpc.HeaderSize && (h.Interface == dcerpc.MessengerSend || h.Interface == dcerpc.Conversation)
	solicited, maybe := Unknown, false
	if !reaches && len(m.Quote) == 0 && m.QuoteLength >= leastPopup && d.watches(m.QuoteDst.Port()) {
		solicited = d.outbound.solicited(c.time, m.QuoteDst.Addr(), m.QuoteDst.Port(), m.QuoteSrc.Addr())
		maybe = solicited != Yes
	}
	if !reaches && !maybe {
		return wire.ICMPOther
	}
	if d.copies.again(&d.packet, c, inet.Known{}) {
		return wire.Duplicate
	}
	s := d.quote(c, m)
	s.Solicited = solicited
	if reaches {
		s.PDU, s.QuoteReach = h, ReachActivity
	}
	r.Signals = append(r.Signals, s)
	return wire.ICMPOther
}
