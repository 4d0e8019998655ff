package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// watchDir starts `popupwatch replay --watch` on a directory.
func watchDir(t *testing.T, dir, events, state string) *process {
	t.Helper()
	p := &process{t: t, done: make(chan error, 1)}
	p.cmd = exec.Command(program(t), "replay", "--watch", "--sensor", "telescope", "--events", events, "--state", state, "--summary", "none", dir)
	p.cmd.Dir = t.TempDir()
	said, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.log = lines(said)
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// rotation gives captures with popups in order of their first frames, under names of one series.
func rotation(t *testing.T) (names []string, content [][]byte) {
	t.Helper()
	for i, name := range []string{"messenger", "FTPv6-1", "SkypeIRC", "packet_capture", "aol", "startmenu_Dameware"} {
		b, err := os.ReadFile(filepath.Join(repository, "testdata/captures/wireshark-wiki_"+name+".pcap"))
		if err != nil {
			t.Fatal(err)
		}
		names, content = append(names, fmt.Sprintf("x-%d.pcap", i)), append(content, b)
	}
	return names, content
}

// popupLines gives the message documents of an events file.
func popupLines(t *testing.T, path string) (out []string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %.80q", err, line)
		}
		if actionOf(e) == "messenger_popup" {
			out = append(out, line)
		}
	}
	return out
}

func TestAWatchedDirectoryGivesTheEventsOfAReplayOverRestarts(t *testing.T) {
	dir, work := t.TempDir(), t.TempDir()
	events, state := filepath.Join(work, "events.ndjson"), filepath.Join(work, "state")
	names, content := rotation(t)
	put := func(i int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, names[i]+".part"), content[i], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(i int) {
		t.Helper()
		if err := os.Rename(filepath.Join(dir, names[i]+".part"), filepath.Join(dir, names[i])); err != nil {
			t.Fatal(err)
		}
	}
	for i := range names {
		put(i)
		p := watchDir(t, dir, events, state)
		p.logged("watching") // the file was seen under its first name
		finish(i)
		p.logged("read " + filepath.Join(dir, names[i]))
		if status := p.end(syscall.SIGTERM); status != 0 {
			t.Fatalf("status %d", status)
		}
	}
	plain := filepath.Join(work, "plain.ndjson")
	if out, err := exec.Command(program(t), "replay", "--sensor", "telescope", "--events", plain, "--summary", "none", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, got := popupLines(t, plain), popupLines(t, events)
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("%d popups; of a replay and of the watched directory (-want +got):\n%s", len(got), diff)
	}
}
