package capture

import (
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"popupwatch/decoders"
)

const (
	linkEthernet, linkRaw, linkCooked, linkCooked2 = 1, 101, 113, 276

	oddPort = 40000 // that nobody watches
	macs    = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
)

// two is a number in network order.
func two(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }

func etherOf(kind int, payload string) string { return macs + two(kind) + payload }

// tagged is what follows the addresses of a tagged frame.
func tagged(id, kind int, payload string) string { return two(id) + two(kind) + payload }

func snapOf(kind int, payload string) string {
	payload = "\xaa\xaa\x03\x00\x00\x00" + two(kind) + payload
	return macs + two(len(payload)) + payload
}

func cookedOf(kind int, payload string) string {
	return "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x02\x00\x00" + two(kind) + payload
}

func cooked2Of(kind int, payload string) string {
	return two(kind) + "\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06\x02\x00\x00\x00\x00\x02\x00\x00" + payload
}

func pppoeOf(protocol, payload string) string {
	return "\x11\x00\x00\x01" + two(len(protocol+payload)) + protocol + payload
}

// ip4 is an IPv4 datagram; place is the field of fragments, options is a multiple of 4 octets.
func ip4(proto, place int, options, payload string) string {
	size := 20 + len(options)
	return string([]byte{byte(0x40 + size/4), 0}) + two(size+len(payload)) + "\x12\x34" + two(place) +
		string([]byte{64, byte(proto), 0, 0}) + "\xc6\x33\x64\x4d\xc0\x00\x02\x0a" + options + payload
}

func ip6(next int, payload string) string {
	address := "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11)
	return "\x60\x00\x00\x00" + two(len(payload)) + string([]byte{byte(next), 64}) + address + "\x77" + address + "\x10" + payload
}

// udpTo is a UDP datagram; length is its field.
func udpTo(port, length int, payload string) string {
	return two(4000) + two(port) + two(length) + "\x00\x00" + payload
}

func tcpOf(from, to int) string {
	return two(from) + two(to) + strings.Repeat("\x00", 8) + "\x50\x10" + strings.Repeat("\x00", 6)
}

// popupPDU is the request of the first vector.
func popupPDU(t testing.TB) string {
	t.Helper()
	all := framesOf(t, "vectors/01_le_idem_bcast.pcap", "")
	return string(all[0].Data[42:])
}

// framesOf reads the frames of a capture of testdata, of which some are Filtered; their data are copies.
func framesOf(t testing.TB, name string, filter string) (all []decoders.Frame) {
	t.Helper()
	files, err := Open([]string{filepath.Join("../../testdata", name)}, Config{Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	for {
		f, err := files.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Data = append([]byte(nil), f.Data...)
		all = append(all, f)
	}
}

// capturesOf are the names of the captures of testdata in some folders.
func capturesOf(t testing.TB, folders ...string) (names []string) {
	t.Helper()
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join("../../testdata", folder, "*.pcap"))
		if err != nil || len(found) == 0 {
			t.Fatalf("%d captures in %s, %v", len(found), folder, err)
		}
		for _, path := range found {
			names = append(names, filepath.Join(folder, filepath.Base(path)))
		}
	}
	return names
}

// judge decodes frames one after another.
type judge struct {
	*decoders.Decoder
	decoders.Result
}

func newJudge() *judge {
	return &judge{Decoder: decoders.NewDecoder(decoders.Config{
		Memory: 1 << 20, Interface: func(int) decoders.Interface { return decoders.Interface{} },
	})}
}

// reason is what the decoder says of a frame.
func (j *judge) reason(f decoders.Frame) string { return j.Decode(f, &j.Result).String() }

// wants says whether something is made of a frame with that reason.
func wants(reason string) bool {
	switch reason {
	case "message", "signal", "fragment", "duplicate", "icmp_quote", "stream", "stream_again", "stream_overlap", "stream_outside", "smb_malformed":
		return true
	}
	return false
}

// compiled is the filter for a link type, as for a file.
func compiled(t testing.TB, k KernelFilter, link decoders.LinkType) *program {
	t.Helper()
	p, err := compile(k.Expression(), link, littleEndian)
	if err != nil {
		t.Fatalf("compile for link type %d: %v", link, err)
	}
	return p
}
