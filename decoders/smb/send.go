package smb

import (
	"bytes"

	"popupwatch/decoders/wire"
)

// Message is one command of the Messenger, or a server's reply to one. The octets are views.
type Message struct {
	Header
	Group      uint16 // message group of a multi-block popup: of SendText, SendEnd, and the reply to SendStart
	HasGroup   bool
	From, To   []byte // of SendMessage, SendBroadcast and SendStart, without the NUL
	Name       []byte // of ForwardName, CancelForward, and the reply to MachineName
	Text       []byte // of SendMessage, SendBroadcast and SendText: as many octets of TextLength as are there
	TextLength int    // as it stands there
	Data       []byte // the data block: what a message's identity is made of
	Anomalies  Anomaly
}

// Parse reads one SMB message. Cut says that the capture lost its end: then what is missing is nobody's doing, and the text is what is there.
// Reasons: wire.SMBOther where it is no command of the Messenger, wire.SMBMalformed where its names, its counts or every octet of a text that is
// not empty are missing; then the Message is zero.
func Parse(b []byte, cut bool) (Message, wire.Reason) {
	c := wire.NewCursor(b, false)
	h, ok := parseHeader(&c)
	switch {
	case ok && !h.Command.Messenger():
		return Message{}, wire.SMBOther
	case !ok:
		return Message{}, malformed(b)
	}
	m := Message{Header: h}
	if !m.body(&c, cut) {
		return Message{}, wire.SMBMalformed
	}
	return m, wire.None
}

// malformed says what a message without a whole header is.
func malformed(b []byte) wire.Reason {
	if command, ok := Begins(b); ok && command.Messenger() {
		return wire.SMBMalformed
	}
	return wire.SMBOther
}

// body reads words and data: WordCount, that many words, ByteCount, that many octets ([MS-CIFS] 2.2.3.2, 2.2.3.3).
func (m *Message) body(c *wire.Cursor, cut bool) bool {
	words := int(c.U8())
	if words > 0 {
		m.Group, m.HasGroup = c.U16(), true
		c.Skip(2 * (words - 1))
	}
	length := int(c.U16())
	if c.Err() {
		return false
	}
	m.Data = c.UpTo(length)
	if len(m.Data) < length && !cut {
		m.Anomalies |= BodyBeyondMessage
	}
	if c.Remaining() > 0 {
		m.Anomalies |= TrailingOctets
	}
	if m.Reply {
		return m.reply()
	}
	if words != m.words() {
		m.Anomalies |= WordCount
	}
	return m.arguments(cut)
}

// words is how many words a request of the command has.
func (m *Message) words() int {
	if m.Command == SendText || m.Command == SendEnd {
		return 1
	}
	return 0
}

// reply reads what a server's reply to MachineName says; the others carry no data.
func (m *Message) reply() bool {
	if m.Command == MachineName {
		c := wire.NewCursor(m.Data, false)
		c.Skip(1)
		m.Name, _ = name(&c)
	}
	return true
}

// arguments reads the data block of a request.
func (m *Message) arguments(cut bool) bool {
	c := wire.NewCursor(m.Data, false)
	switch m.Command {
	case SendMessage, SendBroadcast:
		return m.names(&c) && m.text(&c, cut)
	case SendStart:
		ok := m.names(&c)
		m.trailing(&c)
		return ok
	case SendText:
		return m.text(&c, cut)
	case ForwardName, CancelForward:
		m.format(&c, formatString)
		var ok bool
		m.Name, ok = name(&c)
		return ok
	}
	m.trailing(&c)
	return true
}

// Buffer formats of the arguments ([MS-CIFS] 2.2.1.1: SMB_STRING 04, data block 01).
const (
	formatString = 0x04
	formatData   = 0x01
)

// format reads a buffer format. Samba does not look at it, so that any value brings the popup to the screen there.
func (m *Message) format(c *wire.Cursor, want uint8) {
	if got := c.U8(); got != want && !c.Err() {
		m.Anomalies |= BufferFormat
	}
}

func (m *Message) names(c *wire.Cursor) (ok bool) {
	m.format(c, formatString)
	if m.From, ok = name(c); !ok {
		return false
	}
	if m.Command == SendBroadcast && next(*c) == formatData { // to all: it needs no name
		return true
	}
	m.format(c, formatString)
	m.To, ok = name(c)
	return ok
}

// next is the octet that a cursor reads next.
func next(c wire.Cursor) uint8 { return c.U8() }

// name reads a string up to its NUL, and passes over that.
func name(c *wire.Cursor) ([]byte, bool) {
	rest := *c
	n := bytes.IndexByte(rest.UpTo(rest.Remaining()), 0)
	s := c.Bytes(n) // a negative n fails
	c.Skip(1)
	return s, !c.Err()
}

// text reads the length and the octets of the text. A length beyond the data block is a lie, and the block holds, as servers have it.
func (m *Message) text(c *wire.Cursor, cut bool) bool {
	m.format(c, formatData)
	m.TextLength = int(c.U16())
	if c.Err() {
		return false
	}
	m.Text = c.UpTo(m.TextLength)
	switch missing := len(m.Text) < m.TextLength; {
	case missing && len(m.Text) == 0:
		return false
	case missing && !cut:
		m.Anomalies |= TextBeyondBody
	case m.TextLength == 0:
		m.Anomalies |= ZeroLength
	}
	if nul := bytes.IndexByte(m.Text, 0); nul >= 0 && nul < len(m.Text)-1 {
		m.Anomalies |= EmbeddedNUL
	}
	m.trailing(c)
	return true
}

// trailing notes octets of the data block after the last argument.
func (m *Message) trailing(c *wire.Cursor) {
	if c.Remaining() > 0 {
		m.Anomalies |= TrailingOctets
	}
}

// Whole says whether all octets of the text that the length promises are there.
func (m *Message) Whole() bool { return len(m.Text) == m.TextLength }

// Anomaly is a set of what a strict receiver would refuse, or what gives a tool away.
type Anomaly uint16

// The anomalies; the words are part of the output.
const (
	EmbeddedNUL       Anomaly = 1 << iota // octets of the text after its first NUL
	ZeroLength                            // a text of no octets
	TextBeyondBody                        // the text's length goes beyond the data block
	BodyBeyondMessage                     // ByteCount goes beyond the message
	TrailingOctets                        // octets after the arguments or after the data block
	BufferFormat                          // another buffer format than 04 and 01
	WordCount                             // another number of words than the command has
	LengthBeyond                          // the session packet's length goes beyond what was sent
	anomalyEnd
)

// AnomalyCount is the number of different sets.
const AnomalyCount = int(anomalyEnd)

// Words gives the words of a set, in the order of the constants.
func (a Anomaly) Words() []string { return wire.Words(a, anomalyWords[:]) }

var anomalyWords = [...]string{
	"embedded-nul", "zero-length", "string-beyond-body", "len-beyond-datagram", "trailing-octets", "buffer-format", "word-count", "session-length-beyond",
}
