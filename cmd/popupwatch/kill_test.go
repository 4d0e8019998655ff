package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"popupwatch/sensor/event"
	"popupwatch/sensor/store"
)

// killsWithin are the parts of a replay's time within which one store is killed, one after the other, before a replay comes to its end: the
// later ones meet a store that was recovered, and the last may come while the journal is moved into the file.
var killsWithin = [...]float64{0.4, 0.6, 0.8, 1.2}

// kills is how often the kill test kills, and of how many popups; make test-kill asks for 100 and for a journal that is moved into the file
// on the way.
func kills(t *testing.T) (n int, popups string) {
	t.Helper()
	asked := os.Getenv("KILLS")
	if asked == "" {
		return len(killsWithin), "1500"
	}
	n, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatal(err)
	}
	return n, "20000"
}

// A replay is killed at random moments while it writes its store, and in the end carried out: what anybody could see in the store before a kill
// is there after it, nothing in it is broken or half there, and in the end each event is there once.
func TestAKillAtAnyMomentLeavesAStoreThatHoldsWhatItShowed(t *testing.T) {
	n, popups := kills(t)
	dir := t.TempDir()
	capture := filepath.Join(dir, "spam.pcap")
	if out, err := exec.Command(compile(t, dir, "gen"), "spam", popups, "7", capture).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := sortedLines(command(t, "replay", "--summary", "none", "--events", "-", capture))
	path := filepath.Join(dir, "alone.db")
	args := []string{"replay", "--summary", "none", "--quiet", "--store", path, capture}
	began := time.Now()
	command(t, args...)
	alone := time.Since(began)
	var sum killed
	for i := range n {
		nth := i % len(killsWithin)
		if nth == 0 {
			path = filepath.Join(dir, strconv.Itoa(i)+".db")
			args[5] = path
		}
		sum.add(killReplay(t, args, path, time.Duration(rand.Float64()*killsWithin[nth]*float64(alone))), uint64(len(want)))
		if nth == len(killsWithin)-1 || i == n-1 {
			command(t, args...)
			holdsEachOnce(t, path, want)
			removeStore(t, path)
		}
	}
	t.Logf("%d kills of a replay of %d events that takes %s: %+v", n, len(want), alone.Round(time.Millisecond), sum)
}

// killed says what kills met.
type killed struct {
	Before, Midway, Complete int // nothing was in the store yet; a part; all, the journal being moved into the file or the process gone
	Journals                 int // that a kill left behind
}

func (k *killed) add(one view, all uint64) {
	switch one.events {
	case 0:
		k.Before++
	case all:
		k.Complete++
	default:
		k.Midway++
	}
	if one.journal {
		k.Journals++
	}
}

// killReplay kills a replay after a while, and holds what its store shows then against what it showed before.
func killReplay(t *testing.T, args []string, path string, after time.Duration) view {
	t.Helper()
	run := exec.Command(program(t), args...)
	run.Dir = t.TempDir()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	before := watchStore(path, time.Now().Add(after))
	run.Process.Kill()
	run.Wait() // it was killed, or was done before
	_, err := os.Stat(path + "-wal")
	journal := err == nil
	s, err := store.Open(path, 0)
	if err != nil {
		t.Fatalf("after a kill at %s: %v", after, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := openRaw(t, path, "rw")
	defer db.Close() // it wrote nothing
	isWhole(t, db)
	var still uint64
	if err := db.QueryRow("SELECT COUNT(*) FROM event WHERE seq <= ?", before.last).Scan(&still); err != nil || still != before.events {
		t.Errorf("a kill at %s: of %d events that were seen %d are there, %v", after, before.events, still, err)
	}
	now, err := look(db)
	if err != nil || now.queued < before.queued {
		t.Errorf("a kill at %s: of %d events in the queue %d are there, %v", after, before.queued, now.queued, err)
	}
	now.journal = journal
	return now
}

// view is what somebody beside sees of a store in one moment.
type view struct {
	events, queued uint64
	last           int64
	journal        bool
}

func look(db *sql.DB) (v view, err error) {
	err = db.QueryRow("SELECT (SELECT COUNT(*) FROM event), (SELECT COALESCE(MAX(seq), 0) FROM event), (SELECT COALESCE(SUM(documents), 0) FROM batch)").
		Scan(&v.events, &v.last, &v.queued)
	return v, err
}

// watchStore looks at a store again and again until a moment, and gives what it saw last. The store may not be there yet.
func watchStore(path string, until time.Time) (seen view) {
	for time.Now().Before(until) {
		if db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=query_only(1)"); err == nil {
			for err == nil && time.Now().Before(until) {
				var v view
				if v, err = look(db); err == nil {
					seen = v
				}
				time.Sleep(time.Millisecond)
			}
			db.Close() // it only looked
		}
		time.Sleep(time.Millisecond)
	}
	return seen
}

func openRaw(t *testing.T, path, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode="+mode)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// isWhole checks the file, its full-text index, and that all counts agree with the rows that they count.
func isWhole(t *testing.T, db *sql.DB) {
	t.Helper()
	var said string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&said); err != nil || said != "ok" {
		t.Errorf("integrity_check: %s, %v", said, err)
	}
	if _, err := db.Exec("INSERT INTO wording_words (wording_words, rank) VALUES ('integrity-check', 1)"); err != nil {
		t.Errorf("the full-text index: %v", err)
	}
	for _, sums := range [][2]string{
		{"SELECT COUNT(*) FROM event", "SELECT TOTAL(n) FROM counter WHERE name LIKE 'event.%'"},
		{"SELECT COUNT(*) FROM event", "SELECT TOTAL(events) FROM block"},
		{"SELECT COUNT(*) FROM event", "SELECT TOTAL(LENGTH(ids)) / 16 FROM ident"},
		{"SELECT COUNT(*) FROM event", "SELECT COUNT(*) FROM event e JOIN block b ON b.seq = e.seq >> 8 WHERE (e.seq & 255) < b.events"},
		{"SELECT TOTAL(documents) FROM batch", "SELECT TOTAL(n) FROM counter WHERE name LIKE 'event.%' OR name = 'duplicate'"},
		{"SELECT COUNT(*) FROM popup", "SELECT TOTAL(n) FROM counter WHERE name = 'event.message'"},
		{"SELECT COUNT(*) FROM popup", "SELECT TOTAL(popups) FROM wording"},
		{"SELECT COUNT(*) FROM popup WHERE target IS NOT NULL", "SELECT TOTAL(popups) FROM target"},
		{"SELECT 3 * TOTAL(count) FROM popup", "SELECT TOTAL(count) FROM tally WHERE campaign = 0"},
		{"SELECT 3 * TOTAL(count) FROM popup", "SELECT TOTAL(count) FROM tally WHERE campaign > 0"},
		{"SELECT COUNT(*) FROM claim", "SELECT TOTAL(claims) FROM source"},
		{"SELECT TOTAL(messages) FROM claim", "SELECT TOTAL(messages) FROM source"},
		{"SELECT TOTAL(messages) FROM part", "SELECT TOTAL(messages) FROM campaign"},
	} {
		var a, b float64
		if err := db.QueryRow("SELECT ("+sums[0]+"), ("+sums[1]+")").Scan(&a, &b); err != nil || a != b {
			t.Errorf("%s: %.0f; %s: %.0f; %v", sums[0], a, sums[1], b, err)
		}
	}
}

// holdsEachOnce says whether a store holds the documents that the same replay writes to a file, octet by octet, and nothing else.
func holdsEachOnce(t *testing.T, path string, want []string) {
	t.Helper()
	db := openRaw(t, path, "rw")
	isWhole(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	looks, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer looks.Close() // it only looked
	var got []string
	for set := range event.SetCount {
		err := looks.Each(t.Context(), event.Set(set), store.Filter{}, func(line json.RawMessage) error {
			got = append(got, string(line))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the store holds %d documents, %d different, want the %d of a replay into a file", len(got), len(slices.Compact(slices.Clone(got))), len(want))
	}
}

// sortedLines divides text into its lines, in the order of their octets.
func sortedLines(text []byte) (list []string) {
	for line := range bytes.Lines(text) {
		list = append(list, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	slices.Sort(list)
	return list
}

func removeStore(t *testing.T, path string) {
	t.Helper()
	for _, tail := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(path + tail); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}
