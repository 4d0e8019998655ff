package store

import (
	"os"
	"path/filepath"
	"testing"
)

// Whoever copies a store that nobody has open copies one file, and has all of it.
func TestAStoreThatIsClosedIsOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path, 0)
	keepLines(t, s, realLines(t), 7)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tail := range []string{"-wal", "-shm"} {
		if info, err := os.Stat(path + tail); err == nil {
			t.Errorf("%s is left, %d octets", info.Name(), info.Size())
		}
	}
}

// Who closes a store while another goroutine still writes takes nothing from under it: the writes before are whole, those after are refused.
func TestAStoreIsClosedBesideWhoWrites(t *testing.T) {
	lines := realLines(t)
	for range 20 {
		s := opened(t, filepath.Join(t.TempDir(), "x.db"), 0)
		began, refused := make(chan bool), make(chan error, 1)
		go func() {
			close(began)
			for {
				b := new(Batch)
				b.Add("logs-x-default", "id", lines[0])
				if err := s.Put(b); err != nil {
					refused <- err
					return
				}
			}
		}()
		<-began
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-refused
	}
}
