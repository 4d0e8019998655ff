package smb

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/decoders/wire"
)

// build makes an SMB message: header, words, data.
func build(c Command, reply bool, words []uint16, data string) []byte {
	b := append([]byte("\xffSMB"), make([]byte, HeaderSize-4)...)
	b[4] = byte(c)
	if reply {
		b[9] = flagReply
	}
	b = append(b, byte(len(words)))
	for _, w := range words {
		b = binary.LittleEndian.AppendUint16(b, w)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// block is a length and a text.
func block(text string) string {
	return "\x01" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}

const names = "\x04PRINTSRV\x00\x04DESKTOP42\x00"

// read is what a message says, without its header.
type read struct {
	From, To, Name, Text string
	Length               int
	Group                uint16
	Words                []string
}

func reading(m *Message) read {
	return read{string(m.From), string(m.To), string(m.Name), string(m.Text), m.TextLength, m.Group, m.Anomalies.Words()}
}

func TestCommandsOfTheMessenger(t *testing.T) {
	for name, row := range map[string]struct {
		octets []byte
		want   read
	}{
		"D0":               {build(SendMessage, false, nil, names+block("hi")), read{From: "PRINTSRV", To: "DESKTOP42", Text: "hi", Length: 2}},
		"D0, empty":        {build(SendMessage, false, nil, names+block("")), read{From: "PRINTSRV", To: "DESKTOP42", Words: []string{"zero-length"}}},
		"D0, with a NUL":   {build(SendMessage, false, nil, names+block("hi\x00")), read{From: "PRINTSRV", To: "DESKTOP42", Text: "hi\x00", Length: 3}},
		"D0, NUL within":   {build(SendMessage, false, nil, names+block("h\x00i")), read{From: "PRINTSRV", To: "DESKTOP42", Text: "h\x00i", Length: 3, Words: []string{"embedded-nul"}}},
		"D0, more behind":  {build(SendMessage, false, nil, names+block("hi")+"x"), read{From: "PRINTSRV", To: "DESKTOP42", Text: "hi", Length: 2, Words: []string{"trailing-octets"}}},
		"D0, other words":  {build(SendMessage, false, []uint16{7, 8}, names+block("hi")), read{From: "PRINTSRV", To: "DESKTOP42", Text: "hi", Length: 2, Group: 7, Words: []string{"word-count"}}},
		"D0, other format": {build(SendMessage, false, nil, "\x02A\x00\x04B\x00"+block("hi")), read{From: "A", To: "B", Text: "hi", Length: 2, Words: []string{"buffer-format"}}},
		"D1 with a name":   {build(SendBroadcast, false, nil, "\x04A\x00\x04*\x00"+block("hi")), read{From: "A", To: "*", Text: "hi", Length: 2}},
		"D1 without":       {build(SendBroadcast, false, nil, "\x04A\x00"+block("hi")), read{From: "A", Text: "hi", Length: 2}},
		"D2":               {build(ForwardName, false, nil, "\x04ALICE\x00"), read{Name: "ALICE"}},
		"D3":               {build(CancelForward, false, nil, "\x04ALICE\x00"), read{Name: "ALICE"}},
		"D4":               {build(MachineName, false, nil, ""), read{}},
		"D4's reply":       {build(MachineName, true, nil, "\x04PC\x00"), read{Name: "PC"}},
		"D5":               {build(SendStart, false, nil, names), read{From: "PRINTSRV", To: "DESKTOP42"}},
		"D5's reply":       {build(SendStart, true, []uint16{5}, ""), read{Group: 5}},
		"D7":               {build(SendText, false, []uint16{5}, block("hello")), read{Text: "hello", Length: 5, Group: 5}},
		"D6":               {build(SendEnd, false, []uint16{5}, ""), read{Group: 5}},
	} {
		m, reason := Parse(row.octets, false)
		if reason != wire.None {
			t.Errorf("%s: %v", name, reason.String())
		}
		if diff := cmp.Diff(row.want, reading(&m)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Vector 20 of WIRE.md 9, which is not in the folder: lengths that lie are clamped, as servers do it.
func TestLengthsThatLieAreClamped(t *testing.T) {
	text := build(SendMessage, false, nil, names+"\x01\xff\xffhello")
	body := build(SendText, false, []uint16{0}, block("hello"))
	body[HeaderSize+3]++ // ByteCount
	for name, row := range map[string]struct {
		octets []byte
		want   string
	}{"the text's": {text, "string-beyond-body"}, "ByteCount": {body, "len-beyond-datagram"}} {
		m, reason := Parse(row.octets, false)
		if reason != wire.None || string(m.Text) != "hello" || !slices.Equal(m.Anomalies.Words(), []string{row.want}) {
			t.Errorf("%s: %v, %q, %v", name, reason.String(), m.Text, m.Anomalies.Words())
		}
		if m, _ := Parse(row.octets, true); m.Anomalies != 0 {
			t.Errorf("%s, cut by the capture: %v", name, m.Anomalies.Words())
		}
	}
}

func TestWhatIsNoPopupIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		octets []byte
		want   wire.Reason
	}{
		"negotiation":               {build(Negotiate, false, nil, "\x02NT LM 0.12\x00"), wire.SMBOther},
		"SMB2":                      {append([]byte("\xfeSMB"), make([]byte, 60)...), wire.SMBOther},
		"nothing":                   {nil, wire.SMBOther},
		"a header cut":              {build(SendMessage, false, nil, "")[:20], wire.SMBMalformed},
		"no ByteCount":              {build(SendMessage, false, nil, "")[:HeaderSize+2], wire.SMBMalformed},
		"From without a NUL":        {build(SendMessage, false, nil, "\x04PRINTSRV"), wire.SMBMalformed},
		"no To":                     {build(SendStart, false, nil, "\x04PRINTSRV\x00"), wire.SMBMalformed},
		"no text":                   {build(SendMessage, false, nil, names), wire.SMBMalformed},
		"none of the text's octets": {build(SendMessage, false, nil, names+"\x01\x05\x00"), wire.SMBMalformed},
		"more words than octets":    {append(build(SendEnd, false, nil, "")[:HeaderSize], 200, 1), wire.SMBMalformed},
	} {
		if m, reason := Parse(row.octets, false); reason != row.want || !cmp.Equal(m, Message{}) {
			t.Errorf("%s: %v, %+v", name, reason.String(), m)
		}
	}
}

func TestEveryPrefixIsRefusedOrPartial(t *testing.T) {
	whole := build(SendMessage, false, nil, names+block("hello"))
	for n := range whole {
		m, reason := Parse(whole[:n], true)
		if reason == wire.None && (m.Whole() || len(m.Text) == 0 || !strings.HasPrefix("hello", string(m.Text))) {
			t.Errorf("first %d octets: %q", n, m.Text)
		}
	}
}

func TestACommandIsFoundAgain(t *testing.T) {
	message := build(SendMessage, false, nil, names+block("hi"))
	packet := append([]byte{0, 0, 0, byte(len(message))}, message...)
	garbage := []byte("xxx\xffSMB\xd0\xff\xffSM")
	if at, ok := Find(slices.Concat(garbage, packet), false); !ok || at != len(garbage) {
		t.Errorf("%d, %v", at, ok)
	}
	for _, b := range [][]byte{garbage, packet[1:], packet[:8], nil} {
		if at, ok := Find(b, false); ok {
			t.Errorf("found at %d in %q", at, b)
		}
	}
}

func TestAShortBeginningIsCompatible(t *testing.T) {
	for want, all := range map[bool][]string{
		true:  {"", "\xff", "\xffSMB", "\xffSMB\xd0", "\xffSMB\xd7abc", "\xffSMB\x72"},
		false: {"\xfe", "\xffSMC", "\xffSMB\x32", "\xfeSMB\x40"},
	} {
		for _, b := range all {
			if Compatible([]byte(b)) != want {
				t.Errorf("%q: want %v", b, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range [][]byte{
		build(SendMessage, false, nil, names+block("hi")), build(SendStart, false, nil, names), build(SendText, false, []uint16{5}, block("x")),
		build(SendEnd, false, []uint16{5}, ""), build(SendStart, true, []uint16{5}, ""), build(SendBroadcast, false, nil, "\x04A\x00"+block("hi")),
		build(MachineName, true, nil, "\x04PC\x00"), build(Negotiate, false, nil, "\x02NT LM 0.12\x00"),
	} {
		f.Add(b, false)
		f.Add(append([]byte{0, 0, 0, byte(len(b))}, b...), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut bool) {
		was := slices.Clone(b)
		m, reason := Parse(b, cut)
		switch {
		case reason != wire.None && !cmp.Equal(m, Message{}):
			t.Fatalf("%v, yet %+v", reason.String(), m)
		case reason == wire.None && len(m.Text) > m.TextLength, reason == wire.None && m.TextLength > 0 && len(m.Text) == 0 && !m.Reply:
			t.Fatalf("text %q of %d", m.Text, m.TextLength)
		}
		if again, _ := Parse(rebuild(&m), false); reason == wire.None && !m.Reply && m.Anomalies == 0 && m.Whole() && !cmp.Equal(reading(&again), reading(&m)) {
			t.Fatalf("%+v written and read again is %+v", reading(&m), reading(&again))
		}
		if at, ok := Find(b, cut); ok && !Heads(b[at:], cut) {
			t.Fatalf("found nothing at %d", at)
		}
		if !bytes.Equal(was, b) {
			t.Fatal("wrote into the message")
		}
	})
}

// rebuild writes what a message says.
func rebuild(m *Message) []byte {
	var words []uint16
	if m.words() > 0 {
		words = []uint16{m.Group}
	}
	both := "\x04" + string(m.From) + "\x00\x04" + string(m.To) + "\x00"
	switch m.Command {
	case SendMessage:
		return build(m.Command, false, words, both+block(string(m.Text)))
	case SendBroadcast:
		if len(m.To) == 0 {
			both = "\x04" + string(m.From) + "\x00"
		}
		return build(m.Command, false, words, both+block(string(m.Text)))
	case SendStart:
		return build(m.Command, false, words, both)
	case SendText:
		return build(m.Command, false, words, block(string(m.Text)))
	case ForwardName, CancelForward:
		return build(m.Command, false, words, "\x04"+string(m.Name)+"\x00")
	}
	return build(m.Command, false, words, "")
}
