package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const repository = "../.."

// build makes the binary in a folder of the test that looks like a checkout: bin/popupwatch and testdata.
func build(t testing.TB) (folder string) {
	t.Helper()
	folder = t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(folder, "bin", "popupwatch"), ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	data, err := filepath.Abs(filepath.Join(repository, "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(data, filepath.Join(folder, "testdata")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// shellBlocks are the blocks of a page that a reader would paste.
var shellBlocks = regexp.MustCompile("(?s)```sh\n(.*?)```")

func TestShellBlocksOfTheReadmeRun(t *testing.T) {
	runBlocks(t, filepath.Join(repository, "README.md"))
}

// People who are accused paste from this page.
func TestShellBlocksOfThePageForTheAccusedRun(t *testing.T) {
	runBlocks(t, "topics/report-or-not.md")
}

// runBlocks runs the shell blocks of a page, in their order and in one folder: each prints something.
func runBlocks(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlocks.FindAllSubmatch(content, -1)
	if len(blocks) < 2 {
		t.Fatalf("%d shell blocks in %s", len(blocks), name)
	}
	folder := build(t)
	for _, b := range blocks {
		shell := exec.Command("bash", "-eu", "-c", string(b[1]))
		shell.Dir = folder
		var errors bytes.Buffer
		shell.Stderr = &errors
		if out, err := shell.Output(); err != nil || len(out) == 0 {
			t.Errorf("%v\n%s%s\nin\n%s", err, out, errors.String(), b[1])
		}
	}
}

// What the README shows of the output is what the program prints.
func TestTheReadmeShowsWhatTheProgramPrints(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out, errors bytes.Buffer
	if status := run([]string{"replay", filepath.Join(repository, "testdata/captures")}, stdio{strings.NewReader(""), &out, &errors}); status != exitOK {
		t.Fatalf("status %d: %s", status, errors.String())
	}
	for _, line := range []string{"cmp1-66jh7cukqwny62dg  registrycleanerxp.com", "forged_probable   +27.0 dB cmp1-66jh7cukqwny62dg  24.64.81.144"} {
		if !strings.Contains(out.String(), line) || !strings.Contains(string(readme), line) {
			t.Errorf("%q: printed %v, in the README %v", line, strings.Contains(out.String(), line), strings.Contains(string(readme), line))
		}
	}
}

// Each row of "where do I change ...?" names files that are there.
func TestPathsOfTheReadmeExist(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`((?:sensor|decoders|rules|cmd|testdata)/[a-z_./]+)`").FindAllStringSubmatch(string(readme), -1) {
		if _, err := os.Stat(filepath.Join(repository, m[1])); err != nil {
			t.Errorf("the README names %s: %v", m[1], err)
		}
	}
}

// Every topic that a page, a message or the README names is a page.
func TestEveryTopicThatIsNamedExists(t *testing.T) {
	for _, name := range []string{"sources", "report-or-not", "rules", "campaigns", "replay", "configuration", "fields"} {
		var out, errors bytes.Buffer
		if status := run([]string{"help", name}, stdio{strings.NewReader(""), &out, &errors}); status != exitOK || !strings.HasPrefix(out.String(), "# ") {
			t.Errorf("help %s: status %d, %.80q %s", name, status, out.String(), errors.String())
		}
	}
}
