package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"popupwatch/sensor/capture/veth"
)

// cluster is a fake: it takes what is posted to _bulk, while it is up, and counts what it holds by id.
type cluster struct {
	address string
	server  *http.Server
	mu      sync.Mutex
	held    map[string]bool
	status  int // of every answer; 200 if 0
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	raiseLoopback(t)
	c := &cluster{address: "127.0.0.1:0", held: map[string]bool{}}
	c.up(t)
	t.Cleanup(c.down)
	return c
}

// up begins to listen, at the same address as before.
func (c *cluster) up(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	c.address = l.Addr().String()
	c.server = &http.Server{Handler: http.HandlerFunc(c.bulk)}
	go c.server.Serve(l) // until down
}

func (c *cluster) down() { c.server.Close() }

var action = regexp.MustCompile(`(?m)^\{"create":\{"_index":"[^"]+","_id":"([0-9a-f]{32})"\}\}$`)

func (c *cluster) bulk(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	body, err := io.ReadAll(r.Body)
	if c.status != 0 || err != nil {
		w.WriteHeader(c.status)
		return
	}
	var items []string
	for _, m := range action.FindAllSubmatch(body, -1) {
		status := 201
		if c.held[string(m[1])] {
			status = 409
		}
		c.held[string(m[1])] = true
		items = append(items, fmt.Sprintf(`{"create":{"_id":%q,"status":%d}}`, m[1], status))
	}
	fmt.Fprintf(w, `{"errors":false,"items":[%s]}`, strings.Join(items, ","))
}

// answers sets the status of every answer from now on.
func (c *cluster) answers(status int) {
	c.mu.Lock()
	c.status = status
	c.mu.Unlock()
}

func (c *cluster) holds() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.held)
}

// metric reads one value of /metrics.
func metric(t *testing.T, name string) float64 {
	t.Helper()
	_, body := get(t, "/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no %s in /metrics", name)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The server goes away and comes back, the sensor is stopped in between: every event arrives, and readiness says what is the matter.
func TestLiveDeliversWhatWaitedOverAnOutageAndARestart(t *testing.T) {
	a, b := veth.Pair(t)
	c := newCluster(t)
	dir := t.TempDir()
	events, store := filepath.Join(dir, "events.ndjson"), filepath.Join(dir, "x.db")
	args := []string{"-i", b, "--user", "root", "--events", events, "--rollup", "0", "--store", store, "--elasticsearch", "http://" + c.address, "--stats-interval", "1s"}
	p := startLive(t, program(t), args...)
	sendAll(t, a, popups(t))
	eventually(t, "/metrics", func(int, string) bool { return c.holds() > 0 })
	c.down()
	time.Sleep(1100 * time.Millisecond)
	sendAll(t, a, popups(t))
	p.logged("events wait in the queue")
	eventually(t, "/readyz", func(status int, body string) bool {
		return status == 503 && strings.Contains(body, "events wait since")
	})
	if metric(t, "popupwatch_delivery_failing") != 1 || metric(t, "popupwatch_queue_documents") == 0 {
		t.Error("the metrics do not say that events wait")
	}
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d", status)
	}
	c.up(t)
	p = startLive(t, program(t), args...)
	eventually(t, "/readyz", func(status int, _ string) bool { return status == 200 && metric(t, "popupwatch_queue_documents") == 0 })
	carried, indexed := metric(t, `popupwatch_delivery_documents_total{result="carried"}`), metric(t, `popupwatch_delivery_documents_total{result="indexed"}`)
	indexed += metric(t, `popupwatch_delivery_documents_total{result="duplicate"}`) // the server took what it was sent as it went down
	if carried == 0 || indexed < carried {
		t.Errorf("carried %v, delivered %v", carried, indexed)
	}
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d", status)
	}
	content, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	if want := bytes.Count(content, []byte("\n")); c.holds() != want {
		t.Errorf("the cluster holds %d events, the file %d", c.holds(), want)
	}
	if !bytes.Contains(content, []byte(`"queue":{"produced":`)) {
		t.Error("no sensor document says what became of the events")
	}
}

func TestAReplayThatCannotDeliverSaysSoAndKeepsWhatWaits(t *testing.T) {
	c := newCluster(t)
	store := filepath.Join(t.TempDir(), "x.db")
	config := filepath.Join(t.TempDir(), "popupwatch.yml")
	if err := os.WriteFile(config, []byte("output.elasticsearch:\n  hosts: [\"http://"+c.address+"\"]\n  wait: 300ms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const capture = "../../testdata/captures/wireshark-wiki_aol.pcap"
	path, err := filepath.Abs(capture)
	if err != nil {
		t.Fatal(err)
	}
	c.answers(503)
	said, status := try(t, "replay", "--config", config, "--store", store, "--summary", "json", path)
	if status != exitFailed || !strings.Contains(said, "wait in "+store) || !strings.Contains(said, "trouble (503)") {
		t.Errorf("status %d, it says %s", status, said)
	}
	c.answers(401)
	if said, status = try(t, "queue", "drain", "--config", config, "--store", store); status != exitFailed || !strings.Contains(said, "401") {
		t.Errorf("status %d, it says %s", status, said)
	}
	c.answers(0)
	if said, status = try(t, "queue", "drain", "--config", config, "--store", store); status != exitOK || c.holds() == 0 || !strings.Contains(said, " 0 still queued") {
		t.Errorf("status %d, it says %s, the cluster holds %d", status, said, c.holds())
	}
	n := c.holds()
	c.answers(503)
	said, status = try(t, "replay", "--config", config, "--summary", "none", path)
	if status != exitFailed || !strings.Contains(said, fmt.Sprintf("%d events were not delivered and are lost with the temporary queue", n)) {
		t.Errorf("without --store: status %d, it says %s", status, said)
	}
}

// try runs popupwatch and gives all that it says, and its status.
func try(t *testing.T, args ...string) (string, int) {
	t.Helper()
	run := exec.Command(program(t), args...)
	run.Dir = t.TempDir()
	said, err := run.CombinedOutput()
	if err != nil && run.ProcessState == nil {
		t.Fatal(err)
	}
	return string(said), run.ProcessState.ExitCode()
}

func TestSecretsComeFromFilesAndCredentialsAndNoFlagTakesThem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	for path, content := range map[string]string{file: "from:file\n", filepath.Join(dir, "popupwatch.api_key"): "from:credential\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		environment []string
		credentials string
		want        string
	}{
		"file":        {[]string{"POPUPWATCH_OUTPUT_ELASTICSEARCH_API_KEY_FILE=" + file}, "", "from:file"},
		"credential":  {nil, dir, "from:credential"},
		"environment": {[]string{"POPUPWATCH_OUTPUT_ELASTICSEARCH_API_KEY=from:environment"}, dir, "from:environment"},
		"none":        {nil, t.TempDir(), ""},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", c.credentials)
		s := newSettings(commandReplay)
		if err := s.load(append(c.environment, "POPUPWATCH_OUTPUT_ELASTICSEARCH_HOSTS=http://es")); err != nil {
			t.Fatal(err)
		}
		client, err := s.elastic.client()
		if err != nil || client.Config().APIKey != c.want {
			t.Errorf("%s: %+v, %v", name, client.Config().APIKey, err)
		}
	}
	if said, status := try(t, "replay", "--output-elasticsearch-password", "x", "y"); status != exitUsage || !strings.Contains(said, "unknown flag") {
		t.Errorf("status %d: %s", status, said)
	}
	if _, status := try(t, "replay", "--elasticsearch", "ftp://es", "../../testdata/captures"); status != exitUsage {
		t.Errorf("a host that is none: status %d", status)
	}
}
