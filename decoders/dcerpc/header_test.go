package dcerpc

import (
	"bytes"
	"encoding/binary"
	"testing"

	"popupwatch/decoders/wire"
)

// appendHeader writes a header as a sender does: the encoder of the fuzz property lives here.
func appendHeader(h Header) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	drep := byte(0x10)
	if h.BigEndian {
		order, drep = binary.BigEndian, 0
	}
	if h.EBCDIC {
		drep |= 1
	}
	b := []byte{4, byte(h.Type), byte(h.Flags), h.Flags2, drep, 0, 0, byte(h.Serial >> 8)}
	for _, u := range []UUID{h.Object, h.Interface, h.Activity} {
		octets := [16]byte(u)
		if !h.BigEndian {
			octets = u.Little()
		}
		b = append(b, octets[:]...)
	}
	for _, v := range []uint32{h.Boot, h.Version, h.Sequence} {
		b = order.AppendUint32(b, v)
	}
	for _, v := range []uint16{h.Operation, h.IfHint, h.ActHint, h.Length, h.Fragment} {
		b = order.AppendUint16(b, v)
	}
	return append(b, h.Auth, byte(h.Serial))
}

func sample() Header {
	return Header{
		Type: TypeRequest, Flags: FlagIdempotent | FlagNoFack, Interface: MessengerSend, Activity: UUID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		Boot: 0x11223344, Version: 1, Sequence: 7, IfHint: 0xffff, ActHint: 0xffff, Length: 3, Serial: 0x1234,
	}
}

func TestBothByteOrdersGiveOneHeader(t *testing.T) {
	for _, big := range []bool{false, true} {
		want := sample()
		want.BigEndian = big
		got, body, reason := Parse(append(appendHeader(want), "bodies"...))
		if reason != wire.None || got != want || string(body) != "bod" {
			t.Errorf("big %v: %v, body %q, %+v", big, reason, body, got)
		}
	}
}

func TestEveryPrefixOfAHeaderIsRefused(t *testing.T) {
	whole := appendHeader(sample())
	for n := range whole {
		h, body, reason := Parse(whole[:n])
		if reason != wire.NotRPC && reason != wire.RPCTruncated || h != (Header{}) || body != nil {
			t.Errorf("%d octets: %v, %+v", n, reason, h)
		}
	}
}

func TestWhatIsNoHeaderIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b []byte)
		want   wire.Reason
	}{
		"as it is":                     {func([]byte) {}, wire.None},
		"version 0x14: low half holds": {func(b []byte) { b[0] = 0x14 }, wire.None},
		"version 5":                    {func(b []byte) { b[0] = 5 }, wire.NotRPC},
		"type 10":                      {func(b []byte) { b[1] = 10 }, wire.None},
		"type 11":                      {func(b []byte) { b[1] = 11 }, wire.RPCType},
		"representation 0x22":          {func(b []byte) { b[4] = 0x22 }, wire.NotRPC},
		"float 3":                      {func(b []byte) { b[5] = 3 }, wire.None},
		"float 4":                      {func(b []byte) { b[5] = 4 }, wire.NotRPC},
		"any flags":                    {func(b []byte) { b[2], b[3] = 0xff, 0xff }, wire.None},
	} {
		b := appendHeader(sample())
		c.change(b)
		if _, _, reason := Parse(b); reason != c.want {
			t.Errorf("%s: %v, want %v", name, reason.String(), c.want.String())
		}
	}
}

func TestUUIDsPrintAsUsual(t *testing.T) {
	if got := MessengerSend.String(); got != "5a7b91f8-ff00-11d0-a9b2-00c04fb6e6fc" {
		t.Error(got)
	}
}

func TestOneWayIsIdempotentOrMaybe(t *testing.T) {
	for flags, want := range map[Flags]bool{0: false, FlagNoFack: false, FlagBroadcast: false, FlagIdempotent: true, FlagMaybe: true, FlagBroadcast | FlagIdempotent: true} {
		if h := (Header{Flags: flags}); h.OneWay() != want {
			t.Errorf("flags %#x: %v", flags, h.OneWay())
		}
	}
}

func TestStatusOfAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		h      Header
		body   []byte
		status uint32
		ok     bool
	}{
		"response":            {Header{Type: TypeResponse, Interface: MessengerSend}, []byte{0xe1, 8, 0, 0}, 0x8e1, true},
		"who_are_you":         {Header{Type: TypeResponse, Interface: Conversation}, []byte{9, 0, 0, 0, 1, 0, 0, 0}, 1, true},
		"who_are_you2":        {Header{Type: TypeResponse, Interface: Conversation, Operation: 1}, append(make([]byte, 20), 2, 0, 0, 0), 2, true},
		"reject, big":         {Header{Type: TypeReject, BigEndian: true}, []byte{0x1c, 1, 0, 3}, 0x1c010003, true},
		"a cut response":      {Header{Type: TypeResponse, Interface: MessengerSend}, []byte{1, 2, 3}, 0, false},
		"a ping carries none": {Header{Type: TypePing}, []byte{1, 2, 3, 4}, 0, false},
	} {
		if status, ok := Status(&c.h, c.body); status != c.status || ok != c.ok {
			t.Errorf("%s: %#x, %v", name, status, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(append(appendHeader(sample()), "body"...))
	big := sample()
	big.BigEndian, big.EBCDIC = true, true
	f.Add(appendHeader(big))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, reason := Parse(b)
		Resembles(b)
		AuthLevel(&h, b)
		Status(&h, body)
		Asked(&h, body)
		Returned(&h, body)
		if reason != wire.None {
			return
		}
		again := appendHeader(h)
		again[0], again[5], again[6] = b[0], b[5], b[6] // looked at, not kept
		if !bytes.Equal(again, b[:HeaderSize]) {
			t.Fatalf("re-encoded\n%x, was\n%x", again, b[:HeaderSize])
		}
		if len(body) > int(h.Length) {
			t.Fatal("the body is longer than its header says")
		}
	})
}

// The answers of the conversation manager, all five (conv.idl): where the status stands, and which sequence number is returned.
func TestAnswersOfTheConversationManager(t *testing.T) {
	cas, octets := make([]byte, 16), []byte{8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 5, 0, 0, 0} // 5 of at most 8, padded; their number
	sequence, status := []byte{7, 0, 0, 0}, []byte{10, 0, 0, 0x1c}
	for operation, c := range []struct {
		parts    [][]byte
		returned bool
	}{
		{[][]byte{sequence, status}, true}, {[][]byte{sequence, cas, status}, true}, {[][]byte{status}, false},
		{[][]byte{sequence, cas, octets, status}, true}, {[][]byte{octets, status}, false},
	} {
		h, body := Header{Type: TypeResponse, Interface: Conversation, Operation: uint16(operation)}, bytes.Join(c.parts, nil)
		if got, ok := Status(&h, body); !ok || got != 0x1c00000a {
			t.Errorf("operation %d: status %#x, %v", operation, got, ok)
		}
		if got, ok := Returned(&h, body); ok != c.returned || ok && got != 7 {
			t.Errorf("operation %d: returned %d, %v", operation, got, ok)
		}
		for n := range body {
			if _, ok := Status(&h, body[:n]); ok {
				t.Errorf("operation %d: a status in %d octets of %d", operation, n, len(body))
			}
		}
	}
}
