package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"popupwatch/sensor/handout"
)

// Each setting of replay either changes what is concluded, and stands in a report then, or does not: a new one has to be thought of here.
func TestEverySettingConcludesOrDoesNot(t *testing.T) {
	others := []string{
		"config", "elasticsearch", "events", "evidence", "evidence-octets", "evidence-packets", "geoip", "kibana", "namespace", "queue-limit", "quiet",
		"report", "reporter-contact", "reporter-domain", "reporter-org", "state", "store", "store-keep", "store-limit", "summary", "verbose", "watch",
	}
	concluding := 0
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	newSettings(commandReplay).addFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		if concludes(f.Name) {
			concluding++
		}
		if concludes(f.Name) == slices.Contains(others, f.Name) {
			t.Errorf("does --%s change conclusions?", f.Name)
		}
	})
	if concluding < 15 {
		t.Errorf("%d settings change conclusions", concluding)
	}
}

func TestAReportSaysHowItIsMadeAgain(t *testing.T) {
	a := &handout.About{Settings: []handout.Setting{{Name: "filter", Value: "udp port 1026"}}, Inputs: []handout.Input{{Name: "a b'.pcap"}, {Name: "-"}}}
	if got := repeatedBy(a); got != `popupwatch replay --filter 'udp port 1026' --report again.html 'a b'\''.pcap' -` {
		t.Error(got)
	}
	a.Inputs = make([]handout.Input, maxRepeated+1)
	if got := repeatedBy(a); !strings.HasSuffix(got, "--report again.html CAPTURES...") {
		t.Error(got)
	}
}

// Who interrupts a run that reads a pipe has its report, which says so, and does not wait for the rest of the pipe.
func TestAnInterruptedRunHasItsReportAtOnce(t *testing.T) {
	capture, err := os.ReadFile(filepath.Join(repository, "testdata/captures/wireshark-wiki_aol.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.html")
	run := exec.Command(program(t), "replay", "--summary", "none", "--report", path, "-")
	pipe, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	reads := make(chan bool)
	go func() {
		const fileHeader = 24
		_, err := pipe.Write(capture)
		for i := 0; err == nil; i++ { // until nobody reads any more
			if i == 100 { // far more than a pipe holds
				close(reads)
			}
			_, err = pipe.Write(capture[fileHeader:])
		}
	}()
	<-reads
	if err := run.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { run.Process.Kill() })
	run.Wait() // its status is looked at
	late.Stop()
	html, err := os.ReadFile(path)
	if run.ProcessState.ExitCode() != exitFailed || err != nil || !strings.Contains(string(html), "Not everything was read") || !strings.Contains(string(html), "<code>none</code>") {
		t.Errorf("status %d, %d octets, %v", run.ProcessState.ExitCode(), len(html), err)
	}
}
