package kibana

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeKibana is a fake: it keeps what is imported and answers as Kibana's documentation and source say. There was no real one to try.
type fakeKibana struct {
	t       *testing.T
	mutex   sync.Mutex
	version string
	objects map[string]object // by type and id
	rules   map[string]object
	lists   map[string]object // by path and id
	seen    []string          // method and path of each request

	// before answers in place of the fake where it returns true.
	before func(w http.ResponseWriter, r *http.Request) bool
	// importing may change what the import does and says.
	importing func(all []object, said object)
}

func newFake(t *testing.T) (*fakeKibana, *Importer) {
	f := &fakeKibana{t: t, version: "8.19.5", objects: map[string]object{}, rules: map[string]object{}, lists: map[string]object{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, &Importer{Client: server.Client(), URL: server.URL + "/base", Header: http.Header{"Authorization": {"ApiKey c2VjcmV0"}}, Space: "soc"}
}

func (f *fakeKibana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.seen = append(f.seen, r.Method+" "+r.URL.Path)
	if f.before != nil && f.before(w, r) {
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/base/s/soc")
	switch {
	case !ok:
		answerJSON(w, 404, object{"statusCode": 404, "error": "Not Found", "message": "Not Found"})
	case r.Header.Get("Authorization") != "ApiKey c2VjcmV0":
		answerJSON(w, 401, object{"statusCode": 401, "error": "Unauthorized", "message": "unable to authenticate"})
	case r.Method != "GET" && r.Header.Get("kbn-xsrf") == "":
		answerJSON(w, 400, object{"statusCode": 400, "error": "Bad Request", "message": "Request must contain a kbn-xsrf header."})
	case path == "/api/status":
		answerJSON(w, 200, object{"version": object{"number": f.version}, "status": object{"overall": object{"level": "available"}}})
	case path == "/api/saved_objects/_import":
		f.importObjects(w, r)
	case path == "/api/saved_objects/_export":
		f.export(w, r)
	case path == "/api/detection_engine/rules/_import":
		f.importRules(w, r)
	case path == "/api/detection_engine/rules":
		f.give(w, f.rules[r.URL.Query().Get("rule_id")])
	case strings.HasPrefix(path, "/api/exception_lists"):
		f.exception(w, r, path)
	default:
		answerJSON(w, 404, object{"statusCode": 404, "error": "Not Found", "message": "Not Found"})
	}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func (f *fakeKibana) give(w http.ResponseWriter, there object) {
	if there == nil {
		answerJSON(w, 404, object{"status_code": 404, "message": "not found"})
		return
	}
	answerJSON(w, 200, there)
}

// uploaded is the NDJSON that was sent as a file.
func (f *fakeKibana) uploaded(r *http.Request) (all []object) {
	file, _, err := r.FormFile("file")
	if err != nil {
		f.t.Errorf("%s: %v", r.URL, err)
		return nil
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		o := object{}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			f.t.Errorf("%s: %v", r.URL, err)
		}
		all = append(all, o)
	}
	return all
}

func (f *fakeKibana) importObjects(w http.ResponseWriter, r *http.Request) {
	all := f.uploaded(r)
	if r.URL.Query().Get("overwrite") != "true" {
		f.t.Error("the import does not overwrite")
	}
	var results []any
	for _, o := range all {
		key := text(o["type"]) + " " + text(o["id"])
		result := object{"type": o["type"], "id": o["id"], "meta": object{}}
		if f.objects[key] != nil {
			result["overwrite"] = true
		}
		results = append(results, result)
		o["coreMigrationVersion"], o["typeMigrationVersion"], o["version"] = "8.8.0", "10.2.0", "WzEsMV0="
		f.objects[key] = o
	}
	said := object{"success": true, "successCount": len(all), "successResults": results, "warnings": []any{}}
	if f.importing != nil {
		f.importing(all, said)
	}
	answerJSON(w, 200, said)
}

func (f *fakeKibana) export(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ Objects []struct{ Type, ID string } }
	json.NewDecoder(r.Body).Decode(&wanted)
	var out bytes.Buffer
	var missing []any
	for _, o := range wanted.Objects {
		if there := f.objects[o.Type+" "+o.ID]; there != nil {
			json.NewEncoder(&out).Encode(there)
		} else {
			missing = append(missing, object{"type": o.Type, "id": o.ID, "error": object{"message": "Saved object [" + o.Type + "/" + o.ID + "] not found"}})
		}
	}
	if missing != nil {
		answerJSON(w, 400, object{"statusCode": 400, "message": "Error fetching objects to export", "attributes": object{"objects": missing}})
		return
	}
	json.NewEncoder(&out).Encode(object{"exportedCount": len(wanted.Objects), "missingRefCount": 0, "missingReferences": []any{}})
	io.Copy(w, &out)
}

func (f *fakeKibana) importRules(w http.ResponseWriter, r *http.Request) {
	all := f.uploaded(r)
	for _, o := range all {
		f.rules[text(o["rule_id"])] = o
	}
	said := object{"success": true, "success_count": len(all), "errors": []any{}}
	if f.importing != nil {
		f.importing(all, said)
	}
	answerJSON(w, 200, said)
}

func (f *fakeKibana) exception(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method == "GET" {
		f.give(w, f.lists[path+r.URL.Query().Get("list_id")+r.URL.Query().Get("item_id")])
		return
	}
	o := object{}
	json.NewDecoder(r.Body).Decode(&o)
	key := path + text(o["list_id"])
	if strings.HasSuffix(path, "/items") {
		key = path + text(o["item_id"])
	}
	if exists := f.lists[key] != nil; exists == (r.Method == "POST") {
		answerJSON(w, 409, object{"status_code": 409, "message": "already exists"})
		return
	}
	f.lists[key] = o
	answerJSON(w, 200, o)
}
