package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/capture/veth"
)

// patience is how long a test waits for a line or an answer; all that is waited for takes less than three seconds on an idle machine.
const patience = 20 * time.Second

// service is `popupwatch live` as a process, with what it says.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    chan map[string]any
	events chan map[string]any // of standard output
	done   chan error
}

// program is the name under which TestMain has put this test binary on the path: as that it is popupwatch.
func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("popupwatch")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// startLive starts `popupwatch live` and waits until it captures.
func startLive(t *testing.T, program string, args ...string) *process {
	t.Helper()
	raiseLoopback(t)
	p := &process{t: t, cmd: exec.Command(program, append([]string{"live", "--log-format", "json"}, args...)...)}
	p.cmd.Dir = t.TempDir() // no popupwatch.yml there
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.events, p.log, p.done = lines(out), lines(said), make(chan error, 1)
	t.Cleanup(func() { p.cmd.Process.Kill() })
	p.logged("capturing")
	return p
}

// raiseLoopback lets a test ask a server on 127.0.0.1 in its namespace.
func raiseLoopback(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// lines gives the JSON documents of a stream; what is none becomes the message of one.
func lines(r io.Reader) chan map[string]any {
	c := make(chan map[string]any, 4096)
	go func() {
		defer close(c)
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			d := map[string]any{}
			if json.Unmarshal(s.Bytes(), &d) != nil {
				d = map[string]any{"message": s.Text()}
			}
			c <- d
		}
	}()
	return c
}

// logged waits for a log line that contains the words.
func (p *process) logged(words string) map[string]any {
	p.t.Helper()
	var seen []string
	for deadline := time.After(patience); ; {
		select {
		case d, ok := <-p.log:
			if !ok {
				p.t.Fatalf("it ended without saying %q; it said %q", words, seen)
			}
			message := fmt.Sprint(d["message"])
			if strings.Contains(message, words) {
				return d
			}
			seen = append(seen, message)
		case <-deadline:
			p.t.Fatalf("it does not say %q; it said %q", words, seen)
		}
	}
}

// event waits for an event that the test wants.
func (p *process) event(what string, wanted func(action string, e map[string]any) bool) map[string]any {
	p.t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case e, ok := <-p.events:
			if !ok {
				p.t.Fatalf("it ended without %s", what)
			}
			if wanted(actionOf(e), e) {
				return e
			}
		case <-deadline:
			p.t.Fatalf("no %s came", what)
		}
	}
}

func actionOf(e map[string]any) string {
	inner, _ := e["event"].(map[string]any)
	return fmt.Sprint(inner["action"])
}

func isAction(name string) func(string, map[string]any) bool {
	return func(action string, _ map[string]any) bool { return action == name }
}

// end sends a signal and gives the exit status, which must come within the five seconds of the contract.
func (p *process) end(s syscall.Signal) int {
	p.t.Helper()
	begun := time.Now()
	p.signal(s)
	status := p.wait()
	if took := time.Since(begun); took > 5*time.Second {
		p.t.Errorf("it took %v to stop", took)
	}
	return status
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) wait() int {
	p.t.Helper()
	go func() {
		for range p.events {
		}
	}()
	go func() {
		for range p.log { // or a full pipe would hold it up
		}
	}()
	go func() { p.done <- p.cmd.Wait() }()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("it does not end")
		return -1
	}
}

// popups are frames of a real capture with popups in them.
func popups(t *testing.T) []decoders.Frame {
	t.Helper()
	files, err := capture.Open([]string{filepath.Join(repository, "testdata/captures/wireshark-wiki_startmenu_Dameware.pcap")}, capture.Config{Filter: "udp and (dst port 135 or dst portrange 1026-1028)"})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var out []decoders.Frame
	for {
		f, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !f.Filtered {
			f.Data = slices.Clone(f.Data)
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		t.Fatal("the capture has no popups")
	}
	return out
}

func sendAll(t *testing.T, iface string, frames []decoders.Frame) {
	t.Helper()
	s := veth.Open(t, iface)
	for _, f := range frames {
		s.Send(t, f.Data)
	}
}

// get asks the service and gives status and body.
func get(t *testing.T, path string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:9877"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// eventually asks until the answer is as wanted.
func eventually(t *testing.T, path string, wanted func(status int, body string) bool) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		status, body := get(t, path)
		if wanted(status, body) {
			return body
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s stays %d\n%s", path, status, body)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
