//go:build timing

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A million popups from random sources with random texts, none like another: every bound is reached, and the process stays below 512 MB,
// counts every popup and says what it had to give up.
func TestCostFloodStaysWithin512MB(t *testing.T) {
	const popups = "1000000"
	folder := build(t)
	flood, cpcap := compile(t, folder, "flood"), compile(t, folder, "cpcap", "-lpcap")

	read := exec.Command(cpcap, "-", "udp and (dst port 135 or dst portrange 1026-1028)")
	pipe(t, exec.Command(flood, popups, "1"), read)
	replay := exec.Command(filepath.Join(folder, "bin/popupwatch"), "replay", "--events", "/dev/null", "--summary", "json", "-")
	said := pipe(t, exec.Command(flood, popups, "1"), replay)

	peak := replay.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024 / 1e6 // Linux says KiB
	t.Logf("peak RSS %d MB; a million popups take %v CPU, cpcap %v", peak, cpuTime(replay), cpuTime(read))
	if peak >= 512 {
		t.Errorf("peak RSS %d MB, bound 512 MB", peak)
	}
	checkFlood(t, said)
}

// checkFlood adds up what the summary says of the flood.
func checkFlood(t *testing.T, said []byte) {
	t.Helper()
	var summary struct {
		Files         []struct{ Frames uint64 }
		Messages      uint64
		Reasons, Shed map[string]uint64
	}
	if err := json.Unmarshal(said, &summary); err != nil {
		t.Fatalf("read the summary: %v in %.200s", err, said)
	}
	reasons := uint64(0)
	for _, n := range summary.Reasons {
		reasons += n
	}
	t.Logf("reasons %v, shed %v", summary.Reasons, summary.Shed)
	if len(summary.Files) != 1 || summary.Files[0].Frames != reasons || summary.Messages != 1_000_000 {
		t.Errorf("%d popups, frames of files %v, %d by reasons; want 1000000 of each", summary.Messages, summary.Files, reasons)
	}
	for _, kind := range []string{"campaigns", "claims", "summary"} {
		if summary.Shed[kind] == 0 {
			t.Errorf("no %s were shed: the flood did not reach their bound, or it is not said", kind)
		}
	}
	if n := summary.Shed["texts"]; n > 0 {
		t.Errorf("%d texts were shed: a text that is heard once is not kept, and pushes none out", n)
	}
}

// pipe runs first into second and gives what second prints.
func pipe(t *testing.T, first, second *exec.Cmd) []byte {
	t.Helper()
	stream, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	second.Stdin = stream
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := second.Output()
	if err != nil {
		t.Fatalf("%v: %v", second.Args, err)
	}
	if err := first.Wait(); err != nil {
		t.Fatalf("%v: %v", first.Args, err)
	}
	return said
}

func cpuTime(c *exec.Cmd) time.Duration {
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}
