package netbios

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"popupwatch/decoders/wire"
)

// encode is the first-level encoding of a name (RFC 1001 14.1), with the labels of a scope.
func encode(name string, suffix byte, scope string) []byte {
	b := []byte{32}
	for _, c := range append([]byte(name+strings.Repeat(" ", 15-len(name))), suffix) {
		b = append(b, 'A'+c>>4, 'A'+c&15)
	}
	if scope != "" {
		for label := range strings.SplitSeq(scope, ".") {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

// request is the session request of vector 16, without its header.
func request() []byte {
	b, err := hex.DecodeString("20454545464644454c464545504641444544434341434143414341434143414144002046414643454a454f46454644464346474341434143414341434143414341414400")
	if err != nil {
		panic(err)
	}
	return b
}

func TestARequestNamesBoth(t *testing.T) {
	called, calling, ok := ParseRequest(request())
	if !ok || called.String() != "DESKTOP42<03>" || calling.String() != "PRINTSRV<03>" {
		t.Errorf("%v: %s, %s", ok, called, calling)
	}
	called, _, ok = ParseRequest(slices.Concat(encode("M\x9aLLER", 0x1c, "corp.example"), encode("x", 0, "")))
	if !ok || called != (Name{"M\x9aLLER", 0x1c, "corp.example"}) || called.String() != "M\x9aLLER<1c>.corp.example" {
		t.Errorf("%v: %q", ok, called)
	}
}

func TestImpossibleNamesAreRefused(t *testing.T) {
	good := encode("DESKTOP42", 3, "scope")
	for name, b := range map[string][]byte{
		"another label length":      append([]byte{31}, good[1:]...),
		"a letter beyond P":         append([]byte{32, 'Q'}, good[2:]...),
		"a letter before A":         append([]byte{32, '@'}, good[2:]...),
		"a compressed scope":        append(slices.Clone(good[:33]), 0xc0, 0x0c),
		"a scope that never ends":   append(slices.Clone(good[:33]), bytes.Repeat([]byte{1, 'x'}, 200)...),
		"a scope beyond 255 in all": append(append(slices.Clone(good[:33]), bytes.Repeat(append([]byte{63}, make([]byte, 63)...), 4)...), 0),
	} {
		c := wire.NewCursor(b, true)
		if got, ok := ParseName(&c); ok || got != (Name{}) {
			t.Errorf("%s: %q", name, got)
		}
	}
	for n := range good {
		c := wire.NewCursor(good[:n], true)
		if got, ok := ParseName(&c); ok || got != (Name{}) {
			t.Errorf("the first %d octets: %q", n, got)
		}
	}
}

func TestHeadersOfSessionPackets(t *testing.T) {
	for _, row := range []struct {
		octets string
		direct bool
		want   Header
		ok     bool
	}{
		{"00000062", false, Header{TypeMessage, 0x62}, true},
		{"00010000", false, Header{TypeMessage, 0x10000}, true},
		{"00020000", false, Header{}, false}, // reserved bits
		{"00020000", true, Header{TypeMessage, 0x20000}, true},
		{"81000044", false, Header{TypeRequest, 68}, true},
		{"81000044", true, Header{TypeRequest, 68}, true},
		{"81010044", true, Header{}, false},
		{"81000043", false, Header{}, false},
		{"82000000", false, Header{TypePositive, 0}, true},
		{"82000001", false, Header{}, false},
		{"83000001", false, Header{TypeNegative, 1}, true},
		{"84000006", false, Header{TypeRetarget, 6}, true},
		{"85000000", false, Header{TypeKeepAlive, 0}, true},
		{"86000000", false, Header{}, false},
		{"474554", false, Header{}, false},
		{"47455420", false, Header{}, false},
	} {
		b, err := hex.DecodeString(row.octets)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ParseHeader(b, row.direct)
		if ok != row.ok || got != row.want {
			t.Errorf("%s, direct %v: %+v, %v", row.octets, row.direct, got, ok)
		}
	}
}

func TestRefusalsAndRetargets(t *testing.T) {
	if r, ok := ParseRefusal([]byte{0x82}); !ok || r != CalledNotPresent {
		t.Errorf("%x, %v", r, ok)
	}
	if _, ok := ParseRefusal(nil); ok {
		t.Error("a refusal of no octets")
	}
	if a, ok := ParseRetarget([]byte{192, 0, 2, 9, 0, 139}); !ok || a.String() != "192.0.2.9:139" {
		t.Errorf("%v, %v", a, ok)
	}
	if _, ok := ParseRetarget([]byte{192, 0, 2, 9, 0}); ok {
		t.Error("a place of five octets")
	}
}

func FuzzSession(f *testing.F) {
	f.Add(request(), false)
	f.Add(append([]byte{0x81, 0, 0, 68}, request()...), true)
	f.Add(slices.Concat(encode("A", 0, "a.b"), encode("B", 0x20, "c")), false)
	f.Fuzz(func(t *testing.T, b []byte, direct bool) {
		was := slices.Clone(b)
		if h, ok := ParseHeader(b, direct); !ok && h != (Header{}) || h.Length < 0 || h.Length > 1<<24 {
			t.Fatalf("%+v, %v", h, ok)
		}
		called, calling, ok := ParseRequest(b)
		if !ok && (called != Name{} || calling != Name{}) {
			t.Fatalf("refused, yet %q and %q", called, calling)
		}
		if ok && called.Scope == "" && calling.Scope == "" && plain(called) && plain(calling) {
			again := slices.Concat(encode(called.Octets, called.Suffix, ""), encode(calling.Octets, calling.Suffix, ""))
			if a, c, ok := ParseRequest(again); !ok || a != called || c != calling {
				t.Fatalf("%q and %q read back as %q and %q", called, calling, a, c)
			}
		}
		ParseRefusal(b)
		ParseRetarget(b)
		if !bytes.Equal(was, b) {
			t.Fatal("wrote into the packet")
		}
	})
}

// plain says whether a name has no octet that counts as padding at its end.
func plain(n Name) bool { return len(n.Octets) <= 15 && !strings.HasSuffix(n.Octets, " ") }
