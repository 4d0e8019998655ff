package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"popupwatch/sensor/capture/veth"
)

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

func TestReloadNamesOpenCampaignsByTheNewAtlas(t *testing.T) {
	a, b := veth.Pair(t)
	folder := t.TempDir()
	write := func(entry string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "atlas-own.yml"), []byte("atlas:\n  - name: our_pest\n    source: a test\n"+entry), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("    tails: [\"0011223344556677\"]\n")
	p := startLive(t, program(t), "-i", b, "--user", "root", "--events", "-", "--rollup", "0", "--campaign-update", "1s", "--rules", folder)
	sendAll(t, a, popups(t)[:1])
	e := p.event("popup", isAction("messenger_popup"))
	shown, err := json.Marshal(e["popupwatch"].(map[string]any)["message"].(map[string]any)["text"])
	if err != nil {
		t.Fatal(err)
	}
	reload := func(entry, says string) {
		t.Helper()
		write(entry)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.logged(says)
	}
	reload("    nonsense: 1\n", "the rules stay as they are")
	reload("    texts: ["+string(shown)+"]\n", "the new rules are in force")
	time.Sleep(1100 * time.Millisecond) // the same datagram within a second is a copy (CONTRACT.md 2.0)
	sendAll(t, a, popups(t)[:1])
	p.event("campaign with its new name", func(_ string, e map[string]any) bool {
		line, err := json.Marshal(e)
		return err == nil && strings.Contains(string(line), `"atlas":["our_pest"`)
	})
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
		{[]string{"-i", b, "-i", b + "=span"}, 2, "is named twice"},
		{[]string{"-i", b, "--limits-ring", "4294967296"}, 2, "--limits-ring: at most"},
		{[]string{"-i", b, "--listen", "0.0.0.0:9877"}, 2, "off loopback a token is needed"},
		{[]string{"-i", b, "--user", "nosuchuser"}, 2, "nosuchuser"},
		{[]string{"-i", b, "--events", "/nosuch/folder/events"}, 2, "there is no folder /nosuch/folder"},
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

func TestASignalToStopIsHeardAmongManyToReload(t *testing.T) {
	_, b := veth.Pair(t)
	p := startLive(t, program(t), "-i", b, "--user", "root")
	for range 100 {
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestAStateThatWasTakenOverDoesNotComeOutAgainAfterACrash(t *testing.T) {
	a, b := veth.Pair(t)
	live, state := program(t), filepath.Join(t.TempDir(), "state")
	start := func() *process {
		t.Helper()
		return startLive(t, live, "-i", b, "--user", "root", "--events", "-", "--state", state, "--rollup", "1h")
	}
	first := start()
	sendAll(t, a, popups(t))
	first.event("campaign", isAction("campaign_opened"))
	go func() {
		for range first.events {
		}
	}()
	first.end(syscall.SIGTERM)
	second := start()
	if err := second.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	second.wait()
	if _, err := os.Stat(state); err == nil {
		t.Error("the state that was taken over is there for the next run")
	}
	if _, err := os.Stat(state + ".in-use"); err != nil {
		t.Errorf("it is lost: %v", err)
	}
	third := start()
	third.end(syscall.SIGTERM)
}
