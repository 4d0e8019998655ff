package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"popupwatch/sensor/elastic/estest"
)

// crashes is how often the crash test kills, and of how many popups; make test-crash asks for 200 and some 100,000 events.
func crashes(t *testing.T) (kills int, popups string) {
	t.Helper()
	kills, popups = 8, "4000"
	if asked := os.Getenv("CRASHES"); asked != "" {
		var err error
		if kills, err = strconv.Atoi(asked); err != nil {
			t.Fatal(err)
		}
		popups = "52000"
	}
	return kills, popups
}

// A replay is killed at random moments and started again, and now and then the server, too: in the end the cluster holds every event once.
func TestACrashAtAnyMomentLosesAndDoublesNothing(t *testing.T) {
	raiseLoopback(t)
	kills, popups := crashes(t)
	dir := t.TempDir()
	capture := filepath.Join(dir, "spam.pcap")
	if out, err := exec.Command(compile(t, dir, "gen"), "spam", popups, "7", capture).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	node := estest.Start(t, estest.Options{})
	command(t, "setup", "--elasticsearch", node.URL)
	began := time.Now()
	events := bytes.Count(command(t, "replay", "--summary", "none", "--events", "-", capture), []byte("\n"))
	alone := time.Since(began)
	args := []string{"replay", "--summary", "json", "--elasticsearch", node.URL, "--store", filepath.Join(dir, "x.db"), "--queue-limit", "67108864", capture}
	longest := 2*alone + 500*time.Millisecond // some kills come while the rest is delivered
	for i := range kills {
		run := exec.Command(program(t), args...)
		run.Dir = dir
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		if i%25 == 7 {
			node.Kill(t)
			node.Start(t)
		}
		time.Sleep(rand.N(longest))
		run.Process.Kill()
		run.Wait() // it was killed, or was done before
		if i%25 == 24 {
			t.Logf("%d of %d kills", i+1, kills)
		}
	}
	said := command(t, args...)
	ledgerAddsUp(t, said, uint64(events))
	node.Do(t, "POST", "/*popupwatch.*-default/_refresh", "")
	if got := int(node.Get(t, "/*popupwatch.*-default/_count", "")["count"].(float64)); got != events {
		t.Errorf("after %d kills the cluster holds %d documents, want %d", kills, got, events)
	}
	if l := ledgerAddsUp(t, command(t, args...), uint64(events)); l.Duplicate != uint64(events) {
		t.Errorf("a last replay finds %d of %d there", l.Duplicate, events)
	}
	t.Logf("%d kills of a replay of %d events; alone it takes %s", kills, events, alone.Round(time.Millisecond))
}

// ledgerAddsUp reads the summary and checks its sums.
func ledgerAddsUp(t *testing.T, said []byte, events uint64) jsonDelivery {
	t.Helper()
	var summary struct{ Delivery jsonDelivery }
	if err := json.Unmarshal(said, &summary); err != nil {
		t.Fatal(err)
	}
	d := summary.Delivery
	if d.Produced != events || d.Queued+d.Dead != 0 || d.Produced+d.Carried != d.Indexed+d.Duplicate+d.Dead+d.Queued {
		t.Errorf("%d events, ledger %+v", events, d)
	}
	return d
}

// command runs popupwatch to its good end, and gives what it prints.
func command(t *testing.T, args ...string) []byte {
	t.Helper()
	run := exec.Command(program(t), args...)
	run.Dir = t.TempDir() // no popupwatch.yml there
	var said, complained bytes.Buffer
	run.Stdout, run.Stderr = &said, &complained
	if err := run.Run(); err != nil {
		t.Fatalf("popupwatch %v: %v\n%s%s", args, err, &said, &complained)
	}
	return said.Bytes()
}

// compile builds a yardstick.
func compile(t *testing.T, folder, name string, libraries ...string) string {
	t.Helper()
	program := filepath.Join(folder, name)
	args := append([]string{"-O2", "-o", program, filepath.Join(repository, "testdata/yardsticks", name+".c")}, libraries...)
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", name, err, out)
	}
	return program
}
