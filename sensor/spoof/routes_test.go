package spoof

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const routedThen = `# valid-from: 2007-10-01T00:00:00Z
# valid-to: 2007-11-01T00:00:00Z

24.0.0.0/8
64.0.0.0/3 AS64500
64.1.0.0/16
2001:db8::/32
`

func TestUnroutedSourcesAreForgedWhileTheTableIsValid(t *testing.T) {
	routes, err := LoadRoutes(strings.NewReader(routedThen))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		src  string
		at   time.Time
		want State
	}{
		"routed":               {"24.64.1.1", noon, Unknown},
		"unrouted":             {"5.1.1.1", noon, ForgedCertain},
		"before the table":     {"5.1.1.1", noon.AddDate(0, -1, 0), Unknown},
		"after the table":      {"5.1.1.1", noon.AddDate(0, 0, 4), Unknown},
		"IPv6 is not judged":   {"2a00::1", noon, Unknown},
		"private is R1b still": {"10.1.1.1", noon, NonroutableLeak},
	} {
		a := last(t, New(Config{Routes: routes}), popup(c.src, c.at))
		if a.State != c.want || (ids(a.Evidence[:1]) == "E03") != (c.want == ForgedCertain) {
			t.Errorf("%s: %v by %s", name, a.State, ids(a.Evidence))
		}
	}
	inside := New(Config{Routes: routes, Home: []netip.Prefix{netip.MustParsePrefix("5.0.0.0/8")}})
	if a := last(t, inside, popup("5.1.1.1", noon)); a.State != Unknown {
		t.Errorf("a packet from inside: %v", a.State)
	}
}

func TestTablesOfRoutesThatCannotBeUsedAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no validity":     "64.0.0.0/2\n",
		"half a validity": "# valid-from: 2007-10-01T00:00:00Z\n64.0.0.0/2\n",
		"ends before":     "# valid-from: 2007-10-01T00:00:00Z\n# valid-to: 2006-10-01T00:00:00Z\n64.0.0.0/2\n",
		"no time":         "# valid-from: October\n# valid-to: 2007-11-01T00:00:00Z\n64.0.0.0/2\n",
		"a few prefixes":  "# valid-from: 2007-10-01T00:00:00Z\n# valid-to: 2007-11-01T00:00:00Z\n24.0.0.0/8\n24.0.0.0/9\n",
		"counted twice":   "# valid-from: 2007-10-01T00:00:00Z\n# valid-to: 2007-11-01T00:00:00Z\n64.0.0.0/4\n64.0.0.0/4\n72.0.0.0/5\n",
		"a default route": "# valid-from: 2007-10-01T00:00:00Z\n# valid-to: 2007-11-01T00:00:00Z\n0.0.0.0/0\n",
		"no prefix":       "# valid-from: 2007-10-01T00:00:00Z\n# valid-to: 2007-11-01T00:00:00Z\nhello\n",
		"a line too long": strings.Repeat("x", 5000),
		"nothing":         "",
	} {
		if _, err := LoadRoutes(strings.NewReader(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// asDatabase is a MaxMind DB of IPv4 that knows one network, 24.0.0.0/8, and its record.
func asDatabase(record []byte) []byte {
	var b bytes.Buffer
	node := func(left, right uint32) {
		b.Write([]byte{byte(left >> 16), byte(left >> 8), byte(left), byte(right >> 16), byte(right >> 8), byte(right)})
	}
	const nodes = 8
	for i := range uint32(nodes) {
		next := [2]uint32{nodes, nodes} // nothing known
		if next[24>>(7-i)&1] = i + 1; i == 7 {
			next[0] = nodes + 16 // the first record
		}
		node(next[0], next[1])
	}
	b.Write(make([]byte, 16))
	b.Write(record)
	b.WriteString("\xab\xcd\xefMaxMind.com")
	word := func(s string) { b.WriteByte(2<<5 | byte(len(s))); b.WriteString(s) }
	number := func(v uint32) { b.Write(binary.BigEndian.AppendUint32([]byte{6<<5 | 4}, v)) }
	b.WriteByte(7<<5 | 6)
	for _, k := range []struct {
		key   string
		value uint32
	}{{"node_count", nodes}, {"record_size", 24}, {"ip_version", 4}, {"binary_format_major_version", 2}, {"binary_format_minor_version", 0}} {
		word(k.key)
		number(k.value)
	}
	word("database_type")
	word("Test-ASN")
	return b.Bytes()
}

func mapOf(key string, value []byte) []byte {
	return append(append([]byte{7<<5 | 1, 2<<5 | byte(len(key))}, key...), value...)
}

func TestAutonomousSystemsAreRead(t *testing.T) {
	for name, record := range map[string][]byte{
		"number": mapOf("autonomous_system_number", []byte{6<<5 | 2, 0xfb, 0xf4}), "asn": mapOf("asn", []byte{6<<5 | 2, 0xfb, 0xf4}),
		"word": mapOf("asn", append([]byte{2<<5 | 7}, "AS64500"...)),
	} {
		n, err := LoadNetworks(bytes.NewReader(asDatabase(record)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := [2]uint32{n.of(netip.MustParseAddr("24.64.1.1")), n.of(netip.MustParseAddr("80.1.1.1"))}; got != [2]uint32{64500, 0} {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, octets := range map[string][]byte{"no numbers": asDatabase(mapOf("city", []byte{2<<5 | 1, 'x'})), "nothing": nil, "text": []byte("hello")} {
		if _, err := LoadNetworks(bytes.NewReader(octets)); err == nil {
			t.Errorf("%s is taken for a database", name)
		}
	}
}
