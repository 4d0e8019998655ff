package decoders

import (
	"net/netip"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/wire"
)

// origin is what an IP datagram's first fragment tells of all of it.
type origin struct {
	marks inet.Marks
	proto uint8
	iface int
}

// caller is who made a call, and how.
type caller struct {
	src, dst netip.AddrPort
	marks    inet.Marks
	iface    int
	header   dcerpc.Header
	odd      msgsvc.Anomaly // of the datagram around the stub
}

// fragment keeps an IP fragment, and reads on where that makes a datagram whole. Fragments of what carries no popup are not kept: they
// would take the place of others.
func (d *Decoder) fragment(c *carrier, r *Result) Reason {
	p := &d.packet
	if !carriesPopup(p) && !d.carriesSegment(p) {
		return wire.TransportOther
	}
	if d.copies.again(p, c, inet.Known{}) {
		return wire.Duplicate
	}
	if u, reason := inet.ParseUDP(p.Payload); p.Proto == inet.ProtoUDP && p.Frag.Offset == 0 && reason == wire.None {
		d.arrive(c, &u, r)
	}
	whole, reason := d.datagrams.Add(reassembly.Fragment[origin]{
		Key: datagramKey(p), Offset: p.Frag.Offset, More: p.Frag.More, Cut: p.Cut, Data: p.Payload,
		Frame: c.seq, Time: c.time, Meta: origin{p.Marks, p.Proto, c.iface},
	})
	if reason != wire.None {
		return reason
	}
	return d.resume(c, whole, r)
}

func datagramKey(p *inet.Packet) reassembly.DatagramKey {
	k := reassembly.DatagramKey{Src: p.Src(), Dst: p.Dst(), ID: p.Frag.ID}
	if !p.Marks.IPv6 {
		k.Proto = p.Proto
	}
	return k
}

// carriesPopup says whether a fragment's protocol can bring a popup: UDP, an error that quotes it, a tunnel around it, or an IPv6 extension
// header before it.
func carriesPopup(p *inet.Packet) bool {
	switch p.Proto {
	case inet.ProtoUDP, inet.ProtoGRE, inet.ProtoIPIP, inet.Proto6in4, inet.ProtoICMP, inet.ProtoICMPv6:
		return true
	case 0, 43, 51, 60:
		return p.Marks.IPv6
	}
	return false
}

// carriesSegment says whether a fragment is one of a TCP segment that may bring a popup. The first fragment shows the ports; others are kept
// only after it: hardly anything fragments TCP, and keeping what shows no port would let any flood in.
func (d *Decoder) carriesSegment(p *inet.Packet) bool {
	if p.Proto != inet.ProtoTCP {
		return false
	}
	if p.Frag.Offset > 0 {
		return d.datagrams.Has(datagramKey(p))
	}
	src, dst := inet.TCPPorts(p.Payload)
	return carriesSMB(src) || carriesSMB(dst)
}

// resume reads a reassembled datagram, which may be a tunnel with a fragment inside.
func (d *Decoder) resume(c *carrier, whole reassembly.Datagram[origin], r *Result) Reason {
	first := whole.Meta.marks
	first.Fragments = uint16(len(whole.Frames))
	c.frames, c.began, c.iface = whole.Frames, whole.Began, whole.Meta.iface
	c.counted = whole.Meta.proto == inet.ProtoUDP
	switch reason := d.packet.Resume(first, whole.Meta.proto, whole.Payload, false); reason {
	case wire.None:
		return d.transport(c, r)
	case wire.Fragment:
		return d.fragment(c, r)
	default:
		return reason
	}
}

// unfinished reads as much of an IP datagram as arrived: a popup's names and the beginning of its text are in the first fragment, be it in
// a tunnel or not.
func (d *Decoder) unfinished(part reassembly.Datagram[origin], r *Result) {
	if len(part.Payload) == 0 {
		return
	}
	marks := part.Meta.marks
	marks.Fragments = uint16(len(part.Frames))
	d.packet.Restore(part.Key.Src, part.Key.Dst, marks)
	if d.packet.Resume(marks, part.Meta.proto, part.Payload, true) != wire.None || d.packet.Proto != inet.ProtoUDP {
		return
	}
	c := carrier{
		frames: part.Frames, seq: part.Frames[0], time: part.Began, began: part.Began, due: part.Due, iface: part.Meta.iface, counted: true,
	}
	d.udp(&c, r)
}

// keep adds an RPC fragment to its call and delivers the call where it is whole.
func (d *Decoder) keep(c *carrier, from caller, body []byte, r *Result) Reason {
	if d.copies.again(&d.packet, c, inet.Known{}) {
		return wire.Duplicate
	}
	h := &from.header
	d.called(c, &from)
	frames := c.frames
	if frames == nil {
		frames = []uint64{c.seq}
	}
	call, reason := d.calls.Add(reassembly.CallFragment[caller]{
		Key:    reassembly.CallKey{Src: from.src.Addr(), Dst: from.dst.Addr(), Activity: h.Activity, Sequence: h.Sequence},
		Number: h.Fragment, Last: h.Flags&dcerpc.FlagLastFrag != 0, Cut: len(body) < int(h.Length),
		Data: body, Frames: frames, Time: d.now, Began: c.began, Meta: from,
	})
	if reason == wire.None {
		whole := *c
		whole.frames, whole.began = call.Frames, call.Began
		reason = d.popup(&whole, call.Meta, call.Stub, call.Fragments, !call.Whole, r)
		if unreadable(reason) && call.Whole {
			d.spoiled(c, &call.Meta, r)
		}
	}
	return reason
}

// called notes a request that is no popup, or none yet: it may be answered all the same.
func (d *Decoder) called(c *carrier, from *caller) {
	k := between(d.conversations.secret, from.src.Addr(), from.dst.Addr(), from.header.Activity)
	d.conversations.called(k, d.step(c, from.src.Port(), from.dst.Port(), &from.marks), &from.header, false)
}

// givenUp delivers a call that was given up: its stub ends where a fragment is missing. One without its first fragment says nothing.
func (d *Decoder) givenUp(call reassembly.Call[caller], r *Result) {
	if call.Fragments == 0 {
		return
	}
	c := carrier{
		frames: call.Frames, seq: call.Frames[0], time: call.Began, began: call.Began, due: call.Due, iface: call.Meta.iface, counted: true,
	}
	d.popup(&c, call.Meta, call.Stub, call.Fragments, !call.Whole, r)
}
