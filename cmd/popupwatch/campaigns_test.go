package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestCampaignsEvalRefusesWhatItCannotDo(t *testing.T) {
	for _, args := range [][]string{{"--split", "both"}, {"--seeds", "0"}, {"--poison", "2"}, {"extra"}} {
		var out, errors bytes.Buffer
		if status := run(append([]string{"campaigns", "eval"}, args...), stdio{strings.NewReader(""), &out, &errors}); status != exitUsage {
			t.Errorf("%v: status %d, %s", args, status, errors.String())
		}
	}
}

// A reader pastes the blocks of this page one after the other.
func TestShellBlocksOfWriteARuleRun(t *testing.T) {
	page, err := os.ReadFile("topics/write-a-rule.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := build(t)
	var all bytes.Buffer
	for _, b := range shellBlocks.FindAllSubmatch(page, -1) {
		shell := exec.Command("bash", "-eu", "-c", string(b[1]))
		shell.Dir = folder
		out, err := shell.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s\nin\n%s", err, out, b[1])
		}
		all.Write(out)
	}
	for _, want := range []string{"spam, score", "registry_damaged", "1 rule in order", "replica_watches", "clean, score"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is not printed:\n%s", want, all.String())
		}
	}
}
