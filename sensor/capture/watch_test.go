package capture

import (
	"bytes"
	"encoding/gob"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// step is what happens in a directory, and what a Watch gives after it: the data of the frames.
type step struct {
	do   func()
	want string
}

// settled is how many looks in a row must find nothing before the next step: one to see a file, one to see it unchanged.
const settled = 3

// walk lets a Watch live through steps, each once the one before has settled. It gives the Watch, stopped.
func walk(t *testing.T, w *Watch, steps ...step) *Watch {
	t.Helper()
	var given [][]string
	idle, at := settled, -1
	w.cfg.Poll = time.Nanosecond
	w.cfg.Idle = func() {
		if idle++; idle < settled {
			return
		}
		idle = 0
		if at++; at == len(steps) {
			w.Stop()
			return
		}
		given = append(given, nil)
		steps[at].do()
	}
	for {
		f, err := w.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		idle = 0
		given[at] = append(given[at], string(f.Data))
	}
	for i, s := range steps {
		if diff := cmp.Diff(s.want, strings.Join(given[i], " ")); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	return w
}

func openWatch(t *testing.T, dir string) *Watch {
	t.Helper()
	w, err := OpenWatch(dir, WatchConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// resumed is a new Watch with what the old one handed on.
func resumed(t *testing.T, dir string, old *Watch) *Watch {
	t.Helper()
	var b bytes.Buffer
	if err := old.Save(gob.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	w := openWatch(t, dir)
	if err := w.Load(gob.NewDecoder(&b)); err != nil {
		t.Fatal(err)
	}
	return w
}

func rename(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}

func TestAFileIsReadWhenItIsFollowedByTheNext(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "x-1", 10, 11) }, ""},
		step{func() { timed(t, dir, "x-2", 20) }, "x-110 x-111"},
		step{func() { timed(t, dir, "x-2", 20, 21) }, ""},
		step{func() { timed(t, dir, "x-3", 30); timed(t, dir, "x-4", 40) }, "x-220 x-221 x-330"},
		step{func() {}, ""},
	)
}

func TestAFileIsReadWhenItIsRenamed(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "x.part", 10) }, ""},
		step{func() { rename(t, dir, "x.part", "x.pcap") }, "x.part10"},
		step{func() { timed(t, dir, ".y", 20) }, ""},
	)
}

func TestSeriesDoNotFinishEachOther(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "east-1", 10); timed(t, dir, "west-1", 20) }, ""},
		step{func() { timed(t, dir, "east-2", 30) }, "east-110"},
	)
}

func TestAFileThatWasReadIsNotReadAgainUnderAnotherNameOrCompressed(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "x-1", 10); timed(t, dir, "x-2", 20) }, "x-110"},
		step{func() { rename(t, dir, "x-1", "old-1") }, ""},
		step{func() {
			whole, err := os.ReadFile(filepath.Join(dir, "old-1"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "x-1.gz", gzipped(t, whole))
		}, ""},
		step{func() { timed(t, dir, "x-3", 30) }, "x-220"},
	)
}

func TestANameThatIsUsedAgainIsAnotherFile(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "x0", 10); timed(t, dir, "x1", 20) }, "x010"},
		step{func() { timed(t, dir, "x0", 30) }, "x120"},
		step{func() { timed(t, dir, "x1", 40) }, "x030"},
	)
}

func TestAFileThatGrowsAfterItWasReadIsReadOn(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "x-1", 10, 11); timed(t, dir, "x-2", 20) }, "x-110 x-111"},
		step{func() { timed(t, dir, "x-1", 10, 11, 12, 13) }, "x-112 x-113"},
	)
}

func TestAWatchGoesOnAfterARestartWhereItStopped(t *testing.T) {
	dir := t.TempDir()
	w := walk(t, openWatch(t, dir), step{func() { timed(t, dir, "x-1", 10, 11); timed(t, dir, "x-2", 20, 21, 22); timed(t, dir, "x-3", 30) }, "x-110 x-111 x-220 x-221 x-222"})
	walk(t, resumed(t, dir, w), step{func() {}, ""}, step{func() { timed(t, dir, "x-4", 40) }, "x-330"})
}

func TestAWatchThatStopsWithinAFileGoesOnBehindTheLastFrame(t *testing.T) {
	dir := t.TempDir()
	timed(t, dir, "x-1", 10, 11, 12)
	timed(t, dir, "x-2", 20)
	w := openWatch(t, dir)
	w.cfg.Poll = time.Nanosecond
	if f, err := w.Next(); err != nil || string(f.Data) != "x-110" {
		t.Fatalf("%q, %v", f.Data, err)
	}
	w.Stop()
	if _, err := w.Next(); err != io.EOF {
		t.Fatalf("after Stop: %v", err)
	}
	walk(t, resumed(t, dir, w), step{func() {}, "x-111 x-112"}, step{func() { timed(t, dir, "x-3", 30) }, "x-220"})
}

func TestDamageEndsTheFileAndNotTheWatch(t *testing.T) {
	dir := t.TempDir()
	var reports []FileReport
	w := openWatch(t, dir)
	w.cfg.Done = func(r FileReport) error { reports = append(reports, r); return nil }
	walk(t, w, step{func() {
		path := timed(t, dir, "x-1", 10, 11)
		if err := os.Truncate(path, 24+16+4+16+1); err != nil {
			t.Fatal(err)
		}
		timed(t, dir, "x-2", 20)
		timed(t, dir, "x-3", 30)
	}, "x-110 x-220"})
	if len(reports) != 2 || reports[0].Err == nil || reports[1].Err != nil {
		t.Errorf("reports: %+v", reports)
	}
}

func TestAnEmptyFileAndOneThatIsNoCaptureAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	walk(t, openWatch(t, dir),
		step{func() {
			write(t, dir, "x-0", nil)
			write(t, dir, "x-notes", []byte("not a capture"))
			timed(t, dir, "x-1", 10)
		}, ""},
		step{func() { timed(t, dir, "x-2", 20) }, "x-110"},
	)
}

func TestFramesAndInterfacesAreNumberedOverAllFiles(t *testing.T) {
	dir := t.TempDir()
	timed(t, dir, "x-1", 10)
	timed(t, dir, "x-2", 20)
	timed(t, dir, "x-3", 30)
	w := openWatch(t, dir)
	w.cfg.Poll = time.Nanosecond
	for i := range 2 {
		f, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Seq != uint64(i+1) || f.Iface != i || filepath.Base(w.Interface(f.Iface).Path) != []string{"x-1", "x-2"}[i] {
			t.Errorf("frame %d: number %d, interface %d of %s", i, f.Seq, f.Iface, w.Interface(f.Iface).Path)
		}
	}
}

func TestWhatIsNoDirectoryIsNotWatched(t *testing.T) {
	for _, path := range []string{timed(t, t.TempDir(), "file", 1), "/no/such/directory"} {
		if _, err := OpenWatch(path, WatchConfig{}); err == nil {
			t.Errorf("%s is watched", path)
		}
	}
}

func TestACompressedFileThatGrowsAfterItWasReadIsReadOn(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(timed(t, t.TempDir(), "x-1", 10, 11, 12))
	if err != nil {
		t.Fatal(err)
	}
	packed := gzipped(t, whole)
	walk(t, openWatch(t, dir),
		step{func() { timed(t, dir, "x-2", 20); write(t, dir, "x-1.gz", packed[:len(packed)-9]) }, "x-110 x-111 x-112"},
		step{func() { write(t, dir, "x-1.gz", packed) }, ""},
		step{func() { timed(t, dir, "x-3", 30) }, "x-220"},
	)
}

func TestAFileThatTakesTheNumberOfAnotherIsNotRenamed(t *testing.T) {
	dir := t.TempDir()
	w := openWatch(t, dir)
	walk(t, w,
		step{func() { timed(t, dir, "x-1", 10); timed(t, dir, "x-2", 20) }, "x-110"},
		step{func() { // the file system gives the number of x-1 to x-3
			if err := os.WriteFile(filepath.Join(dir, "x-1"), pcapOf(littleEndian, magicMicro, 1, sample{sec: 30, data: "x-330"}), 0o644); err != nil {
				t.Fatal(err)
			}
			rename(t, dir, "x-1", "x-3")
		}, "x-220"},
	)
}

func TestALinkCountsAsWhatItLeadsTo(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for i, name := range []string{"x-1", "x-2"} {
		if err := os.Symlink(timed(t, other, name, uint32(10+i)), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	walk(t, openWatch(t, dir), step{func() {}, "x-110"})
}

func TestWhatCannotBeReadIsNamedOnce(t *testing.T) {
	dir := t.TempDir()
	w := openWatch(t, dir)
	var named []string
	w.cfg.Faulty = func(r FileReport) { named = append(named, filepath.Base(r.Path)) }
	walk(t, w,
		step{func() {
			write(t, dir, "cut", pcapOf(littleEndian, magicMicro, 1, sample{sec: 1, data: "frame"})[:24+16+2])
			write(t, dir, "notes", []byte("these are no capture"))
			write(t, dir, "empty", nil)
		}, ""},
		step{func() { timed(t, dir, "x-1", 10); timed(t, dir, "x-2", 20) }, "x-110"},
	)
	if diff := cmp.Diff([]string{"cut"}, named); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
}

func TestADirectoryThatIsAwayIsToldOnceAndWaitedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mount")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := openWatch(t, dir)
	told := 0
	w.cfg.Faulty = func(r FileReport) { told++ }
	walk(t, w,
		step{func() { rename(t, filepath.Dir(dir), "mount", "away") }, ""},
		step{func() {
			rename(t, filepath.Dir(dir), "away", "mount")
			timed(t, dir, "x-1", 10)
			timed(t, dir, "x-2", 20)
		}, "x-110"},
	)
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
