package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/store"
)

// draftText is a report as a draft has it. It is text: what stands in a store proves nothing and passes the gates all the same, so a store
// must be guarded as the sensor's own configuration is.
const draftText = `{"xarf_version":"4.2.0","report_id":"550e8400-e29b-41d4-a716-44665544000%d","timestamp":%q,
"reporter":{"org":"x","contact":"nobody@reporter.invalid","domain":"reporter.invalid"},"sender":{"org":"x","contact":"nobody@reporter.invalid","domain":"reporter.invalid"},
"source_identifier":"192.0.2.7","source_port":1041,"category":"messaging","type":"spam","protocol":"other","evidence_source":"automated_filter",
"description":"d","evidence":[],"tags":["campaign:cmp1-a"]}`

// draftStore is a store with drafts of these ages.
func draftStore(t *testing.T, ages ...time.Duration) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	s, err := store.Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := store.NewWriter(s, true, nil)
	for i, age := range ages {
		at := time.Now().Add(-age)
		document := fmt.Appendf(nil, draftText, i, at.UTC().Format(time.RFC3339Nano))
		sum := sha256.Sum256(document)
		w.KeepDraft(store.Draft{
			ID: fmt.Sprintf("550e8400-e29b-41d4-a716-44665544000%d", i), Source: "192.0.2.7", Campaign: fmt.Sprint("cmp1-", i), At: at, Document: document,
			Hash: hex.EncodeToString(sum[:]),
		})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func reported(t *testing.T, want int, args ...string) (out, errors string) {
	t.Helper()
	var o, e bytes.Buffer
	if status := run(append([]string{"report"}, args...), stdio{strings.NewReader(""), &o, &e}); status != want {
		t.Fatalf("status %d, want %d: %s", status, want, e.String())
	}
	return o.String(), e.String()
}

func TestDraftsPassTheGatesOrAreRefusedWithTheReason(t *testing.T) {
	path := draftStore(t, time.Hour, 73*time.Hour)
	contacts := filepath.Join(t.TempDir(), "contacts")
	if err := os.WriteFile(contacts, []byte("192.0.2.0/24 abuse@example.net\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{
		"--store", path, "--contacts", contacts, "--clock-synced", "--reporter-org", "Example", "--reporter-contact", "cert@example.org",
		"--reporter-domain", "example.org",
	}
	out, said := reported(t, exitOK, all...)
	var shown struct {
		Reporter struct{ Org string }
		Source   string `json:"source_identifier"`
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.Reporter.Org != "Example" || shown.Source != "192.0.2.7" {
		t.Errorf("%v\n%s", err, out)
	}
	for _, part := range []string{"older than 72 hours", "is for abuse@example.net", "2 drafts, 1 shown; nothing is sent"} {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not said: %s", part, said)
		}
	}
	out, said = reported(t, exitOK, "--store", path)
	if out != "" || !strings.Contains(said, "--clock-synced") || !strings.Contains(said, "No contact is known for 192.0.2.7") || !strings.Contains(said, "0 shown") {
		t.Errorf("%s\n%s", out, said)
	}
	if out, _ = reported(t, exitOK, append(all, "--list")...); strings.Count(out, "\n") != 3 || !strings.Contains(out, " pass\n") {
		t.Errorf("%s", out)
	}
	if out, _ = reported(t, exitOK, append(all, "--refused")...); !strings.HasPrefix(out, "Refused: draft ") || strings.Contains(out, "abuse@") {
		t.Errorf("%s", out)
	}
	if out, _ = reported(t, exitOK, append(all, "--list", "--source", "192.0.2.8")...); strings.Count(out, "\n") != 1 {
		t.Errorf("%s", out)
	}
}

func TestAReplayOfTheCapturesDraftsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	var out, errors bytes.Buffer
	if status := run([]string{"replay", "--store", path, filepath.Join(repository, "testdata", "captures")}, stdio{strings.NewReader(""), &out, &errors}); status != exitOK {
		t.Fatal(status, errors.String())
	}
	if strings.Contains(out.String(), "Reports:") {
		t.Errorf("%s", out.String())
	}
	if _, said := reported(t, exitOK, "--store", path); !strings.Contains(said, "0 drafts, 0 shown") {
		t.Errorf("%s", said)
	}
}
