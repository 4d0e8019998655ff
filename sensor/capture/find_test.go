package capture

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectoryGivesItsCapturesInOctetOrderAndListsTheRest(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	timed(t, dir, "b", 1)
	timed(t, dir, "B", 1)
	timed(t, dir, "a.pcap", 1)
	timed(t, dir, "a/z", 1)
	timed(t, dir, "a/deep/y", 1)
	timed(t, dir, ".hidden", 1)
	timed(t, dir, ".git/x", 1)
	timed(t, outside, "linked", 1)
	write(t, dir, "notes.txt", []byte("this is no capture"))
	write(t, dir, "empty", nil)
	write(t, dir, "log.gz", gzipped(t, []byte("neither is this")))
	write(t, dir, "cut", pcapOf(littleEndian, magicMicro, 1)[:10])
	for name, target := range map[string]string{"circle": dir, "file": outside + "/linked", "nowhere": outside + "/none"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	f, err := Open([]string{dir}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Next()
	}
	var read []string
	for _, r := range f.Reports() {
		read = append(read, strings.TrimPrefix(r.Path, dir+"/"))
		if damaged := strings.HasSuffix(r.Path, "cut"); damaged != (r.Err != nil) || damaged != (r.Frames == 0) {
			t.Errorf("report %+v", r)
		}
	}
	if diff := cmp.Diff(strings.Fields("B a/deep/y a/z a.pcap b cut file"), read); diff != "" || err != io.EOF {
		t.Errorf("captures (-want +got):\n%s%v", diff, err)
	}
	want := strings.Fields("circle nowhere pipe s empty log.gz notes.txt")
	if diff := cmp.Diff(want, strings.Fields(strings.ReplaceAll(strings.Join(f.Skipped(), " "), dir+"/", ""))); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestPathsThatCannotBeReadAreErrorsOfOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "only/notes.txt", []byte("no capture"))
	f := func(words string, paths ...string) {
		t.Helper()
		_, err := Open(paths, Config{})
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("open %q: %v, want %q", paths, err, words)
		}
	}
	f("no path is given")
	f("no such file or directory (give files, directories", filepath.Join(dir, "none"))
	f("1 files are none, hidden ones are not read", dir)
	f("standard input is given twice", "-", "-")
	if os.Getuid() != 0 {
		secret := timed(t, dir, "secret", 1)
		os.Chmod(secret, 0)
		f("is it readable for this user?", secret)
	}
}

func TestStandardInputIsReadAndItsSizeIsUnknown(t *testing.T) {
	dir := t.TempDir()
	octets := pcapOf(littleEndian, magicMicro, 1, sample{sec: 2, data: "in"})
	f, err := Open([]string{timed(t, dir, "a", 1, 3), "-"}, Config{Stdin: bytes.NewReader(octets)})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var order []string
	for {
		frame, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, string(frame.Data))
	}
	if diff := cmp.Diff([]string{"a1", "in", "a3"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if done, total := f.Progress(); done != int64(24+2*18+len(octets)) || total != 0 {
		t.Errorf("progress %d of %d", done, total)
	}
	if path := f.Interface(0).Path + f.Interface(1).Path; !strings.Contains(path, "-") {
		t.Errorf("paths %q", path)
	}
}

func TestPipeIsReadAsItComesAndMayEndEarly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	octets := pcapOf(littleEndian, magicMicro, 1, sample{data: "one"}, sample{data: "two"})
	next := make(chan bool)
	failed := make(chan error, 1)
	go func() {
		failed <- func() error {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer w.Close()
			if _, err = w.Write(octets[:headOctets+recordOctets+3]); err != nil {
				return err
			}
			<-next // the first frame is there before the second is written
			_, err = w.Write(octets[headOctets+recordOctets+3 : len(octets)-1])
			return err
		}()
	}()
	f, err := Open([]string{path}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	frame, err := f.Next()
	if err != nil || string(frame.Data) != "one" {
		t.Fatalf("frame %q, error %v", frame.Data, err)
	}
	close(next)
	if _, err = f.Next(); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
	if r := f.Reports()[0]; r.Frames != 1 || !strings.Contains(r.Err.Error(), "damage at octet 43") {
		t.Errorf("report %+v", r)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

func TestFileThatIsGoneWhenItsTurnComesIsReported(t *testing.T) {
	dir := t.TempDir()
	a, b := timed(t, dir, "a", 1), timed(t, dir, "b", 2)
	f, err := Open([]string{a, b}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	os.Remove(b)
	frames := 0
	for err == nil {
		if _, err = f.Next(); err == nil {
			frames++
		}
	}
	if r := f.Reports()[1]; frames != 1 || err != io.EOF || r.Err == nil {
		t.Errorf("%d frames, error %v, report %+v", frames, err, r)
	}
}

func TestUnknownInterfaceIsEmpty(t *testing.T) {
	f, err := Open([]string{timed(t, t.TempDir(), "a", 1)}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if a, b := f.Interface(-1), f.Interface(0); a != b || a.Path != "" {
		t.Errorf("interfaces %+v %+v before any was read", a, b)
	}
}
