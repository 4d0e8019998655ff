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
