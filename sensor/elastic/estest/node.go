package estest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// startTime is how long a node may take until it answers: 7 s on an idle machine.
const startTime = 3 * time.Minute

// Node is a running server. Its methods must not be called at the same time.
type Node struct {
	URL     string // e.g. http://127.0.0.1:20123; stays over restarts
	CA      []byte // the certificate of its CA in PEM; nil without TLS
	Options Options

	home    *home
	java    string
	port    int
	process *process // nil while it is down
}

// Start starts a node, waits until it answers and ends it with the test. Where the distribution or Java is missing the test is skipped, or
// fails if CI is true or ESTEST_CACHE is set.
func Start(t testing.TB, o Options) *Node {
	t.Helper()
	n := launch(t, o)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said last:\n%s", n.URL, n.Log())
		}
		n.end()
	})
	return n
}

// launch starts a node that the caller ends.
func launch(t testing.TB, o Options) *Node {
	t.Helper()
	o = o.withDefaults()
	if o.Security && o.Distribution == OpenSearch {
		t.Fatal("estest: OpenSearch's test distribution has no security")
	}
	n := &Node{Options: o, java: java(t, o.Distribution)}
	if err := n.prepare(installed(t, o.Distribution)); err != nil {
		t.Fatalf("estest: %v", err)
	}
	if err := n.start(); err != nil {
		log := n.Log()
		n.end()
		t.Fatalf("estest: %v\n%s", err, log)
	}
	return n
}

// prepare makes the node's folder and chooses its ports.
func (n *Node) prepare(distribution string) (err error) {
	if n.home, err = makeHome(distribution); err != nil {
		return err
	}
	n.port = freePort()
	scheme := "http"
	if n.Options.TLS {
		scheme = "https"
		if n.CA, err = n.home.certify(); err != nil {
			return err
		}
	}
	n.URL = fmt.Sprintf("%s://127.0.0.1:%d", scheme, n.port)
	if n.Options.Security {
		if err := n.home.enrol(n.Options.Users); err != nil {
			return err
		}
	}
	if err := n.home.configure(n.Options, n.port, freePort()); err != nil {
		return err
	}
	return n.home.handOver()
}

// freePort finds a port that nobody has. It lies below those that the kernel gives to clients, so that it is still free after a restart.
func freePort() int {
	for {
		port := 20000 + rand.IntN(12000)
		if free(port) {
			return port
		}
	}
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// Start starts a node again that was stopped or killed, with its data and address.
func (n *Node) Start(t testing.TB) {
	t.Helper()
	if n.process != nil {
		return
	}
	if err := n.start(); err != nil {
		t.Fatalf("estest: %v\n%s", err, n.Log())
	}
}

// Stop ends the node in good order; its data stay.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	if err := n.down((*process).terminate); err != nil {
		t.Fatalf("estest: %v", err)
	}
}

// Kill ends the node with SIGKILL; its data stay.
func (n *Node) Kill(t testing.TB) {
	t.Helper()
	if err := n.down((*process).kill); err != nil {
		t.Fatalf("estest: %v", err)
	}
}

// Restart is Stop and Start.
func (n *Node) Restart(t testing.TB) {
	t.Helper()
	n.Stop(t)
	n.Start(t)
}

// ready answers 200 when the indices that there are can be read again.
const ready = "/_cluster/health?wait_for_status=yellow&wait_for_events=languid&timeout=1s"

// start runs the server and waits until it answers.
func (n *Node) start() (err error) {
	if n.process, err = run(n.home, n.java, n.Options); err != nil {
		return err
	}
	for end := time.Now().Add(startTime); time.Now().Before(end); {
		if status, _, err := n.exchange("GET", ready, ""); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-n.process.done:
			return fmt.Errorf("%s ended as it started", n.Options.Distribution)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not answer after %s", n.URL, startTime)
}

// down ends the process and waits until its port is free: then its children are gone too.
func (n *Node) down(how func(*process)) error {
	if n.process == nil {
		return nil
	}
	how(n.process)
	n.process = nil
	for end := time.Now().Add(time.Minute); !free(n.port); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%s still listens a minute after its end", n.URL)
		}
	}
	return nil
}

// end kills the node and removes its data.
func (n *Node) end() {
	if err := n.down((*process).kill); err != nil {
		fmt.Fprintf(os.Stderr, "estest: %v\n", err)
	}
	if err := n.home.remove(); err != nil {
		fmt.Fprintf(os.Stderr, "estest: %v\n", err)
	}
}

// Log is the end of what the node said, at most 15 lines, without Java's stacks.
func (n *Node) Log() string {
	content, err := os.ReadFile(n.home.path(outputFile))
	if err != nil {
		return err.Error()
	}
	lines := slices.DeleteFunc(bytes.Split(content, []byte("\n")), func(line []byte) bool {
		return len(line) == 0 || line[0] == '\t'
	})
	var b strings.Builder
	for _, line := range lines[max(0, len(lines)-15):] {
		fmt.Fprintf(&b, "    %.300s\n", line)
	}
	return b.String()
}
