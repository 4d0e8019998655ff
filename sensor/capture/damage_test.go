package capture

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// checkDamage reads octets as a named file and compares the number of frames and the damage.
func checkDamage(t *testing.T, name string, octets []byte, frames int, offset int64, words string) {
	t.Helper()
	all, reports := readAll(t, Config{}, write(t, t.TempDir(), "broken", octets))
	var d *DamageError
	if !errors.As(reports[0].Err, &d) {
		t.Errorf("%s: error %v, want a DamageError", name, reports[0].Err)
		return
	}
	if len(all) != frames || d.Offset != offset || !strings.Contains(d.Error(), words) || !strings.HasSuffix(d.Path, "broken") {
		t.Errorf("%s: %d frames, offset %d, %q; want %d, %d, %q", name, len(all), d.Offset, d, frames, offset, words)
	}
}

func TestDamagedPcapEndsWhereItIsNamed(t *testing.T) {
	good := pcapOf(littleEndian, magicMicro, 1, sample{data: "abcd"})
	end := int64(len(good))
	f := func(name string, octets []byte, frames int, offset int64, words string) {
		t.Helper()
		checkDamage(t, name, octets, frames, offset, words)
	}
	huge := append(slices.Clone(good), pcapOf(littleEndian, magicMicro, 1, sample{data: "x"})[headOctets:]...)
	copy(huge[end+8:], "\xff\xff\xff\xff")
	f("4 GB", huge, 1, end, "a record of 4294967295 octets (the limit is 262144)")
	copy(huge[end+8:], "\x01\x00\x04\x00")
	f("one too many", huge, 1, end, "a record of 262145 octets")
	f("empty", nil, 0, 0, "the file is empty")
	f("text", []byte("this is no capture at all"), 0, 0, "no capture")
	f("two octets", good[:2], 0, 0, "no capture")
	old := slices.Clone(good)
	old[6] = 2
	f("pcap 2.2", old, 0, 0, "pcap version 2.2")
}

func TestDamagedPcapngEndsWhereItIsNamed(t *testing.T) {
	l := littleEndian
	head := join(section(l), interfaceOf(l, 1, 0), enhanced(l, 0, 1, sample{data: "abcd"}))
	end := int64(len(head))
	f := func(name string, bad []byte, words string) {
		t.Helper()
		checkDamage(t, name, join(head, bad, enhanced(l, 0, 2, sample{data: "lost"})), 1, end, words)
	}
	word := func(b []byte, at int, v uint32) []byte {
		writer(l).AppendUint32(b[:at], v)
		return b
	}
	packet := func() []byte { return enhanced(l, 0, 1, sample{data: "x"}) }
	f("undeclared interface", enhanced(l, 1, 1, sample{}), "a packet of interface 1, and 1 are declared")
	f("length 0", word(packet(), 4, 0), "a block of 0 octets")
	f("no multiple of 4", word(packet(), 4, 37), "a block of 37 octets")
	f("longer than the file", word(packet(), 4, 4096), "the file is cut short")
	f("longer than the window", word(packet(), 4, 1<<31), "a block of 2147483648 octets (the limit is 524288)")
	f("unknown and longer than the file", word(word(packet(), 0, 99), 4, 0xfffffffc), "the file is cut short")
	f("trailer", word(packet(), 32, 40), "a block of 36 octets that ends as one of 40")
	f("unknown with trailer", word(word(packet(), 0, 99), 32, 40), "a block of 36 octets that ends as one of 40")
	f("data beyond block", word(packet(), 20, 5), "a packet of 5 octets in a block of 36")
	f("4 GB", word(packet(), 20, 0xffffffff), "a packet of 4294967295 octets")
	f("small packet", block(l, blockEnhanced, 0, 0, 0, 0), "a packet block of 16 octets")
	f("small simple", block(l, blockSimple), "a simple packet block of 12 octets")
	f("small interface", block(l, blockInterface, 1, 0, 0, 0), "an interface block of 16 octets")
	f("section order", block(l, blockSection, make([]byte, 16)...), "no octet order")
	f("small section", block(l, blockSection, section(l)[8:16]...), "the head of a section has 20 octets")
	f("version 2", word(section(l), 12, 2), "pcapng version 2.0")
	f("option", interfaceOf(l, 1, 0, []byte{2, 0, 9, 0, 1, 2, 3, 4}), "an option of an interface")
	f("unit", interfaceOf(l, 1, 0, option(l, optionUnit, 20)), "a time unit that is too small (if_tsresol 0x14)")
	f("time", enhanced(l, 0, 1<<64-1, sample{}), "a packet time outside of 1970 to 2262")
}

func TestSectionForgetsItsInterfaces(t *testing.T) {
	l := littleEndian
	head := join(section(l), interfaceOf(l, 1, 0), enhanced(l, 0, 1, sample{data: "abcd"}), section(l))
	checkDamage(t, "second section", join(head, enhanced(l, 0, 1, sample{})), 1, int64(len(head)), "a packet of interface 0, and 0 are declared")
}

func TestInterfacesOfAFileAreBounded(t *testing.T) {
	l := littleEndian
	one := interfaceOf(l, 1, 0)
	full := append(section(l), bytes.Repeat(one, maxInterfaces)...)
	_, reports := readAll(t, Config{}, write(t, t.TempDir(), "full", full))
	if reports[0].Err != nil {
		t.Errorf("%d interfaces: %v", maxInterfaces, reports[0].Err)
	}
	checkDamage(t, "one more", append(slices.Clone(full), one...), 0, int64(len(full)), "more than 4096 interfaces in a section")
	other := join(full, section(l), interfaceOf(l, 101, 0))
	checkDamage(t, "one more in another section", other, 0, int64(len(full)+sectionOctets), "more than 4096 different interfaces")
}

func TestEveryPrefixGivesTheReadableFramesAndNamesTheOffset(t *testing.T) {
	l := littleEndian
	records := [][]byte{pcapOf(l, magicMicro, 1)}
	for _, s := range []sample{{data: "a"}, {data: ""}, {data: "cccc"}} {
		records = append(records, pcapOf(l, magicMicro, 1, s)[headOctets:])
	}
	checkPrefixes(t, "pcap", records, 1)
	checkPrefixes(t, "pcapng", [][]byte{section(l), interfaceOf(l, 1, 0), enhanced(l, 0, 1, sample{data: "a"}),
		enhanced(l, 0, 2, sample{}), enhanced(l, 0, 3, sample{data: "ccccc"})}, 2)
}

// checkPrefixes reads all prefixes of a file of such parts; those from the number heads on are one frame each.
func checkPrefixes(t *testing.T, name string, parts [][]byte, heads int) {
	t.Helper()
	whole, dir := join(parts...), t.TempDir()
	for n := range len(whole) + 1 {
		complete, start := 0, 0
		for _, p := range parts {
			if start+len(p) > n {
				break
			}
			complete, start = complete+1, start+len(p)
		}
		all, reports := readAll(t, Config{}, write(t, dir, "cut", whole[:n]))
		if want := max(0, complete-heads); len(all) != want {
			t.Errorf("%s cut to %d octets: %d frames, want %d", name, n, len(all), want)
		}
		var d *DamageError
		switch damaged := errors.As(reports[0].Err, &d); {
		case n == start && n > 0 && reports[0].Err != nil:
			t.Errorf("%s cut to %d octets, between two records: %v", name, n, reports[0].Err)
		case (n != start || n == 0) && (!damaged || d.Offset != int64(start)):
			t.Errorf("%s cut to %d octets: %v, want damage at %d", name, n, reports[0].Err, start)
		}
	}
}

func TestDamageOfOneFileLeavesTheOthers(t *testing.T) {
	l, dir := littleEndian, t.TempDir()
	cut := pcapOf(l, magicMicro, 1, sample{sec: 1, data: "a1"}, sample{sec: 3, data: "a3"})
	a := write(t, dir, "a", cut[:len(cut)-1])
	b := write(t, dir, "b", pcapOf(l, magicMicro, 1, sample{sec: 2, data: "b2"}, sample{sec: 4, data: "b4"}))
	all, reports := readAll(t, Config{}, a, b)
	if got := strings.Join(data(all), " "); got != "a1 b2 b4" {
		t.Errorf("frames %q", got)
	}
	if reports[0].Err == nil || reports[1].Err != nil || reports[0].Frames != 1 || reports[1].Bytes != 4 {
		t.Errorf("reports %+v", reports)
	}
}

func TestFaultOfTheDiskIsNamedWithItsCause(t *testing.T) {
	broken := errors.New("the disk is gone")
	head := pcapOf(littleEndian, magicMicro, 1, sample{data: "a"})
	in := io.MultiReader(bytes.NewReader(head), failed{broken})
	all, reports := readAll(t, Config{Stdin: in}, "-")
	var d *DamageError
	if len(all) != 1 || !errors.As(reports[0].Err, &d) || !errors.Is(d, broken) || d.Offset != int64(len(head)) {
		t.Errorf("%d frames, error %v", len(all), reports[0].Err)
	}
}

// idle is a reader that gives nothing and no error.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestReaderThatGivesNothingEnds(t *testing.T) {
	_, reports := readAll(t, Config{Stdin: idle{}}, "-")
	if !errors.Is(reports[0].Err, io.ErrNoProgress) {
		t.Errorf("error %v", reports[0].Err)
	}
}
