package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// DefaultKeepOctets is how large the kept events may become with all their tables, unless Retention says otherwise.
const DefaultKeepOctets = 8 << 30

// Retention says how long events are kept for the console. The zero value keeps them until DefaultKeepOctets are full.
type Retention struct {
	Days   int   // after they arrived, by the clock: a capture of 2004 is not old when it was replayed today; 0: without end
	Octets int64 // of the store's pages in use; the oldest arrivals go first; 0: DefaultKeepOctets
}

// octets is the bound on the store's pages.
func (r Retention) octets() int64 {
	if r.Octets == 0 {
		return DefaultKeepOctets
	}
	return r.Octets
}

// keeper keeps events for the console, in the transactions of the store's owner. It is guarded by the store's mu.
type keeper struct {
	store     *Store
	retention Retention
	now       func() time.Time
	next      int64 // the block that comes next
	prepared  map[string]*sql.Stmt
	words     map[string]int64   // bounded by maxRemembered, as wordings
	wordings  map[[16]byte]int64 // by hash
	unread    int64              // the first wording of the transaction; 0: none is new
	tallies   map[tallyKey]int64 // of the transaction
	measures  map[measureKey]int64
	counters  map[string]int64
	ids, body bytes.Buffer
	packed    []byte
}

// maxRemembered bounds the words and wordings whose numbers are remembered: then all are forgotten, and asked for again.
const maxRemembered = 1 << 14

func newKeeper(s *Store) (*keeper, error) {
	k := &keeper{store: s, now: time.Now, prepared: map[string]*sql.Stmt{}}
	k.forget()
	return k, k.begin()
}

// KeepFor sets how long events are kept, from the next write on. The store remembers it, for whoever looks.
func (s *Store) KeepFor(r Retention) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keeper
	if k == nil {
		return nil
	}
	k.retention = r
	for name, n := range map[string]int64{"retention.days": int64(r.Days), "retention.octets": r.octets()} {
		if _, err := k.exec("INSERT OR REPLACE INTO counter VALUES (?, ?)", name, n); err != nil {
			return fmt.Errorf("write to the store %s: %w", s.path, damaged(err))
		}
	}
	return nil
}

// forget drops what is remembered of the tables: after a transaction that was undone it may be wrong.
func (k *keeper) forget() {
	k.unread = 0
	k.words, k.wordings = map[string]int64{}, map[[16]byte]int64{}
	k.tallies, k.measures, k.counters = map[tallyKey]int64{}, map[measureKey]int64{}, map[string]int64{}
}

// restart forgets, and looks anew where the blocks end, after a transaction that was undone.
func (k *keeper) restart() {
	if k == nil {
		return
	}
	k.forget()
	k.begin() // an error comes again with the next transaction
}

// begin finds the block that comes next.
func (k *keeper) begin() error {
	err := k.store.row("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'block'), 0) + 1").Scan(&k.next)
	return damaged(err)
}

// stmt gives the prepared statement of a query.
func (k *keeper) stmt(query string) (*sql.Stmt, error) {
	if s := k.prepared[query]; s != nil {
		return s, nil
	}
	s, err := k.store.conn.PrepareContext(context.Background(), query)
	if err == nil {
		k.prepared[query] = s
	}
	return s, err
}

// close gives the prepared statements up. SQLite keeps a file open, and its journal beside it, until the last of them is closed, and a
// connection does not close them.
func (k *keeper) close() error {
	if k == nil {
		return nil
	}
	var errs []error
	for _, s := range k.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// exec carries out a statement and says how many rows it changed.
func (k *keeper) exec(query string, args ...any) (int64, error) {
	s, err := k.stmt(query)
	if err != nil {
		return 0, err
	}
	done, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// ask reads one row; false where there is none.
func (k *keeper) ask(query string, args []any, into ...any) (bool, error) {
	s, err := k.stmt(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRow(args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// keep puts the events of a batch into the tables, in the caller's transaction, and gives up what is too old or too much; settle ends it. After
// an error the transaction has to be undone, and restart to be called.
func (k *keeper) keep(b *Batch) error {
	if k == nil {
		return nil
	}
	n := 0
	k.ids.Reset()
	k.body.Reset()
	for doc, err := range documents(b.raw) {
		if err != nil {
			return err
		}
		if n == batchDocuments {
			if err := k.closeBlock(n); err != nil {
				return err
			}
			n = 0
		}
		kept, err := k.keepOne(doc.JSON, n)
		if err != nil {
			return err
		}
		n += kept
	}
	if err := k.closeBlock(n); err != nil {
		return err
	}
	if err := k.readWords(); err != nil {
		return err
	}
	return k.purge()
}

// keepOne keeps one document as the nth of the open block, and says how many that are: none where it is there already.
func (k *keeper) keepOne(line []byte, n int) (int, error) {
	d, err := readDocument(line)
	if err != nil {
		k.counters["foreign"]++
		return 0, nil
	}
	seq := k.next<<8 | int64(n)
	isNew, err := k.exec("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)", d.Time.UnixNano(), d.id, d.dataset, seq)
	if err != nil {
		return 0, err
	}
	if isNew == 0 {
		k.counters["duplicate"]++
		return 0, nil
	}
	k.ids.Write(d.id)
	k.body.Write(line)
	k.body.WriteByte('\n')
	k.counters["event."+datasetWords[d.dataset]]++
	return 1, k.index(d, seq)
}

// index writes what the tables hold of a document besides.
func (k *keeper) index(d *document, seq int64) error {
	switch d.dataset {
	case setMessage:
		return k.keepPopup(d, seq)
	case setSource:
		return k.keepClaim(d, seq)
	case setCampaign:
		return k.keepCampaign(d, seq)
	case setFinding:
		return k.keepFinding(d, seq)
	}
	return k.keepStat(d, seq)
}

// closeBlock writes the block of n documents.
func (k *keeper) closeBlock(n int) error {
	if n == 0 {
		return nil
	}
	k.packed = pack(k.packed, &Batch{raw: k.body.Bytes()})
	if _, err := k.exec("INSERT INTO ident VALUES (?, ?)", k.next, k.ids.Bytes()); err != nil {
		return err
	}
	_, err := k.exec("INSERT INTO block VALUES (?, ?, ?, ?, ?)", k.next, k.now().UnixNano(), n, checkSum(k.packed), k.packed)
	k.next++
	k.ids.Reset()
	k.body.Reset()
	return err
}

// word gives the number of a word.
func (k *keeper) word(w string) (int64, error) {
	if id, ok := k.words[w]; ok {
		return id, nil
	}
	var id int64
	found, err := k.ask("SELECT id FROM word WHERE word = ?", []any{w}, &id)
	if err == nil && !found {
		_, err = k.ask("INSERT INTO word (word) VALUES (?) RETURNING id", []any{w}, &id)
	}
	if err != nil {
		return 0, fmt.Errorf("number of a word: %w", err)
	}
	if len(k.words) >= maxRemembered {
		clear(k.words)
	}
	k.words[w] = id
	return id, nil
}

// tallyKey is a row of tally, measureKey one of measure.
type tallyKey struct {
	level, at, campaign          int64
	verdict, route, port, sensor int64
}

type measureKey struct{ at, sensor, name int64 }

// levels are the lengths of the buckets that popups are counted in, in seconds.
var levels = [...]int64{86400, 3600, 60}

// tally counts popups at all levels, to their campaign and to all.
func (k *keeper) tally(at int64, key tallyKey, n int64) {
	for _, level := range levels {
		key.level, key.at = level, floor(at/int64(time.Second), level)
		k.tallies[key] += n
		all := key
		all.campaign = 0
		k.tallies[all] += n
	}
}

// floor is the greatest multiple of step that is not above n, for n below 0 too.
func floor(n, step int64) int64 {
	rest := n % step
	if rest < 0 {
		rest += step
	}
	return n - rest
}

// settle writes the sums of the transaction. Rows that fall to nothing are deleted.
func (k *keeper) settle() error {
	if k == nil {
		return nil
	}
	for key, n := range k.tallies {
		if err := k.addTally(key, n); err != nil {
			return err
		}
	}
	for key, n := range k.measures {
		if _, err := k.exec("INSERT INTO measure VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n", key.at, key.sensor, key.name, n); err != nil {
			return err
		}
	}
	for name, n := range k.counters {
		if _, err := k.exec("INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n", name, n); err != nil {
			return err
		}
	}
	clear(k.tallies)
	clear(k.measures)
	clear(k.counters)
	return nil
}

func (k *keeper) addTally(t tallyKey, n int64) error {
	_, err := k.exec("INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
		t.level, t.at, t.campaign, t.verdict, t.route, t.port, t.sensor, n)
	if err == nil && n < 0 {
		_, err = k.exec("DELETE FROM tally WHERE level = ? AND at = ? AND campaign = ? AND verdict = ? AND route = ? AND port = ? AND sensor = ? AND count <= 0",
			t.level, t.at, t.campaign, t.verdict, t.route, t.port, t.sensor)
	}
	return err
}
