package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"popupwatch/sensor/capture/veth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(veth.Isolated{M: m}) }

// sample is a frame that a test writes.
type sample struct {
	sec, part uint32
	wire      uint32 // 0: as long as data
	data      string
}

// writer appends in one octet order.
func writer(o order) binary.AppendByteOrder {
	if o == bigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// pcapOf is a pcap file; network is the whole field, link type and the bits above it.
func pcapOf(o order, magic, network uint32, samples ...sample) []byte {
	put := writer(o)
	b := pcapHead(0, o)[:20]
	copy(b, put.AppendUint32(nil, magic))
	b = put.AppendUint32(b, network)
	for _, s := range samples {
		b = put.AppendUint32(put.AppendUint32(b, s.sec), s.part)
		b = put.AppendUint32(put.AppendUint32(b, uint32(len(s.data))), max(s.wire, uint32(len(s.data))))
		if magic == magicModified {
			b = append(b, make([]byte, modifiedMore)...)
		}
		b = append(b, s.data...)
	}
	return b
}

// block is a pcapng block, padded.
func block(o order, kind uint32, body ...byte) []byte {
	put := writer(o)
	body = append(body, make([]byte, -len(body)&3)...)
	total := uint32(len(body) + frameOctets)
	b := put.AppendUint32(put.AppendUint32(nil, kind), total)
	return put.AppendUint32(append(b, body...), total)
}

func section(o order) []byte {
	put := writer(o)
	b := put.AppendUint16(put.AppendUint16(put.AppendUint32(nil, orderMagic), 1), 0)
	return block(o, blockSection, put.AppendUint64(b, ^uint64(0))...)
}

// option is a pcapng option, padded.
func option(o order, code uint16, value ...byte) []byte {
	put := writer(o)
	b := append(put.AppendUint16(put.AppendUint16(nil, code), uint16(len(value))), value...)
	return append(b, make([]byte, -len(b)&3)...)
}

func interfaceOf(o order, link uint16, snap uint32, options ...[]byte) []byte {
	put := writer(o)
	b := put.AppendUint32(put.AppendUint16(put.AppendUint16(nil, link), 0), snap)
	return block(o, blockInterface, append(b, bytes.Join(options, nil)...)...)
}

func enhanced(o order, iface uint32, ticks uint64, s sample) []byte {
	return block(o, blockEnhanced, packetBody(o, iface, ticks, s)...)
}

// obsolete is a Packet Block, whose first four octets are the interface and the number of drops.
func obsolete(o order, iface, drops uint16, s sample) []byte {
	put := writer(o)
	head := put.AppendUint16(put.AppendUint16(nil, iface), drops)
	return block(o, blockPacket, append(head, packetBody(o, 0, 0, s)[4:]...)...)
}

func packetBody(o order, iface uint32, ticks uint64, s sample) []byte {
	put := writer(o)
	b := put.AppendUint32(put.AppendUint32(put.AppendUint32(nil, iface), uint32(ticks>>32)), uint32(ticks))
	b = put.AppendUint32(put.AppendUint32(b, uint32(len(s.data))), max(s.wire, uint32(len(s.data))))
	b = append(b, s.data...)
	return append(b, make([]byte, -len(b)&3)...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// write makes a file and gives its path.
func write(t testing.TB, dir, name string, octets []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, octets, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// got is a frame as it was delivered.
type got struct {
	Seq      uint64
	Time     string
	Data     string
	Len      int
	Link     int
	Name     string
	Path     string // the last element
	Filtered bool
}

// readAll opens, reads and closes; the data of each frame is compared again just before the next Next, when it must still hold.
func readAll(t testing.TB, cfg Config, paths ...string) ([]got, []FileReport) {
	t.Helper()
	f, err := Open(paths, cfg)
	if err != nil {
		t.Fatalf("open %v: %v", paths, err)
	}
	defer f.Close()
	var all []got
	for {
		frame, err := f.Next()
		if err == io.EOF {
			return all, f.Reports()
		}
		if err != nil {
			t.Fatalf("read %v: %v", paths, err)
		}
		iface := f.Interface(frame.Iface)
		if iface.Link != frame.Link {
			t.Errorf("frame %d has link type %d and its interface %d", frame.Seq, frame.Link, iface.Link)
		}
		all = append(all, got{frame.Seq, frame.Time.Format(time.RFC3339Nano), string(frame.Data), frame.Len, int(frame.Link),
			iface.Name, filepath.Base(iface.Path), frame.Filtered})
	}
}

// data is what the frames carry, in order.
func data(all []got) []string {
	var d []string
	for _, g := range all {
		d = append(d, g.Data)
	}
	return d
}
