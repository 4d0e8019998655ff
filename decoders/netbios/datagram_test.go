package netbios

import (
	"bytes"
	"slices"
	"testing"

	"popupwatch/decoders/wire"
)

// appendName writes a name as a sender does (RFC 1002 4.1).
func appendName(b []byte, name string, suffix byte, scope ...string) []byte {
	octets := append(bytes.Repeat([]byte{' '}, nameOctets-1), suffix)
	copy(octets[:nameOctets-1], name)
	b = append(b, 2*nameOctets)
	for _, o := range octets {
		b = append(b, 'A'+o>>4, 'A'+o&15)
	}
	for _, label := range scope {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// datagram is a group datagram with what is given after its header.
func datagram(after []byte) []byte {
	b := []byte{byte(DirectGroup), flagFirst, 0x12, 0x34, 192, 0, 2, 7, 0, 138, 0, 0, 0, 0}
	b[10], b[11] = byte(len(after)>>8), byte(len(after))
	return append(b, after...)
}

func TestDatagramsWithScopesAndPointers(t *testing.T) {
	plain := appendName(appendName(nil, "SENDER", 3), "ALL", 3)
	scoped := appendName(appendName(nil, "SENDER", 3, "lab", "example"), "ALL", 3, "lab")
	pointed := append(appendName(nil, "SENDER", 3, "lab"), appendName(nil, "ALL", 3)[:33]...)
	pointed = append(pointed, 0xc0, datagramPosition+33) // to the scope of the first name
	for name, c := range map[string]struct {
		names           []byte
		calling, called string
	}{
		"plain":   {plain, "SENDER<03>", "ALL<03>"},
		"scoped":  {scoped, "SENDER<03>.lab.example", "ALL<03>.lab"},
		"pointed": {pointed, "SENDER<03>.lab", "ALL<03>.lab"},
	} {
		d, reason := ParseDatagram(datagram(append(c.names, "data"...)))
		if reason != wire.None || string(d.Data) != "data" || d.Names != len(c.names) || d.Short || d.More || !d.First {
			t.Fatalf("%s: %v, %+v", name, reason, d)
		}
		if d.Calling().String() != c.calling || d.Called().String() != c.called || d.Source.String() != "192.0.2.7:138" || d.ID != 0x1234 {
			t.Errorf("%s: %v to %v, source %v, id %x", name, d.Calling(), d.Called(), d.Source, d.ID)
		}
	}
}

func TestNamesThatCannotBeRead(t *testing.T) {
	good := appendName(nil, "SENDER", 3)
	for name, names := range map[string][]byte{
		"a pointer to itself":     append(slices.Clone(good[:33]), 0xc0, datagramPosition+33),
		"a pointer forward":       append(slices.Clone(good[:33]), 0xc0, 200),
		"a circle of two":         append(slices.Clone(good[:33]), 0xc0, datagramPosition),
		"a label of 64":           append(slices.Clone(good[:33]), 64),
		"no half octets":          bytes.Repeat([]byte{32}, 34),
		"a name that is too long": appendName(nil, "SENDER", 3, string(bytes.Repeat([]byte{'a'}, 63)), string(bytes.Repeat([]byte{'b'}, 63)), string(bytes.Repeat([]byte{'c'}, 63)), string(bytes.Repeat([]byte{'d'}, 63))),
		"the second is missing":   good,
	} {
		if d, reason := ParseDatagram(datagram(names)); reason != wire.NetBIOSMalformed {
			t.Errorf("%s: %v, %+v", name, reason, d)
		}
	}
}

// A length that lies changes nothing but what is cut: the datagram ends where it ends.
func TestLengthsThatLie(t *testing.T) {
	names := appendName(appendName(nil, "SENDER", 3), "ALL", 3)
	for length, want := range map[int]struct {
		data  string
		short bool
	}{
		0: {"", false}, 67: {"", false}, 68: {"", false}, 70: {"da", false}, 72: {"data", false}, 73: {"data", true}, 65535: {"data", true},
	} {
		b := datagram(append(slices.Clone(names), "data"...))
		b[10], b[11] = byte(length>>8), byte(length)
		if d, reason := ParseDatagram(b); reason != wire.None || string(d.Data) != want.data || d.Short != want.short {
			t.Errorf("length %d: %v, %q, short %v", length, reason, d.Data, d.Short)
		}
	}
}

func FuzzParseDatagram(f *testing.F) {
	names := appendName(appendName(nil, "SENDER", 3, "lab"), "ALL", 3)
	f.Add(datagram(append(names, "data"...)))
	f.Add(datagram(append(appendName(nil, "SENDER", 3)[:33], 0xc0, datagramPosition+33)))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, reason := ParseDatagram(b)
		if reason != wire.None {
			if d.Data != nil {
				t.Fatal("refused, and data all the same")
			}
			return
		}
		d.Calling()
		d.Called()
		if !bytes.Contains(b, d.Data) {
			t.Fatal("data that is not in the datagram")
		}
	})
}
