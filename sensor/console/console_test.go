package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"

	"popupwatch/sensor/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines are golden events.
func lines(t testing.TB, name string) [][]byte {
	t.Helper()
	content, err := os.ReadFile("../testdata/" + name + ".ndjson")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(content), []byte("\n"))
}

func keep(t testing.TB, s *store.Store, documents [][]byte) {
	t.Helper()
	for part := range slices.Chunk(documents, 100) {
		b := new(store.Batch)
		for _, line := range part {
			b.Add("logs-x-default", "id", line)
		}
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
	}
}

// opened is a console on a store with golden events, and the store's owner.
func opened(t testing.TB, config Config, documents [][]byte) (*Console, *store.Store) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	owner, err := store.Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close() })
	keep(t, owner, documents)
	if config.Store, err = store.OpenReader(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { config.Store.Close() })
	config.Version, config.Poll = "test", 10*time.Millisecond
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c, owner
}

func get(c *Console, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.Host = "localhost:9877"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, r)
	return w
}

// openapi is the description as JSON.
func openapi(t *testing.T) map[string]any {
	t.Helper()
	document, err := yaml.YAMLToJSON(description)
	if err != nil {
		t.Fatal(err)
	}
	var api map[string]any
	if err := json.Unmarshal(document, &api); err != nil {
		t.Fatal(err)
	}
	return api
}

// Each path and parameter that is described is served, and each that is served is described.
func TestTheDescriptionIsThatOfTheHandlers(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	api := openapi(t)
	paths := api["paths"].(map[string]any)
	shared := api["components"].(map[string]any)["parameters"].(map[string]any)
	for _, r := range c.routes() {
		described, ok := paths[r.path].(map[string]any)
		if !ok {
			t.Errorf("%s is not described", r.path)
			continue
		}
		var names []string
		list, _ := described["get"].(map[string]any)["parameters"].([]any)
		for _, p := range list {
			p := p.(map[string]any)
			if ref, ok := p["$ref"].(string); ok {
				p = shared[ref[strings.LastIndexByte(ref, '/')+1:]].(map[string]any)
			}
			if p["in"] == "query" {
				names = append(names, p["name"].(string))
			}
		}
		want := slices.Clone(r.params)
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("%s: described %q, served %q", r.path, names, want)
		}
		delete(paths, r.path)
	}
	for path := range paths {
		t.Errorf("%s is described and not served", path)
	}
}

// schemaOf compiles the schema of a path's answer.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	api := openapi(t)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("api.json", api); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("api.json#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, name, target string, w *httptest.ResponseRecorder) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err == nil {
		err = schemaOf(t, name).Validate(value)
	}
	if err != nil {
		t.Errorf("%s (%d): %v", target, w.Code, err)
	}
}

func TestEveryAnswerIsAsDescribed(t *testing.T) {
	documents := append(append(lines(t, "real"), lines(t, "smb")...), lines(t, "exchange")...)
	full, _ := opened(t, Config{Process: func() *Process { return &Process{Interfaces: []string{"x"}} }}, documents)
	empty, _ := opened(t, Config{}, nil)
	var page store.MessagePage
	if err := json.Unmarshal(get(full, "/api/v1/messages").Body.Bytes(), &page); err != nil || len(page.Rows) < 30 {
		t.Fatal(len(page.Rows), err)
	}
	for _, c := range []*Console{full, empty} {
		for target, name := range map[string]string{
			"/api/v1/status": "status", "/api/v1/overview": "overview", "/api/v1/campaigns": "campaigns", "/api/v1/sources": "sources", "/api/v1/messages": "messages",
			"/api/v1/findings": "findings", "/api/v1/sensor": "sensor", "/api/v1/overview?q=text:regis*&from=2005-01-01T00:00:00Z&to=2009-01-01T00:00:00Z": "overview",
			"/api/v1/campaigns?q=port:1026&sort=last_seen": "campaigns", "/api/v1/sources?q=verdict:spam&limit=3": "sources",
		} {
			w := get(c, target)
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %s", target, w.Code, w.Body)
			}
			valid(t, name, target, w)
		}
	}
	for _, row := range page.Rows {
		for target, name := range map[string]string{"/api/v1/events/" + row.ID: "event", "/api/v1/campaigns/" + row.Campaign: "campaign", "/api/v1/sources/" + row.Source: "source"} {
			if w := get(full, target); w.Code == 200 {
				valid(t, name, target, w)
			} else {
				valid(t, "error", target, w)
				if name == "event" || row.Campaign != "" && name == "campaign" {
					t.Errorf("%s: %d %s", target, w.Code, w.Body)
				}
			}
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	c, _ := opened(t, Config{}, lines(t, "real"))
	for target, want := range map[string]struct {
		status int
		says   string
	}{
		"/api/v1/messages?q=prot:1":                                          {400, `"at":0`},
		"/api/v1/messages?q=a+port:abc":                                      {400, `"at":2`},
		"/api/v1/messages?nope=1":                                            {400, "known are: q, from, to"},
		"/api/v1/messages?q=a&q=b":                                           {400, "twice"},
		"/api/v1/messages?q=a;b":                                             {400, "semicolon"},
		"/api/v1/messages?limit=501":                                         {400, "1 to 500"},
		"/api/v1/messages?limit=0":                                           {400, "1 to 500"},
		"/api/v1/messages?from=yesterday":                                    {400, "2004-06-03T14:00:00Z"},
		"/api/v1/messages?from=2009-01-01T00:00:00Z&to=2008-01-01T00:00:00Z": {400, "not before"},
		"/api/v1/messages?order=sideways":                                    {400, "newest or oldest"},
		"/api/v1/messages?cursor=xyz":                                        {400, "cursor"},
		"/api/v1/campaigns?sort=beauty":                                      {400, "order"},
		"/api/v1/campaigns/cmp1-nothing":                                     {404, "does not hold"},
		"/api/v1/sources/203.0.113.255":                                      {404, "does not hold"},
		"/api/v1/sources/nobody":                                             {404, "does not hold"},
		"/api/v1/events/1":                                                   {404, "does not hold"},
		"/api/v1/drafts/1":                                                   {404, "does not hold"},
		"/api/v1/export?set=secrets&format=csv":                              {400, "set is one of"},
		"/api/v1/export?set=sources&format=csv&q=port:1":                     {400, "only messages"},
		"/api/v1/live?q=port:abc":                                            {400, "no number"},
		"/api/v2/anything":                                                   {404, "openapi.yml"},
		"/nowhere":                                                           {404, "no such page"},
		"/campaigns/a/b":                                                     {404, "no such page"},
		"/api/v1/messages?q=" + strings.Repeat("a", 1025):                    {400, "1025 octets"},
		"/api/v1/messages?q=" + strings.Repeat("a", 1<<20):                   {414, "too long"},
	} {
		w := get(c, target)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.says) {
			t.Errorf("%.60s: %d %s, want %d %s", target, w.Code, w.Body, want.status, want.says)
		}
		valid(t, "error", target, w)
	}
}

func TestAssetsAreGivenOnce(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	w := get(c, "/")
	etag := w.Header().Get("ETag")
	if w.Code != 200 || etag == "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if w := get(c, "/messages/x", "If-None-Match", etag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("%d, %d octets", w.Code, w.Body.Len())
	}
}

func TestATailGivesWhatComesAndGoesOnWhereItWas(t *testing.T) {
	documents := lines(t, "real")
	c, owner := opened(t, Config{}, documents[:20])
	server := httptest.NewServer(c.Handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := follow(t, ctx, server.URL+"/api/v1/live", "")
	keep(t, owner, documents[20:60])
	var last string
	for range 40 {
		last = <-events
	}
	cancel()
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	again := follow(t, ctx, server.URL+"/api/v1/live", last)
	keep(t, owner, documents[60:])
	for i := range len(documents) - 60 {
		select {
		case <-again:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d events came after %s", i, last)
		}
	}
}

// A server that ends waits for the requests that are under way: a tail, which has no end of its own, must not hold it up.
func TestAServerThatEndsEndsItsTails(t *testing.T) {
	c, _ := opened(t, Config{}, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := Server(c.Handler())
	server.RegisterOnShutdown(c.EndTails)
	go server.Serve(listener)
	follow(t, t.Context(), "http://"+listener.Addr().String()+"/api/v1/live", "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil || len(c.tails) != 0 {
		t.Errorf("%v, %d tails go on", err, len(c.tails))
	}
	c.EndTails() // again
}

// follow reads the ids of a tail.
func follow(t *testing.T, ctx context.Context, url, after string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(answer, err)
	}
	ids := make(chan string, 1000)
	go func() {
		defer answer.Body.Close()
		for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
			if id, ok := strings.CutPrefix(scan.Text(), "id: "); ok {
				ids <- id
			}
		}
	}()
	return ids
}

func TestAnExportIsHarmlessInASpreadsheet(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "|cmd": "'|cmd", "\t=1": `'\u0009=1`, "\r=1": `'\u000d=1`, " =1": "' =1", "\n=1": "'\n=1", "＝1": "'＝1",
		"a=1": "a=1", "plain": "plain", "\x1b[31m": `\u001b[31m`, "a\u202eb": `a\u202eb`, "\u200b=1": `\u200b=1`, "": "", "'x": "''x",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	document := []byte(`{"@timestamp":"2004-01-01T00:00:00Z","event":{"id":"00000000000000000000000000000001","dataset":"popupwatch.message","action":"messenger_popup"},"observer":{"name":"x"},` +
		`"source":{"ip":"192.0.2.1"},"destination":{"ip":"192.0.2.2","port":1026},"popupwatch":{"message":{"from":"=HYPERLINK(\"http://evil\")","to":"+1","text":"a,b\n\"c\"","code_page":"ascii"},"score":{"total":-2}}}`)
	c, _ := opened(t, Config{}, [][]byte{document})
	rows, err := csv.NewReader(get(c, "/api/v1/export?set=messages&format=csv").Body).ReadAll()
	if err != nil || len(rows) != 2 || !slices.Contains(rows[1], `'=HYPERLINK("http://evil")`) || !slices.Contains(rows[1], "-2") || slices.Contains(rows[0], "source") {
		t.Errorf("%q, %v", rows, err)
	}
	if got := get(c, "/api/v1/export?set=messages&format=ndjson").Body.Bytes(); !bytes.Equal(bytes.TrimSpace(got), document) {
		t.Errorf("%s", got)
	}
	if got := get(c, "/api/v1/export?set=campaigns&format=csv").Body.String(); !strings.HasPrefix(got, "time,id,") || strings.Count(got, "\n") != 1 {
		t.Errorf("without campaigns %q", got)
	}
}
