package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/capture"
)

// provenCapture is the capture of a proven sender, ending a moment ago.
func provenCapture(t *testing.T) string {
	t.Helper()
	files, err := capture.Open([]string{filepath.Join(repository, "sensor", "report", "testdata", "proven.pcapng")}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var b bytes.Buffer
	w := capture.NewPacketFile(&b, files.Interface, "", "")
	begin := time.Now().UTC().Truncate(time.Hour).Add(-2 * time.Hour) // its hour is over
	var first time.Time
	for f, err := files.Next(); err == nil; f, err = files.Next() {
		if first.IsZero() {
			first = f.Time
		}
		f.Time = begin.Add(f.Time.Sub(first))
		if err := w.Add(&f, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "proven.pcapng")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// From the packets to the report that a person may send, and to the argument on the packet.
func TestAProvenSenderIsDraftedShownAndArguedOnThePacket(t *testing.T) {
	path := provenCapture(t)
	x, evidence, contacts := filepath.Join(t.TempDir(), "x.db"), filepath.Join(t.TempDir(), "e.pcapng"), filepath.Join(t.TempDir(), "c")
	if err := os.WriteFile(contacts, []byte("24.64.0.0/16 abuse@example.net\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errors bytes.Buffer
	if status := run([]string{"replay", "--home", "193.11.84.0/24", path}, stdio{strings.NewReader(""), &out, &errors}); status != exitOK {
		t.Fatal(status, errors.String())
	}
	if !strings.Contains(out.String(), "made and not kept: --store FILE keeps drafts") {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if status := run([]string{"replay", "--home", "193.11.84.0/24", "--store", x, "--evidence", evidence, path}, stdio{strings.NewReader(""), &out, &errors}); status != exitOK {
		t.Fatal(status, errors.String())
	}
	if !strings.Contains(out.String(), "see popupwatch report --store "+x) {
		t.Errorf("%s", out.String())
	}
	shown, said := reported(t, exitOK, "--store", x, "--contacts", contacts, "--clock-synced", "--reporter-org", "Example", "--reporter-contact", "cert@example.org",
		"--reporter-domain", "example.org")
	var draft struct {
		Source string `json:"source_identifier"`
	}
	if err := json.Unmarshal([]byte(shown), &draft); err != nil || draft.Source != "24.64.8.1" || !strings.Contains(said, "1 draft, 1 shown") {
		t.Errorf("%v\n%s\n%s", err, shown, said)
	}
	provenOnThePacket(t, evidence)
}

// provenOnThePacket lets tshark read the proof on call, callback and answer.
func provenOnThePacket(t *testing.T, evidence string) {
	t.Helper()
	tshark := findTshark(t)
	comments, err := exec.Command(tshark, "-r", evidence, "-T", "fields", "-e", "frame.comment").Output()
	if err != nil {
		t.Fatal(err)
	}
	argued := 0 // call, callback and answer of the last proof
	for line := range strings.Lines(string(comments)) {
		if strings.Contains(line, "genuine_bound") && strings.Contains(line, "Evidence R2 (") {
			argued++
		}
	}
	if argued != 3 || strings.Contains(string(comments), "Do not report it") {
		t.Errorf("the proof is said on %d packets:\n%s", argued, comments)
	}
}
