package smb

import (
	"bytes"
	"encoding/binary"
	"testing"

	"popupwatch/decoders/wire"
)

// write is an SMB transaction that writes data to a mailslot, with some octets between its name and the data.
func write(slot, between, data string) []byte {
	b := append([]byte("\xffSMB\x25"), make([]byte, headerSize-5)...)
	at := headerSize + 1 + 34 + 2 + len(slot) + 1 + len(between)
	words := make([]byte, 34)
	binary.LittleEndian.PutUint16(words[22:], uint16(len(data)))
	binary.LittleEndian.PutUint16(words[24:], uint16(at))
	words[26], words[28], words[32] = 3, 1, 2
	b = append(append(b, 17), words...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(slot)+1+len(between)+len(data)))
	return append(append(append(append(b, slot...), 0), between...), data...)
}

func TestWritesToTheMessengersMailslot(t *testing.T) {
	for name, c := range map[string]struct {
		octets         []byte
		from, to, text string
		noText, noNUL  bool
		trailing       int
	}{
		"aligned":         {write(messengerSlot, "\x00", "A\x00B\x00text\x00"), "A\x00", "B\x00", "text\x00", false, false, 0},
		"not aligned":     {write(messengerSlot, "", "A\x00B\x00text\x00"), "A\x00", "B\x00", "text\x00", false, false, 0},
		"a stray octet":   {write(messengerSlot, "\x42", "A\x00B\x00text\x00"), "A\x00", "B\x00", "text\x00", false, false, 0},
		"far away":        {write(messengerSlot, "padding of any length", "A\x00B\x00text\x00"), "A\x00", "B\x00", "text\x00", false, false, 0},
		"lower case":      {write(`\mailslot\messngr`, "", "A\x00B\x00text\x00"), "A\x00", "B\x00", "text\x00", false, false, 0},
		"no final NUL":    {write(messengerSlot, "", "A\x00B\x00text"), "A\x00", "B\x00", "text", false, true, 0},
		"no text":         {write(messengerSlot, "", "A\x00B\x00"), "A\x00", "B\x00", "", true, false, 0},
		"an empty text":   {write(messengerSlot, "", "A\x00B\x00\x00"), "A\x00", "B\x00", "\x00", false, false, 0},
		"octets after it": {write(messengerSlot, "", "A\x00B\x00text\x00more\x00"), "A\x00", "B\x00", "text\x00", false, false, 5},
	} {
		m, reason := ParseMailslot(c.octets)
		if reason != wire.None || string(m.From) != c.from || string(m.To) != c.to || string(m.Text) != c.text {
			t.Errorf("%s: %v, %q, %q, %q", name, reason, m.From, m.To, m.Text)
		}
		if m.NoText != c.noText || m.NoFinalNUL != c.noNUL || m.Trailing != c.trailing || m.Short {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestWhatIsNoPopupInAMailslot(t *testing.T) {
	popup := func(change func(b []byte)) []byte {
		b := write(messengerSlot, "", "A\x00B\x00text\x00")
		change(b)
		return b
	}
	for name, c := range map[string]struct {
		octets []byte
		want   wire.Reason
	}{
		"another mailslot":         {write(`\MAILSLOT\BROWSE`, "", "A\x00B\x00text\x00"), wire.NetBIOSOther},
		"a longer name":            {write(messengerSlot+"2", "", "A\x00B\x00text\x00"), wire.NetBIOSOther},
		"another command":          {popup(func(b []byte) { b[4] = 0x72 }), wire.NetBIOSOther},
		"no SMB":                   {popup(func(b []byte) { b[0] = 0xfe }), wire.NetBIOSOther},
		"no words":                 {popup(func(b []byte) { b[headerSize] = 0 }), wire.NetBIOSMalformed},
		"data within the header":   {popup(func(b []byte) { b[headerSize+1+24] = 4 }), wire.MailslotMalformed},
		"data beyond the datagram": {popup(func(b []byte) { b[headerSize+1+25] = 0xff }), wire.MailslotMalformed},
		"From alone":               {write(messengerSlot, "", "A\x00B"), wire.MailslotMalformed},
		"nothing":                  {write(messengerSlot, "", ""), wire.MailslotMalformed},
	} {
		if m, reason := ParseMailslot(c.octets); reason != c.want || m.From != nil {
			t.Errorf("%s: %v, want %v; %+v", name, reason, c.want, m)
		}
	}
}

func TestEveryPrefixOfAMailslotWriteIsRefusedOrShort(t *testing.T) {
	whole := write(messengerSlot, "\x00", "A\x00B\x00text\x00")
	for n := range whole {
		if m, reason := ParseMailslot(whole[:n]); reason == wire.None && !m.Short {
			t.Errorf("%d octets of %d: %+v", n, len(whole), m)
		}
	}
}

func FuzzParseMailslot(f *testing.F) {
	f.Add(write(messengerSlot, "\x42", "A\x00B\x00text\x00"))
	f.Add(write(`\mailslot\messngr`, "", "A\x00B\x00text"))
	f.Add(write(`\MAILSLOT\BROWSE`, "", "\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, reason := ParseMailslot(b)
		if reason != wire.None {
			if m.Data != nil {
				t.Fatal("refused, and data all the same")
			}
			return
		}
		if !bytes.HasPrefix(m.Data, append(bytes.Clone(m.From), m.To...)) || len(m.From)+len(m.To)+len(m.Text)+m.Trailing != len(m.Data) {
			t.Fatalf("the strings are not the data: %+v", m)
		}
	})
}
