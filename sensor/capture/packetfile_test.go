package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/decoders"
)

// packetFrames are frames of two interfaces, one of them cut by its snap length, at times that only nanoseconds tell apart.
func packetFrames() (frames []decoders.Frame, ifaces []decoders.Interface) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 123456789, time.UTC)
	ifaces = []decoders.Interface{{Name: "eth0", Path: "a b.pcap", Link: 1, Snap: 96}, {Link: 101}}
	return []decoders.Frame{
		{Seq: 3, Time: at, Data: bytes.Repeat([]byte{1}, 96), Len: 300, Link: 1},
		{Seq: 5, Time: at.Add(1), Data: []byte{0x45, 2, 3}, Len: 3, Link: 101, Iface: 1},
		{Seq: 9, Time: at.Add(2), Data: nil, Len: 60, Link: 1},
	}, ifaces
}

func packetFile(t *testing.T, comments ...[]string) []byte {
	t.Helper()
	frames, ifaces := packetFrames()
	var b bytes.Buffer
	p := NewPacketFile(&b, func(i int) decoders.Interface { return ifaces[i] }, "popupwatch test", "all of it")
	for i := range frames {
		if err := p.Add(&frames[i], comments[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPacketFileKeepsTheFramesAsTheyWere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(path, packetFile(t, []string{"one", "two"}, nil, []string{"three"}), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := Open([]string{path}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	want, ifaces := packetFrames()
	for i := range want {
		f, err := files.Next()
		if err != nil {
			t.Fatal(err, files.Reports())
		}
		if !f.Time.Equal(want[i].Time) || !bytes.Equal(f.Data, want[i].Data) || f.Len != want[i].Len || f.Link != want[i].Link {
			t.Errorf("%+v, want %+v", f, want[i])
		}
		in, was := files.Interface(f.Iface), ifaces[want[i].Iface]
		if in.Name != was.Name || in.Link != was.Link || in.Snap != was.Snap {
			t.Errorf("%+v, want %+v", in, was)
		}
	}
	if _, err := files.Next(); err != io.EOF {
		t.Error(err)
	}
}

func TestTheSamePacketsMakeTheSameFile(t *testing.T) {
	if a, b := packetFile(t, nil, nil, []string{"x"}), packetFile(t, nil, nil, []string{"x"}); !bytes.Equal(a, b) || len(a)%4 != 0 {
		t.Error("two writers wrote different octets")
	}
}

// tshark is the second opinion.
func TestTsharkReadsTheComments(t *testing.T) {
	tshark := needProgram(t, "tshark")
	path := filepath.Join(t.TempDir(), "x.pcapng")
	long := strings.Repeat("ä", maxComment)
	if err := os.WriteFile(path, packetFile(t, []string{"one", "two €"}, nil, []string{long}), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", path, "-T", "fields", "-E", "separator=|", "-E", "aggregator=;", "-e", "frame.time_epoch", "-e", "frame.len",
		"-e", "frame.cap_len", "-e", "frame.interface_name", "-e", "frame.encap_type", "-e", "frame.comment").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{".123456789|300|96|eth0|1|one;two €", ".123456790|3|3|", ".123456791|60|0|eth0|1|" + long[:maxComment]}
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i := range want {
		if !strings.Contains(lines[i], want[i]) {
			t.Errorf("%q, want %q in it", lines[i], want[i])
		}
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAFullDiskIsTold(t *testing.T) {
	p := NewPacketFile(full{}, func(int) decoders.Interface { return decoders.Interface{} }, "", "")
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Error(err)
	}
}
