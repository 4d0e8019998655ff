package geoip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"popupwatch/sensor/event"
)

// The values of a MaxMind DB, as its format 2.0 writes them.

func word(s string) []byte {
	switch n := len(s); {
	case n < 29:
		return append([]byte{2<<5 | byte(n)}, s...)
	case n < 285:
		return append([]byte{2<<5 | 29, byte(n - 29)}, s...)
	}
	return append([]byte{2<<5 | 30, byte((len(s) - 285) >> 8), byte(len(s) - 285)}, s...)
}

func number(n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{6<<5 | 4}, n) }

func double(f float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{3<<5 | 8}, math.Float64bits(f))
}

// list is an array of one value, which is of the extended type 11.
func list(value []byte) []byte { return append([]byte{1, 4}, value...) }

// pairs is a map of names and values in turn.
func pairs(content ...any) []byte {
	b := []byte{7<<5 | byte(len(content)/2)}
	for i := 0; i < len(content); i += 2 {
		b = append(append(b, word(content[i].(string))...), content[i+1].([]byte)...)
	}
	return b
}

func english(name string) []byte { return pairs("names", pairs("de", word("x"), "en", word(name))) }

// database is a MaxMind DB of IPv4 that knows one network, first/8, and its record.
func database(first byte, record []byte) []byte {
	var b bytes.Buffer
	const nodes = 8
	for i := range uint32(nodes) {
		next := [2]uint32{nodes, nodes} // nothing known
		if next[first>>(7-i)&1] = i + 1; i == 7 {
			next[first&1] = nodes + 16 // the first record
		}
		for _, n := range next {
			b.Write([]byte{byte(n >> 16), byte(n >> 8), byte(n)})
		}
	}
	b.Write(make([]byte, 16))
	b.Write(record)
	b.WriteString("\xab\xcd\xefMaxMind.com")
	b.Write(pairs("node_count", number(nodes), "record_size", number(24), "ip_version", number(4),
		"binary_format_major_version", number(2), "binary_format_minor_version", number(0), "database_type", word("Test")))
	return b.Bytes()
}

func city(name string) []byte {
	return pairs(
		"continent", english("Europe"),
		"country", pairs("iso_code", word("SE"), "names", pairs("en", word("Sweden"))),
		"subdivisions", list(english("Stockholm County")),
		"city", english(name),
		"location", pairs("latitude", double(59.25), "longitude", double(-18.5)),
	)
}

func system(n uint32) []byte {
	return pairs("autonomous_system_number", number(n), "autonomous_system_organization", word("Example Net"))
}

func loaded(t *testing.T, contents ...[]byte) func(netip.Addr) *event.Place {
	t.Helper()
	var all Databases
	for _, c := range contents {
		d, err := Load(bytes.NewReader(c))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all.Lookup()
}

func TestDatabasesTellTogetherOfAnAddress(t *testing.T) {
	where := event.Place{
		Continent: "Europe", Country: "Sweden", CountryCode: "SE", Region: "Stockholm County", City: "Solna",
		Located: true, Latitude: 59.25, Longitude: -18.5,
	}
	both := where
	both.System, both.Organization = 64500, "Example Net"
	whose := event.Place{System: 64500, Organization: "Example Net"}
	for name, c := range map[string]struct {
		databases [][]byte
		address   string
		want      *event.Place
	}{
		"places":                    {[][]byte{database(24, city("Solna"))}, "24.64.1.1", &where},
		"systems":                   {[][]byte{database(24, system(64500))}, "24.64.1.1", &whose},
		"both":                      {[][]byte{database(24, city("Solna")), database(24, system(64500))}, "24.64.1.1", &both},
		"both, the other way round": {[][]byte{database(24, system(64500)), database(24, city("Solna"))}, "24.64.1.1", &both},
		"the first counts": {
			[][]byte{database(24, city("Solna")), database(24, city("Lund")), database(24, system(64500)), database(24, system(7))}, "24.64.1.1", &both},
		"one knows it":             {[][]byte{database(24, city("Solna")), database(80, system(64500))}, "80.1.1.1", &whose},
		"nobody knows it":          {[][]byte{database(24, city("Solna"))}, "81.1.1.1", nil},
		"IPv6 in a table of IPv4":  {[][]byte{database(24, city("Solna"))}, "2001:db8::1", nil},
		"a name that is too long":  {[][]byte{database(24, pairs("city", english(strings.Repeat("x", 300)), "country", pairs("iso_code", word("SE"))))}, "24.1.1.1", &event.Place{CountryCode: "SE"}},
		"half a pair of numbers":   {[][]byte{database(24, pairs("location", pairs("latitude", double(1)), "country", pairs("iso_code", word("SE"))))}, "24.1.1.1", &event.Place{CountryCode: "SE"}},
		"an address with its zone": {[][]byte{database(24, city("Solna"))}, "fe80::1%eth0", nil},
	} {
		if diff := cmp.Diff(c.want, loaded(t, c.databases...)(netip.MustParseAddr(c.address))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if (Databases{}).Lookup() != nil {
		t.Error("without a database addresses are looked up")
	}
}

func TestWhatIsNoDatabaseOfPlacesIsRefused(t *testing.T) {
	whole := database(24, city("Solna"))
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"other keys":          {database(24, pairs("asn", word("AS64500"))), "neither places nor autonomous systems"},
		"other types":         {database(24, pairs("country", word("SE"))), "neither places nor autonomous systems"},
		"a damaged record":    {database(24, []byte{7<<5 | 3, 0xff, 0xff}), "neither places nor autonomous systems"},
		"nothing":             {nil, "invalid MaxMind DB file"},
		"text":                {[]byte("hello"), "invalid MaxMind DB file"},
		"one that is cut off": {whole[:len(whole)/2], "invalid MaxMind DB file"},
		"one without a tree":  {whole[len(whole)-170:], ""},
	} {
		if _, err := Load(bytes.NewReader(c.content)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Load(endless{}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a file without end: %v", err)
	}
}

// A tree each of whose levels leads to the next twice has 2^32 ends.
func TestTreesThatNobodyCanWalkAreRefused(t *testing.T) {
	const levels = 32
	tree := make([]byte, 0, levels*6)
	for i := range byte(levels) {
		tree = append(tree, 0, 0, i+1, 0, 0, i+1) // the last leads to what knows nothing
	}
	whole := database(24, city("Solna"))
	old := binary.BigEndian.AppendUint32([]byte("node_count\xc4"), 8)
	_, rest, _ := bytes.Cut(whole, make([]byte, 16))
	content := bytes.Replace(slices.Concat(tree, make([]byte, 16), rest), old, binary.BigEndian.AppendUint32([]byte("node_count\xc4"), levels), 1)
	began := time.Now()
	if _, err := Load(bytes.NewReader(content)); !errors.Is(err, errNothing) || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// A file of the user's may be damaged anywhere: what it says is then wrong or absent, and nothing else happens.
func FuzzLoad(f *testing.F) {
	f.Add(database(24, city("Solna")))
	f.Add(database(24, system(64500)))
	f.Fuzz(func(_ *testing.T, content []byte) {
		d, err := Load(bytes.NewReader(content))
		if err != nil {
			return
		}
		look := Databases{d}.Lookup()
		for _, a := range []string{"24.64.1.1", "80.1.1.1", "2001:db8::1", "::"} {
			look(netip.MustParseAddr(a))
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	place, err := Load(bytes.NewReader(database(24, city("Solna"))))
	if err != nil {
		b.Fatal(err)
	}
	systems, err := Load(bytes.NewReader(database(24, system(64500))))
	if err != nil {
		b.Fatal(err)
	}
	look, a := Databases{place, systems}.Lookup(), netip.MustParseAddr("24.64.1.1")
	b.ReportAllocs()
	for b.Loop() {
		look(a)
	}
}

var update = flag.Bool("update", false, "write the database of the command's scripts anew")

// The scripts of the command read a database that is made here.
func TestDatabaseOfTheScriptsIsMadeHere(t *testing.T) {
	const path = "../../cmd/popupwatch/testdata/places.mmdb"
	want := database(220, pairs("country", pairs("iso_code", word("SE")), "autonomous_system_number", number(64500)))
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run with -update (%v)", path, err)
	}
}
