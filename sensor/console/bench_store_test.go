package console

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/page"

	"popupwatch/sensor/store"
)

// everyday is how many popups are simulated: with campaigns, sources, findings and the sensor's counts they are a little over a million events.
const everyday = "470000"

// tablesVersion is the version of the tables that this store makes (PRAGMA user_version, https://www.sqlite.org/fileformat2.html 1.3).
func tablesVersion(t *testing.T) uint32 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "empty.db")
	s, err := store.Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil || len(file) < 64 {
		t.Fatalf("%d octets, %v", len(file), err)
	}
	return binary.BigEndian.Uint32(file[60:])
}

// bigStore is a store of a million simulated events. It is made once for a version of the tables, which takes some minutes, and stays.
func bigStore(t *testing.T, program string) string {
	t.Helper()
	folder := os.Getenv("BENCH_CACHE")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "popupwatch-bench-console")
	}
	path := filepath.Join(folder, fmt.Sprintf("everyday-%s-v%d.db", everyday, tablesVersion(t)))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	t.Logf("making %s, which takes some minutes and 2.5 GB for a while", path)
	work := filepath.Join(folder, "making")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work) // what is left of it is made anew
	for _, args := range [][]string{
		{"simulate", "--scenario", "everyday", "--size", everyday, "--out", "big.pcap", "--truth", "big.jsonl"},
		{"replay", "--summary", "none", "--home", "146.97.0.0/16", "--store", "big.db", "big.pcap"},
	} {
		command := exec.Command(program, args...)
		command.Dir = work
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	if err := os.Rename(filepath.Join(work, "big.db"), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts the console on two cores, and waits until it says where it is.
func (s *served1M) start(t *testing.T) {
	t.Helper()
	command := exec.Command(s.program, "console", "--store", s.store, "--listen", "127.0.0.1:0")
	command.Env = append(os.Environ(), "GOMAXPROCS=2")
	said, err := command.StderrPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	at := strings.Index(line, "http://")
	if err != nil || at < 0 {
		t.Fatalf("the console says %q, %v", line, err)
	}
	s.origin = strings.TrimSuffix(strings.Fields(line[at:])[0], "/")
	s.stop = func() {
		command.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, said)
		command.Wait()
		s.stop = func() {}
	}
}

// forget takes a file out of the system's memory, so that it is read from the disk again.
func forget(t *testing.T, path string) {
	t.Helper()
	if out, err := exec.Command("dd", "if="+path, "iflag=nocache", "count=0").CombinedOutput(); err != nil {
		t.Fatalf("dd: %v\n%s", err, out)
	}
}

// addWatch has each page noted when it has its answers.
func addWatch(ctx context.Context) error {
	_, err := page.AddScriptToEvaluateOnNewDocument(watch).Do(ctx)
	return err
}

// grouped writes a number with commas between its thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
