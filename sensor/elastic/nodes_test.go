package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
	"popupwatch/sensor/sink"
)

// nodes are shared by the tests of this package.
var nodes estest.Pool

func TestMain(m *testing.M) {
	if os.Getenv(discardSwitch) != "" {
		discard()
		return
	}
	os.Exit(nodes.Main(m))
}

// clientFor is a client for a node, as a user where one is named, else as the superuser.
func clientFor(t testing.TB, n *estest.Node, user ...string) *Client {
	t.Helper()
	c := Config{Hosts: []string{n.URL}, AllowOpenSearch: n.Options.Distribution == estest.OpenSearch}
	if n.Options.Security {
		c.Username, c.Password = estest.Superuser, estest.SuperuserPassword
	}
	if len(user) == 2 {
		c.Username, c.Password = user[0], user[1]
	}
	if n.CA != nil {
		c.CertificateAuthorities = []string{string(n.CA)}
	}
	client, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// install brings a node to a layout, and gives what was done.
func install(t testing.TB, c *Client, l Layout) *Plan {
	t.Helper()
	p, err := c.Plan(context.Background(), l)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(context.Background(), p, func(Step) {}); err != nil {
		t.Fatal(err)
	}
	return p
}

// events are the lines of the golden files of the road, and those of a replay of the captures, rolled up and not.
func events(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/*.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	var all []byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	all = append(all, replayed(t, 0)...)
	all = append(all, replayed(t, time.Minute)...)
	return bytes.Split(bytes.TrimSpace(all), []byte("\n"))
}

// replayed are the events of the captures.
func replayed(t testing.TB, rollup time.Duration) []byte {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	files, err := capture.Open([]string{"../../testdata/captures"}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var b bytes.Buffer
	c := sensor.Config{Rules: set, Rollup: rollup, Event: event.Config{Sensor: "replay " + rollup.String(), Version: "test", Alerts: true}}
	to := sink.NewNDJSON("test", &b)
	if err := sensor.New(c, to).Run(files); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// header is what a test reads of an event.
type header struct {
	Event  struct{ ID string }
	Stream struct{ Type, Dataset, Namespace string } `json:"data_stream"`
}

// bulk puts events into their data streams, one namespace for the test, and gives those that were refused.
func bulk(t testing.TB, n *estest.Node, namespace string, lines [][]byte) (refused []string) {
	t.Helper()
	var body bytes.Buffer
	for _, line := range lines {
		var h header
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatal(err)
		}
		line = bytes.Replace(line, []byte(`"namespace":"`+h.Stream.Namespace+`"`), []byte(`"namespace":"`+namespace+`"`), 1)
		line = bytes.Replace(line, []byte(`"event":{`), []byte(`"event":{"ingested":"2026-01-02T03:04:05Z",`), 1)
		stream := strings.Join([]string{h.Stream.Type, h.Stream.Dataset, namespace}, "-")
		body.WriteString(`{"create":{"_index":"` + stream + `","_id":"` + h.Event.ID + "\"}}\n")
		body.Write(append(line, '\n'))
	}
	answer := n.Get(t, "/_bulk?refresh=true", body.String())
	for _, item := range answer["items"].([]any) {
		created := item.(map[string]any)["create"].(map[string]any)
		if status := created["status"].(float64); status != 201 && status != 409 {
			why, _ := json.Marshal(created["error"])
			refused = append(refused, string(why))
		}
	}
	return refused
}
