package elastic

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
	"popupwatch/sensor/store"
)

// These tests deliver into a real server.

// queued is a store with the events in it, for a namespace.
func queued(t testing.TB, namespace string, lines [][]byte) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "q.db"), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	enqueue(t, s, namespace, lines)
	return s
}

func enqueue(t testing.TB, s *store.Store, namespace string, lines [][]byte) {
	t.Helper()
	for chunk := range slices.Chunk(lines, 100) {
		var b store.Batch
		for _, line := range chunk {
			var h header
			if err := json.Unmarshal(line, &h); err != nil {
				t.Fatal(err)
			}
			b.Add(h.Stream.Type+"-"+h.Stream.Dataset+"-"+namespace, h.Event.ID, line)
		}
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
}

// deliver empties a store into a node, within a minute, and gives the ledger.
func deliver(t testing.TB, c *Client, s *store.Store, change func(*SenderConfig)) (Ledger, *Sender) {
	t.Helper()
	config := SenderConfig{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), firstPause: 20 * time.Millisecond}
	if change != nil {
		change(&config)
	}
	ctx, cancel := contextOf(time.Minute)
	defer cancel()
	finish := make(chan struct{})
	close(finish)
	run := NewSender(c, s, config)
	if err := run.Run(ctx, finish); err != nil {
		t.Fatal(err)
	}
	return run.Ledger(nil), run
}

// distinct are the events without those that stand there twice: the golden files hold some that the replay makes, too.
func distinct(t testing.TB) [][]byte {
	t.Helper()
	seen := map[string]bool{}
	return slices.DeleteFunc(events(t), func(line []byte) bool {
		var h header
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatal(err)
		}
		before := seen[h.Event.ID]
		seen[h.Event.ID] = true
		return before
	})
}

// held is how many documents the cluster has in a namespace.
func held(t testing.TB, n *estest.Node, namespace string) int {
	t.Helper()
	n.Do(t, "POST", "/*popupwatch.*-"+namespace+"/_refresh", "")
	return int(n.Get(t, "/*popupwatch.*-"+namespace+"/_count", "")["count"].(float64))
}

// ready installs the templates, strict: a field that is missing from the table fails.
func ready(t testing.TB, n *estest.Node) *Client {
	t.Helper()
	c := clientFor(t, n)
	install(t, c, Layout{Strict: true})
	return c
}

// intoEach runs a test of delivery against each family of servers, set up.
func intoEach(t *testing.T, test func(t *testing.T, n *estest.Node, c *Client)) {
	onEach(t, func(t *testing.T, n *estest.Node) { test(t, n, ready(t, n)) })
}

func TestEveryEventIsIndexedOnceAndASecondReplayAddsNothing(t *testing.T) {
	intoEach(t, indexedOnce)
}

func indexedOnce(t *testing.T, n *estest.Node, c *Client) {
	lines := distinct(t)
	want := uint64(len(lines))
	if l, _ := deliver(t, c, queued(t, "twice", lines), nil); l.Indexed != want || l.Dead+l.Duplicate+l.Queued > 0 {
		t.Fatalf("first: %+v, want %d indexed", l, want)
	}
	if l, _ := deliver(t, c, queued(t, "twice", lines), nil); l.Duplicate != want || l.Indexed+l.Dead+l.Queued > 0 {
		t.Errorf("second: %+v, want %d there already", l, want)
	}
	if got := held(t, n, "twice"); got != len(lines) {
		t.Errorf("the cluster holds %d, want %d", got, len(lines))
	}
}

// After a rollover an id is free again in the new backing index: a replay asks first.
func TestASecondReplayAddsNothingAfterARolloverEither(t *testing.T) {
	intoEach(t, addsNothingAfterARollover)
}

func addsNothingAfterARollover(t *testing.T, n *estest.Node, c *Client) {
	lines := distinct(t)
	deliver(t, c, queued(t, "rolled", lines[:len(lines)/2]), nil)
	for set := range event.Set(event.SetCount) {
		n.Do(t, "POST", "/"+set.Stream("rolled")+"/_rollover", "") // 404 where nothing of the set came yet
	}
	l, _ := deliver(t, c, queued(t, "rolled", lines), func(s *SenderConfig) { s.AskFirst = true })
	if l.Duplicate != uint64(len(lines)/2) || l.Indexed != uint64(len(lines)-len(lines)/2) {
		t.Errorf("%+v of %d", l, len(lines))
	}
	if got := held(t, n, "rolled"); got != len(lines) {
		t.Errorf("the cluster holds %d, want %d", got, len(lines))
	}
	// That it is the question that does it:
	l, _ = deliver(t, c, queued(t, "rolled", lines[:10]), nil)
	if l.Indexed == 0 {
		t.Error("the server itself keeps an id single over a rollover: the question is not needed")
	}
}

func TestARolloverBetweenRequestsCostsNothing(t *testing.T) { intoEach(t, rolledInBetween) }

func rolledInBetween(t *testing.T, n *estest.Node, c *Client) {
	lines := distinct(t)
	s := queued(t, "between", lines)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for range 5 {
			for set := range event.Set(event.SetCount) {
				n.Do(t, "POST", "/"+set.Stream("between")+"/_rollover", "")
			}
		}
	}()
	l, _ := deliver(t, c, s, func(s *SenderConfig) { s.Documents = 20 })
	<-stop
	if got := held(t, n, "between"); l.Indexed != uint64(len(lines)) || got != len(lines) {
		t.Errorf("%+v, the cluster holds %d of %d", l, got, len(lines))
	}
}

func TestARealServerSays429UntilRequestsAreSmall(t *testing.T) {
	n := nodes.Node(t, estest.Options{Settings: []string{"indexing_pressure.memory.limit: 64kb"}})
	c := ready(t, n)
	lines := distinct(t)
	l, sender := deliver(t, c, queued(t, "busy", lines), nil)
	if got := held(t, n, "busy"); l.Indexed+l.Duplicate != uint64(len(lines)) || got != len(lines) || l.Dead > 0 {
		t.Errorf("%+v, the cluster holds %d of %d", l, got, len(lines))
	}
	if sender.limit == DefaultDocuments {
		t.Error("no request was refused: the server's limit is not reached, so nothing was tested")
	}
}

func TestARealServerSays413UntilRequestsAreSmall(t *testing.T) {
	n := nodes.Node(t, estest.Options{Settings: []string{"http.max_content_length: 64kb"}})
	c := ready(t, n)
	lines := distinct(t)
	long := fmt.Appendf(nil, `{"@timestamp":"2004-01-01T00:00:00Z","event":{"id":"long"},"data_stream":{"type":"logs","dataset":"popupwatch.message"},"message":%q}`, strings.Repeat("a", 70_000))
	s := queued(t, "large", append(slices.Clone(lines), long))
	l, sender := deliver(t, c, s, nil)
	if l.Indexed != uint64(len(lines)) || l.Dead != 1 || sender.limit == DefaultDocuments {
		t.Errorf("%+v of %d, requests of %d", l, len(lines), sender.limit)
	}
	wantDead(t, s, "long", 413)
}

func wantDead(t *testing.T, s *store.Store, id string, status int) {
	t.Helper()
	var dead []store.Dead
	if err := s.DeadLetters(func(d *store.Dead) error { dead = append(dead, *d); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(dead) != 1 || dead[0].ID != id || dead[0].Status != status || dead[0].Reason == "" {
		t.Errorf("the dead are %+v, want %s with %d", dead, id, status)
	}
}

func TestARealServerRefusesABrokenDocumentAlone(t *testing.T) { intoEach(t, refusesABrokenDocument) }

func refusesABrokenDocument(t *testing.T, n *estest.Node, c *Client) {
	lines := distinct(t)[:50]
	broken := []byte(`{"@timestamp":"yesterday","event":{"id":"broken"},"data_stream":{"type":"logs","dataset":"popupwatch.message"}}`)
	s := queued(t, "broken", slices.Insert(slices.Clone(lines), 25, broken))
	if l, _ := deliver(t, c, s, nil); l.Indexed != 50 || l.Dead != 1 || l.Queued > 0 {
		t.Errorf("%+v", l)
	}
	wantDead(t, s, "broken", 400)
}

// A block, and later its end: nothing is lost, nothing dies, and the alarm says what is wrong.
func TestAWriteBlockIsWaitedFor(t *testing.T) { intoEach(t, blocked) }

func blocked(t *testing.T, n *estest.Node, c *Client) {
	lines := slices.DeleteFunc(distinct(t), func(l []byte) bool { return !strings.Contains(string(l), `"dataset":"popupwatch.message"`) })
	deliver(t, c, queued(t, "blocked", lines[:1]), nil)
	n.Do(t, "PUT", "/logs-popupwatch.message-blocked/_settings", `{"index.blocks.write":true}`)
	s := queued(t, "blocked", lines)
	config := SenderConfig{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), firstPause: 20 * time.Millisecond}
	run := NewSender(c, s, config)
	ctx, cancel := contextOf(time.Minute)
	defer cancel()
	finish, ended := make(chan struct{}), make(chan error, 1)
	close(finish)
	go func() { ended <- run.Run(ctx, finish) }()
	for run.Alarm() == nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	if a := run.Alarm(); a == nil || !a.Permanent || !strings.Contains(a.Text, "403") {
		t.Errorf("alarm %+v", a)
	}
	n.Do(t, "PUT", "/logs-popupwatch.message-blocked/_settings", `{"index.blocks.write":false}`)
	err := <-ended
	if l := run.Ledger(nil); err != nil || l.Indexed+l.Duplicate != uint64(len(lines)) || l.Dead > 0 || run.Alarm() != nil {
		t.Errorf("%+v, %v, alarm %+v", l, err, run.Alarm())
	}
}

func TestWithoutSetupNothingIsStoredAndTheHintSaysSo(t *testing.T) {
	n := estest.Start(t, estest.Options{})
	s := queued(t, "nosetup", distinct(t)[:5])
	ctx, cancel := contextOf(time.Minute)
	defer cancel()
	run := NewSender(clientFor(t, n), s, SenderConfig{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), firstPause: 20 * time.Millisecond})
	go func() { // a new node may take its time for the first answer
		for run.Alarm() == nil && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	if err := run.Run(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if a := run.Alarm(); a == nil || !a.Permanent || !strings.Contains(a.Text, "popupwatch setup") || s.Waiting() != 5 {
		t.Errorf("alarm %+v, %d wait", a, s.Waiting())
	}
	wantLines(t, probed(t, clientFor(t, n, "somebody", "a password")), "FAIL templates: missing: logs-popupwatch.message", "popupwatch setup", "the credentials travel in the clear")
	if _, answer := n.Do(t, "GET", "/_resolve/index/*", ""); strings.Contains(string(answer), "nosetup") {
		t.Errorf("an index was made all the same: %s", answer)
	}
}

func TestAUserWithTheSmallestPrivilegesDelivers(t *testing.T) {
	n := secured(t)
	ready(t, n)
	lines := distinct(t)[:100]
	if l, _ := deliver(t, as(t, n, sender()), queued(t, "shipped", lines), nil); l.Indexed != 100 {
		t.Errorf("%+v", l)
	}
	s := queued(t, "shipped2", lines)
	ctx, cancel := contextOf(time.Second)
	defer cancel()
	run := NewSender(as(t, n, sender().without("create_doc")), s, SenderConfig{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), firstPause: 20 * time.Millisecond})
	if err := run.Run(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if a := run.Alarm(); a == nil || !a.Permanent || !strings.Contains(a.Text, "403") || s.Waiting() != 100 {
		t.Errorf("a user without the role: alarm %+v, %d wait", a, s.Waiting())
	}
	wrong := clientFor(t, n, sender().Name, "a wrong password")
	if a, err := wrong.Do(ctx, "GET", "/_cluster/health", nil); err == nil && a.Status != 401 {
		t.Errorf("a wrong password: %d", a.Status)
	}
}

func TestTheServersCertificateIsVerified(t *testing.T) {
	n := secured(t)
	other := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		config Config
		ok     bool
	}{
		"private CA":           {Config{CertificateAuthorities: []string{string(n.CA)}}, true},
		"the system's CAs":     {Config{}, false},
		"another fingerprint":  {Config{Fingerprint: other}, false},
		"fingerprint besides":  {Config{CertificateAuthorities: []string{string(n.CA)}, Fingerprint: other}, true},
		"a name it has not":    {Config{CertificateAuthorities: []string{string(n.CA)}, Hosts: []string{strings.Replace(n.URL, "127.0.0.1", "127.0.0.2", 1)}}, false},
		"a name that it holds": {Config{CertificateAuthorities: []string{string(n.CA)}, Hosts: []string{strings.Replace(n.URL, "127.0.0.1", "localhost", 1)}}, true},
	} {
		if c.config.Hosts == nil {
			c.config.Hosts = []string{n.URL}
		}
		c.config.Username, c.config.Password = estest.Superuser, estest.SuperuserPassword
		client, err := NewClient(c.config)
		if err != nil {
			t.Fatal(name, err)
		}
		ctx, cancel := contextOf(10 * time.Second)
		_, err = client.Do(ctx, "GET", "/_cluster/health", nil)
		cancel()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, want accepted %v", name, err, c.ok)
		}
	}
}

func TestARestartDuringABulkCostsNothing(t *testing.T) {
	n := estest.Start(t, estest.Options{})
	c := ready(t, n)
	lines := distinct(t)
	s := queued(t, "restart", lines)
	ctx, cancel := contextOf(3 * time.Minute)
	defer cancel()
	run := NewSender(c, s, SenderConfig{Documents: 7, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), firstPause: 20 * time.Millisecond})
	finish, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- run.Run(ctx, finish) }()
	for run.Settled() < 50 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	n.Kill(t)
	n.Start(t)
	close(finish)
	err := <-ended
	if l := run.Ledger(nil); err != nil || l.Indexed+l.Duplicate != uint64(len(lines)) || l.Dead > 0 {
		t.Errorf("%+v of %d, %v", l, len(lines), err)
	}
	if got := held(t, n, "restart"); got != len(lines) {
		t.Errorf("the cluster holds %d of %d", got, len(lines))
	}
}

func TestOpenSearchIsRefusedUnlessItIsAllowed(t *testing.T) {
	n := nodes.Node(t, estest.Options{Distribution: estest.OpenSearch})
	forbidden := clientFor(t, n).Config()
	forbidden.AllowOpenSearch = false
	strict, err := NewClient(forbidden)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strict.Do(t.Context(), "GET", "/", nil); err == nil {
		t.Error("it is taken for Elasticsearch")
	}
}
