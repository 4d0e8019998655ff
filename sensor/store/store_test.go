package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// batchOf makes a batch of the documents from..from+n-1.
func batchOf(from, n int) *Batch {
	b := new(Batch)
	for i := from; i < from+n; i++ {
		b.Add("logs-test-default", fmt.Sprintf("id-%d", i), aDocument(i))
	}
	return b
}

func aDocument(i int) []byte { return fmt.Appendf(nil, `{"event":{"id":"id-%d"},"n":%d}`, i, i) }

func opened(t testing.TB, path string, limit int64) *Store {
	t.Helper()
	s, err := Open(path, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *Store, b *Batch) {
	t.Helper()
	if err := s.Put(b); err != nil {
		t.Fatal(err)
	}
}

// ids reads all that an output has not had.
func ids(t *testing.T, s *Store, output string) (ids []string) {
	t.Helper()
	seq, err := s.Cursor(output)
	if err != nil {
		t.Fatal(err)
	}
	var row Row
	for {
		found, err := s.Read(seq, &row)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			return ids
		}
		for _, d := range row.Documents {
			ids = append(ids, d.ID)
		}
		seq = row.Seq
	}
}

func TestWhatIsPutIsReadInItsOrderOverARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path, 0)
	put(t, s, batchOf(0, 3))
	put(t, s, batchOf(3, 2))
	var row Row
	if found, err := s.Read(0, &row); !found || err != nil {
		t.Fatal(found, err)
	}
	want := Document{"logs-test-default", "id-1", aDocument(1)}
	if diff := cmp.Diff(want, row.Documents[1]); diff != "" {
		t.Error(diff)
	}
	if err := s.Settle("es", row.Seq, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, path, 0)
	if again.Carried() != 2 || again.Waiting() != 2 {
		t.Errorf("carried %d, waiting %d, want 2 and 2", again.Carried(), again.Waiting())
	}
	if diff := cmp.Diff([]string{"id-3", "id-4"}, ids(t, again, "es")); diff != "" {
		t.Error(diff)
	}
	select {
	case <-again.Arrived():
	default:
		t.Error("nobody is told of what waits from before")
	}
}

func TestARowStaysUntilEveryOutputHasHadIt(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	put(t, s, batchOf(0, 1))
	for _, output := range []string{"a", "b"} {
		if err := s.Settle(output, 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Settle("a", 1, nil); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s, "b"); len(got) != 1 || s.Waiting() != 1 {
		t.Fatalf("b is to have %v; %d wait", got, s.Waiting())
	}
	if err := s.Settle("b", 1, nil); err != nil {
		t.Fatal(err)
	}
	if s.Waiting() != 0 || s.octets.Load() != 0 {
		t.Errorf("%d documents, %d octets are left", s.Waiting(), s.octets.Load())
	}
}

func TestADamagedRowSaysHowMuchItHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path, 0)
	put(t, s, batchOf(0, 7))
	put(t, s, batchOf(7, 1))
	_, err := s.conn.ExecContext(t.Context(), "UPDATE batch SET body = substr(body, 1, length(body) - 1) || x'00' WHERE seq = 1")
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	s = opened(t, path, 0) // what was just written is remembered until then
	var row Row
	if found, err := s.Read(0, &row); !found || err != nil || row.Damaged != 7 || len(row.Documents) != 0 {
		t.Errorf("found %v, %v, damaged %d, documents %d", found, err, row.Damaged, len(row.Documents))
	}
	if err := errors.Join(s.KeepDamaged(1), s.Settle("es", 1, nil)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Stats(); err != nil || got.Damaged != 7 || got.Documents != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Every cut and every bit of a packed row gives the row or errDamaged.
func TestNoPackedRowIsBelievedThatIsNotWhatWasWritten(t *testing.T) {
	b := batchOf(0, 4)
	body := pack(nil, b)
	sum := checkSum(body)
	for i := range len(body) * 8 {
		flipped := bytes.Clone(body)
		flipped[i/8] ^= 1 << (i % 8)
		if _, err := unpack(nil, flipped, sum); !errors.Is(err, errDamaged) {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
	for i := range b.raw { // behind the check sum: lengths that lie
		n := 0
		for _, err := range documents(b.raw[:i]) {
			if err == nil {
				n++
			}
		}
		if n >= 4 {
			t.Fatalf("%d documents of %d octets", n, i)
		}
	}
}

func TestDeadLettersAreKeptRevivedAndForgotten(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	put(t, s, batchOf(0, 2))
	dead := []Dead{{Document: Document{"logs-test-default", "id-0", aDocument(0)}, Status: 400, Type: "parse", Reason: "no date"}}
	if err := s.Settle("es", 1, dead); err != nil {
		t.Fatal(err)
	}
	if got := s.octets.Load(); got != int64(len(aDocument(0))) {
		t.Errorf("%d octets count, want those of the letter", got)
	}
	read := func() (all []Dead) {
		if err := s.DeadLetters(func(d *Dead) error { all = append(all, *d); return nil }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	want := dead[0]
	want.Output = "es"
	if diff := cmp.Diff([]Dead{want}, read(), cmpopts.IgnoreFields(Dead{}, "At"), cmpopts.IgnoreUnexported(Dead{})); diff != "" {
		t.Error(diff)
	}
	if n, err := s.Revive(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got := ids(t, s, "es"); len(got) != 1 || got[0] != "id-0" || len(read()) != 0 {
		t.Errorf("after reviving the queue holds %v, the letters %v", got, read())
	}
}

func TestAStoreHasOneOwnerAndReadersBesides(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path, 0)
	put(t, s, batchOf(0, 5))
	if _, err := Open(path, 0); !errors.Is(err, ErrInUse) {
		t.Errorf("a second owner: %v", err)
	}
	r, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := r.Stats(); err != nil || got.Documents != 5 || got.Batches != 1 || got.Oldest.After(time.Now()) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := r.Put(batchOf(0, 1)); err == nil {
		t.Error("a reader may write")
	}
}

func TestWhatIsNoStoreIsNamedAndCanBeSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	for name, content := range map[string]string{"text": strings.Repeat("no database ", 1000), "short": "SQLite format 3\x00 and no more, but this"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, 0); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	aside, err := SetAside(path, time.Unix(0, 0))
	if err != nil || !strings.HasSuffix(aside, ".damaged-19700101T000000Z") {
		t.Fatal(aside, err)
	}
	put(t, opened(t, path, 0), batchOf(0, 1))
}

func TestAStoreOfANewerVersionIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path, 0)
	if _, err := s.conn.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(path, 0); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Error(err)
	}
}

func TestATemporaryStoreLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenTemporary(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 50 {
		put(t, s, batchOf(i*100, 100))
	}
	if err := s.Settle("es", 10, nil); err != nil {
		t.Fatal(err)
	}
	if got := len(ids(t, s, "es")); got != 4000 {
		t.Errorf("%d documents, want 4000", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left in the folder, %v", left, err)
	}
}
