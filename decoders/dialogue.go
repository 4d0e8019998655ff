package decoders

import (
	"popupwatch/decoders/netbios"
	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/wire"
)

// maxOpening is how many commands may stand before or between those of the Messenger.
const maxOpening = 16

// maxCommand is the longest session packet that is read, in octets: that of a text of 65,535 octets and names of the length that 16 bits
// of ByteCount leave.
const maxCommand = smb.HeaderSize + 1 + 2*255 + 2 + 65535

// dialogue is what the reader keeps of a connection. It is made when the first octet comes.
type dialogue struct {
	lanes           [2]lane // by end
	known           bool    // it is the Messenger's: by the called name, or by a command
	called, calling string
	foreign         int    // commands of others, since the last of the Messenger
	last            uint64 // frame of the last segment
	from            origin // and what its headers said
	popups, answers uint32
	group           *group // a popup in blocks that waits for its end
}

// lane is where the reader stands in one direction.
type lane struct {
	skip  int // octets of a packet that are passed over
	begun bool
	lost  bool // nobody knows where the next packet begins
}

// cost is what a dialogue takes, in octets.
func (t *dialogue) cost() int {
	if t == nil {
		return 0
	}
	n := 384
	if t.group != nil {
		n += t.group.cost()
	}
	return n
}

// read reads what came of a connection, at an instant, and puts it into its place in the table. It gives the reason of a segment that brought
// something which cannot be read, and wire.SMBOther where the connection is none of the Messenger's; that is then forgotten.
func (d *Decoder) read(s *stream, now *instant, r *Result) Reason {
	if s.Session == nil && s.Carries() {
		s.Session = new(dialogue)
	}
	if s.Session == nil {
		d.streams.Update(s, 0, now.at)
		return wire.None
	}
	if !now.timed {
		s.Session.last, s.Session.from = now.frame, now.from
	}
	reason := d.readBoth(s, now, r)
	if reason == wire.SMBOther {
		d.abandon(s, now, r)
		return reason
	}
	d.streams.Update(s, s.Session.cost(), now.at)
	return reason
}

// abandon stops to follow a connection that is none of the Messenger's, or no longer.
func (d *Decoder) abandon(s *stream, now *instant, r *Result) {
	d.giveUp(s, now, r)
	if s.Session.known {
		d.tell(s, SessionOver, now, r)
	}
	d.streams.Drop(s)
}

// readBoth reads both directions as far as they go.
func (d *Decoder) readBoth(s *stream, now *instant, r *Result) (reason Reason) {
	for _, e := range []reassembly.End{reassembly.Client, reassembly.Server} {
		for {
			found := d.readPackets(s, e, now, r)
			if found == wire.SMBOther {
				return found
			}
			if reason == wire.None {
				reason = found
			}
			if !s.GivesUp(e, now.at) {
				break
			}
			d.stepOver(s, e, now, r)
		}
		if s.Done(e) {
			d.ended(s, e, now, r)
		}
	}
	return reason
}

// readPackets reads the session packets that are whole.
func (d *Decoder) readPackets(s *stream, e reassembly.End, now *instant, r *Result) (reason Reason) {
	for {
		found, more := d.readPacket(s, e, now, r)
		if reason == wire.None || found == wire.SMBOther {
			reason = found
		}
		if !more || found == wire.SMBOther {
			return reason
		}
	}
}

// readPacket reads one session packet; more says that another may follow.
func (d *Decoder) readPacket(s *stream, e reassembly.End, now *instant, r *Result) (reason Reason, more bool) {
	t, l, b := s.Session, &s.Session.lanes[e], s.Unread(e)
	if len(b) == 0 {
		return wire.None, false
	}
	if !l.begun {
		l.begun, l.lost = true, l.lost || s.Midway(e)
	}
	switch {
	case l.skip > 0:
		n := min(l.skip, len(b))
		s.Take(e, n, nil)
		l.skip -= n
		return wire.None, true
	case l.lost:
		return t.search(s, e)
	case len(b) < netbios.HeaderSize:
		return wire.None, false
	}
	h, ok := netbios.ParseHeader(b, direct(s))
	if !ok {
		return t.strange(e, 0)
	}
	if h.Type == netbios.TypeMessage {
		return d.message(s, e, h, now, r)
	}
	if len(b) < netbios.HeaderSize+h.Length {
		return wire.None, false
	}
	body := bodyOf(b, h.Length)
	s.Take(e, netbios.HeaderSize+h.Length, nil)
	d.control(s, e, h.Type, body, now, r)
	return wire.None, true
}

func direct(s *stream) bool { return s.Key.Server.Port() == portDirect }

// bodyOf gives up to n octets behind the header of a session packet.
func bodyOf(packet []byte, n int) []byte {
	c := wire.NewCursor(packet, true)
	c.Skip(netbios.HeaderSize)
	return c.UpTo(n)
}

// strange deals with what is no packet of the Messenger: a connection that is not known to be its is another's. A packet whose length is known
// is passed over; else the place in the stream is lost.
func (t *dialogue) strange(e reassembly.End, length int) (reason Reason, more bool) {
	l := &t.lanes[e]
	if t.foreign++; !t.known || t.foreign > maxOpening {
		return wire.SMBOther, false
	}
	if length == 0 {
		l.lost = true
	}
	l.skip = length
	return wire.None, true
}

// search looks for the next command of the Messenger where the place in the stream is lost. In a connection that is not known to be the
// Messenger's it must stand where a segment begins: further in it may stand in a file that somebody copies.
func (t *dialogue) search(s *stream, e reassembly.End) (reason Reason, more bool) {
	const header = netbios.HeaderSize + 5
	l, b := &t.lanes[e], s.Unread(e)
	if begins(s.Key, e, b) {
		l.lost = false
		return wire.None, true
	}
	at, ok := smb.Find(b, direct(s))
	if e == reassembly.Client && !t.known && len(b) >= header {
		return wire.SMBOther, false
	}
	if ok && t.known {
		s.Take(e, at, nil)
		l.lost = false
		return wire.None, true
	}
	n := max(len(b)-header, 0) // the rest may be the beginning of one
	s.Take(e, n, nil)
	return wire.None, false
}

// message reads a session message: a command of the Messenger, one that may come before it, or something else.
func (d *Decoder) message(s *stream, e reassembly.End, h netbios.Header, now *instant, r *Result) (reason Reason, more bool) {
	t, b := s.Session, s.Unread(e)
	body := bodyOf(b, h.Length)
	switch command, ok := smb.Begins(body); {
	case !ok && smb.Compatible(body) && len(body) < h.Length:
		return wire.None, false
	case !ok || !command.Messenger() && !command.Opens():
		return t.strange(e, netbios.HeaderSize+h.Length)
	case command.Opens():
		if t.foreign++; t.foreign > maxOpening {
			return wire.SMBOther, false
		}
		t.lanes[e].skip = netbios.HeaderSize + h.Length
		return wire.None, true
	}
	t.known, t.foreign = true, 0
	want := min(h.Length, maxCommand)
	if len(body) < want {
		return wire.None, false
	}
	t.lanes[e].skip = h.Length - want
	return d.command(s, e, netbios.HeaderSize+want, false, 0, now, r), true
}

// command reads the command of the Messenger in the next n octets. Cut says that the capture lost its end.
func (d *Decoder) command(s *stream, e reassembly.End, n int, cut bool, odd smb.Anomaly, now *instant, r *Result) Reason {
	m, reason := smb.Parse(bodyOf(s.Unread(e), n-netbios.HeaderSize), cut)
	from := s.Take(e, n, d.frames[:0])
	d.frames = from.Frames
	if reason != wire.None {
		return wire.SMBMalformed
	}
	m.Anomalies |= odd
	if m.Reply != (e == reassembly.Server) {
		return wire.SMBMalformed
	}
	if m.Reply {
		d.answered(s, &m, now, r)
		return wire.None
	}
	return d.requested(s, &m, &from, cut, now, r)
}

// stepOver goes over a hole. Of the packet before it what came is read; where the hole ends within that packet the next one is found again.
func (d *Decoder) stepOver(s *stream, e reassembly.End, now *instant, r *Result) {
	l, b := &s.Session.lanes[e], s.Unread(e)
	rest := l.skip
	h, ok := netbios.ParseHeader(b, direct(s))
	if ok && !l.lost {
		rest = netbios.HeaderSize + h.Length - len(b)
		d.cutShort(s, e, 0, now, r)
	}
	lost := s.Step(e)
	if l.skip = rest - lost; l.skip < 0 {
		l.skip, l.lost = 0, true
	}
	if g := s.Session.group; g != nil && e == reassembly.Client {
		g.cut = true
	}
}

// cutShort reads the command of which no more will come, as far as it came.
func (d *Decoder) cutShort(s *stream, e reassembly.End, odd smb.Anomaly, now *instant, r *Result) {
	b, l := s.Unread(e), &s.Session.lanes[e]
	if l.skip == 0 && !l.lost && smb.Heads(b, direct(s)) {
		s.Session.known = true
		d.command(s, e, len(b), odd == 0, odd, now, r)
	}
	s.Take(e, len(s.Unread(e)), nil)
}

// ended reads what is left where no more will come of a direction. A sender that stopped within a packet lied about its length; where the
// connection was given up before its end it did not.
func (d *Decoder) ended(s *stream, e reassembly.End, now *instant, r *Result) {
	odd := smb.Anomaly(0)
	if s.Complete(e) {
		odd = smb.LengthBeyond
	}
	d.cutShort(s, e, odd, now, r)
	if e == reassembly.Client {
		d.giveUp(s, now, r)
	}
}

// control reads a session packet that is no message.
func (d *Decoder) control(s *stream, e reassembly.End, kind netbios.Type, body []byte, now *instant, r *Result) {
	t := s.Session
	switch {
	case kind == netbios.TypeRequest && e == reassembly.Client:
		called, calling, ok := netbios.ParseRequest(body)
		if ok {
			t.called, t.calling = d.names(&called, &calling)
			t.known = t.known || called.Suffix == netbios.SuffixMessenger
		}
	case e == reassembly.Client || !t.known:
	case kind == netbios.TypePositive:
		d.tell(s, SessionGranted, now, r)
	case kind == netbios.TypeRetarget:
		g := d.tell(s, SessionElse, now, r)
		g.Retarget, _ = netbios.ParseRetarget(body)
	case kind == netbios.TypeNegative:
		g := d.tell(s, SessionRefused, now, r)
		g.Refusal, _ = netbios.ParseRefusal(body)
	}
}

// names shows the names of a session request: their octets are of the page that the sender's machine has.
func (d *Decoder) names(called, calling *netbios.Name) (string, string) {
	to, from, _, _, _ := d.text.Decode([]byte(called.Octets), []byte(calling.Octets), nil, false)
	return netbios.Show(to.Shown, called.Suffix, called.Scope), netbios.Show(from.Shown, calling.Suffix, calling.Scope)
}
