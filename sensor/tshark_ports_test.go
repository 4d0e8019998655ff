package sensor_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// hiddenPorts is a capture that the test makes: the popup of vector 01 from source ports that a sender may choose to hide from tshark, and
// from two ordinary ones (WIRE.md 7).
const hiddenPorts = "37_hostile_source_ports"

func makeHiddenPorts(t *testing.T) string {
	one, err := os.ReadFile(filepath.Join(testdata, "vectors/01_le_idem_bcast.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	const fileHeader, recordHeader, sourcePort = 24, 16, 14 + 20 // of a frame on Ethernet
	out := slices.Clone(one[:fileHeader])
	for _, port := range []uint16{53, 123, 137, 500, 514, 1900, 3000, 4500, 4789, 5353, 6081, 666, 4177} {
		record := slices.Clone(one[fileHeader:])
		binary.BigEndian.PutUint16(record[recordHeader+sourcePort:], port)
		out = append(out, record...)
	}
	path := filepath.Join(t.TempDir(), hiddenPorts+".pcap")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
