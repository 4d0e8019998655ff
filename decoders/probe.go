package decoders

import (
	"net/netip"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/wire"
)

// Probe is what looks for the Messenger service, or pokes at it, without being a popup.
type Probe uint8

// The probes. All but the first two name the service or one of its interfaces.
const (
	ProbeNone      Probe = iota
	ProbeShort           // at most two octets to a watched port, as the scans of November 2003 sent them
	ProbeDatagram        // no RPC, to a watched port of a host that asked nothing: given only where Solicited is No
	ProbeMapper          // a request to the endpoint mapper that names the Messenger's interface
	ProbeOperation       // a call of msgsvcsend, another operation than NetrSendMessage
	ProbeVersion         // a call of msgsvcsend in another version than 1.0
	ProbeNames           // a call of msgsvc over UDP: it adds, lists or deletes the names of a host ([MS-MSRP] 3.2.4)
	ProbeStub            // a NetrSendMessage that cannot be read: malformed, as a fuzzer or a broken exploit sends it
)

var probeWords = [...]string{
	"none", "short_datagram", "other_datagram", "endpoint_mapper", "other_operation", "other_version", "message_names", "malformed_stub",
}

// String is the probe as one word.
func (p Probe) String() string {
	if int(p) < len(probeWords) {
		return probeWords[p]
	}
	return probeWords[ProbeNone]
}

// shortProbe is the most octets of a probe that carries nothing. Those of November 2003 had two (DShield, NANOG).
const shortProbe = 2

// probe makes a signal of a datagram that is no popup and no answer. The frame keeps the reason that says why it was refused.
func (d *Decoder) probe(c *carrier, u *inet.UDP, s Signal, reason Reason, r *Result) Reason {
	if c.frames == nil && d.copies.again(&d.packet, c, inet.Known{}) {
		return wire.Duplicate
	}
	s.Kind, s.Time, s.Frame, s.Marks, s.Iface = SignalProbe, c.time, c.seq, d.marks(u), c.iface
	s.Src, s.Dst = netip.AddrPortFrom(d.packet.Src(), u.SrcPort), netip.AddrPortFrom(d.packet.Dst(), u.DstPort)
	s.Octets = u.Length
	r.Signals = append(r.Signals, s)
	return reason
}

// knock reads what came to a watched port and is no RPC. Answers to what the host asked are none of our business.
func (d *Decoder) knock(c *carrier, u *inet.UDP, r *Result) Reason {
	short := u.Length <= shortProbe
	if !short && !d.outbound.sees(c.time, d.packet.Dst()) { // nearly all of the background ends here
		return wire.NotRPC
	}
	solicited := d.outbound.solicited(c.time, d.packet.Dst(), u.DstPort, d.packet.Src())
	switch {
	case short && solicited != Yes:
		return d.probe(c, u, Signal{Probe: ProbeShort, Solicited: solicited}, wire.NotRPC, r)
	case !short && solicited == No:
		return d.probe(c, u, Signal{Probe: ProbeDatagram, Solicited: No}, wire.NotRPC, r)
	}
	return wire.NotRPC
}

// seeks says what a request of another interface than the Messenger's looks for.
func seeks(h *dcerpc.Header, body []byte) Probe {
	switch {
	case h.Type != dcerpc.TypeRequest:
	case h.Interface == dcerpc.MessengerNames:
		return ProbeNames
	case h.Interface == dcerpc.Mapper && dcerpc.NamesMessenger(body):
		return ProbeMapper
	}
	return ProbeNone
}

// asked makes a probe of a request that is no popup: it names the service, so that nobody asked for it.
func (d *Decoder) asked(c *carrier, u *inet.UDP, h *dcerpc.Header, kind Probe, reason Reason, r *Result) Reason {
	return d.probe(c, u, Signal{Probe: kind, PDU: *h, Solicited: No}, reason, r)
}

// spoiled makes a probe of a call in fragments whose stub cannot be read. Octets are those of its first datagram.
func (d *Decoder) spoiled(c *carrier, from *caller, r *Result) {
	r.Signals = append(r.Signals, Signal{
		Kind: SignalProbe, Probe: ProbeStub, Solicited: No, Time: c.time, Frame: c.seq, Src: from.src, Dst: from.dst, Marks: from.marks,
		Iface: from.iface, PDU: from.header, Octets: int(from.marks.UDPLength),
	})
}
