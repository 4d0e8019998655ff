package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// eventsOf are the events of captures, in a file.
func eventsOf(t *testing.T, name string, captures ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := []string{"replay", "--summary", "none", "--events", path}
	for _, c := range captures {
		args = append(args, filepath.Join(repository, "testdata/captures/wireshark-wiki_"+c+".pcap"))
	}
	var problems bytes.Buffer
	if status := run(args, stdio{strings.NewReader(""), &problems, &problems}); status != exitOK {
		t.Fatalf("status %d: %s", status, problems.String())
	}
	return path
}

// Two sensors in other years: one heard the registry update of 2005 first, the other that of 2007, and gave it another id.
func TestCampaignsOfTwoSensorsAreJoined(t *testing.T) {
	first := eventsOf(t, "a.ndjson", "SkypeIRC", "messenger")
	second := eventsOf(t, "b.ndjson.gz", "aol", "startmenu_Dameware")
	var out, problems bytes.Buffer
	if status := run([]string{"campaigns", "join", first, second}, stdio{strings.NewReader(""), &out, &problems}); status != exitOK {
		t.Fatalf("status %d: %s", status, problems.String())
	}
	for _, want := range []string{"cmp1-cs5krztfib6ecka7", "cmp1-bdifefovbtmxytsu", "tpl1-bdifefovbtmxytsu", "1 campaign in several files, 3 in one alone"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "CRITICAL ERROR MESSAGE") {
		t.Errorf("what one sensor alone heard is listed:\n%s", out.String())
	}
}

func TestJoinRefusesWhatIsNoEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.ndjson")
	if err := os.WriteFile(path, []byte(`{"data_stream":{"dataset":"popupwatch.campaign"`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want int
	}{{[]string{path}, exitDamaged}, {nil, exitUsage}, {[]string{path + ".not"}, exitFailed}} {
		var out, problems bytes.Buffer
		if status := run(append([]string{"campaigns", "join"}, c.args...), stdio{strings.NewReader(""), &out, &problems}); status != c.want {
			t.Errorf("%v: status %d, want %d: %s", c.args, status, c.want, problems.String())
		}
	}
}
