package decoders

import (
	"net/netip"
	"time"

	"popupwatch/decoders/inet"
	"popupwatch/decoders/netbios"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/wire"
)

type (
	streams = reassembly.Streams[origin, *dialogue]
	stream  = reassembly.Stream[origin, *dialogue]
	segment = reassembly.Segment[origin]
)

// portSession and portDirect are where SMB listens: in a NetBIOS session, and without one ([MS-SMB] 2.1).
const (
	portSession = 139
	portDirect  = 445
)

func carriesSMB(port uint16) bool { return port == portSession || port == portDirect }

// tcp tells by its ports the TCP that can carry a popup from all other, before anything else of it is looked at: most traffic is TCP.
func (d *Decoder) tcp(c *carrier, r *Result) Reason {
	src, dst := inet.TCPPorts(d.packet.Payload)
	if !carriesSMB(src) && !carriesSMB(dst) {
		return wire.TransportOther
	}
	t, reason := inet.ParseTCP(d.packet.Payload)
	switch {
	case reason != wire.None && d.packet.Cut:
		return wire.Truncated
	case reason != wire.None:
		return reason
	}
	return d.segment(c, &t, r)
}

// segment takes a segment into its connection and reads what that has now. The reason is the best that it can be: a popup, an answer, what
// the reader found, what the segment was to its connection.
func (d *Decoder) segment(c *carrier, t *inet.TCP, r *Result) Reason {
	g := d.place(c, t)
	s, reason := d.streams.Add(&g)
	if s == nil {
		return reason
	}
	if g.SYN && g.From == reassembly.Server && s.Evidence.SYNACK == g.Frame {
		d.initials.note(g.Key.Server.Addr(), g.Seq, g.Time)
	}
	popups, signals := len(r.Messages), len(r.Signals)
	now := instant{at: c.time, frame: c.seq, from: g.Meta}
	if found := d.read(s, &now, r); found != wire.None {
		reason = found
	}
	switch {
	case len(r.Messages) > popups:
		reason = wire.Message
	case len(r.Signals) > signals:
		reason = wire.Signal
	}
	if d.streams.Crowded() {
		d.releaseStreams(c.time, r)
	}
	return reason
}

// place says to which connection a segment belongs, and which end sent it. Where both ports are the server's, who sends a SYN alone is the
// client, and whoever sends else, too, unless it is an answer to one.
func (d *Decoder) place(c *carrier, t *inet.TCP) segment {
	g := segment{
		From: reassembly.Client, Seq: t.Seq, Ack: t.Ack,
		SYN: t.Flags.Has(inet.FlagSYN), ACK: t.Flags.Has(inet.FlagACK), FIN: t.Flags.Has(inet.FlagFIN) && !d.packet.Cut, RST: t.Flags.Has(inet.FlagRST),
		Data: t.Payload, TTL: d.packet.Marks.TTL, Frame: c.seq, Time: c.time, Meta: origin{d.packet.Marks, inet.ProtoTCP, c.iface},
	}
	src, dst := netip.AddrPortFrom(d.packet.Src(), t.SrcPort), netip.AddrPortFrom(d.packet.Dst(), t.DstPort)
	if !carriesSMB(t.DstPort) || carriesSMB(t.SrcPort) && g.SYN && g.ACK {
		g.From = reassembly.Server
		src, dst = dst, src
	}
	g.Key = reassembly.StreamKey{Client: src, Server: dst}
	return g
}

// begins says whether a connection of which no SYN was seen is one of the Messenger's: by a session request, or by one of its commands that
// begins where the segment begins. What stands further in may be a file that somebody copies.
func begins(k reassembly.StreamKey, from reassembly.End, data []byte) bool {
	direct := k.Server.Port() == portDirect
	if smb.Heads(data, direct) {
		return true
	}
	h, ok := netbios.ParseHeader(data, direct)
	if !ok || h.Type != netbios.TypeRequest || from != reassembly.Client {
		return false
	}
	called, ok := calledName(data)
	return ok && called.Suffix == netbios.SuffixMessenger
}

// calledName gives the called name of a session request.
func calledName(packet []byte) (netbios.Name, bool) {
	c := wire.NewCursor(packet, true)
	c.Skip(netbios.HeaderSize)
	return netbios.ParseName(&c)
}

// instant is when, and by which frame, something is read; timed where packet time or want of room released it.
type instant struct {
	at    time.Time
	frame uint64
	from  origin // of the frame; zero where timed
	timed bool
}

// releaseStreams reads on where a hole will not fill, and ends connections whose time is over or that must make room.
func (d *Decoder) releaseStreams(now time.Time, r *Result) {
	for s, left, ok := d.streams.Release(now); ok; s, left, ok = d.streams.Release(now) {
		if left {
			d.hangUp(s, r)
			continue
		}
		d.read(s, &instant{at: s.Due, timed: true}, r)
	}
}

// hangUp reads the rest of a connection that is out of the table, and says what it showed.
func (d *Decoder) hangUp(s *stream, r *Result) {
	if s.Session == nil {
		return
	}
	now := instant{at: s.Due, timed: true}
	d.readBoth(s, &now, r)
	if s.Session.known {
		d.tell(s, SessionOver, &now, r)
	}
}
