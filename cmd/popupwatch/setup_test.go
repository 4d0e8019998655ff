package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"popupwatch/sensor/elastic/estest"
)

// said runs a command line and gives its status and what it said.
func said(args ...string) (status int, out, err string) {
	var o, e bytes.Buffer
	status = run(args, stdio{strings.NewReader(""), &o, &e})
	return status, o.String(), e.String()
}

// expect holds that a command ends with a status and says certain things.
func expect(t *testing.T, args string, want int, words ...string) string {
	t.Helper()
	status, out, err := said(strings.Fields(args)...)
	if status != want {
		t.Fatalf("popupwatch %s: status %d, want %d\n%s%s", args, status, want, out, err)
	}
	for _, w := range words {
		if !strings.Contains(out+err, w) {
			t.Errorf("popupwatch %s: want %q in\n%s%s", args, w, out, err)
		}
	}
	return out
}

func TestSetupOfElasticsearch(t *testing.T) {
	n := estest.Start(t, estest.Options{})
	at := " --elasticsearch " + n.URL
	expect(t, "test output"+at, exitFailed, "ok    server: Elasticsearch 8.19.21", "FAIL  templates: missing: logs-popupwatch.message", "-> popupwatch setup installs them")
	expect(t, "setup --dry-run"+at, exitOK, "would create component template popupwatch-settings", "without --kibana URL")
	expect(t, "test output"+at, exitFailed, "FAIL  templates")
	expect(t, "setup --retention 90d"+at, exitOK, "created      index template metrics-popupwatch.sensor")
	if out := expect(t, "setup --retention 90d"+at, exitOK, "unchanged"); strings.Contains(out, "create") || strings.Contains(out, "update") {
		t.Errorf("the second time:\n%s", out)
	}
	expect(t, "test output"+at, exitOK, "ok    templates: version 1", "security is off")
	expect(t, "replay --summary none ../../testdata/captures/wireshark-wiki_messenger.pcap"+at, exitOK)
	expect(t, "setup --retention 30d"+at, exitOK, "updated      index template logs-popupwatch.message", "unchanged    component template popupwatch-settings",
		"PUT /_data_stream/", `/_lifecycle {"data_retention": "30d"}`, "POST /STREAM/_rollover")
	expect(t, "setup --transforms"+at, exitFailed, "this server has no transform")
}

func TestSetupRefusesWhatIsIncomplete(t *testing.T) {
	expect(t, "setup", exitUsage, "say where to (--elasticsearch URL")
	expect(t, "setup --dashboards", exitUsage, "need --kibana URL")
	expect(t, "setup --elasticsearch http://127.0.0.1:1 --retention soon", exitUsage, `"soon" is no number of days`)
	expect(t, "setup --elasticsearch http://127.0.0.1:1", exitFailed, "connection refused")
	expect(t, "test output", exitUsage, "say which (--elasticsearch URL")
	expect(t, "test output --elasticsearch http://127.0.0.1:1", exitFailed, "FAIL  address 127.0.0.1:1")
}

func TestSetupsTemplatesAreExported(t *testing.T) {
	var requests []struct {
		Path string
		Body map[string]any
	}
	out := expect(t, "export templates --retention 90d --pipeline --transforms", exitOK)
	if err := json.Unmarshal([]byte(out), &requests); err != nil {
		t.Fatal(err)
	}
	if len(requests) != 15 || requests[0].Path != "/_ingest/pipeline/popupwatch-enrich" || requests[0].Body["_meta"] == nil {
		t.Errorf("%d requests, the first to %s", len(requests), requests[0].Path)
	}
	expect(t, "export templates --retention 1y", exitUsage, `"1y" is no number of days`)
}
