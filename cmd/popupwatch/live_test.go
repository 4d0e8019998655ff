package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

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
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	status := p.wait()
	if took := time.Since(begun); took > 5*time.Second {
		p.t.Errorf("it took %v to stop", took)
	}
	return status
}

func (p *process) wait() int {
	p.t.Helper()
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

func TestLiveTellsPopupsAndClosesThemOnASilentWire(t *testing.T) {
	a, b := veth.Pair(t)
	p := startLive(t, program(t), "-i", b, "--user", "root", "--events", "-", "--rollup", "1s", "--campaign-idle", "2s")
	sendAll(t, a, popups(t))
	e := p.event("popup", isAction("messenger_popup"))
	if e["observer"].(map[string]any)["hostname"] == nil {
		t.Error("a live event does not say where it comes from")
	}
	p.event("end of the campaign while the wire is silent", isAction("campaign_closed"))
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestLiveStopsOnASilentWire(t *testing.T) {
	_, b := veth.Pair(t)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := startLive(t, program(t), "-i", b, "--user", "root")
		if status := p.end(s); status != 0 {
			t.Errorf("%v: status %d", s, status)
		}
	}
}

func TestLiveWaitsForAnInterfaceAndSaysSoOnce(t *testing.T) {
	a, b := veth.Pair(t)
	p := startLive(t, program(t), "-i", b, "--user", "root", "--events", "-", "--rollup", "0")
	eventually(t, "/readyz", func(status int, _ string) bool { return status == 200 })
	veth.Remove(t, b)
	p.logged("the interface is lost")
	eventually(t, "/readyz", func(status int, body string) bool {
		return status == 503 && strings.Contains(body, "interface "+b+" is down or gone")
	})
	veth.Recreate(t, a, b)
	if d := p.logged("the interface is"); !strings.Contains(fmt.Sprint(d["message"]), "back") {
		t.Errorf("it said %v", d)
	}
	sendAll(t, a, popups(t))
	p.event("popup", isAction("messenger_popup"))
	eventually(t, "/readyz", func(status int, _ string) bool { return status == 200 })
	p.end(syscall.SIGTERM)
}

func TestReloadTakesGoodRulesAndKeepsTheOldOnesWhereTheyAreBroken(t *testing.T) {
	a, b := veth.Pair(t)
	rules := filepath.Join(t.TempDir(), "own.yml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(rules, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(name string) string {
		return "version: \"1\"\nrules:\n  - name: " + name + "\n    category: lure\n    weight: 1\n    description: a test\n    when: length > 0\n"
	}
	write(rule("first_set"))
	p := startLive(t, program(t), "-i", b, "--user", "root", "--events", "-", "--rollup", "0", "--rules", rules)
	hit := func(name string) {
		t.Helper()
		sendAll(t, a, popups(t)[:1])
		p.event("popup with the rule "+name, func(action string, e map[string]any) bool {
			line, err := json.Marshal(e)
			return err == nil && action == "messenger_popup" && strings.Contains(string(line), name)
		})
	}
	hit("first_set")
	write("rules: [broken")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if d := p.logged("the rules stay as they are"); !strings.Contains(fmt.Sprint(d["error.message"]), "own.yml") {
		t.Errorf("it does not name the file: %v", d)
	}
	write(rule("second_set"))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.logged("the new rules are in force")
	time.Sleep(1100 * time.Millisecond) // the same datagram within a second is a copy (CONTRACT.md 2.0)
	hit("second_set")
	p.end(syscall.SIGTERM)
}

func TestStateSurvivesARestart(t *testing.T) {
	a, b := veth.Pair(t)
	live, state := program(t), filepath.Join(t.TempDir(), "state")
	first := startLive(t, live, "-i", b, "--user", "root", "--events", "-", "--state", state)
	sendAll(t, a, popups(t)[:1])
	opened := first.event("campaign", isAction("campaign_opened"))
	go func() { first.end(syscall.SIGTERM) }()
	for e := range first.events {
		if action := actionOf(e); action == "campaign_closed" || action == "source_final" {
			t.Errorf("%s although the state is handed on", action)
		}
	}
	second := startLive(t, live, "-i", b, "--user", "root", "--events", "-", "--rollup", "0", "--state", state, "--campaign-idle", "1s")
	closed := second.event("the campaign's end", isAction("campaign_closed"))
	id := func(e map[string]any) any {
		return e["popupwatch"].(map[string]any)["campaign"].(map[string]any)["id"]
	}
	if id(opened) != id(closed) {
		t.Errorf("campaign %v opened, %v closed", id(opened), id(closed))
	}
	second.end(syscall.SIGTERM)

	if err := os.WriteFile(state, []byte("not a state"), 0o600); err != nil {
		t.Fatal(err)
	}
	third := exec.Command(live, "live", "-i", b, "--user", "root", "--state", state, "--log-format", "json", "--listen", "none")
	said, err := third.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: third, log: lines(said), done: make(chan error, 1)}
	if d := p.logged("the state file is damaged"); !strings.HasPrefix(fmt.Sprint(d["aside"]), state+".damaged") {
		t.Errorf("it does not say where it went: %v", d)
	}
	p.end(syscall.SIGTERM)
}

func TestMetricsAreWellFormedAndAddUp(t *testing.T) {
	a, b := veth.Pair(t)
	p := startLive(t, program(t), "-i", b, "--user", "root", "--events", "-", "--rollup", "0")
	frames := popups(t)
	sendAll(t, a, frames)
	body := eventually(t, "/metrics", func(_ int, body string) bool {
		return strings.Contains(body, fmt.Sprintf("popupwatch_messages_total %d\n", len(frames))) &&
			strings.Contains(body, fmt.Sprintf("popupwatch_packets_received_total{interface=%q} %d\n", b, len(frames)))
	})
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("promlint: %s: %s", problem.Metric, problem.Text)
	}
	for _, want := range []string{
		"popupwatch_build_info{version=", "popupwatch_packets_dropped_total{interface=\"" + b + "\",reason=\"kernel\"} 0\n",
		"popupwatch_interface_up{interface=\"" + b + "\"} 1\n", "popupwatch_output_failing{output=\"file\"} 0\n",
		"popupwatch_ring_bytes{interface=\"" + b + "\"} 6.7108864e+07\n", "go_goroutines ", "process_open_fds ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if status, body := get(t, "/healthz"); status != 200 {
		t.Errorf("healthz %d %s", status, body)
	}
	body = eventually(t, "/readyz", func(status int, body string) bool { return status == 200 && strings.Contains(body, "look like home") })
	if !strings.Contains(body, "no home networks are configured") {
		t.Errorf("readyz does not say what is off:\n%s", body)
	}
	p.end(syscall.SIGTERM)
}

func TestTwoInterfacesAreHeardAndNamed(t *testing.T) {
	a, b := veth.Pair(t)
	c, d := veth.Pair(t)
	p := startLive(t, program(t), "-i", b+"=external", "-i", d, "--user", "root", "--events", "-", "--rollup", "0")
	frames := popups(t)
	sendAll(t, a, frames[:1])
	sendAll(t, c, frames[1:2])
	for zones := map[string]string{b: "external", d: "<nil>"}; len(zones) > 0; {
		e := p.event("popup of each interface", isAction("messenger_popup"))
		ingress, _ := e["observer"].(map[string]any)["ingress"].(map[string]any)
		name := fmt.Sprint(ingress["interface"].(map[string]any)["name"])
		if zone := fmt.Sprint(ingress["zone"]); zone != zones[name] {
			t.Errorf("interface %s has zone %s, want %s", name, zone, zones[name])
		}
		delete(zones, name)
	}
	p.end(syscall.SIGTERM)
}

func TestWhatLiveCannotDoIsSaidAtTheStart(t *testing.T) {
	_, b := veth.Pair(t)
	live := program(t)
	raiseLoopback(t)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "no interface named (give -i IFACE; there are: any, lo"},
		{[]string{"-i", "nosuch0"}, 1, "capture from nosuch0: there is no such interface"},
		{[]string{"-i", b + "=inside"}, 2, "is no interface (IFACE, IFACE=external"},
		{[]string{"-i", b, "--filter", "port port"}, 2, "--filter: "},
		{[]string{"-i", b, "--listen", "0.0.0.0:9877"}, 2, "off loopback a token is needed"},
		{[]string{"-i", b, "--user", "nosuchuser"}, 1, "nosuchuser"},
		{[]string{"-i", b, "--events", "/nosuch/folder/events"}, 1, "/nosuch"},
		{[]string{"-i", b, "--rules", "/nosuch"}, 2, "/nosuch"},
		{[]string{"-i", b, "extra"}, 2, "takes no argument"},
	} {
		cmd := exec.Command(live, append([]string{"live"}, c.args...)...)
		cmd.Dir = t.TempDir()
		out, _ := cmd.CombinedOutput()
		if status := cmd.ProcessState.ExitCode(); status != c.status || !strings.Contains(string(out), c.want) {
			t.Errorf("live %q: status %d, want %d; it does not say %q:\n%s", c.args, status, c.status, c.want, out)
		}
	}
}
