package elastic

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"popupwatch/sensor/store"
)

// fake is a fake: a server that answers _bulk as a test wants, for faults that no real server has at will. What it takes it holds by id.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	held     map[string]string // id to document
	requests int
	answer   func(n int, docs []posted) reply // of the n-th request, from 1; nil: as a server without faults
	header   http.Header                      // of the last request
}

// posted is one document of a request.
type posted struct{ id, document string }

// reply is what the fake does with a request.
type reply struct {
	status int
	body   string
	header map[string]string
	hang   bool // until the client gives up
	cut    bool // the connection ends in the middle of the body
	drip   bool // an octet at a time
	take   bool // the documents are held, whatever the answer says
}

func newFake(t *testing.T, answer func(n int, docs []posted) reply) *fake {
	f := &fake{held: map[string]string{}, answer: answer}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(func() { f.CloseClientConnections(); f.Close() })
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	docs, err := readBulk(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.requests++
	f.header = r.Header.Clone()
	a := reply{status: 200, take: true}
	if f.answer != nil {
		a = f.answer(f.requests, docs)
	}
	items := f.take(docs, a.take)
	f.mu.Unlock()
	if a.body == "" && a.status == 200 {
		a.body = items
	}
	f.write(w, r, a)
}

// take holds the documents, and gives the answer of a server without faults.
func (f *fake) take(docs []posted, hold bool) string {
	var items []string
	errors := false
	for _, d := range docs {
		if _, there := f.held[d.id]; there {
			errors = true
			items = append(items, item409(d.id))
			continue
		}
		if hold {
			f.held[d.id] = d.document
		}
		items = append(items, item201(d.id))
	}
	return fmt.Sprintf(`{"errors":%v,"items":[%s]}`, errors, strings.Join(items, ","))
}

func item201(id string) string { return fmt.Sprintf(`{"create":{"_id":%q,"status":201}}`, id) }
func item409(id string) string {
	return fmt.Sprintf(`{"create":{"_id":%q,"status":409,"error":{"type":"version_conflict_engine_exception","reason":"there"}}}`, id)
}
func itemOf(id string, status int) string {
	return fmt.Sprintf(`{"create":{"_id":%q,"status":%d,"error":{"type":"some_exception","reason":"so"}}}`, id, status)
}

func (f *fake) write(w http.ResponseWriter, r *http.Request, a reply) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	switch {
	case a.hang:
		<-r.Context().Done()
	case a.cut:
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)+10))
		w.WriteHeader(a.status)
		io.WriteString(w, a.body[:len(a.body)/2])
	case a.drip:
		w.WriteHeader(a.status)
		for i := range a.body {
			io.WriteString(w, a.body[i:i+1])
			if i%64 == 0 {
				w.(http.Flusher).Flush()
				time.Sleep(time.Millisecond)
			}
		}
	default:
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	}
}

// readBulk reads a request as Elasticsearch does: an action line, a document line, a newline at the end.
func readBulk(r *http.Request) (docs []posted, err error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(r.Body); err != nil {
			return nil, err
		}
	}
	content, err := io.ReadAll(body)
	if err != nil || !bytes.HasSuffix(content, []byte("\n")) {
		return nil, fmt.Errorf("the body does not end with a newline: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || action.Create.Index == "" || !lines.Scan() || !json.Valid(lines.Bytes()) {
			return nil, fmt.Errorf("no action and document: %.80s", lines.Bytes())
		}
		docs = append(docs, posted{action.Create.ID, lines.Text()})
	}
	return docs, lines.Err()
}

// bench is a sender between a store and a server.
type bench struct {
	store  *store.Store
	sender *Sender
	log    *bytes.Buffer
}

func newBench(t *testing.T, url string, n int, change func(*Config, *SenderConfig)) *bench {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "q.db"), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	fill(t, s, 0, n)
	b := &bench{store: s, log: new(bytes.Buffer)}
	c, sc := Config{Hosts: []string{url}, Timeout: 2 * time.Second}, SenderConfig{Log: slog.New(slog.NewTextHandler(b.log, nil)), firstPause: 2 * time.Millisecond}
	if change != nil {
		change(&c, &sc)
	}
	client, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	b.sender = NewSender(client, s, sc)
	return b
}

// fill puts the documents from..from+n-1 into a store, some in each row.
func fill(t *testing.T, s *store.Store, from, n int) {
	t.Helper()
	for i := from; i < from+n; {
		b := new(store.Batch)
		for range min(40, from+n-i) {
			b.Add("logs-popupwatch.message-default", testID(i), fmt.Appendf(nil, `{"@timestamp":"2004-01-01T00:00:00Z","event":{"id":%q},"text":"\"event\":{"}`, testID(i)))
			i++
		}
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
	}
}

func testID(i int) string { return fmt.Sprintf("%032x", i) }

// run delivers until nothing is left, or for at most so long.
func (b *bench) run(t *testing.T, most time.Duration) Ledger {
	t.Helper()
	ctx, cancel := contextOf(most)
	defer cancel()
	finish := make(chan struct{})
	close(finish)
	if err := b.sender.Run(ctx, finish); err != nil {
		t.Fatal(err)
	}
	l := b.sender.Ledger(nil)
	l.Carried = l.Indexed + l.Duplicate + l.Dead + l.Queued // what was put in before: the writer did not count it
	return l
}
