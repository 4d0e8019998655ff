package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"popupwatch/sensor/capture/veth"
	"popupwatch/sensor/store"
)

// smallDisk is a file system of so many KiB, and a way to mount it anew with other options.
func smallDisk(t *testing.T, kib int) (dir string, remount func(flags uintptr, kib int)) {
	t.Helper()
	dir = t.TempDir()
	size := func(kib int) string { return fmt.Sprintf("size=%dk", kib) }
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, size(kib)); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs root: a file system of its own (CI=true: not skipped)")
		}
		t.Skip("needs root: a file system of its own")
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, func(flags uintptr, kib int) {
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|flags, size(kib)); err != nil {
			t.Fatal(err)
		}
	}
}

// generated is a capture of so many popups, and their events.
func generated(t *testing.T, popups string) (path string, events []byte) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "spam.pcap")
	if out, err := exec.Command(compile(t, dir, "gen"), "spam", popups, "7", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path, command(t, "replay", "--summary", "none", "--events", "-", path)
}

// A full disk costs the store its events, and nothing else: the run goes on, says how many, and a second replay adds them.
func TestAFullDiskIsSaidAndCostsTheStoreAlone(t *testing.T) {
	path, want := generated(t, "3000")
	disk, remount := smallDisk(t, 2000)
	x, events := filepath.Join(disk, "x.db"), filepath.Join(t.TempDir(), "e.ndjson")
	var out, said bytes.Buffer
	status := run([]string{"replay", "--summary", "json", "--store", x, "--events", events, path}, stdio{strings.NewReader(""), &out, &said})
	if status != exitFailed || !strings.Contains(said.String(), "found no place in the store: write to the store "+x) || !strings.Contains(said.String(), "make room for it") {
		t.Errorf("status %d, it said %s", status, said.String())
	}
	if got, err := os.ReadFile(events); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d octets of events, want %d, %v", len(got), len(want), err)
	}
	var summary jsonSummary
	if err := json.Unmarshal(out.Bytes(), &summary); err != nil {
		t.Fatal(err)
	}
	if d := summary.Delivery; d.Shed == 0 || d.Queued+d.Shed != d.Produced || d.Produced != uint64(bytes.Count(want, []byte("\n"))) {
		t.Errorf("%+v of %d events", d, bytes.Count(want, []byte("\n")))
	}
	remount(0, 64<<10)
	command(t, "replay", "--summary", "none", "--store", x, path)
	holdsEachOnce(t, x, sortedLines(want))
}

// realCaptures is the folder of the real captures.
func realCaptures(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(repository, "testdata", "captures"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// asked asks a console, and gives its answer.
func asked(t *testing.T, client *http.Client, address, token string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

// startConsole starts popupwatch console and gives its address.
func startConsole(t *testing.T, args ...string) string {
	t.Helper()
	raiseLoopback(t)
	run := exec.Command(program(t), append([]string{"console", "--listen", "127.0.0.1:0"}, args...)...)
	run.Dir = t.TempDir()
	said, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Kill()
		run.Wait() // it was killed
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	_, rest, ok := strings.Cut(line, "The console is at ")
	address, _, _ := strings.Cut(rest, " ")
	if !ok {
		t.Fatalf("it said %q, %v", line, err)
	}
	return address
}

// A store that cannot be written can be looked at, and is no place for a replay.
func TestAStoreThatCannotBeWrittenCanBeLookedAt(t *testing.T) {
	disk, remount := smallDisk(t, 64<<10)
	x, captures := filepath.Join(disk, "x.db"), realCaptures(t)
	command(t, "replay", "--summary", "none", "--store", x, captures)
	for name, content := range map[string]string{"y.db": "never read", "y.db-wal": "a journal"} {
		if err := os.WriteFile(filepath.Join(disk, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY, 64<<10)
	if status, body := asked(t, http.DefaultClient, startConsole(t, "--store", x)+"api/v1/overview", ""); status != 200 || !strings.Contains(body, `"messages":34`) {
		t.Errorf("%d: %s", status, body)
	}
	var out, said bytes.Buffer
	if status := run([]string{"replay", "--store", x, captures}, stdio{strings.NewReader(""), &out, &said}); status != exitFailed || !strings.Contains(said.String(), x) || !strings.Contains(said.String(), "read-only") {
		t.Errorf("status %d, it said %s", status, said.String())
	}
	if looks, err := store.OpenReader(filepath.Join(disk, "y.db")); err == nil || !strings.Contains(err.Error(), "copy it with its -wal") {
		t.Error(looks, err)
	}
}

// Of a store whose pages are broken the console says so, where it meets them; a replay into it says so, and reads all the same.
func TestBrokenPagesAreNamedAndStopNothing(t *testing.T) {
	path, _ := generated(t, "2000")
	x, events := filepath.Join(t.TempDir(), "x.db"), filepath.Join(t.TempDir(), "e.ndjson")
	command(t, "replay", "--summary", "none", "--store", x, path)
	breakPages(t, x)
	address := startConsole(t, "--store", x)
	broken, whole := 0, 0
	for _, question := range []string{"overview", "campaigns", "sources", "messages?limit=500", "findings", "sensor", "messages?limit=500&q=text:the", "export?set=messages&format=ndjson"} {
		switch status, body := asked(t, http.DefaultClient, address+"api/v1/"+question, ""); {
		case status == 500 && strings.Contains(body, "damaged"):
			broken++
		case status == 200:
			whole++
		default:
			t.Errorf("%s: %d %.300s", question, status, body)
		}
	}
	if status, _ := asked(t, http.DefaultClient, address, ""); status != 200 || broken == 0 {
		t.Errorf("the page: %d; %d questions are broken, %d are answered", status, broken, whole)
	}
	var out, said bytes.Buffer
	want := command(t, "replay", "--summary", "none", "--events", "-", realCaptures(t))
	status := run([]string{"replay", "--store", x, "--events", events, realCaptures(t)}, stdio{strings.NewReader(""), &out, &said})
	if status != exitFailed || !strings.Contains(said.String(), "damaged") {
		t.Errorf("status %d, it said %s", status, said.String())
	}
	if got, err := os.ReadFile(events); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d octets of events, want %d, %v", len(got), len(want), err)
	}
}

// breakPages overwrites every page of the kept popups, but for none of the queue's.
func breakPages(t *testing.T, path string) {
	t.Helper()
	db := openRaw(t, path, "rw")
	defer db.Close() // it only looked
	rows, err := db.Query("SELECT pageno, (SELECT page_size FROM pragma_page_size) FROM dbstat WHERE name LIKE 'popup%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pages := 0
	for rows.Next() {
		var number, size int64
		if err := rows.Scan(&number, &size); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, int(size)), (number-1)*size); err != nil {
			t.Fatal(err)
		}
		pages++
	}
	if pages < 10 {
		t.Fatalf("%d pages, %v", pages, rows.Err())
	}
}

// live shows what it captures, while it captures, and goes on where its store's disk is full.
func TestLiveShowsWhatItCapturesAndOutlivesAFullDisk(t *testing.T) {
	disk, _ := smallDisk(t, 2000)
	a, b := veth.Pair(t)
	p := startLive(t, program(t), "-i", b, "--user", "root", "--events", "-", "--rollup", "0", "--store", filepath.Join(disk, "x.db"), "--console", "--stats-interval", "1s")
	stream := liveStream(t)
	sendAll(t, a, popups(t))
	p.event("popup", isAction("messenger_popup"))
	if line, err := stream.ReadString('\n'); err != nil || !strings.Contains(line, "event: message") && !strings.Contains(line, "id: ") {
		t.Errorf("the live stream gives %q, %v", line, err)
	}
	eventually(t, "/api/v1/messages", func(status int, body string) bool {
		return status == 200 && strings.Contains(body, `"action":"messenger_popup"`)
	})
	if err := os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "filler"))
	for range 300 {
		sendAll(t, a, popups(t))
	}
	p.logged("events find no place")
	sendAll(t, a, popups(t))
	p.event("popup behind the full disk", isAction("messenger_popup"))
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	p.logged("stopped") // when a thousand events are written, which takes a loaded machine, looking for races, some seconds
	if status := p.wait(); status != 0 && status != exitFailed {
		t.Errorf("status %d", status)
	}
	s, err := store.Open(filepath.Join(disk, "x.db"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// fill writes to a file until its file system is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

// liveStream is the stream of the console of live, behind its first comment.
func liveStream(t *testing.T) *bufio.Reader {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:9877/api/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	r := bufio.NewReader(answer.Body)
	for {
		b, err := r.Peek(1)
		if err != nil || b[0] != ':' && b[0] != '\n' {
			return r
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if r.Buffered() == 0 {
			return r
		}
	}
}
