package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"popupwatch/sensor/capture/veth"
	"popupwatch/sensor/store"
)

// withLetters makes a store with one dead letter and one document that waits.
func withLetters(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.db")
	s, err := store.Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var b store.Batch
		b.Add("logs-popupwatch.message-default", "one", []byte(`{"event":{}}`))
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
	dead := []store.Dead{{Document: store.Document{Stream: "logs-popupwatch.message-default", ID: "one", JSON: []byte(`{"event":{}}`)}, Status: 400, Type: "t", Reason: "esc\x1b[31m"}}
	if err := s.Settle("elasticsearch", 1, dead); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// letters says how many dead letters a store has.
func letters(t *testing.T, path string) int64 {
	t.Helper()
	s, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return stats.Dead
}

func TestDeadLettersAreDeletedWhenTheyWerePrintedAndNotBefore(t *testing.T) {
	path := withLetters(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("needs /dev/full: %v", err)
	default:
		t.Skipf("needs /dev/full: %v", err)
	}
	defer full.Close()
	if status := run([]string{"queue", "deadletter", "--discard", "--store", path}, stdio{strings.NewReader(""), full, os.Stderr}); status != exitFailed || letters(t, path) != 1 {
		t.Errorf("to a full device: status %d, %d letters are left", status, letters(t, path))
	}
	t.Setenv("POPUPWATCH_QUEUE_LIMIT", "1")
	if _, status := try(t, "queue", "deadletter", "--discard", "--store", path); status != exitUsage || letters(t, path) != 1 {
		t.Errorf("wrong usage: status %d, %d letters are left", status, letters(t, path))
	}
	t.Setenv("POPUPWATCH_QUEUE_LIMIT", "1048576")
	said, status := try(t, "queue", "deadletter", "--store", path)
	if status != exitOK || !strings.Contains(said, `"status":400`) || strings.Contains(said, "\x1b") {
		t.Errorf("status %d, it says %q", status, said)
	}
	if said, status := try(t, "queue", "deadletter", "--discard", "--store", path); status != exitOK || !strings.Contains(said, `"id":"one"`) || letters(t, path) != 0 {
		t.Errorf("status %d, %d letters are left, it says %s", status, letters(t, path), said)
	}
}

func TestDeadLettersGoBackIntoTheQueue(t *testing.T) {
	path := withLetters(t)
	if said, status := try(t, "queue", "deadletter", "--retry", "--store", path); status != exitOK || !strings.Contains(said, "1 document again") {
		t.Errorf("status %d: %s", status, said)
	}
	if said, status := try(t, "queue", "stats", "--store", path); status != exitOK || !strings.Contains(said, "2 documents") || letters(t, path) != 0 {
		t.Errorf("status %d: %s", status, said)
	}
	for _, verb := range [][]string{{"stats"}, {"drain", "--elasticsearch", "http://127.0.0.1:1"}, {"deadletter", "--retry"}} {
		absent := filepath.Join(t.TempDir(), "no.db")
		if said, status := try(t, append(append([]string{"queue"}, verb...), "--store", absent)...); status != exitFailed || !strings.Contains(said, "no such file") {
			t.Errorf("%v of no store: status %d, %s", verb, status, said)
		}
	}
}

func TestAStoreInUseIsSaidByWhoeverWantsItToo(t *testing.T) {
	raiseLoopback(t)
	_, b := veth.Pair(t)
	path := filepath.Join(t.TempDir(), "x.db")
	p := startLive(t, program(t), "-i", b, "--user", "root", "--store", path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if said, status := try(t, "live", "-i", b, "--user", "root", "--listen", "none", "--store", name); status != exitFailed || !strings.Contains(said, "another popupwatch uses this store") {
			t.Errorf("status %d: %s", status, said)
		}
		if said, status := try(t, "queue", "drain", "--elasticsearch", "http://127.0.0.1:1", "--store", name); status != exitFailed || !strings.Contains(said, "another popupwatch uses this store") {
			t.Errorf("drain: status %d: %s", status, said)
		}
	}
	p.end(syscall.SIGTERM)
}

func TestWhatIsLostWithATemporaryQueueIsAFailure(t *testing.T) {
	raiseLoopback(t)
	a, b := veth.Pair(t)
	p := startLive(t, program(t), "-i", b, "--user", "root", "--elasticsearch", "http://127.0.0.1:1")
	sendAll(t, a, popups(t))
	p.logged("events wait in the queue")
	if status := p.end(syscall.SIGTERM); status != exitFailed {
		t.Errorf("status %d although events are lost", status)
	}
	if said, status := try(t, "replay", "--watch", "--state", "s", "--elasticsearch", "http://127.0.0.1:1", t.TempDir()); status != exitUsage || !strings.Contains(said, "--store") {
		t.Errorf("--watch with --state and no --store: status %d: %s", status, said)
	}
}

// Without a store nothing is writable on its account: the link of no name leads to where one stands.
func TestWithoutAStoreNoFolderIsWritableForOne(t *testing.T) {
	s := newSettings(commandLive)
	if got := s.confinement(nil).writable; len(got) != 0 {
		t.Errorf("writable are %q", got)
	}
	s.elastic.store = filepath.Join(t.TempDir(), "x.db")
	if got := s.confinement(nil).writable; !slices.Contains(got, filepath.Dir(s.elastic.store)) {
		t.Errorf("with a store %q are writable", got)
	}
}
