package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/store"
)

func contextOf(most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), most)
}

// whole says how a test of the ledger ended.
func wantLedger(t *testing.T, b *bench, got Ledger, n, indexed, duplicate, dead uint64) {
	t.Helper()
	if got.Indexed != indexed || got.Duplicate != duplicate || got.Dead != dead || got.Queued != n-indexed-duplicate-dead {
		t.Errorf("ledger %+v, want %d indexed, %d duplicate, %d dead of %d\n%s", got, indexed, duplicate, dead, n, b.log)
	}
}

func TestEveryDocumentArrivesOnceWithItsTimeOfDelivery(t *testing.T) {
	for _, level := range []int{0, 1} {
		f := newFake(t, nil)
		b := newBench(t, f.URL, 2500, func(_ *Config, s *SenderConfig) { s.Compression = level })
		wantLedger(t, b, b.run(t, time.Minute), 2500, 2500, 0, 0)
		if f.requests != 3 {
			t.Errorf("%d requests for 2,500 documents, want 3", f.requests)
		}
		for i := range 2500 {
			var d struct {
				Event struct{ ID, Ingested string }
				Text  string
			}
			if err := json.Unmarshal([]byte(f.held[testID(i)]), &d); err != nil || d.Event.ID != testID(i) || d.Event.Ingested == "" || d.Text != `"event":{` {
				t.Fatalf("document %d: %s, %v", i, f.held[testID(i)], err)
			}
		}
	}
}

// Faults of the server: in the end everything is there, once, and the ledger says so. None may turn the sender into a busy loop.
func TestNoFaultOfTheServerLosesOrDoublesADocument(t *testing.T) {
	faulty := 4 // requests that go wrong
	during := func(a reply) func(int, []posted) reply {
		return func(n int, _ []posted) reply {
			if n <= faulty {
				return a
			}
			return reply{status: 200, take: true}
		}
	}
	items := func(make func(i int, d posted) string) func(int, []posted) reply {
		return func(n int, docs []posted) reply {
			if n > faulty {
				return reply{status: 200, take: true}
			}
			var list []string
			for i, d := range docs {
				if s := make(i, d); s != "" {
					list = append(list, s)
				}
			}
			return reply{status: 200, body: `{"errors":true,"items":[` + strings.Join(list, ",") + `]}`}
		}
	}
	for name, answer := range map[string]func(int, []posted) reply{
		"hangs":                      func(n int, _ []posted) reply { return reply{hang: n == 1, status: 200, take: n > 1} },
		"hangs after it took all":    func(n int, _ []posted) reply { return reply{hang: n == 1, status: 200, take: true} },
		"cuts the body":              during(reply{status: 200, body: `{"errors":false,"items":[{"create":{"_id":`, cut: true}),
		"cuts the body, took all":    during(reply{status: 200, body: `{"errors":false,"items":[]}`, cut: true, take: true}),
		"{}":                         during(reply{status: 200, body: `{}`}),
		"{}, took all":               during(reply{status: 200, body: `{}`, take: true}),
		"no items":                   during(reply{status: 200, body: `{"errors":false,"items":[]}`}),
		"items null":                 during(reply{status: 200, body: `{"errors":false,"items":null}`}),
		"garbage":                    during(reply{status: 200, body: "\x00\x01\xff<html>"}),
		"a page of a proxy":          during(reply{status: 200, body: "<html>please log in</html>"}),
		"429":                        during(reply{status: 429, body: `{"error":{"type":"es_rejected_execution_exception","reason":"full"}}`}),
		"503 with an empty body":     during(reply{status: 503}),
		"502 of a proxy":             during(reply{status: 502, body: "<html>bad gateway</html>"}),
		"301":                        during(reply{status: 301, header: map[string]string{"Location": "/elsewhere"}}),
		"401, then a new key":        during(reply{status: 401, body: `{"error":{"type":"security_exception","reason":"missing authentication"}}`}),
		"404 of something else":      during(reply{status: 404, body: "no such page"}),
		"an octet at a time":         func(int, []posted) reply { return reply{status: 200, take: true, drip: true} },
		"every item 429":             items(func(_ int, d posted) string { return itemOf(d.id, 429) }),
		"every item 503":             items(func(_ int, d posted) string { return itemOf(d.id, 503) }),
		"every item 403":             items(func(_ int, d posted) string { return itemOf(d.id, 403) }),
		"items without a status":     items(func(_ int, d posted) string { return fmt.Sprintf(`{"create":{"_id":%q}}`, d.id) }),
		"items of other documents":   items(func(i int, _ posted) string { return item201(fmt.Sprint("other", i)) }),
		"status 302 for a document":  items(func(_ int, d posted) string { return itemOf(d.id, 302) }),
		"201 for none, ids are lost": items(func(int, posted) string { return `{"create":{"status":201}}` }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, answer)
			b := newBench(t, f.URL, 100, func(c *Config, _ *SenderConfig) { c.Timeout = 300 * time.Millisecond })
			if name == "an octet at a time" {
				b.sender.client.config.Timeout = 20 * time.Second
			}
			l := b.run(t, 30*time.Second)
			if l.Indexed+l.Duplicate != 100 || l.Dead != 0 || len(f.held) != 100 {
				t.Errorf("ledger %+v, the server holds %d\n%s", l, len(f.held), b.log)
			}
			if f.requests > 100 {
				t.Errorf("%d requests: a busy loop", f.requests)
			}
			if b.sender.Alarm() != nil {
				t.Errorf("the alarm stands: %+v", b.sender.Alarm())
			}
		})
	}
}

func TestAShortOrDisorderedAnswerCountsOnlyWhatItNames(t *testing.T) {
	first := true
	f := newFake(t, func(_ int, docs []posted) reply {
		if !first {
			return reply{status: 200, take: true}
		}
		first = false
		slices.Reverse(docs)
		var list []string
		for i, d := range docs[:60] {
			status := 201
			if i < 10 {
				status = 400
			}
			list = append(list, strings.Replace(item201(d.id), "201", fmt.Sprint(status), 1))
		}
		return reply{status: 200, body: `{"errors":true,"items":[` + strings.Join(list, ",") + `]}`}
	})
	b := newBench(t, f.URL, 100, nil)
	wantLedger(t, b, b.run(t, 10*time.Second), 100, 90, 0, 10)
	if len(f.held) != 40 {
		t.Errorf("%d documents were sent again, want the 40 that the first answer did not name", len(f.held))
	}
	var dead []string
	b.store.DeadLetters(func(d *store.Dead) error { dead = append(dead, d.ID); return nil })
	if len(dead) != 10 || !slices.Contains(dead, testID(99)) || slices.Contains(dead, testID(89)) {
		t.Errorf("the dead are %v, want the last ten: the answer's order is not the request's", dead)
	}
}

func TestItemsHaveTheFatesOfTheTable(t *testing.T) {
	for status, want := range map[int]string{
		200: "indexed", 201: "indexed", 409: "duplicate", 400: "dead", 403: "dead", 404: "dead", 405: "dead", 413: "dead", 422: "dead",
		429: "kept", 500: "kept", 502: "kept", 503: "kept", 504: "kept", 0: "kept", 302: "kept",
	} {
		docs := []store.Document{{ID: "a"}, {ID: "b"}}
		out := judge(docs, &Answer{Status: 200, Body: fmt.Appendf(nil, `{"items":[%s,%s]}`, itemOf("a", status), item201("b"))})
		got := "kept"
		switch {
		case len(out.dead) == 1 && out.fates.dead == 1:
			got = "dead"
		case out.duplicate == 1:
			got = "duplicate"
		case out.indexed == 2:
			got = "indexed"
		}
		if got != want || (got == "kept") != (len(out.kept) == 1) || (got == "kept") != (out.alarm != "") {
			t.Errorf("%d: %s, want %s (%+v)", status, got, want, out)
		}
	}
}

func TestTheFailureStoreIsDeliveredCountedAndLogged(t *testing.T) {
	f := newFake(t, func(_ int, docs []posted) reply {
		return reply{status: 200, body: fmt.Sprintf(`{"errors":false,"items":[{"create":{"_id":%q,"status":201,"failure_store":"used"}}]}`, docs[0].id)}
	})
	b := newBench(t, f.URL, 1, nil)
	l := b.run(t, 10*time.Second)
	if l.Indexed != 1 || l.FailureStore != 1 || !strings.Contains(b.log.String(), "failure store") {
		t.Errorf("%+v\n%s", l, b.log)
	}
}

// One document that breaks the whole request is found by halving, and is the only one to die.
func TestADocumentThatBreaksTheRequestDiesAlone(t *testing.T) {
	for status, most := range map[int]int{400: 40, 413: 120} { // after a 413 requests stay small for a while: eight of each size
		smaller := status == 413
		f := newFake(t, func(_ int, docs []posted) reply {
			if slices.ContainsFunc(docs, func(d posted) bool { return d.id == testID(333) }) {
				body := map[int]string{400: `{"error":{"type":"parse_exception","reason":"duplicate key"},"status":400}`}[status] // a 413 has none
				return reply{status: status, body: body}
			}
			return reply{status: 200, take: true}
		})
		b := newBench(t, f.URL, 1000, nil)
		wantLedger(t, b, b.run(t, 20*time.Second), 1000, 999, 0, 1)
		if f.requests > most {
			t.Errorf("%d: %d requests to find one of 1,000", status, f.requests)
		}
		if (b.sender.limit < b.sender.config.Documents) != smaller {
			t.Errorf("%d: later requests have %d documents", status, b.sender.limit)
		}
	}
}

func TestRequestsShrinkUntilABusyServerTakesThemAndGrowAgain(t *testing.T) {
	most := 7
	f := newFake(t, func(n int, docs []posted) reply {
		if len(docs) > most {
			return reply{status: 429}
		}
		if n > 60 {
			most = 1000
		}
		return reply{status: 200, take: true}
	})
	b := newBench(t, f.URL, 4000, nil)
	wantLedger(t, b, b.run(t, 30*time.Second), 4000, 4000, 0, 0)
	if b.sender.limit <= 7 {
		t.Errorf("requests stay at %d documents", b.sender.limit)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	f := newFake(t, func(n int, _ []posted) reply {
		if n == 1 {
			return reply{status: 429, header: map[string]string{"Retry-After": "1"}}
		}
		return reply{status: 200, take: true}
	})
	b := newBench(t, f.URL, 10, nil)
	began := time.Now()
	b.run(t, 10*time.Second)
	if took := time.Since(began); took < time.Second {
		t.Errorf("sent again after %s, the server asked for 1 s", took)
	}
}

func TestPausesGrowToAMinuteAndAreDrawn(t *testing.T) {
	p := pauses{first: firstPause}
	longest := time.Duration(0)
	for i := range 40 {
		bound := min(firstPause<<min(i, 16), longestPause)
		d := p.next(0)
		if d > bound || d < 0 {
			t.Fatalf("pause %d is %s, bound %s", i, d, bound)
		}
		longest = max(longest, d)
	}
	if longest < 10*time.Second {
		t.Errorf("the longest of 40 is %s", longest)
	}
	if p.over(); p.next(0) > firstPause {
		t.Error("a success does not begin anew")
	}
}

func TestWhatIsNotElasticsearchGetsNothingUnlessAllowed(t *testing.T) {
	f := newFake(t, func(int, []posted) reply {
		return reply{status: 200, take: true, header: map[string]string{"X-Elastic-Product": "Other"}}
	})
	b := newBench(t, f.URL, 10, nil)
	if l := b.run(t, 200*time.Millisecond); l.Queued != 10 || b.sender.Alarm() == nil || !b.sender.Alarm().Permanent ||
		!strings.Contains(b.sender.Alarm().Text, "allow_opensearch") {
		t.Errorf("%+v, alarm %+v", l, b.sender.Alarm())
	}
	b.sender.client.config.AllowOpenSearch = true
	if l := b.run(t, 10*time.Second); l.Queued != 0 {
		t.Errorf("%+v", l)
	}
}

func TestAServerThatDoesNotKnowRequireDataStreamGetsTheRequestWithout(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		docs, _ := readBulk(r)
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		if r.URL.Query().Has("require_data_stream") {
			asked++
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":{"type":"illegal_argument_exception","reason":"request [/_bulk] contains unrecognized parameter: [require_data_stream]"}}`)
			return
		}
		fmt.Fprint(w, new(fake).answerAll(docs))
	}))
	defer s.Close()
	b := newBench(t, s.URL, 2000, nil)
	wantLedger(t, b, b.run(t, 10*time.Second), 2000, 2000, 0, 0)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func (f *fake) answerAll(docs []posted) string {
	f.held = map[string]string{}
	return f.take(docs, false)
}

func TestNothingIsSettledWhenTheSenderIsStopped(t *testing.T) {
	f := newFake(t, func(int, []posted) reply { return reply{hang: true, take: true} })
	b := newBench(t, f.URL, 100, nil)
	if l := b.run(t, 200*time.Millisecond); l.Queued != 100 || l.Indexed != 0 {
		t.Errorf("%+v", l)
	}
	f.mu.Lock()
	f.answer = nil
	f.mu.Unlock()
	wantLedger(t, b, b.run(t, 10*time.Second), 100, 0, 100, 0)
}

func TestADamagedRowIsDeadAndTheRestIsDelivered(t *testing.T) {
	f := newFake(t, nil)
	b := newBench(t, f.URL, 100, nil)
	b.sender.load.rows = nil
	if err := b.sender.gather(&store.Row{Seq: 1, Damaged: 40}); err != nil {
		t.Fatal(err)
	}
	if b.sender.load.damaged != 40 || !strings.Contains(b.log.String(), "damaged") {
		t.Errorf("damaged %d\n%s", b.sender.load.damaged, b.log)
	}
}

func TestAWakeIsNotLost(t *testing.T) {
	f := newFake(t, nil)
	b := newBench(t, f.URL, 0, nil)
	ctx, cancel := contextOf(20 * time.Second)
	defer cancel()
	finish, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- b.sender.Run(ctx, finish) }()
	for i := range 200 {
		fill(t, b.store, i, 1)
		if i%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	for b.store.Waiting() > 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	close(finish)
	if err := <-ended; err != nil || ctx.Err() != nil || len(f.held) != 200 {
		t.Errorf("%v, %v, %d delivered", err, ctx.Err(), len(f.held))
	}
}

// Whatever a server answers, each document has exactly one fate.
func FuzzJudge(f *testing.F) {
	docs := []store.Document{{ID: "a", JSON: []byte("{}")}, {ID: "b", JSON: []byte("{}")}, {ID: "a", JSON: []byte("{}")}}
	for _, body := range []string{
		`{"errors":false,"items":[{"create":{"_id":"a","status":201}},{"create":{"_id":"b","status":201}},{"create":{"_id":"a","status":201}}]}`,
		`{"errors":true,"items":[` + item201("a") + "," + item409("b") + "," + itemOf("a", 400) + `]}`,
		`{"items":[` + item201("b") + "," + itemOf("a", 429) + `]}`, `{"items":[{},{"create":{"status":1e9}},null]}`, `{}`, `[`, "", `{"error":{"type":"x"}}`,
	} {
		for _, status := range []int{200, 400, 401, 404, 413, 429, 500, 302} {
			f.Add(status, []byte(body), 3)
			f.Add(status, []byte(body), 1)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, n int) {
		send := docs[:1+(n&3)%3]
		out := judge(send, &Answer{Status: status, Body: body})
		if got := len(out.kept) + int(out.indexed+out.duplicate+out.fates.dead); got != len(send) || len(out.dead) != int(out.fates.dead) {
			t.Fatalf("%d fates for %d documents: %+v", got, len(send), out)
		}
		if len(out.kept) > 0 && out.alarm == "" && !out.split {
			t.Fatal("something is kept, and nobody is told why")
		}
	})
}
