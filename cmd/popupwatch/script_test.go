package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"popupwatch/sensor/capture/veth"
)

// A program that looks for races sleeps a second at its end, which is no time of popupwatch's.
const raceOptions = "atexit_sleep_ms=20"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", raceOptions)
	testscript.Main(veth.Isolated{M: m}, map[string]func(){"popupwatch": main})
}

// Each script of testdata is named by the sentence that it proves. Besides testscript's own commands it has
//
//	status N ARGUMENT...           runs popupwatch, which must end with exit status N
//	rewrite IN OUT [OLD NEW]...    copies a file and replaces octets; NEW and OUT may hold Go escapes, NEW is as long as OLD
//	cut IN N FIRST SECOND          cuts a pcap file into two: the first N frames and the rest
func TestScripts(t *testing.T) {
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DATA", data)
			e.Setenv("GORACE", raceOptions)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "rewrite": rewrite, "cut": cut},
	})
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("popupwatch", args[1:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func rewrite(ts *testscript.TestScript, _ bool, args []string) {
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	for pairs := args[2:]; len(pairs) > 0; pairs = pairs[2:] {
		old, replacement := []byte(pairs[0]), []byte(unescape(ts, pairs[1]))
		if len(old) != len(replacement) || bytes.Count(content, old) != 1 {
			ts.Fatalf("%q (%d octets, %d times there) cannot become %q (%d octets)",
				old, len(old), bytes.Count(content, old), replacement, len(replacement))
		}
		content = bytes.Replace(content, old, replacement, 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(unescape(ts, args[1])), content, 0o600))
}

func unescape(ts *testscript.TestScript, s string) string {
	out, err := strconv.Unquote(`"` + s + `"`)
	ts.Check(err)
	return out
}

func cut(ts *testscript.TestScript, _ bool, args []string) {
	const fileHeader, recordHeader, captured = 24, 16, 8
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	frames, err := strconv.Atoi(args[1])
	ts.Check(err)
	at := fileHeader
	for range frames {
		at += recordHeader + int(binary.LittleEndian.Uint32(content[at+captured:]))
	}
	if at == fileHeader || at >= len(content) {
		ts.Fatalf("%s cannot be cut after %d frames", args[0], frames)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), content[:at], 0o600))
	second := append(bytes.Clone(content[:fileHeader]), content[at:]...)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), second, 0o600))
}
