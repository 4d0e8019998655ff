package sensor_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"popupwatch/decoders"
)

// Captures that the tests make of vectors, for faults of tshark that no capture of testdata shows (WIRE.md 7, 9).
const (
	hiddenPorts  = "37_hostile_source_ports" // the popup of vector 01 from ports that a sender may choose to hide, and from two ordinary ones
	plainFlags   = "38_flags_0"              // the same with the flags of a plain request: the first octets are those of WireGuard data
	cutWithin    = "32_cut_within_the_text"  // the same with 26 octets of its Text in the capture
	highVersion  = "40_version_14"           // the same with a bit set that servers do not look at
	lostLast     = "08_frags_missing_last"   // vector 06 without its last fragment
	mailslotPart = "15_nbdgm_fragments"      // the popup of vector 14 in two NetBIOS datagrams
	atRPC        = 14 + 20 + 8               // where a call begins in a frame, and a NetBIOS datagram
	atText       = atRPC + 80 + 20 + 20 + 12 // where its Text does, in vector 01
	atUserData   = atRPC + 14 + 2*34         // where the data of a NetBIOS datagram does, in vector 14
	nbdgmFlags   = atRPC + 1                 // MORE 01, FIRST 02
	nbdgmLength  = atRPC + 10                // names and data
	nbdgmOffset  = nbdgmLength + 2           // of the data
)

// madeCaptures are those that hold RPC, for TestTsharkAgreesOnEveryFrameOrTheReasonIsKnown.
func madeCaptures(t *testing.T) []string {
	t.Helper()
	one, parts := vector(t, "01_le_idem_bcast"), vector(t, "06_frags_in_order")
	var ports []decoders.Frame
	for _, port := range []uint16{53, 123, 137, 500, 514, 1900, 3000, 4500, 4789, 5353, 6081, 666, 4177} {
		ports = append(ports, changed(one[0], func(b []byte) { binary.BigEndian.PutUint16(b[34:], port) }))
	}
	cut := one[0]
	cut.Data = cut.Data[:atText+26]
	return []string{
		writeCapture(t, hiddenPorts, ports),
		writeCapture(t, plainFlags, []decoders.Frame{changed(one[0], func(b []byte) { b[atRPC+2], b[atRPC+3] = 0, 0 })}),
		writeCapture(t, cutWithin, []decoders.Frame{cut}),
		writeCapture(t, highVersion, []decoders.Frame{changed(one[0], func(b []byte) { b[atRPC] = 0x14 })}),
		writeCapture(t, lostLast, parts[:len(parts)-1]),
	}
}

// makeMailslotParts cuts the popup of vector 14 in its data: the names are in the first part alone (RFC 1002 5.3.3).
func makeMailslotParts(t *testing.T) string {
	t.Helper()
	const at = 100 // octets of the data in the first part
	whole := vector(t, "14_udp138_mailslot")[0]
	first, second := whole, whole
	first.Data = slices.Clone(whole.Data[:atUserData+at])
	second.Data = slices.Concat(whole.Data[:atRPC+14], whole.Data[atUserData+at:])
	first.Data[nbdgmFlags], second.Data[nbdgmFlags] = 0x08|2|1, 0x08
	binary.BigEndian.PutUint16(second.Data[nbdgmOffset:], at)
	parts := []decoders.Frame{first, second}
	for i := range parts {
		b := parts[i].Data
		parts[i].Len = len(b)
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
		binary.BigEndian.PutUint16(b[38:], uint16(len(b)-34))
		binary.BigEndian.PutUint16(b[nbdgmLength:], uint16(len(b)-atRPC-14))
		b[19] = byte(i) // IP ID
	}
	return writeCapture(t, mailslotPart, parts)
}

func vector(t *testing.T, name string) []decoders.Frame {
	t.Helper()
	return readAll(t, filepath.Join(testdata, "vectors", name+".pcap"))
}

// changed is a frame with other octets.
func changed(f decoders.Frame, change func([]byte)) decoders.Frame {
	f.Data = slices.Clone(f.Data)
	change(f.Data)
	return f
}

// writeCapture writes frames of an Ethernet in the form of pcap.
func writeCapture(t *testing.T, name string, frames []decoders.Frame) string {
	t.Helper()
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	for _, n := range []uint32{2 | 4<<16, 0, 0, 65535, 1} { // version 2.4, zone, accuracy, snap length, link type
		out = binary.LittleEndian.AppendUint32(out, n)
	}
	for _, f := range frames {
		for _, n := range []int{int(f.Time.Unix()), f.Time.Nanosecond() / 1000, len(f.Data), f.Len} {
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		out = append(out, f.Data...)
	}
	path := filepath.Join(t.TempDir(), name+".pcap")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
