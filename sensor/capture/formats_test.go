package capture

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPcapInBothOrdersAndAllUnitsIsRead(t *testing.T) {
	f := func(name string, o order, magic uint32, part uint32, fraction string) {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, "a", pcapOf(o, magic, 1, sample{1100000000, part, 60, "first"}, sample{1100000001, 0, 0, ""}))
		all, reports := readAll(t, Config{}, dir)
		want := []got{
			{1, "2004-11-09T11:33:20" + fraction + "Z", "first", 60, 1, "", "a", false},
			{2, "2004-11-09T11:33:21Z", "", 0, 1, "", "a", false},
		}
		if diff := cmp.Diff(want, all); diff != "" || reports[0].Err != nil {
			t.Errorf("%s (-want +got):\n%s error %v", name, diff, reports[0].Err)
		}
	}
	f("us little", littleEndian, magicMicro, 123456, ".123456")
	f("us big", bigEndian, magicMicro, 123456, ".123456")
	f("ns little", littleEndian, magicNano, 123456789, ".123456789")
	f("ns big", bigEndian, magicNano, 123456789, ".123456789")
	f("modified little", littleEndian, magicModified, 7, ".000007")
	f("modified big", bigEndian, magicModified, 7, ".000007")
}

func TestLinkTypeHas16BitsAndFrameCheckBitsAreNoPartOfIt(t *testing.T) {
	f := func(network uint32, link int) {
		t.Helper()
		path := write(t, t.TempDir(), "a", pcapOf(littleEndian, magicMicro, network, sample{data: "x"}))
		if all, _ := readAll(t, Config{}, path); len(all) != 1 || all[0].Link != link {
			t.Errorf("network field %#x: %+v, want link type %d", network, all, link)
		}
	}
	f(276, 276)
	f(0x54000001, 1)
	f(0xffff, 0xffff)
}

func TestFractionBeyondASecondIsCarried(t *testing.T) {
	path := write(t, t.TempDir(), "a", pcapOf(littleEndian, magicMicro, 1, sample{sec: 10, part: 4_294_967_295, data: "x"}))
	all, _ := readAll(t, Config{}, path)
	if want := "1970-01-01T01:11:44.967295Z"; all[0].Time != want {
		t.Errorf("time %s, want %s", all[0].Time, want)
	}
}

func TestCapturedBeyondWireLengthCounts(t *testing.T) {
	b := pcapOf(littleEndian, magicMicro, 1, sample{data: "abcdef"})
	b[headOctets+12] = 2
	all, _ := readAll(t, Config{}, write(t, t.TempDir(), "a", b))
	if all[0].Len != 6 || all[0].Data != "abcdef" {
		t.Errorf("frame %+v, want 6 octets", all[0])
	}
}

func TestPcapngKeepsLinkTypeUnitAndNameOfEachInterface(t *testing.T) {
	f := func(o order) {
		t.Helper()
		put := writer(o)
		path := write(t, t.TempDir(), "a", join(
			section(o),
			interfaceOf(o, 1, 0, option(o, optionName, []byte("eth0")...)),
			interfaceOf(o, 276, 0, option(o, optionName, []byte("bad\xff\x00")...), option(o, optionUnit, 9)),
			interfaceOf(o, 101, 0, option(o, optionUnit, 0x81), option(o, optionShift, put.AppendUint64(nil, 1000)...), option(o, optionEnd)),
			enhanced(o, 0, 1_000_000_000_001, sample{data: "micro"}),
			enhanced(o, 1, 2_000_000_000_000_000_001, sample{data: "nano", wire: 99}),
			enhanced(o, 2, 7, sample{data: "half"}),
			obsolete(o, 1, 77, sample{data: "old"}),
		))
		all, reports := readAll(t, Config{}, path)
		want := []got{
			{1, "1970-01-12T13:46:40.000001Z", "micro", 5, 1, "eth0", "a", false},
			{2, "2033-05-18T03:33:20.000000001Z", "nano", 99, 276, "bad\ufffd", "a", false},
			{3, "1970-01-01T00:16:43.5Z", "half", 4, 101, "", "a", false},
			{4, "1970-01-01T00:00:00Z", "old", 3, 276, "bad\ufffd", "a", false},
		}
		if diff := cmp.Diff(want, all); diff != "" || reports[0].Err != nil {
			t.Errorf("(-want +got):\n%s error %v", diff, reports[0].Err)
		}
	}
	f(littleEndian)
	f(bigEndian)
}

func TestNameOfAnInterfaceIsCutAtItsBound(t *testing.T) {
	l := littleEndian
	for _, n := range []int{maxName, maxName + 1, 60_000} {
		path := write(t, t.TempDir(), "a", join(section(l),
			interfaceOf(l, 1, 0, option(l, optionName, []byte(strings.Repeat("n", n))...)), enhanced(l, 0, 0, sample{data: "x"})))
		if all, _ := readAll(t, Config{}, path); len(all) != 1 || len(all[0].Name) != maxName {
			t.Errorf("a name of %d octets: %d frames, name %q", n, len(all), all[0].Name)
		}
	}
}

func TestClockOfEveryUnit(t *testing.T) {
	f := func(unit uint8, offset int64, counter uint64, sec, nsec int64, ok bool) {
		t.Helper()
		c, fits := newClock(unit, offset)
		s, n, in := c.time(counter)
		if in = in && fits; in != ok || ok && (s != sec || n != nsec) {
			t.Errorf("unit %#x offset %d counter %d: %d.%09d %v, want %d.%09d %v", unit, offset, counter, s, n, in, sec, nsec, ok)
		}
	}
	f(0, 0, 5, 5, 0, true)
	f(6, 0, 1_500_000, 1, 500_000_000, true)
	f(9, 0, 1_000_000_001, 1, 1, true)
	f(12, 0, 1_999_999_999_999, 1, 999_999_999, true)
	f(19, 0, 1<<64-1, 1, 844_674_407, true)
	f(20, 0, 1, 0, 0, false)
	f(127, 0, 1, 0, 0, false)
	f(0x80, 0, 3, 3, 0, true)
	f(0x80|10, 0, 1024+512, 1, 500_000_000, true)
	f(0x80|63, 0, 1<<64-1, 1, 999_999_999, true)
	f(0xff, 0, 1, 0, 0, false)
	f(0, 0, 1<<64-1, 0, 0, false)
	f(0, 0, 9_223_372_035, 9_223_372_035, 0, true)
	f(0, 0, 9_223_372_036, 0, 0, false)
	f(0, -10, 10, 0, 0, true)
	f(0, -10, 9, 0, 0, false)
	f(0, -1<<63, 1<<63, 0, 0, false)
	f(0, 1<<62, 1<<60, 0, 0, false)
}

func TestSectionsRestartTheNumbersAndShareWhatIsEqual(t *testing.T) {
	l, b := littleEndian, bigEndian
	path := write(t, t.TempDir(), "a", join(
		section(l), interfaceOf(l, 1, 0, option(l, optionName, 'x')), enhanced(l, 0, 1, sample{data: "1"}),
		section(b), interfaceOf(b, 101, 0, option(b, optionName, 'y')), enhanced(b, 0, 2, sample{data: "2"}),
		section(l), interfaceOf(l, 1, 0, option(l, optionName, 'x')), enhanced(l, 0, 3, sample{data: "3"})))
	f, err := Open([]string{path}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var numbers []int
	for range 3 {
		frame, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, frame.Iface)
	}
	if diff := cmp.Diff([]int{0, 1, 0}, numbers); diff != "" {
		t.Errorf("numbers in the run (-want +got):\n%s", diff)
	}
}

func TestSimplePacketHasTheTimeBeforeItAndTheSnapLengthOfInterface0(t *testing.T) {
	l := littleEndian
	simple := block(l, blockSimple, append([]byte{9, 0, 0, 0}, "abcdefghi"...)...)
	f := func(snap uint32, data string) {
		t.Helper()
		path := write(t, t.TempDir(), "a", join(section(l), interfaceOf(l, 1, snap), simple, enhanced(l, 0, 5_000_000, sample{data: "t"}), simple))
		all, _ := readAll(t, Config{}, path)
		want := []got{
			{1, "1970-01-01T00:00:00Z", data, 9, 1, "", "a", false},
			{2, "1970-01-01T00:00:05Z", "t", 1, 1, "", "a", false},
			{3, "1970-01-01T00:00:05Z", data, 9, 1, "", "a", false},
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("snap length %d (-want +got):\n%s", snap, diff)
		}
	}
	f(0, "abcdefghi")
	f(4, "abcd")
	f(65535, "abcdefghi")
}

func TestUnknownBlocksAreSkippedEvenBeyondTheWindow(t *testing.T) {
	l := littleEndian
	path := write(t, t.TempDir(), "a", join(
		section(l), block(l, 0), block(l, 5, 1, 2, 3), interfaceOf(l, 1, 0),
		block(l, 0x0bad, bytes.Repeat([]byte{7}, 3*maxBlock)...),
		enhanced(l, 0, 1, sample{data: "after"}), block(l, 4, 1)))
	all, reports := readAll(t, Config{BlockSize: 512}, path)
	if diff := cmp.Diff([]string{"after"}, data(all)); diff != "" || reports[0].Err != nil {
		t.Errorf("(-want +got):\n%s error %v", diff, reports[0].Err)
	}
}

func TestBlockSizeDoesNotShow(t *testing.T) {
	l := littleEndian
	ng := join(section(l), interfaceOf(l, 1, 0), block(l, 99, 1, 2, 3, 4, 5), enhanced(l, 0, 1, sample{data: "abc"}), enhanced(l, 0, 2, sample{data: "defgh"}))
	paths := []string{"../../testdata/captures/wireshark-wiki_messenger.pcap", write(t, t.TempDir(), "ng", ng)}
	for _, path := range paths {
		want, _ := readAll(t, Config{}, path)
		for _, size := range []int{1, 3, 64, 100, 1000} {
			all, _ := readAll(t, Config{BlockSize: size}, path)
			if diff := cmp.Diff(want, all); diff != "" {
				t.Errorf("%s in blocks of %d (-want +got):\n%s", path, size, diff)
			}
		}
	}
}

func TestLongestFrameIsDelivered(t *testing.T) {
	long := strings.Repeat("z", maxCaptured)
	l := littleEndian
	for _, b := range [][]byte{
		pcapOf(l, magicMicro, 1, sample{data: "a"}, sample{data: long}, sample{data: "b"}),
		join(section(l), interfaceOf(l, 1, 0), enhanced(l, 0, 0, sample{data: "a"}), enhanced(l, 0, 0, sample{data: long}), enhanced(l, 0, 0, sample{data: "b"})),
	} {
		all, _ := readAll(t, Config{BlockSize: 1000}, write(t, t.TempDir(), "a", b))
		if diff := cmp.Diff([]string{"a", long, "b"}, data(all)); diff != "" {
			t.Error("the frames differ around one of the greatest length")
		}
	}
}
