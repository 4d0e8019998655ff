package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"popupwatch/sensor/capture/veth"
)

// replayed runs a replay, which must end well, and gives its events.
func replayed(t *testing.T, args ...string) []byte {
	t.Helper()
	events := filepath.Join(t.TempDir(), "events.ndjson")
	var out, problems bytes.Buffer
	if status := run(append([]string{"replay", "--summary", "none", "--events", events}, args...), stdio{strings.NewReader(""), &out, &problems}); status != exitOK {
		t.Fatalf("status %d: %s", status, problems.String())
	}
	content, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// popupTexts gives the popups among events, in byte order: not their times, since what releases an unfinished one may be a frame that shows nothing.
func popupTexts(t *testing.T, events []byte) (texts []string) {
	t.Helper()
	for line := range bytes.Lines(events) {
		var e struct {
			Event struct{ Dataset string }
			Our   struct {
				Message struct{ From, To, Text string }
			} `json:"popupwatch"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Event.Dataset == "popupwatch.message" {
			texts = append(texts, e.Our.Message.From+" "+e.Our.Message.To+" "+e.Our.Message.Text)
		}
	}
	slices.Sort(texts)
	return texts
}

// The packets that are kept are enough to read every popup again: link types, tunnels, fragments, connections.
func TestTheEvidenceFileHoldsEveryPopupWhole(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(repository, "testdata", "vectors", "*.pcap"))
	if err != nil || len(paths) < 30 {
		t.Fatal(len(paths), err)
	}
	for _, path := range append(paths, filepath.Join(repository, "testdata", "captures")) {
		file := filepath.Join(t.TempDir(), "evidence.pcapng")
		want := popupTexts(t, replayed(t, "--evidence", file, path))
		if got := popupTexts(t, replayed(t, file)); !slices.Equal(got, want) {
			t.Errorf("%s: %d popups in the evidence, %d in the capture\n%q\n%q", path, len(got), len(want), got, want)
		}
	}
}

// findTshark gives the path of tshark. Where the test must not be left out (CI), its absence is a fault.
func findTshark(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal("tshark is missing (apt-get install tshark)")
	default:
		t.Skip("tshark is missing (apt-get install tshark): nobody else reads the evidence")
	}
	return path
}

// tshark reads the argument on the packet.
func TestTsharkShowsTheVerdictOnThePacket(t *testing.T) {
	tshark := findTshark(t)
	file := filepath.Join(t.TempDir(), "evidence.pcapng")
	replayed(t, "--evidence", file, filepath.Join(repository, "testdata", "captures"))
	out, err := exec.Command(tshark, "-r", file, "-Y", "ip.src == 24.64.81.144 && !icmp", "-T", "fields", "-E", "aggregator=|", "-e", "frame.comment").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		for _, part := range []string{"Popup. From ", "Verdict on the address written here, 24.64.81.144", "forged_probable", "Do not report it.", "Evidence E10 (G1, +13.0 dB): "} {
			if !strings.Contains(line, part) {
				t.Errorf("%q is not said on %q", part, line)
			}
		}
	}
	if len(out) == 0 {
		t.Error("no packet of that source")
	}
	if bytes.ContainsAny(out, "\x1b\x00\x07") {
		t.Error("control characters reach the terminal")
	}
}

// A service that gave its privileges up writes the packets when it stops, those of popups without a document of their own, too.
func TestLiveWritesTheEvidenceWhenItStops(t *testing.T) {
	a, b := veth.Pair(t)
	folder := t.TempDir()
	if err := errors.Join(os.Chmod(folder, 0o777), os.Chmod(filepath.Dir(folder), 0o755)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "evidence.pcapng")
	p := startLive(t, program(t), "-i", b, "--events", "-", "--rollup", "1s", "--campaign-idle", "2s", "--evidence", file)
	sendAll(t, a, popups(t))
	p.event("end of the campaign", isAction("campaign_closed"))
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d", status)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("%v is in the folder, %v", left, err)
	}
	if got := popupTexts(t, replayed(t, file)); len(got) != len(popups(t)) {
		t.Errorf("%d popups in the evidence, %d were sent", len(got), len(popups(t)))
	}
}
