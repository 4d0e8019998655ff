package elastic

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
)

var update = flag.Bool("update", false, "write the golden templates anew")

// everything is all that can be installed, on a server that lacks nothing.
func everything() []Asset {
	full := Assets(Layout{Retention: "90d", Pipeline: true, Transforms: true}, Server{Version: "9.2.0"})
	return append(full, Assets(Layout{Retention: "90d", ILM: true}, Server{Version: "8.19.21"})[0])
}

// Whoever changes what is installed raises AssetVersion: else the older of two sensors would put back what the newer installed.
func TestAssetsChangeWithTheirVersion(t *testing.T) {
	got, err := Export(everything())
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/assets.json"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is stale: once a version is released, raise AssetVersion; then run with -update (-want +got):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}

func TestMappingIsClosedAndHoldsTheTable(t *testing.T) {
	for set := range event.Set(event.SetCount) {
		body := mappings(Layout{}, Server{}, set).Body["template"].(map[string]any)["mappings"].(map[string]any)
		if body["dynamic"] != false {
			t.Errorf("%v: dynamic is %v", set, body["dynamic"])
		}
		content, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var tree mappingNode
		if err := json.Unmarshal(content, &tree); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		tree.leaves("", got)
		for _, m := range event.Mapping(set) {
			if got[m.Path] != m.Type {
				t.Errorf("%v: %s is %q, the table says %s", set, m.Path, got[m.Path], m.Type)
			}
			if strings.Contains(m.Path, "*") {
				t.Errorf("%v: %s is no name: the mapping is closed", set, m.Path)
			}
		}
	}
}

func TestRetentionIsANumberOfDaysOrHours(t *testing.T) {
	for text, good := range map[string]bool{"": true, "90d": true, "48h": true, "0d": false, "d": false, "90": false, "1w": false, "-1d": false, "1.5d": false} {
		if err := (Layout{Retention: text}).Check(); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestVersionsAreCompared(t *testing.T) {
	for version, want := range map[string]bool{"8.14.0": true, "8.13.4": false, "9.2.0": true, "10.0.0": true, "7.17.1": false, "": false, "8": false} {
		if got := (Server{Version: version}).AtLeast(8, 14); got != want {
			t.Errorf("%q at least 8.14: %v", version, got)
		}
	}
}

// The conventions are those that Elastic's package-spec holds packages to.
func TestPipelineFollowsTheConventions(t *testing.T) {
	body := pipeline().Body
	tags := map[string]bool{}
	for _, list := range []string{"processors", "on_failure"} {
		for _, p := range body[list].([]any) {
			for kind, config := range p.(map[string]any) {
				tag, _ := config.(map[string]any)["tag"].(string)
				if tag == "" || tags[tag] {
					t.Errorf("%s: processor %s has the tag %q", list, kind, tag)
				}
				tags[tag] = true
			}
		}
	}
	failure := fmt.Sprint(body["on_failure"])
	for _, want := range []string{"event.kind", "pipeline_error", "error.message", "_ingest.on_failure_processor_type", "_ingest.on_failure_processor_tag", "_ingest.on_failure_message", "_ingest.pipeline"} {
		if !strings.Contains(failure, want) {
			t.Errorf("on_failure lacks %s: %s", want, failure)
		}
	}
}

// No forged source is put on a map, and what the sensor looked up is not overwritten: what looks up has a condition.
func TestPipelineRunsOnOpenSearch(t *testing.T) {
	n := nodes.Node(t, estest.Options{Distribution: estest.OpenSearch})
	body := pipeline().Body
	lookedUp := 0
	stand := []any{}
	for _, p := range body["processors"].([]any) {
		if geo, ok := p.(map[string]any)["geoip"].(map[string]any); ok { // that server has none: a set with the same condition stands for it
			lookedUp++
			p = map[string]any{"set": map[string]any{"field": geo["target_field"], "value": map[string]any{"asn": 1, "organization_name": "o"}, "if": orTrue(geo["if"])}}
		}
		stand = append(stand, p)
	}
	if lookedUp != 4 {
		t.Fatalf("%d look-ups, want 4", lookedUp)
	}
	simulate, err := json.Marshal(map[string]any{"pipeline": map[string]any{"processors": stand, "on_failure": body["on_failure"]}, "docs": []any{
		map[string]any{"_source": json.RawMessage(`{"tags":["source-proven"],"source":{"ip":"192.0.2.1"},"destination":{"ip":"192.0.2.2"}}`)},
		map[string]any{"_source": json.RawMessage(`{"tags":["source-unverified"],"source":{"ip":"192.0.2.1"},"event":{"ingested":"2020-01-01T00:00:00Z"}}`)},
		map[string]any{"_source": json.RawMessage(`{"tags":["source-proven"],"source":{"ip":"192.0.2.1","geo":{"own":1},"as":{"number":2}},"destination":{"ip":"192.0.2.2","as":{"number":3}}}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer := n.Get(t, "/_ingest/pipeline/_simulate", string(simulate))
	docs := answer["docs"].([]any)
	source := func(i int, path ...string) any { return dig2(docs[i], append([]string{"doc", "_source"}, path...)...) }
	switch {
	case source(0, "source", "as", "number") == nil || source(0, "source", "as", "organization", "name") != "o" || source(0, "source", "geo") == nil:
		t.Errorf("a proven source is not looked up: %v", docs[0])
	case source(1, "source", "as") != nil || source(1, "source", "geo") != nil:
		t.Errorf("a source that is not proven is looked up: %v", docs[1])
	case source(2, "source", "geo", "own") == nil || source(2, "source", "as", "organization") != nil || source(2, "destination", "as", "organization") != nil:
		t.Errorf("what the sensor looked up is overwritten: %v", docs[2])
	case source(2, "destination", "geo") == nil:
		t.Errorf("what the sensor lacks is not looked up: %v", docs[2])
	case source(0, "event", "ingested") == nil || source(1, "event", "ingested") != "2020-01-01T00:00:00Z":
		t.Errorf("event.ingested is %v, %v", source(0, "event", "ingested"), source(1, "event", "ingested"))
	}
}

func orTrue(condition any) any {
	if condition == nil {
		return "true"
	}
	return condition
}
