package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
)

// onEach runs a test on a node of its own of each server.
func onEach(t *testing.T, test func(t *testing.T, n *estest.Node)) {
	for _, d := range []estest.Distribution{estest.Elasticsearch8, estest.Elasticsearch9, estest.OpenSearch} {
		t.Run(string(d), func(t *testing.T) {
			test(t, estest.Start(t, estest.Options{Distribution: d}))
		})
	}
}

// The whole life of a set-up, in order, on one node.
func TestSetup(t *testing.T) {
	onEach(t, func(t *testing.T, n *estest.Node) {
		c := clientFor(t, n)
		layout := Layout{Retention: "90d", Strict: true}
		if n.Options.Distribution == estest.OpenSearch {
			layout.Retention = ""
		}
		t.Run("creates everything, then nothing", func(t *testing.T) { setupTwice(t, c, layout) })
		t.Run("the templates give the mapping of the table", func(t *testing.T) { simulated(t, n) })
		t.Run("every document is accepted and maps nothing", func(t *testing.T) { accepted(t, n) })
		t.Run("the transforms' aggregations", func(t *testing.T) { aggregated(t, n) })
		t.Run("the span of the events", func(t *testing.T) { spanned(t, c) })
		t.Run("a change is an update", func(t *testing.T) { changed(t, c, layout) })
		t.Run("what is foreign or newer is refused", func(t *testing.T) { obstructed(t, n, c, layout) })
	})
}

func actions(p *Plan) map[Action]int {
	count := map[Action]int{}
	for _, s := range p.Steps {
		count[s.Action]++
	}
	return count
}

func setupTwice(t *testing.T, c *Client, l Layout) {
	first := install(t, c, l)
	all := len(Assets(l, first.Server))
	if diff := cmp.Diff(map[Action]int{Create: all}, actions(first)); diff != "" {
		t.Errorf("the first time (-want +got):\n%s", diff)
	}
	t.Logf("%v lacks %v", first.Server, first.Server.Lacks)
	second := install(t, c, l)
	if diff := cmp.Diff(map[Action]int{Keep: all}, actions(second)); diff != "" || second.Changes() {
		t.Errorf("the second time (-want +got):\n%s", diff)
	}
}

// simulated compares the mapping that a new stream gets with the table.
func simulated(t *testing.T, n *estest.Node) {
	for set := range event.Set(event.SetCount) {
		status, answer := n.Do(t, http.MethodPost, "/_index_template/_simulate_index/"+set.Stream("simulated"), "")
		var read struct {
			Template struct{ Mappings mappingNode }
		}
		if err := json.Unmarshal(answer, &read); status != http.StatusOK || err != nil {
			t.Fatalf("%d %v %s", status, err, answer)
		}
		got := map[string]string{}
		read.Template.Mappings.leaves("", got)
		for _, m := range event.Mapping(set) {
			if likened(got[m.Path]) != likened(m.Type) {
				t.Errorf("%v: %s is %q, the table says %s", set, m.Path, got[m.Path], m.Type)
			}
		}
		if fmt.Sprint(read.Template.Mappings.Dynamic) != "strict" {
			t.Errorf("%v: dynamic is %v", set, read.Template.Mappings.Dynamic)
		}
	}
}

// mappingNode is a mapping as the server tells it.
type mappingNode struct {
	Dynamic    any
	Type       string
	Properties map[string]*mappingNode
}

func (m *mappingNode) leaves(path string, to map[string]string) {
	if m.Properties == nil {
		to[strings.TrimPrefix(path, ".")] = m.Type
	}
	for name, p := range m.Properties {
		p.leaves(path+"."+name, to)
	}
}

// likened makes a type and what does instead of it equal.
func likened(kind string) string {
	if instead := betterTypes()[kind]; instead != "" {
		return instead
	}
	return kind
}

// mappingOf is the mapping of all streams of a namespace, as one text.
func mappingOf(t *testing.T, n *estest.Node, namespace string) string {
	t.Helper()
	status, answer := n.Do(t, http.MethodGet, "/*-popupwatch.*-"+namespace+"/_mapping", "")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	return string(answer)
}

func accepted(t *testing.T, n *estest.Node) {
	lines := events(t)
	var first [][]byte // one of each data set makes the streams
	seen := map[string]bool{}
	for _, line := range lines {
		var h header
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatal(err)
		}
		if !seen[h.Stream.Dataset] {
			seen[h.Stream.Dataset] = true
			first = append(first, line)
		}
	}
	if len(first) != event.SetCount {
		t.Fatalf("the events are of %d data sets, want %d", len(first), event.SetCount)
	}
	refused := bulk(t, n, "strict", first)
	before := mappingOf(t, n, "strict")
	refused = append(refused, bulk(t, n, "strict", lines)...)
	if len(refused) > 0 {
		t.Errorf("of %d documents %d are refused, the first: %s", len(lines), len(refused), refused[0])
	}
	if after := mappingOf(t, n, "strict"); after != before {
		t.Errorf("documents changed the mapping (-before +after):\n%s", cmp.Diff(before, after))
	}
	if len(bulk(t, n, "strict", [][]byte{[]byte(`{"@timestamp":"2005-01-01T00:00:00Z","event":{"id":"x"},"popupwatch":{"new":1},` +
		`"data_stream":{"type":"logs","dataset":"popupwatch.message","namespace":"default"}}`)})) != 1 {
		t.Error("a document with an unknown field is accepted: the mapping is not strict")
	}
	t.Logf("%d lines", len(lines))
}

// aggregated runs what the transforms would gather as searches: transforms themselves are not in these distributions.
func aggregated(t *testing.T, n *estest.Node) {
	for _, a := range []Asset{campaignTransform(), sourceTransform()} {
		source, pivot := a.Body["source"].(map[string]any), a.Body["pivot"].(map[string]any)
		var sources []any
		for name, group := range pivot["group_by"].(map[string]any) {
			sources = append(sources, map[string]any{name: group})
		}
		body, err := json.Marshal(map[string]any{"size": 0, "query": source["query"], "aggs": map[string]any{"entities": map[string]any{
			"composite": map[string]any{"size": 100, "sources": sources}, "aggs": pivot["aggregations"],
		}}})
		if err != nil {
			t.Fatal(err)
		}
		answer := n.Get(t, "/"+source["index"].([]any)[0].(string)+"/_search", string(body))
		buckets := dig2(answer, "aggregations", "entities", "buckets").([]any)
		if len(buckets) == 0 {
			t.Errorf("%s: no entity", a.Name)
			continue
		}
		for name := range pivot["aggregations"].(map[string]any) {
			if buckets[0].(map[string]any)[name] == nil {
				t.Errorf("%s: %s is not gathered: %v", a.Name, name, buckets[0])
			}
		}
	}
}

// spanned holds that the times are those of the captures: the oldest is of 2003.
func spanned(t *testing.T, c *Client) {
	first, last, err := c.Span(context.Background())
	if err != nil || first.Year() != 2003 || !last.After(first) {
		t.Errorf("from %v to %v, %v", first, last, err)
	}
}

func dig2(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func changed(t *testing.T, c *Client, l Layout) {
	l.Strict = false
	p := install(t, c, l)
	if diff := cmp.Diff(map[Action]int{Update: event.SetCount, Keep: len(p.Steps) - event.SetCount}, actions(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(p.Streams) != event.SetCount {
		t.Errorf("streams that are there: %v", p.Streams)
	}
	if p := install(t, c, l); p.Changes() {
		t.Errorf("after an update: %v", actions(p))
	}
}

func obstructed(t *testing.T, n *estest.Node, c *Client, l Layout) {
	l.Strict = false
	put := func(path, body string) {
		if status, answer := n.Do(t, http.MethodPut, path, body); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
	}
	put("/_component_template/"+settingsName, `{"template": {"settings": {"index.codec": "default"}}}`)
	put("/_component_template/popupwatch-mappings-sensor", `{"template": {"mappings": {"properties": {}}}, "_meta": {"managed_by": "popupwatch", "version": 999}}`)
	_, err := c.Plan(context.Background(), l)
	for _, want := range []string{
		"component template popupwatch-settings is there and popupwatch did not make it", "DELETE /_component_template/popupwatch-settings",
		"popupwatch-mappings-sensor is of version 999, a newer popupwatch installed it",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
	_, answer := n.Do(t, http.MethodGet, "/_component_template/"+settingsName, "")
	if strings.Contains(string(answer), "managed_by") {
		t.Errorf("the foreign template was overwritten: %s", answer)
	}
}

func TestHandMadeChangeIsPutRight(t *testing.T) {
	n := secured(t)
	c := clientFor(t, n)
	p := install(t, c, Layout{})
	name := mappingsName + "finding"
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Asset.Name == name })
	body := sealed(p.Steps[i].Asset.Body)
	delete(body["template"].(map[string]any)["mappings"].(map[string]any)["properties"].(map[string]any), "source")
	edited, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := n.Do(t, http.MethodPut, "/_component_template/"+name, string(edited)); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	if diff := cmp.Diff(map[Action]int{Update: 1, Keep: len(p.Steps) - 1}, actions(install(t, c, Layout{}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The operator's own component template comes after ours, and is there when he makes it.
func TestCustomTemplateHasTheLastWord(t *testing.T) {
	n := secured(t)
	install(t, clientFor(t, n), Layout{})
	if status, answer := n.Do(t, http.MethodPut, "/_component_template/"+CustomTemplate, `{"template": {"settings": {"index.refresh_interval": "30s"}}}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	status, body := n.Do(t, http.MethodPost, "/_index_template/_simulate_index/logs-popupwatch.message-custom", "")
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); status != http.StatusOK || err != nil {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if got := dig2(answer, "template", "settings", "index", "refresh_interval"); got != "30s" {
		t.Errorf("refresh_interval is %v", got)
	}
	if got := fmt.Sprint(dig2(answer, "template", "lifecycle")); !strings.Contains(got, "enabled:true") {
		t.Errorf("lifecycle is %v", got)
	}
}
