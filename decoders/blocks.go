package decoders

import (
	"bytes"
	"slices"
	"time"

	"popupwatch/decoders/reassembly"
	"popupwatch/decoders/smb"
	"popupwatch/decoders/text"
	"popupwatch/decoders/wire"
)

// Bounds of a popup in blocks: a text that one command could carry, and how many of its frames are named.
const (
	maxGroupText   = 65535
	maxGroupFrames = 1024
)

// posted is a popup over TCP: the arguments of one command, or of several.
type posted struct {
	from, to, text []byte
	length         int // of the text, as its counts say
	odd            smb.Anomaly
	origin         reassembly.Origin[origin] // of its first command; frames are those of all, in any order
	ended          time.Time                 // packet time of the last frame
	octets         []byte                    // of the data blocks, for its identity
	blocks         uint32
	group          uint16
	command        smb.Command
	cut            bool // the capture lost a part of it
}

// group is a popup in blocks that waits for its end. It owns its octets. Blocks belong to the connection, not to the message group:
// servers answer with the group 0 or with none (WIRE.md 5).
type group struct {
	posted
	unended bool // it was given up
}

// cost is what a group takes, in octets.
func (g *group) cost() int {
	return 512 + cap(g.text) + cap(g.octets) + 8*cap(g.origin.Frames) + len(g.from) + len(g.to)
}

// requested takes a client's command.
func (d *Decoder) requested(s *stream, m *smb.Message, from *reassembly.Origin[origin], cut bool, now *instant, r *Result) Reason {
	switch m.Command {
	case smb.SendMessage, smb.SendBroadcast:
		p := posted{
			from: m.From, to: m.To, text: m.Text, length: m.TextLength, odd: m.Anomalies, origin: *from, ended: from.Ended,
			octets: m.Data, command: m.Command, cut: cut && !m.Whole(),
		}
		p.origin.Frames = slices.Clone(from.Frames)
		d.post(s, &p, now, r)
	case smb.SendStart:
		d.giveUp(s, now, r)
		s.Session.group = newGroup(m, from)
	case smb.SendText, smb.SendEnd:
		return d.block(s, m, from, cut, now, r)
	default:
		d.tell(s, SessionControl, now, r).Command = m.Command
	}
	return wire.None
}

func newGroup(m *smb.Message, from *reassembly.Origin[origin]) *group {
	g := &group{posted: posted{
		from: bytes.Clone(m.From), to: bytes.Clone(m.To), odd: m.Anomalies, origin: *from, ended: from.Ended, octets: bytes.Clone(m.Data),
		command: m.Command,
	}}
	g.origin.Frames = slices.Clone(from.Frames)
	return g
}

// block adds a block of text to the popup that is open, or ends that. Without a beginning there are no names, and no popup.
func (d *Decoder) block(s *stream, m *smb.Message, from *reassembly.Origin[origin], cut bool, now *instant, r *Result) Reason {
	g := s.Session.group
	if g == nil {
		return wire.SMBMalformed
	}
	g.add(m, from, cut)
	if m.Command == smb.SendEnd {
		s.Session.group = nil
		d.postGroup(s, g, now, r)
		return wire.None
	}
	if len(g.text)+len(m.Text) > maxGroupText {
		d.blocksShed++
		g.cut = true
		return wire.None
	}
	g.blocks++
	g.text, g.octets = append(g.text, m.Text...), append(g.octets, m.Text...)
	g.length += m.TextLength
	return wire.None
}

// add notes where a block came from and what is odd about it.
func (g *group) add(m *smb.Message, from *reassembly.Origin[origin], cut bool) {
	g.group, g.odd, g.cut = m.Group, g.odd|m.Anomalies&^smb.ZeroLength, g.cut || cut
	g.ended = from.Ended
	if room := maxGroupFrames - len(g.origin.Frames); room > 0 {
		g.origin.Frames = append(g.origin.Frames, from.Frames[:min(len(from.Frames), room)]...)
	}
}

// giveUp delivers a popup in blocks whose end did not come: as far as it went, if any of its text is there.
func (d *Decoder) giveUp(s *stream, now *instant, r *Result) {
	g := s.Session.group
	if s.Session.group = nil; g == nil || g.blocks == 0 {
		return
	}
	g.unended = true
	d.postGroup(s, g, now, r)
}

// postGroup delivers a popup in blocks. One of which all text is lost is none: nobody knows what it said.
func (d *Decoder) postGroup(s *stream, g *group, now *instant, r *Result) {
	switch {
	case len(g.text) == 0 && (g.length > 0 || g.cut):
		return
	case g.length == 0:
		g.odd |= smb.ZeroLength
	}
	g.cut = g.cut || g.unended
	d.post(s, &g.posted, now, r)
}

// post makes a message of a popup over TCP. Each is a submission of its own (CONTRACT.md 2.0): what TCP sends again is told by its numbers.
func (d *Decoder) post(s *stream, p *posted, now *instant, r *Result) {
	s.Session.popups++
	slices.Sort(p.origin.Frames)
	m := Message{
		Time: now.at, Began: p.origin.Began, Src: s.Key.Client, Dst: s.Key.Server, Marks: p.origin.Meta.marks, Iface: p.origin.Meta.iface,
		Frames: slices.Compact(p.origin.Frames), Route: RouteSMB, Octets: bytes.Clone(p.octets), Partial: p.cut, First: true,
	}
	if now.timed {
		m.Time, m.Due = p.ended, now.at
	}
	if p.cut {
		m.Time, m.Due = p.origin.Began, now.at
	}
	m.From, m.To, m.Text, m.Page, m.PageMargin = d.text.Decode(p.from, p.to, p.text, false)
	count(&m.From, len(p.from))
	count(&m.To, len(p.to))
	count(&m.Text, p.length)
	m.Features = d.text.Analyze(m.Text.Shown)
	m.Anomalies = d.smbAnomalyWords(p.odd)
	m.Session = d.facts(s, SessionPopup)
	m.Session.Command, m.Session.Blocks, m.Session.Group = p.command, p.blocks, p.group
	r.Messages = append(r.Messages, m)
}

// count sets the count of a string; SMB has but one.
func count(s *text.String, n int) { s.Max, s.Actual = uint32(n), uint32(n) }

// smbAnomalyWords gives the words of a set of anomalies, shared by all messages that have it. The table has at most smb.AnomalyCount entries.
func (d *Decoder) smbAnomalyWords(a smb.Anomaly) []string {
	if a == 0 {
		return nil
	}
	words, ok := d.smbWords[a]
	if !ok {
		words = a.Words()
		d.smbWords[a] = words
	}
	return words
}

// answered notes a server's reply to a command of the Messenger.
func (d *Decoder) answered(s *stream, m *smb.Message, now *instant, r *Result) {
	if m.Status == 0 {
		s.Session.answers++
	}
	f := d.tell(s, SessionAnswered, now, r)
	f.Command, f.Status, f.Group = m.Command, m.Status, m.Group
}

// tell makes a signal of what a connection shows now. Its frame and marks are those of the segment that shows it; at the end, of the last.
func (d *Decoder) tell(s *stream, stage SessionStage, now *instant, r *Result) *Session {
	from := &s.Session.from
	g := Signal{
		Kind: SignalStream, Time: now.at, Frame: s.Session.last, Src: s.Key.Client, Dst: s.Key.Server, Marks: from.marks, Iface: from.iface,
		Session: d.facts(s, stage),
	}
	if stage == SessionGranted || stage == SessionRefused || stage == SessionElse || stage == SessionAnswered {
		g.Src, g.Dst = g.Dst, g.Src
	}
	r.Signals = append(r.Signals, g)
	return g.Session
}

// facts gathers what a connection shows now.
func (d *Decoder) facts(s *stream, stage SessionStage) *Session {
	t := s.Session
	return &Session{
		Ends: s.Key, Evidence: s.Evidence, Stage: stage, Called: t.called, Calling: t.calling, Popups: t.popups, Answers: t.answers,
		Initials: d.initials.of(s.Key.Server.Addr()),
	}
}
