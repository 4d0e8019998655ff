package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"popupwatch/sensor/event"
)

// emit gives a writer n events.
func emit(t *testing.T, w *Writer, n int) {
	t.Helper()
	b := event.NewBuilder(event.Config{Sensor: "test"})
	for i := range n {
		if err := w.Emit(b.Stats(&event.Stats{End: time.Unix(int64(i), 0)})); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryEventIsInTheQueueOnceInItsOrder(t *testing.T) {
	for _, waits := range []bool{true, false} {
		s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
		w := NewWriter(s, waits, nil)
		const n = 3*batchDocuments + 17
		emit(t, w, n)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := ids(t, s, "es")
		seen := map[string]bool{}
		for _, id := range got {
			seen[id] = true
		}
		if waits && (len(got) != n || len(seen) != n) {
			t.Errorf("%d events, %d of them different, want %d", len(got), len(seen), n)
		}
		if uint64(len(got))+w.Shed() != n || w.Produced() != n {
			t.Errorf("waits %v: %d in the queue, %d shed, %d produced, want %d", waits, len(got), w.Shed(), w.Produced(), n)
		}
	}
}

func TestFlushReturnsWhenAllStandsInTheStore(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	w := NewWriter(s, true, nil)
	defer w.Close()
	for want := int64(1); want < 20; want++ {
		emit(t, w, 1)
		if err := w.Flush(); err != nil || s.Waiting() != want {
			t.Fatalf("%d wait, %v, want %d", s.Waiting(), err, want)
		}
	}
}

// At the bound: a writer that waits goes on when something is settled, and not before.
func TestAReplayWaitsForRoom(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 100_000)
	w := NewWriter(s, true, nil)
	var done atomic.Bool
	ended := make(chan error, 1)
	go func() {
		b := event.NewBuilder(event.Config{Sensor: "test"})
		for i := range 20_000 {
			if err := w.Emit(b.Stats(&event.Stats{End: time.Unix(int64(i), 0)})); err != nil {
				ended <- err
				return
			}
		}
		done.Store(true)
		ended <- w.Close()
	}()
	for late := time.Now().Add(30 * time.Second); !s.Full() && time.Now().Before(late); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond) // it would go on now
	if done.Load() || !s.Full() || s.octets.Load() > 100_000+batchOctets {
		t.Fatalf("done %v, full %v, %d octets", done.Load(), s.Full(), s.octets.Load())
	}
	total := 0
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		var row Row
		found, err := s.Read(0, &row)
		if err != nil {
			t.Fatal(err)
		}
		if found {
			total += len(row.Documents)
			if err := s.Settle("es", row.Seq, nil); err != nil {
				t.Fatal(err)
			}
		}
		if !found && done.Load() && s.Waiting() == 0 && len(ended) == 1 {
			break
		}
	}
	if err := <-ended; err != nil || total != 20_000 || w.Shed() != 0 {
		t.Errorf("%d delivered, %d shed, %v", total, w.Shed(), err)
	}
}

func TestAReplayThatCannotGoOnSaysSo(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 1)
	put(t, s, batchOf(0, 1))
	w := NewWriter(s, true, nil)
	emit(t, w, 10)
	s.EndWaiting()
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("%v", err)
	}
	if w.Shed() != 10 {
		t.Errorf("%d shed, want 10", w.Shed())
	}
}

// Live: a full queue and a store that cannot be written cost events that are counted, never time.
func TestLiveShedsAndCounts(t *testing.T) {
	for name, spoil := range map[string]func(*Store){
		"full":   func(s *Store) { s.limit = 1 },
		"broken": func(s *Store) { s.conn.Close() },
	} {
		s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
		put(t, s, batchOf(0, 1))
		spoil(s)
		var heard atomic.Int64
		w := NewWriter(s, false, func(error) { heard.Add(1) })
		began := time.Now()
		emit(t, w, 5000)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: emitting took %s", name, took)
		}
		if err := w.Close(); err != nil || w.Shed() != 5000 || heard.Load() == 0 {
			t.Errorf("%s: %v, %d shed, heard %d times", name, err, w.Shed(), heard.Load())
		}
	}
}

// BenchmarkQueue is the way of an event of the real captures through the queue: gathered, packed, written, read, unpacked, settled.
func BenchmarkQueue(b *testing.B) {
	content, err := os.ReadFile("../testdata/real.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
	s, err := Open(filepath.Join(b.TempDir(), "x.db"), 1<<40)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.SetBytes(int64(len(content) / len(lines)))
	var row Row
	batch := new(Batch)
	before := cpu()
	defer func() { b.ReportMetric(float64((cpu()-before).Nanoseconds())/1e3/float64(b.N), "cpu-us/doc") }()
	for n := 0; b.Loop(); n++ {
		batch.Add("logs-popupwatch.message-default", "00000000000000000000000000000000", lines[n%len(lines)])
		if !batch.full() {
			continue
		}
		if err := s.Put(batch); err != nil {
			b.Fatal(err)
		}
		batch.reset()
		if _, err := s.Read(row.Seq, &row); err != nil {
			b.Fatal(err)
		}
		if err := s.Settle("es", row.Seq, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// cpu is what this process has used, user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail for the process itself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
