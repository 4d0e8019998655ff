package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeKibana keeps what it is sent and gives it back: what the importer makes of odd answers is tested where it lives.
func fakeKibana(t *testing.T, authorization string) *httptest.Server {
	kept := map[string]json.RawMessage{}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, v any) { json.NewEncoder(w).Encode(v) } // who asked is gone where this fails
	mux.HandleFunc("GET /api/status", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"version": {"number": "8.19.5"}, "status": {"overall": {"level": "available"}}}`)
	})
	mux.HandleFunc("POST /api/saved_objects/_import", func(w http.ResponseWriter, r *http.Request) {
		var results []any
		for _, line := range uploaded(t, r) {
			var o struct{ Type, ID string }
			json.Unmarshal(line, &o)
			kept[o.Type+o.ID] = line
			results = append(results, o)
		}
		say(w, map[string]any{"success": true, "successCount": len(results), "successResults": lowered(results)})
	})
	mux.HandleFunc("POST /api/saved_objects/_export", func(w http.ResponseWriter, r *http.Request) {
		var wanted struct{ Objects []struct{ Type, ID string } }
		json.NewDecoder(r.Body).Decode(&wanted)
		for _, o := range wanted.Objects {
			fmt.Fprintf(w, "%s\n", kept[o.Type+o.ID])
		}
	})
	mux.HandleFunc("POST /api/detection_engine/rules/_import", func(w http.ResponseWriter, r *http.Request) {
		lines := uploaded(t, r)
		for _, line := range lines {
			var o struct {
				ID string `json:"rule_id"`
			}
			json.Unmarshal(line, &o)
			kept[o.ID] = line
		}
		say(w, map[string]any{"success": true, "success_count": len(lines)})
	})
	give := func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		there := kept[q.Get("rule_id")+q.Get("list_id")+q.Get("item_id")]
		if there == nil {
			w.WriteHeader(http.StatusNotFound)
			there = json.RawMessage(`{"status_code": 404, "message": "not found"}`)
		}
		w.Write(there)
	}
	keep := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var o map[string]any
			json.Unmarshal(body, &o)
			kept[fmt.Sprint(o[name])] = body
			w.Write(body)
		}
	}
	mux.HandleFunc("GET /api/detection_engine/rules", give)
	mux.HandleFunc("GET /api/exception_lists", give)
	mux.HandleFunc("GET /api/exception_lists/items", give)
	mux.HandleFunc("POST /api/exception_lists", keep("list_id"))
	mux.HandleFunc("POST /api/exception_lists/items", keep("item_id"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != authorization {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"statusCode": 401, "error": "Unauthorized", "message": "not %s"}`, got)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// uploaded are the lines of the file that was sent.
func uploaded(t *testing.T, r *http.Request) (lines [][]byte) {
	file, _, err := r.FormFile("file")
	if err != nil {
		t.Error(err)
		return nil
	}
	content, err := io.ReadAll(file)
	if err != nil {
		t.Error(err)
	}
	return bytes.Split(bytes.TrimSpace(content), []byte("\n"))
}

// lowered writes type and id as Kibana does.
func lowered(results []any) []any {
	var out []any
	for _, r := range results {
		o := r.(struct{ Type, ID string })
		out = append(out, map[string]string{"type": o.Type, "id": o.ID})
	}
	return out
}

func TestSetupOfKibana(t *testing.T) {
	server := fakeKibana(t, "ApiKey aWQ6a2V5")
	config := filepath.Join(t.TempDir(), "popupwatch.yml")
	if err := os.WriteFile(config, []byte("setup.kibana.api_key: id:key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := " --config " + config + " --kibana " + server.URL
	expect(t, "setup --dashboards --detection-rules --dry-run"+with, exitOK, "Kibana 8.19.5 at http://127.0.0.1", "would be written dashboard")
	out := expect(t, "setup --dashboards --detection-rules"+with, exitOK, "created      dashboard", "created      rule", "Look: "+server.URL+"/app/dashboards#/view/")
	if strings.Contains(out, "template") {
		t.Errorf("--dashboards --detection-rules do more:\n%s", out)
	}
	if out := expect(t, "setup --detection-rules"+with, exitOK, "replaced     rule"); strings.Contains(out, "dashboard") {
		t.Errorf("--detection-rules does more:\n%s", out)
	}
	expect(t, "setup --dashboards --kibana "+server.URL, exitFailed, "401")
	expect(t, "test output --elasticsearch http://127.0.0.1:1"+with, exitFailed, "FAIL  address", "ok    kibana http://127.0.0.1")
}

func TestSetupExportsWhatKibanaImports(t *testing.T) {
	for _, what := range []string{"dashboards", "detection-rules"} {
		for _, line := range strings.Split(strings.TrimSpace(expect(t, "export "+what, exitOK)), "\n") {
			if !json.Valid([]byte(line)) {
				t.Errorf("export %s: no JSON: %.80s", what, line)
			}
		}
	}
}

func TestSetupOfKibanaReadsItsAddressAsLibbeatDoes(t *testing.T) {
	for text, want := range map[string]string{
		"kibana": "http://kibana:5601", "kibana:80": "http://kibana:80", "https://kibana.example.net": "https://kibana.example.net",
	} {
		if got := kibanaURL(text); got != want {
			t.Errorf("%s is read as %s", text, got)
		}
	}
	if got := withoutPassword("https://u:secret@kibana"); strings.Contains(got, "secret") {
		t.Error(got)
	}
}
