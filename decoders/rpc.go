package decoders

import (
	"net/netip"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/wire"
)

// authPrivacy is the authentication level at which the stub is sealed ([MS-RPCE] 2.2.1.1.8).
const authPrivacy = 6

// rpc reads a UDP payload as a connectionless PDU. Anything that merely looks like one gives wire.NotRPC.
func (d *Decoder) rpc(c *carrier, u *inet.UDP, r *Result) Reason {
	h, body, reason := dcerpc.Parse(u.Payload)
	switch {
	case reason == wire.NotRPC, reason == wire.RPCTruncated && !dcerpc.Resembles(u.Payload), reason == wire.RPCType && h.Interface != dcerpc.MessengerSend:
		return wire.NotRPC
	case reason == wire.RPCTruncated && d.packet.Cut:
		return wire.Truncated
	case reason == wire.RPCTruncated:
		return d.asked(c, u, &h, ProbeStub, reason, r)
	case reason != wire.None:
		return reason
	}
	switch {
	case h.Interface == dcerpc.MessengerSend && h.Type == dcerpc.TypeRequest:
		return d.request(c, u, &h, body, r)
	case h.Interface == dcerpc.MessengerSend, h.Interface == dcerpc.Conversation, d.answers(c, &h), d.refusal(u, &h, body):
		return d.pdu(c, u, &h, body, r)
	case h.Consistent(len(u.Payload), d.packet.Cut):
		if kind := seeks(&h, body); kind != ProbeNone {
			return d.asked(c, u, &h, kind, wire.RPCInterface, r)
		}
		return wire.RPCInterface
	}
	return wire.NotRPC
}

// refusal says whether a PDU is a reject or fault from one of the Messenger's ports: Windows puts another interface into them, and the call
// that is refused may not be in the capture. The status tells it from chance: those of the runtime begin with 1c (C706 appendix E).
func (d *Decoder) refusal(u *inet.UDP, h *dcerpc.Header, body []byte) bool {
	if h.Type != dcerpc.TypeReject && h.Type != dcerpc.TypeFault || !d.watches(u.SrcPort) {
		return false
	}
	status, ok := dcerpc.Status(h, body)
	return ok && status>>24 == 0x1c && h.Consistent(len(u.Payload), false)
}

// request reads a call of the Messenger interface.
func (d *Decoder) request(c *carrier, u *inet.UDP, h *dcerpc.Header, body []byte, r *Result) Reason {
	from := caller{
		src: netip.AddrPortFrom(d.packet.Src(), u.SrcPort), dst: netip.AddrPortFrom(d.packet.Dst(), u.DstPort),
		marks: d.marks(u), iface: c.iface, header: *h, odd: d.oddities(h, u, body),
	}
	switch {
	case h.Version != msgsvc.Version:
		d.called(c, &from)
		return d.asked(c, u, h, ProbeVersion, wire.RPCVersion, r)
	case h.Operation != msgsvc.Operation:
		d.called(c, &from)
		return d.asked(c, u, h, ProbeOperation, wire.RPCOperation, r)
	case h.Auth != 0 && dcerpc.AuthLevel(h, u.Payload) == authPrivacy:
		return wire.StubEncrypted
	case !h.Fragmented() && h.Fragment != 0:
		return wire.RPCFragment
	}
	if h.Fragmented() && !wholeInOne(h) {
		return d.keep(c, from, body, r)
	}
	cut := d.packet.Cut && len(body) < int(h.Length)
	reason := d.popup(c, from, body, 1, cut, r)
	if unreadable(reason) && !cut {
		d.called(c, &from)
		return d.asked(c, u, h, ProbeStub, reason, r)
	}
	return reason
}

// unreadable says whether a popup was refused for what its stub holds.
func unreadable(reason Reason) bool {
	return reason == wire.StubShort || reason == wire.StubMalformed || reason == wire.StubNoText
}

// wholeInOne says whether a PDU with fragment flags is a call by itself: the first fragment and the last.
func wholeInOne(h *dcerpc.Header) bool {
	return h.Fragment == 0 && h.Flags&dcerpc.FlagLastFrag != 0
}

// oddities are the anomalies of the datagram around a stub. What the capture cut is not the sender's doing.
func (d *Decoder) oddities(h *dcerpc.Header, u *inet.UDP, body []byte) (a msgsvc.Anomaly) {
	if len(body) < int(h.Length) && !d.packet.Cut {
		a |= msgsvc.LengthBeyond
	}
	if h.Auth != 0 {
		a |= msgsvc.AuthPresent
	} else if len(u.Payload) > dcerpc.HeaderSize+len(body) {
		a |= msgsvc.TrailingOctets
	}
	if h.Flags&dcerpc.FlagForwarded != 0 {
		a |= msgsvc.ForwardedOnWire
	}
	return a
}

// marks completes the marks of the packet with those of its UDP header.
func (d *Decoder) marks(u *inet.UDP) inet.Marks {
	m := d.packet.Marks
	m.UDPLength, m.UDPSumZero = uint16(len(u.Payload)), u.SumZero && !m.IPv6
	return m
}
