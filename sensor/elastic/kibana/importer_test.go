package kibana

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestImportTwice(t *testing.T) {
	f, i := newFake(t)
	for round, change := range []Change{Created, Replaced} {
		r, err := i.Dashboards(t.Context())
		if err != nil || len(r.Items) != len(objects()) || r.Version != "8.19.5" {
			t.Fatalf("round %d: %d items of %s, %v", round, len(r.Items), r.Version, err)
		}
		rules, err := i.DetectionRules(t.Context())
		if err != nil || len(rules.Items) != 8 {
			t.Fatalf("round %d: %d rules and exceptions, %v", round, len(rules.Items), err)
		}
		for _, item := range append(r.Items, rules.Items...) {
			if item.Change != change || item.Actual != item.ID || item.Title == "" {
				t.Errorf("round %d: %+v", round, item)
			}
		}
	}
	for _, path := range f.seen {
		if strings.HasPrefix(path, "DELETE") {
			t.Error(path)
		}
	}
}

// ours is what the importer may touch.
func TestImportTouchesOnlyOurIds(t *testing.T) {
	f, i := newFake(t)
	if _, err := i.Dashboards(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := i.DetectionRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key := range f.objects {
		if id := key[strings.IndexByte(key, ' ')+1:]; id != tagID && !strings.HasPrefix(id, "popupwatch-") {
			t.Error(key)
		}
	}
	for id := range f.rules {
		if !strings.HasPrefix(id, "popupwatch-") {
			t.Error(id)
		}
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	f, i := newFake(t)
	i.DryRun = true
	r, err := i.Dashboards(t.Context())
	rules, errRules := i.DetectionRules(t.Context())
	if err != nil || errRules != nil || len(r.Items) != len(objects()) || len(rules.Items) != 8 {
		t.Fatal(len(r.Items), len(rules.Items), err, errRules)
	}
	for _, item := range append(r.Items, rules.Items...) {
		if item.Change != Would {
			t.Errorf("%+v", item)
		}
	}
	for _, request := range f.seen {
		if !strings.HasPrefix(request, "GET ") {
			t.Errorf("a dry run sends %s", request)
		}
	}
}

func TestOwnerKeepsWhatIsTheirs(t *testing.T) {
	f, i := newFake(t)
	f.rules["popupwatch-exposed-host"] = object{"rule_id": "popupwatch-exposed-host", "enabled": true, "query": "old",
		"actions": []any{object{"id": "mail"}}, "exceptions_list": []any{object{"list_id": "theirs"}}}
	if _, err := i.DetectionRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := f.rules["popupwatch-exposed-host"]
	if got["enabled"] != true || len(list(got["actions"])) != 1 || len(list(got["exceptions_list"])) != 1 || got["query"] != exposedHostRule().Query {
		t.Error(got)
	}
	if f.rules["popupwatch-sensor-silent"]["enabled"] != false {
		t.Error("a new rule is on")
	}
}

// An id that another space has taken becomes another one; references go along.
func TestIdTakenInAnotherSpace(t *testing.T) {
	f, i := newFake(t)
	f.importing = func(all []object, said object) {
		for _, r := range list(said["successResults"]) {
			if r := r.(object); r["type"] != typeTag {
				r["destinationId"] = "new-" + text(r["id"])
			}
		}
		for _, o := range all {
			if o["type"] == typeTag {
				continue
			}
			delete(f.objects, text(o["type"])+" "+text(o["id"]))
			o["id"] = "new-" + text(o["id"])
			f.objects[text(o["type"])+" "+text(o["id"])] = o
			for _, ref := range list(o["references"]) {
				if ref := ref.(object); ref["type"] != typeTag {
					ref["id"] = "new-" + text(ref["id"])
				}
			}
		}
	}
	r, err := i.Dashboards(t.Context())
	if err != nil || r.ActualID(OverviewID) != "new-"+OverviewID {
		t.Error(r.ActualID(OverviewID), err)
	}
}

// say makes an answer of the fake.
func say(status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		w.Write([]byte(body))
		return true
	}
}

// on answers only requests whose path ends so.
func on(suffix string, answer func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, suffix) && answer(w, r)
	}
}

func TestWhatKibanaSaysIsRead(t *testing.T) {
	const page = "<!DOCTYPE html><html><body>Log in</body></html>"
	for _, c := range []struct {
		name  string
		spoil func(f *fakeKibana, i *Importer)
		want  string
	}{
		{"200 with errors", func(f *fakeKibana, _ *Importer) {
			f.importing = func(_ []object, said object) {
				said["success"], said["successCount"] = false, 10
				said["successResults"] = list(said["successResults"])[1:]
				said["errors"] = []any{object{"type": "tag", "id": "popupwatch", "error": object{"type": "conflict"}}}
			}
		}, "tag popupwatch was not imported: conflict"},
		{"missing references", func(f *fakeKibana, _ *Importer) {
			f.importing = func(_ []object, said object) {
				said["success"] = false
				said["errors"] = []any{object{"type": "dashboard", "id": OverviewID, "error": object{"type": "missing_references",
					"references": []any{object{"type": "index-pattern", "id": "popupwatch-logs"}}}}}
			}
		}, "missing_references ; it needs index-pattern popupwatch-logs"},
		{"success without the object", func(f *fakeKibana, _ *Importer) {
			f.importing = func([]object, object) { delete(f.objects, "dashboard "+SourcesID) }
		}, "dashboard popupwatch-sources: Saved object [dashboard/popupwatch-sources] not found"},
		{"success that does not tell of an object", func(f *fakeKibana, _ *Importer) {
			f.importing = func(_ []object, said object) { said["successResults"] = list(said["successResults"])[1:] }
		}, "does not tell of tag popupwatch"},
		{"fewer than sent, no error", func(f *fakeKibana, _ *Importer) {
			f.importing = func(_ []object, said object) { said["successCount"] = 3 }
		}, "3 of 11 objects were imported, success true"},
		{"panels lost", func(f *fakeKibana, _ *Importer) {
			f.importing = func(all []object, _ object) { sub(all[len(all)-1], "attributes")["panelsJSON"] = "[]" }
		}, "dashboard popupwatch-sensor has 0 panels"},
		{"reference lost", func(f *fakeKibana, _ *Importer) {
			f.importing = func(all []object, _ object) { all[len(all)-1]["references"] = []any{} }
		}, "dashboard popupwatch-sensor lost its reference"},
		{"title of another", func(f *fakeKibana, _ *Importer) {
			f.importing = func(all []object, _ object) { sub(all[len(all)-1], "attributes")["title"] = "\x1b[31mhacked" }
		}, `is called "�[31mhacked"`},
		{"401", func(_ *fakeKibana, i *Importer) { i.Header = nil }, "401, the credentials are not accepted: unable to authenticate"},
		{"403", func(f *fakeKibana, _ *Importer) {
			f.before = on("_import", say(403, `{"statusCode":403,"error":"Forbidden","message":"Unable to bulk_create dashboard"}`))
		}, "403, this user may not: Unable to bulk_create dashboard (needs"},
		{"409", func(f *fakeKibana, _ *Importer) {
			f.before = on("_import", say(409, `{"statusCode":409,"error":"Conflict","message":"version conflict"}`))
		}, "409 Conflict: version conflict"},
		{"page of a proxy, 200", func(f *fakeKibana, _ *Importer) { f.before = say(200, page) }, "web page, not Kibana's"},
		{"page of a proxy, 502", func(f *fakeKibana, _ *Importer) { f.before = say(502, page) }, "502 Bad Gateway: the answer is a web page"},
		{"page at the import", func(f *fakeKibana, _ *Importer) { f.before = on("_import", say(200, page)) }, "web page, not Kibana's"},
		{"page at the export", func(f *fakeKibana, _ *Importer) { f.before = on("_export", say(200, page)) }, "web page, not Kibana's"},
		{"empty answer", func(f *fakeKibana, _ *Importer) { f.before = on("_import", say(200, "")) }, "the answer is not Kibana's"},
		{"not ready", func(f *fakeKibana, _ *Importer) {
			f.before = say(503, `{"statusCode":503,"error":"Service Unavailable","message":"License is not available."}`)
		}, "503, Kibana is not ready"},
		{"plain text while it starts", func(f *fakeKibana, _ *Importer) { f.before = say(503, "Kibana server is not ready yet") }, "Kibana server is not ready yet"},
		{"old version", func(f *fakeKibana, _ *Importer) { f.version = "8.11.4" }, "version 8.11.4 is too old"},
		{"no version", func(f *fakeKibana, _ *Importer) { f.version = "" }, "names no version"},
		{"Elasticsearch in its place", func(f *fakeKibana, _ *Importer) {
			f.before = say(405, `{"error":"Incorrect HTTP method for uri [/api/status] and method [GET]","status":405}`)
		}, "405 Method Not Allowed"},
		{"space that is none", func(_ *fakeKibana, i *Importer) { i.Space = "other" }, "404, there is no such thing"},
		{"name of a space that cannot be", func(_ *fakeKibana, i *Importer) { i.Space = "../x" }, "is no id of a space"},
		{"address that is none", func(_ *fakeKibana, i *Importer) { i.URL = "kibana:5601" }, "is no address"},
		{"nobody there", func(_ *fakeKibana, i *Importer) { i.URL = "http://127.0.0.1:1" }, "connection refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, i := newFake(t)
			c.spoil(f, i)
			if _, err := i.Dashboards(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got: %v", c.want, err)
			} else if strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("the error tells what it should not: %v", err)
			}
		})
	}
}

func TestWhatTheDetectionEngineSaysIsRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *fakeKibana)
		want  string
	}{
		{"200 with errors", func(f *fakeKibana) {
			f.importing = func(_ []object, said object) {
				said["success"], said["success_count"] = false, 5
				said["errors"] = []any{object{"rule_id": "popupwatch-sensor-silent", "error": object{"status_code": 400, "message": "esql is off"}}}
				delete(f.rules, "popupwatch-sensor-silent")
			}
		}, "rule popupwatch-sensor-silent was not imported: 400 esql is off"},
		{"success without the rule", func(f *fakeKibana) {
			f.importing = func([]object, object) { delete(f.rules, "popupwatch-exposed-host") }
		}, "rule popupwatch-exposed-host is not there after the import"},
		{"another query", func(f *fakeKibana) {
			f.importing = func(all []object, _ object) { all[0]["query"] = "*" }
		}, `rule popupwatch-new-campaign has the query "*"`},
		{"no error named", func(f *fakeKibana) {
			f.importing = func(_ []object, said object) { said["success_count"] = 0 }
		}, "0 of 6 rules were imported"},
		{"no Security in this space", func(f *fakeKibana) {
			f.before = on("/rules", say(404, `{"statusCode":404,"error":"Not Found","message":"Not Found"}`))
		}, "404, there is no such thing"},
		{"403", func(f *fakeKibana) {
			f.before = on("/exception_lists", say(403, `{"status_code":403,"message":"API [POST /api/exception_lists] is unauthorized"}`))
		}, "403, this user may not"},
		{"item lost", func(f *fakeKibana) {
			f.before = on("/items", func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == "GET" && say(404, `{"status_code":404,"message":"exception list item does not exist"}`)(w, r)
			})
		}, "exception list item does not exist"},
		{"item changed", func(f *fakeKibana) {
			f.before = on("/items", func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == "GET" && say(200, `{"name":"x"}`)(w, r)
			})
		}, "has the name x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, i := newFake(t)
			c.spoil(f)
			if _, err := i.DetectionRules(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got: %v", c.want, err)
			}
		})
	}
}

func TestImportEndsWhenKibanaHangs(t *testing.T) {
	f, i := newFake(t)
	f.before = func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := i.Dashboards(ctx); err == nil || !strings.Contains(err.Error(), "context deadline exceeded") {
		t.Error(err)
	}
}

func TestReportTellsWhatArrivedBesideWhatDidNot(t *testing.T) {
	f, i := newFake(t)
	f.importing = func([]object, object) { sub(f.objects["dashboard "+SensorID], "attributes")["panelsJSON"] = "[]" }
	r, err := i.Dashboards(t.Context())
	if err == nil || len(r.Items) != len(objects())-1 || slices.ContainsFunc(r.Items, func(i Item) bool { return i.ID == SensorID }) {
		t.Error(len(r.Items), err)
	}
}
