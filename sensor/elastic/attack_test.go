package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/store"
)

// What an attacker of ours found. Each of these fell before.

// Elasticsearch gives a document in the failure store another id, by which alone it could not be known.
func TestAFailureStoreThatGivesItsOwnIDsIsDelivered(t *testing.T) {
	f := newFake(t, func(_ int, docs []posted) reply {
		var items []string
		for i, d := range docs {
			if i == 1 {
				items = append(items, `{"create":{"_id":"AZxY-generated","status":201,"failure_store":"used"}}`)
			} else {
				items = append(items, item201(d.id))
			}
		}
		return reply{status: 200, body: `{"errors":false,"items":[` + strings.Join(items, ",") + `]}`}
	})
	b := newBench(t, f.URL, 3, nil)
	if l := b.run(t, 5*time.Second); l.Indexed != 3 || l.FailureStore != 1 || f.requests != 1 {
		t.Errorf("%+v after %d requests", l, f.requests)
	}
}

// A transaction that fails once (here: another process holds the lock) is waited out by what lasts.
func TestALiveSenderOutlivesATransactionThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	s, err := store.Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fill(t, s, 0, 10)
	f := newFake(t, nil)
	b := newBench(t, f.URL, 0, func(_ *Config, c *SenderConfig) { c.Lasts = true })
	b.sender.store = s
	release := holdLock(t, path)
	finish, ended := make(chan struct{}), make(chan error, 1)
	ctx, cancel := contextOf(time.Minute)
	defer cancel()
	go func() { ended <- b.sender.Run(ctx, finish) }()
	for b.sender.Alarm() == nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	if a := b.sender.Alarm(); a == nil || !strings.Contains(a.Text, "queue") {
		t.Errorf("alarm %+v", a)
	}
	release()
	close(finish)
	if err := <-ended; err != nil || s.Waiting() != 0 || len(f.held) != 10 {
		t.Errorf("%v, %d wait, %d held", err, s.Waiting(), len(f.held))
	}
}

// searchable is a fake that has rolled its streams over and answers questions as a test wants.
func searchable(t *testing.T, search func(stream string, ids []string) (status int, body string)) (url string, posted *[]string) {
	t.Helper()
	posted = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		switch parts[len(parts)-1] {
		case "_bulk":
			docs, _ := readBulk(r)
			for _, d := range docs {
				*posted = append(*posted, d.id)
			}
			fmt.Fprint(w, new(fake).answerAll(docs))
		case "_refresh":
			fmt.Fprint(w, `{"_shards":{"failed":0}}`)
		case "_search":
			var q struct {
				Query struct{ IDs struct{ Values []string } }
			}
			json.NewDecoder(r.Body).Decode(&q)
			status, body := search(parts[0], q.Query.IDs.Values)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		default:
			fmt.Fprint(w, `{"data_streams":[{"backing_indices":["a","b"]}]}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, posted
}

func hits(ids []string) string {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"_id":%q}`, id))
	}
	return `{"_shards":{"failed":0},"hits":{"hits":[` + strings.Join(list, ",") + `]}}`
}

func TestAQuestionThatIsNotAnsweredWholeIsAskedAgain(t *testing.T) {
	for name, first := range map[string]struct {
		status int
		body   string
	}{
		"a shard fails":    {200, `{"_shards":{"failed":1},"hits":{"hits":[]}}`},
		"401":              {401, `{}`},
		"a redirect":       {301, ``},
		"413":              {413, ``},
		"trouble":          {503, `{}`},
		"a page":           {200, `<html>`},
		"nothing is there": {404, `{}`},
	} {
		asked := 0
		url, posted := searchable(t, func(_ string, ids []string) (int, string) {
			if asked++; asked == 1 {
				return first.status, first.body
			}
			return 200, hits(ids)
		})
		b := newBench(t, url, 10, func(_ *Config, s *SenderConfig) { s.AskFirst = true })
		if l := b.run(t, 10*time.Second); l.Duplicate != 10 || len(*posted) != 0 {
			t.Errorf("%s: %+v, %d posted although all is held", name, l, len(*posted))
		}
	}
}

func TestManyIDsAreAskedInPagesThatASearchCanAnswer(t *testing.T) {
	longest := 0
	url, _ := searchable(t, func(_ string, ids []string) (int, string) {
		longest = max(longest, len(ids))
		return 200, hits(ids)
	})
	b := newBench(t, url, 12_000, func(_ *Config, s *SenderConfig) { s.AskFirst, s.Documents, s.Octets = true, 20_000, 1<<30 })
	if l := b.run(t, 20*time.Second); l.Duplicate != 12_000 || longest*2 > mostHits {
		t.Errorf("%+v, %d ids in one question", l, longest)
	}
}

// The id does not hash the namespace: an event may stand in the streams of two.
func TestAnEventOfAnotherNamespaceIsAnotherDocument(t *testing.T) {
	url, posted := searchable(t, func(stream string, ids []string) (int, string) {
		if strings.HasSuffix(stream, "-default") {
			return 200, hits(ids)
		}
		return 200, hits(nil)
	})
	b := newBench(t, url, 10, func(_ *Config, s *SenderConfig) { s.AskFirst = true })
	var other store.Batch
	for i := range 10 {
		other.Add("logs-popupwatch.message-other", testID(i), []byte(`{"event":{}}`))
	}
	if err := b.store.Put(&other); err != nil {
		t.Fatal(err)
	}
	if l := b.run(t, 10*time.Second); l.Duplicate != 10 || l.Indexed != 10 || len(*posted) != 10 {
		t.Errorf("%+v, %d posted", l, len(*posted))
	}
}

func TestAHostileAnswerCostsNoMemoryAndItsWordsAreCut(t *testing.T) {
	first := true
	f := newFake(t, func(_ int, docs []posted) reply {
		if !first {
			return reply{status: 200, body: fmt.Sprintf(`{"items":[{"create":{"_id":%q,"status":400,"error":{"type":"t","reason":%q}}}]}`, docs[0].id, strings.Repeat("r", 5000))}
		}
		first = false
		return reply{status: 200, body: `{"items":[` + strings.Repeat(`{"a":{}},`, 2<<20) + `{}]}`}
	})
	b := newBench(t, f.URL, 1, nil)
	if l := b.run(t, 10*time.Second); l.Dead != 1 {
		t.Errorf("%+v\n%s", l, b.log)
	}
	b.store.DeadLetters(func(d *store.Dead) error {
		if len(d.Reason) != mostWords {
			t.Errorf("a reason of %d octets is kept", len(d.Reason))
		}
		return nil
	})
	items, err := readItems([]byte(`{"items":[`+strings.Repeat(`{"a":{}},`, 1<<20)+`{}]}`), 10)
	if err != nil || len(items) > 11 {
		t.Errorf("%d items are kept for 10 documents, %v", len(items), err)
	}
}

// A 400 of a server in between is not about a document: nothing dies of it.
func TestA400InOtherWordsThanElasticsearchsKillsNothing(t *testing.T) {
	f := newFake(t, func(n int, _ []posted) reply {
		if n < 4 {
			return reply{status: 400, body: "<html>The plain HTTP request was sent to HTTPS port</html>"}
		}
		return reply{status: 200, take: true}
	})
	b := newBench(t, f.URL, 100, nil)
	wantLedger(t, b, b.run(t, 10*time.Second), 100, 100, 0, 0)
}

// Run with -race: a server that answers before it has read the body.
func TestAnEarlyAnswerDoesNotMixBodies(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		if n++; n%2 == 1 {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		docs, err := readBulk(r)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, new(fake).answerAll(docs))
	}))
	defer s.Close()
	for _, level := range []int{0, 1} {
		b := newBench(t, s.URL, 0, func(_ *Config, c *SenderConfig) { c.Compression = level })
		batch := new(store.Batch)
		for i := range 64 {
			batch.Add("logs-popupwatch.message-default", testID(i), fmt.Appendf(nil, `{"event":{},"x":%q}`, bytes.Repeat([]byte("abcdefgh"), 8000)))
		}
		if err := b.store.Put(batch); err != nil {
			t.Fatal(err)
		}
		if l := b.run(t, 20*time.Second); l.Indexed+l.Duplicate+l.Dead != 64 {
			t.Errorf("%+v\n%s", l, b.log)
		}
	}
}

// Where the server cannot be told to refuse what is no data stream, the templates are asked for.
func TestWithoutTemplatesNothingIsSentToAServerThatWouldMakeAnIndex(t *testing.T) {
	templates := false
	var paths []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		switch {
		case strings.HasPrefix(r.URL.Path, "/_index_template/"):
			if !templates {
				w.WriteHeader(404)
			}
			fmt.Fprint(w, "{}")
		case r.URL.Query().Has("require_data_stream"):
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":{"type":"illegal_argument_exception","reason":"unrecognized parameter: [require_data_stream]"}}`)
		default:
			docs, _ := readBulk(r)
			fmt.Fprint(w, new(fake).answerAll(docs))
		}
	}))
	defer s.Close()
	b := newBench(t, s.URL, 10, func(c *Config, _ *SenderConfig) { c.AllowOpenSearch = true })
	if l := b.run(t, 300*time.Millisecond); l.Queued != 10 || b.sender.Alarm() == nil || !strings.Contains(b.sender.Alarm().Text, "popupwatch setup") {
		t.Errorf("%+v, alarm %+v", l, b.sender.Alarm())
	}
	templates = true
	wantLedger(t, b, b.run(t, 10*time.Second), 10, 10, 0, 0)
	if !slices.Contains(paths, "/_index_template/logs-popupwatch.message") {
		t.Errorf("asked for %v", paths)
	}
}
