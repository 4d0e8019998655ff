package elastic

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"

	"popupwatch/sensor/store"
)

// Output is the name of the cursor that the sender has in the store.
const Output = "elasticsearch"

// The size of a request: what a node with 512 MB of heap takes without trouble.
const (
	DefaultDocuments = 1000
	DefaultOctets    = 4 << 20
)

// SenderConfig says how documents are delivered. The zero value of each field but Log is its default.
type SenderConfig struct {
	Documents   int  // of one request at most; default 1,000
	Octets      int  // of one request at most, before compression, unless one document is more; default 4 MiB
	Compression int  // gzip, 1 to 9; 0: none
	AskFirst    bool // ask which ids are held once a stream has several backing indices: for a replay
	Lasts       bool // errors of the store are waited out, but for a damaged one: for live
	Log         *slog.Logger

	firstPause time.Duration // tests wait less
}

// Sender delivers what stands in a store, in its order, one request at a time. Run belongs to one goroutine; Ledger, Alarm and Settled may be
// asked by any.
type Sender struct {
	client *Client
	store  *store.Store
	config SenderConfig

	cursor  int64
	load    load
	limit   int             // documents of one request now
	good    int             // requests in a row that went through
	strict  bool            // require_data_stream is sent
	ready   map[string]bool // data streams that have a template, where that has to be asked
	pauses  pauses
	asking  asking
	counted counted
	alarm   atomic.Pointer[Alarm]
	settled atomic.Uint64

	body   []byte
	packed *bytes.Buffer
	zip    *gzip.Writer
}

// NewSender makes a sender of what s holds.
func NewSender(c *Client, s *store.Store, config SenderConfig) *Sender {
	if config.Documents == 0 {
		config.Documents = DefaultDocuments
	}
	if config.Octets == 0 {
		config.Octets = DefaultOctets
	}
	if config.firstPause == 0 {
		config.firstPause = firstPause
	}
	return &Sender{client: c, store: s, config: config, limit: config.Documents, strict: true, ready: map[string]bool{}, pauses: pauses{first: config.firstPause}}
}

// Settled is how many documents were settled so far; it grows while there is progress.
func (s *Sender) Settled() uint64 { return s.settled.Load() }

// Run delivers until ctx is done, or, where finish is closed, until nothing is left. What is not delivered stays in the store. An error is one
// of the store; a sender that lasts raises an alarm and tries again, and gives up a damaged store alone.
func (s *Sender) Run(ctx context.Context, finish <-chan struct{}) (err error) {
	if s.cursor, err = s.store.Cursor(Output); err != nil {
		return err
	}
	finishing := false
	for ctx.Err() == nil {
		found, err := s.fill()
		if err == nil && found {
			err = s.deliver(ctx)
		}
		switch {
		case err != nil:
			if !s.wait(ctx, err) {
				return err
			}
		case found:
		case finishing:
			return nil
		default:
			finishing = s.await(ctx, finish)
		}
	}
	return nil
}

// wait waits an error of the store out, and says whether it is to be tried again.
func (s *Sender) wait(ctx context.Context, err error) bool {
	last := !s.config.Lasts || errors.Is(err, store.ErrDamaged)
	s.raise("the queue cannot be read or written: "+err.Error(), last)
	return !last && sleep(ctx, s.pauses.next(0))
}

// await returns when there may be documents, and true when there will be no more.
func (s *Sender) await(ctx context.Context, finish <-chan struct{}) bool {
	s.calm()
	select {
	case <-ctx.Done():
	case <-s.store.Arrived():
	case <-finish:
		return true
	}
	return false
}

// load is the rows that are being delivered.
type load struct {
	rows    []store.Row // reused
	n       int
	octets  int
	docs    []store.Document
	damaged uint64
}

// fill reads rows for one request, and says whether there are any.
func (s *Sender) fill() (bool, error) {
	l := &s.load
	l.n, l.octets, l.docs, l.damaged = 0, 0, l.docs[:0], 0
	for after := s.cursor; len(l.docs) < s.config.Documents && l.octets < s.config.Octets; after = l.rows[l.n-1].Seq {
		if l.n == len(l.rows) {
			l.rows = append(l.rows, store.Row{})
		}
		row := &l.rows[l.n]
		found, err := s.store.Read(after, row)
		if err != nil {
			return false, err
		}
		if !found {
			break
		}
		l.n++
		if err := s.gather(row); err != nil {
			return false, err
		}
	}
	return l.n > 0, nil
}

// gather adds a row to the load. A damaged one is kept aside; its documents are dead.
func (s *Sender) gather(row *store.Row) error {
	l := &s.load
	if row.Damaged > 0 {
		s.config.Log.Error("a row of the queue is damaged: its documents cannot be delivered, and are counted as dead", "documents", row.Damaged)
		l.damaged += uint64(row.Damaged)
		return s.store.KeepDamaged(row.Seq)
	}
	for i := range row.Documents {
		l.octets += len(row.Documents[i].JSON)
	}
	l.docs = append(l.docs, row.Documents...)
	return nil
}

// deliver sends the load until each of its documents has its fate, and settles its rows. Where ctx ends it, nothing is settled.
func (s *Sender) deliver(ctx context.Context) error {
	var sum fates
	var dead []store.Dead
	limit := s.limit
	for pending := s.load.docs; len(pending) > 0; {
		n := fitting(pending, min(limit, s.limit), s.config.Octets)
		out, sent := s.attempt(ctx, pending[:n])
		if !sent {
			return nil
		}
		sum.add(out.fates)
		dead = append(dead, out.dead...)
		if out.split {
			limit = max(1, n/2)
		} else {
			limit = min(2*limit, s.config.Documents)
		}
		pending = append(out.kept, pending[n:]...)
	}
	sum.dead += s.load.damaged
	last := s.load.rows[s.load.n-1].Seq
	if err := s.store.Settle(Output, last, dead); err != nil {
		return err
	}
	s.cursor = last
	s.counted.add(sum)
	s.notice(sum, dead)
	return nil
}

func (f *fates) add(g fates) {
	f.indexed += g.indexed
	f.duplicate += g.duplicate
	f.dead += g.dead
	f.failureStore += g.failureStore
}

// notice logs what somebody should look at.
func (s *Sender) notice(f fates, dead []store.Dead) {
	if len(dead) > 0 {
		d := &dead[0]
		s.config.Log.Error("documents were refused for good (popupwatch queue deadletter lists them)", "documents", f.dead,
			"first", d.ID, "of", d.Stream, "status", d.Status, "type", d.Type, "reason", d.Reason)
	}
	if f.failureStore > 0 {
		s.config.Log.Warn("documents went to the failure store of their data stream", "documents", f.failureStore)
	}
}

// attempt makes one request, and pauses after it where something is to be sent again. sent is false where ctx ended it.
func (s *Sender) attempt(ctx context.Context, docs []store.Document) (out outcome, sent bool) {
	out, wait := s.exchange(ctx, docs)
	if ctx.Err() != nil {
		return out, false
	}
	s.adapt(&out, len(docs))
	if done := out.indexed + out.duplicate + out.fates.dead; done > 0 {
		s.settled.Add(done)
		s.pauses.over()
	}
	if out.alarm == "" {
		if !out.split {
			s.calm()
		}
		return out, true
	}
	s.raise(out.alarm, out.forever)
	return out, sleep(ctx, s.pauses.next(wait))
}

// exchange asks, where that is wanted, and sends what is not held.
func (s *Sender) exchange(ctx context.Context, docs []store.Document) (outcome, time.Duration) {
	if !s.config.AskFirst {
		return s.request(ctx, docs)
	}
	send, err := s.ask(ctx, docs)
	if err != nil {
		return outcome{kept: docs, alarm: unreachable(s.client, err), forever: errors.Is(err, errUnknown)}, 0
	}
	held := outcome{fates: fates{duplicate: uint64(len(docs) - len(send))}}
	if len(send) == 0 {
		return held, 0
	}
	out, wait := s.request(ctx, send)
	out.duplicate += held.duplicate
	return out, wait
}

// request sends documents and reads the answer; wait is what the server asks for.
func (s *Sender) request(ctx context.Context, docs []store.Document) (out outcome, wait time.Duration) {
	if missing := s.withoutTemplate(ctx, docs); missing != "" {
		return outcome{kept: docs, alarm: missing, forever: true}, 0
	}
	a, err := s.post(ctx, docs)
	if err != nil {
		return outcome{kept: docs, alarm: unreachable(s.client, err), forever: errors.Is(err, ErrNotElasticsearch)}, 0
	}
	if s.strict && a.Status == http.StatusBadRequest && bytes.Contains(a.Body, []byte("require_data_stream")) {
		s.strict = false // before Elasticsearch 8.13, and OpenSearch
		return s.request(ctx, docs)
	}
	return judge(docs, a), a.RetryAfter
}

// unreachable says why there is no answer.
func unreachable(c *Client, err error) string {
	if answered := trouble(""); errors.Is(err, ErrNotElasticsearch) || errors.As(err, &answered) {
		return err.Error()
	}
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no answer within " + c.config.Timeout.String()
	}
	hosts, _, _ := strings.Cut(c.config.String(), " (")
	return "no answer from " + hosts + ": " + text
}

// enough is how many requests in a row go through before the next is larger.
const enough = 8

// adapt lets requests shrink by half where the cluster wants less, and grow again by a quarter.
func (s *Sender) adapt(out *outcome, sent int) {
	switch {
	case out.smaller:
		s.limit, s.good = max(1, sent/2), 0
	case out.alarm == "" && !out.split:
		if s.good++; s.good >= enough {
			s.limit, s.good = min(s.config.Documents, s.limit+s.limit/4+1), 0
		}
	}
}
