package sink

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"popupwatch/sensor/event"
)

// logged writes n events and closes.
func logged(t *testing.T, path string, from, n int, keep int) {
	t.Helper()
	r, err := OpenRotating(path, 1<<20, keep)
	if err != nil {
		t.Fatal(err)
	}
	b := event.NewBuilder(event.Config{Sensor: "test"})
	for i := range n {
		if err := r.Emit(someEvent(b, uint64(from+i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// whole reads files and gives their lines; each must be a whole document.
func whole(t *testing.T, paths ...string) (lines []string) {
	t.Helper()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(content) {
			if !bytes.HasPrefix(line, []byte(`{"@timestamp"`)) || !bytes.HasSuffix(line, []byte("}\n")) {
				t.Fatalf("%s has a broken line: %.60q ... %.20q", path, line, line[max(0, len(line)-20):])
			}
			lines = append(lines, string(line))
		}
	}
	return lines
}

func TestAnEventsFileOfAServiceIsContinued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	logged(t, path, 1, 2, 3)
	logged(t, path, 3, 2, 3)
	if lines := whole(t, path); len(lines) != 4 {
		t.Errorf("%d lines, want 4", len(lines))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: popups stand in it", info.Mode(), err)
	}
}

func TestAnEventsFileIsRenamedWhenItIsFullWithoutDividingALine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.ndjson")
	const n = 6000 // some 4 MB
	logged(t, path, 1, n, 100)
	all, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	if err != nil || len(all) < 3 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	if lines := whole(t, all...); len(lines) != n {
		t.Errorf("%d lines, want %d", len(lines), n)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err != nil || info.Size() > 1<<20 {
			t.Errorf("%s has %d octets, %v", path, info.Size(), err)
		}
	}
}

func TestAFullDiskKeepsWhatIsGathered(t *testing.T) {
	r, err := OpenRotating(filepath.Join(t.TempDir(), "events"), 1<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.file.Filename = "/dev/full" // it is opened with the first write: the disk is full from then on
	b := event.NewBuilder(event.Config{Sensor: "test"})
	gathered := 0
	for i := range 1000 {
		if r.Emit(someEvent(b, uint64(i+1))) != nil {
			break
		}
		gathered++
	}
	if gathered == 0 || gathered == 1000 {
		t.Fatalf("%d events were taken by a disk that is full", gathered)
	}
	if n := bytes.Count(r.lines, []byte{'\n'}); n != gathered {
		t.Errorf("%d lines are kept of %d", n, gathered)
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "events are lost") {
		t.Errorf("Close says %v", err)
	}
}

func TestAnEventsFileThatCannotBeMadeIsNamed(t *testing.T) {
	if _, err := OpenRotating("/no/such/folder/events", 1<<20, 1); err == nil || !strings.Contains(err.Error(), "/no/such/folder/events") {
		t.Errorf("%v", err)
	}
}

func TestALineThatWasCutOffIsNotOneWithTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	logged(t, path, 1, 2, 3)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-20); err != nil {
		t.Fatal(err)
	}
	logged(t, path, 3, 1, 3)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[2], `{"@timestamp"`) || !strings.HasSuffix(lines[2], "}") {
		t.Errorf("%d lines, the last is %.60q", len(lines), lines[len(lines)-1])
	}
}

func TestEventsGoToANewFileWhenTheirsIsMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	r, err := OpenRotating(path, 1<<20, 3)
	if err != nil {
		t.Fatal(err)
	}
	b := event.NewBuilder(event.Config{Sensor: "test"})
	write := func(n uint64) {
		t.Helper()
		r.looked = r.looked.Add(-lookEvery) // as if a second had passed
		if err := errors.Join(r.Emit(someEvent(b, n)), r.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	write(2)
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	write(3)
	write(4)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if moved, fresh := whole(t, path+".moved"), whole(t, path); len(moved) != 2 || len(fresh) != 2 {
		t.Errorf("%d events in the file that was moved, %d in the new one", len(moved), len(fresh))
	}
}
