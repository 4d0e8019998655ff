package sink

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"popupwatch/sensor/event"
)

var at = time.Date(2004, 5, 6, 7, 8, 9, 0, time.UTC)

func someEvent(b *event.Builder, frames uint64) *event.Event {
	return b.Stats(&event.Stats{Start: at, End: at.Add(time.Minute), Frames: frames})
}

func plain(r io.Reader) (io.Reader, error)  { return r, nil }
func unzip(r io.Reader) (io.Reader, error)  { return gzip.NewReader(r) }
func unzstd(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) }
func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	fail(t, err)
	return b
}
func fail(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNDJSONFileHoldsTheLinesWhateverItsName(t *testing.T) {
	for name, open := range map[string]func(io.Reader) (io.Reader, error){"e.ndjson": plain, "e.ndjson.gz": unzip, "e.ndjson.zst": unzstd} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			n, err := OpenNDJSON(path, nil)
			fail(t, err)
			b, want := event.NewBuilder(event.Config{Sensor: "replay"}), ""
			for i := range uint64(3) {
				e := someEvent(b, i)
				want += string(e.JSON()) + "\n"
				fail(t, n.Emit(e))
			}
			fail(t, n.Close())
			r, err := open(bytes.NewReader(read(t, path)))
			fail(t, err)
			got, err := io.ReadAll(r)
			fail(t, err)
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEqualEventsMakeEqualFiles(t *testing.T) {
	for _, name := range []string{"e.gz", "e.zst"} {
		var files [2][]byte
		for i := range files {
			path := filepath.Join(t.TempDir(), name)
			n, err := OpenNDJSON(path, nil)
			fail(t, err)
			fail(t, n.Emit(someEvent(event.NewBuilder(event.Config{Sensor: "replay"}), 1)))
			fail(t, n.Close())
			files[i] = read(t, path)
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Errorf("%s: two runs differ", name)
		}
	}
}

func TestStandardOutputStaysOpen(t *testing.T) {
	out := &broken{room: 1 << 20}
	n, err := OpenNDJSON("-", out)
	fail(t, err)
	fail(t, n.Emit(someEvent(event.NewBuilder(event.Config{}), 1)))
	fail(t, n.Close())
	if out.closed || out.written == 0 {
		t.Errorf("closed %v, wrote %d octets; want open and some", out.closed, out.written)
	}
}

func TestErrorsNameThePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "e.ndjson")
	if _, err := OpenNDJSON(path, nil); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("open: %v; want not exist, with %s", err, path)
	}
	n := NewNDJSON("full.ndjson", &broken{})
	fail(t, n.Emit(someEvent(event.NewBuilder(event.Config{}), 1)))
	if err := n.Close(); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "full.ndjson") {
		t.Errorf("close: %v; want disk full, with full.ndjson", err)
	}
}

func TestFanoutHandsToAllThoughOneFails(t *testing.T) {
	var first, last Discard
	f := Fanout{&first, failing{}, &last}
	if err := f.Emit(someEvent(event.NewBuilder(event.Config{}), 1)); !errors.Is(err, errFull) {
		t.Errorf("emit: %v; want disk full", err)
	}
	if err := f.Close(); !errors.Is(err, errFull) {
		t.Errorf("close: %v; want disk full", err)
	}
	want := Discard{Events: [event.SetCount]uint64{event.SetSensor: 1}}
	if diff := cmp.Diff([]Discard{want, want}, []Discard{first, last}); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestEmitAllocatesNothing(t *testing.T) {
	n, b := NewNDJSON("discard", io.Discard), event.NewBuilder(event.Config{Sensor: "replay"})
	f, s := Fanout{n, &Discard{}}, &event.Stats{Start: at, End: at, Frames: 1}
	fail(t, f.Emit(b.Stats(s)))
	if got := testing.AllocsPerRun(100, func() { fail(t, f.Emit(b.Stats(s))) }); got != 0 {
		t.Errorf("%v allocations an event, want 0", got)
	}
}

func BenchmarkEmit(b *testing.B) {
	n, w := NewNDJSON("discard", io.Discard), event.NewBuilder(event.Config{Sensor: "replay"})
	e := someEvent(w, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := n.Emit(e); err != nil {
			b.Fatal(err)
		}
	}
}

var errFull = errors.New("disk full")

// broken is a file that takes room octets and then is full.
type broken struct {
	room, written int
	closed        bool
}

func (w *broken) Write(b []byte) (int, error) {
	if len(b) > w.room-w.written {
		return 0, errFull
	}
	w.written += len(b)
	return len(b), nil
}

func (w *broken) Close() error { w.closed = true; return nil }

type failing struct{}

func (failing) Emit(*event.Event) error { return errFull }
func (failing) Close() error            { return errFull }
