package decoders

import (
	"bytes"
	"net/netip"
	"strings"

	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/netbios"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/wire"
)

// letter is what the header of a NetBIOS datagram tells of the popup in it.
type letter struct {
	src, dst        netip.AddrPort
	inner           netip.AddrPort
	calling, called string
	marks           inet.Marks
	iface           int
}

// mailslot reads a NetBIOS datagram to a host, a group or all (RFC 1002 4.4.2), and the popup that it writes to the Messenger's mailslot.
func (d *Decoder) mailslot(c *carrier, u *inet.UDP, r *Result) Reason {
	n, reason := netbios.ParseDatagram(u.Payload)
	switch {
	case reason == wire.NetBIOSMalformed && d.packet.Cut:
		return wire.Truncated
	case reason != wire.None:
		return reason
	case !n.First || n.More:
		return d.part(c, u, &n, r)
	}
	p, reason := smb.ParseMailslot(n.Data)
	switch {
	case reason != wire.None && reason != wire.NetBIOSOther && d.packet.Cut:
		return wire.Truncated
	case reason != wire.None:
		return reason
	case p.NoText && d.packet.Cut:
		return wire.Truncated
	case c.frames == nil && d.copies.again(&d.packet, c, inet.Known{}):
		return wire.Duplicate
	}
	d.slotted(c, d.letter(c, u, &n), &p, d.packet.Cut && p.Short, r)
	return wire.Message
}

func (d *Decoder) letter(c *carrier, u *inet.UDP, n *netbios.Datagram) letter {
	return letter{
		src: netip.AddrPortFrom(d.packet.Src(), u.SrcPort), dst: netip.AddrPortFrom(d.packet.Dst(), u.DstPort),
		inner: n.Source, calling: d.nameShown(n.Calling()), called: d.nameShown(n.Called()), marks: d.marks(u), iface: c.iface,
	}
}

// nameShown decodes a NetBIOS name; empty where there is none.
func (d *Decoder) nameShown(n netbios.Name) string {
	if n == (netbios.Name{}) {
		return ""
	}
	_, _, name, _, _ := d.text.Decode(nil, nil, []byte(n.Octets), false)
	return strings.ToValidUTF8(netbios.Show(name.Shown, n.Suffix, n.Scope), "\ufffd")
}

// part keeps one part of a NetBIOS datagram, and reads on where that makes it whole. The first part must begin as a mailslot write does:
// others would take the place of popups.
func (d *Decoder) part(c *carrier, u *inet.UDP, n *netbios.Datagram, r *Result) Reason {
	if n.First && !smb.IsTransaction(n.Data) {
		return wire.NetBIOSOther
	}
	if d.copies.again(&d.packet, c, inet.Known{}) {
		return wire.Duplicate
	}
	frames := c.frames
	if frames == nil {
		frames = []uint64{c.seq}
	}
	whole, reason := d.parts.Add(reassembly.Part[letter]{
		Key:    reassembly.PartKey{Src: d.packet.Src(), Dst: d.packet.Dst(), ID: n.ID},
		Offset: n.Offset, First: n.First, Last: !n.More, Data: n.Data, Names: n.Names,
		Frames: frames, Time: d.now, Began: c.began, Meta: d.letter(c, u, n),
	})
	if reason != wire.None {
		return reason
	}
	p, reason := smb.ParseMailslot(whole.Data)
	if reason != wire.None {
		return reason
	}
	joined := *c
	joined.frames, joined.began = whole.Frames, whole.Began
	d.slotted(&joined, whole.Meta, &p, d.packet.Cut && p.Short, r)
	return wire.Message
}

// opened delivers a NetBIOS datagram that was given up: names and the beginning of the text may be in its first part.
func (d *Decoder) opened(whole reassembly.Parted[letter], r *Result) {
	p, reason := smb.ParseMailslot(whole.Data)
	if reason != wire.None || p.NoText {
		return
	}
	c := carrier{
		frames: whole.Frames, seq: whole.Frames[0], time: whole.Began, began: whole.Began, due: whole.Due, iface: whole.Meta.iface, counted: true,
	}
	p.Data = bytes.Clone(p.Data) // several may be released in one step, from one buffer
	d.slotted(&c, whole.Meta, &p, true, r)
}

// slotted makes a message of a mailslot write. Each is a submission of its own: nothing ties two of them together (CONTRACT.md 2.0).
func (d *Decoder) slotted(c *carrier, l letter, p *smb.Mailslot, cut bool, r *Result) {
	popup := msgsvc.Popup{From: counted(p.From), To: counted(p.To), Text: counted(p.Text)}
	r.Messages = append(r.Messages, Message{
		Time: c.time, Began: c.began, Due: c.due, Src: l.src, Dst: l.dst, Marks: l.marks, Iface: l.iface, Frames: c.frames,
		Route: RouteMailslot, Octets: p.Data, Calling: l.calling, Called: l.called, Inner: l.inner,
		Partial: cut, First: true, Anomalies: d.anomalyWords(slotAnomalies(p, &l, cut)),
	})
	m := &r.Messages[len(r.Messages)-1]
	if m.Frames == nil {
		m.Frames = d.number(c.seq)
	}
	d.show(m, &popup)
	d.shape(m, &popup, cut)
}

// counted is a string of a mailslot with the counts that it would have in a call.
func counted(octets []byte) msgsvc.String {
	n := uint32(len(octets))
	return msgsvc.String{Max: n, Actual: n, Octets: octets}
}

func slotAnomalies(p *smb.Mailslot, l *letter, cut bool) (a msgsvc.Anomaly) {
	if p.Short && !cut {
		a |= msgsvc.LengthBeyond
	}
	if p.NoFinalNUL && !cut {
		a |= msgsvc.NoFinalNUL
	}
	if p.NoText {
		a |= msgsvc.MissingText
	}
	if p.Trailing > 0 {
		a |= msgsvc.StubTrailing
	}
	if l.inner.Addr() != l.src.Addr() {
		a |= msgsvc.InnerSource
	}
	return a
}
