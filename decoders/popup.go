package decoders

import (
	"bytes"

	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
	"popupwatch/decoders/text"
	"popupwatch/decoders/wire"
)

// udpHeader is its length in octets: behind it and the RPC header stands the stub of a call that came whole.
const udpHeader = 8

// popup reads the stub of a call and makes a message of it. cut says that a fragment is missing or the capture ended: then the text is what
// arrived.
func (d *Decoder) popup(c *carrier, from caller, stub []byte, fragments int, cut bool, r *Result) Reason {
	h := &from.header
	p, reason := msgsvc.Parse(stub, h.BigEndian)
	if reason != wire.None {
		return reason
	}
	sum := d.submissions.secret.Sum(stub)
	if c.frames == nil && d.copies.again(&d.packet, c, inet.Known{At: udpHeader + dcerpc.HeaderSize, Size: len(stub), Sum: sum}) {
		return wire.Duplicate
	}
	if !c.due.IsZero() {
		stub = bytes.Clone(stub) // several may be released in one step, from one buffer
	}
	r.Messages = append(r.Messages, Message{
		Time: c.time, Began: c.began, Due: c.due, Src: from.src, Dst: from.dst, Marks: from.marks, Iface: from.iface,
		Frames: c.frames, Route: RouteRPC, RPC: dcerpc.Call{Header: *h, Fragments: uint16(fragments)}, Octets: stub,
		Partial: cut && !p.Text.Whole(),
	})
	m := &r.Messages[len(r.Messages)-1]
	if m.Frames == nil {
		m.Frames = d.number(c.seq)
	}
	m.Anomalies = d.anomalyWords(p.Anomalies(cut) | from.odd)
	d.show(m, &p)
	d.shape(m, &p, cut)
	var again bool
	k := between(d.submissions.secret, m.Src.Addr(), m.Dst.Addr(), h.Activity)
	m.First, again = d.submissions.note(m.Time, callKey(k, h), m.Src.Port(), m.Dst.Port(), uint32(sum))
	d.conversations.called(k, d.step(c, m.Src.Port(), m.Dst.Port(), &m.Marks), h, true)
	m.Retransmit = again && !m.Partial
	return wire.Message
}

// show decodes the three strings in the page they share, and computes the text's features where they are not known yet.
func (d *Decoder) show(m *Message, p *msgsvc.Popup) {
	m.From, m.To, m.Text, m.Page, m.PageMargin = d.text.Decode(p.From.Octets, p.To.Octets, p.Text.Octets, m.RPC.EBCDIC)
	setCounts(&m.From, &p.From)
	setCounts(&m.To, &p.To)
	setCounts(&m.Text, &p.Text)
	m.Features = d.text.Analyze(m.Text.Shown)
}

func setCounts(s *text.String, n *msgsvc.String) {
	s.Max, s.Offset, s.Actual = n.Max, n.Offset, n.Actual
}

// number gives a list of one frame number, cut from a block: an allocation for each message would cost more than decoding it.
func (d *Decoder) number(seq uint64) []uint64 {
	if len(d.numbers) == cap(d.numbers) {
		d.numbers = make([]uint64, 0, 512)
	}
	n := len(d.numbers)
	d.numbers = append(d.numbers, seq)
	return d.numbers[n : n+1 : n+1]
}

// shape says whether a popup is an attempt at the service's buffer, or long, or badly made. The words are shared by all messages of a set.
func (d *Decoder) shape(m *Message, p *msgsvc.Popup, cut bool) {
	var traits msgsvc.Trait
	if m.Shape, traits = p.Shape(m.RPC.Activity, cut); traits == 0 {
		return
	}
	words, ok := d.traits[traits]
	if !ok {
		words = traits.Words()
		d.traits[traits] = words
	}
	m.Traits = words
}

// anomalyWords gives the words of a set of anomalies, shared by all messages that have it. The table has at most msgsvc.AnomalyCount entries.
func (d *Decoder) anomalyWords(a msgsvc.Anomaly) []string {
	if a == 0 {
		return nil
	}
	words, ok := d.anomalies[a]
	if !ok {
		words = a.Words()
		d.anomalies[a] = words
	}
	return words
}
