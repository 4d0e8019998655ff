package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func drafts(t *testing.T, s *Store) (ids []string) {
	t.Helper()
	err := s.Drafts(func(d Draft) error {
		ids = append(ids, d.ID+"="+string(d.Document))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func draft(id, source string, second int64, text string) Draft {
	return Draft{ID: id, Source: source, Campaign: "cmp1-a", At: time.Unix(second, 0), Document: []byte(text), Hash: "h"}
}

func TestTheLaterDraftOfAClaimTakesThePlaceOfTheEarlierOne(t *testing.T) {
	for _, waits := range []bool{true, false} {
		s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
		w := NewWriter(s, waits, nil)
		for _, d := range []Draft{draft("b", "192.0.2.1", 2, "one"), draft("a", "192.0.2.2", 3, "two"), draft("b", "192.0.2.1", 4, "three")} {
			w.KeepDraft(d)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := drafts(t, s), []string{"a=two", "b=three"}; !slices.Equal(got, want) || w.DraftsUnkept() != 0 {
			t.Errorf("waits %v: %q, want %q; %d not kept", waits, got, want, w.DraftsUnkept())
		}
	}
}

func TestAWithdrawnDraftIsGone(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	w := NewWriter(s, false, nil)
	for i := range int64(4) {
		w.KeepDraft(draft(fmt.Sprint(i), "192.0.2.1", i, "x"))
	}
	w.KeepDraft(draft("other", "192.0.2.9", 3, "x"))
	w.WithdrawDraft("0")
	w.WithdrawSource("192.0.2.1", time.Unix(2, 0))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := drafts(t, s), []string{"1=x", "other=x"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheOldestDraftsGoFirst(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
	err := s.within(func(tx *sql.Tx) error {
		for i := range int64(maxDrafts + 1) {
			if _, err := tx.Exec("INSERT INTO draft VALUES (?, 's', 'c', ?, 'd', 'h')", fmt.Sprint(i), i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d := draft("new", "192.0.2.1", 1e6, "x")
	if err := s.changeDrafts([]draftOrder{{keep: &d}}); err != nil {
		t.Fatal(err)
	}
	got := drafts(t, s)
	if len(got) != maxDrafts || got[0] != "2=d" || got[len(got)-1] != "new=x" {
		t.Errorf("%d drafts from %s to %s", len(got), got[0], got[len(got)-1])
	}
}

func TestAStoreOfTheFirstVersionIsReadAndBroughtOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	putOld(t, path, 1, batchOf(0, 3))
	reader, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := drafts(t, reader); len(got) != 0 {
		t.Errorf("%q in a store of before there were drafts", got)
	}
	reader.Close()
	s := opened(t, path, 0)
	if got := drafts(t, s); len(got) != 0 || s.Waiting() != 3 {
		t.Errorf("%q, and %d documents wait, want 3", got, s.Waiting())
	}
}

// putOld makes a store as an earlier version did, with a batch in its queue.
func putOld(t *testing.T, path string, of int, b *Batch) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, step := range append(slices.Clone(migrations[:of]), fmt.Sprintf("PRAGMA user_version = %d", of)) {
		if _, err := db.Exec(step); err != nil {
			t.Fatal(err)
		}
	}
	body := pack(nil, b)
	_, err = db.Exec("INSERT INTO batch (arrived, documents, octets, sum, body) VALUES (1, ?, ?, ?, ?)", b.documents, len(b.raw), checkSum(body), body)
	if err != nil {
		t.Fatal(err)
	}
}
