package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Put writes batches, each as one row of the queue and its events into the tables for the console, in one transaction. After an error nothing
// of it is there.
func (s *Store) Put(batches ...*Batch) error { return s.put(true, batches) }

// Keep is Put without the queue: the events are there for the console alone, and are never delivered.
func (s *Store) Keep(batches ...*Batch) error { return s.put(false, batches) }

func (s *Store) put(queue bool, batches []*Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seqs := make([]int64, len(batches))
	err := s.within(func(tx *sql.Tx) (err error) {
		for i, b := range batches {
			if queue {
				if seqs[i], err = s.queue(tx, b); err != nil {
					return err
				}
			}
			if err := s.keeper.keep(b); err != nil {
				return err
			}
		}
		return s.keeper.settle()
	})
	if err != nil {
		s.keeper.restart()
		return fmt.Errorf("write to the store %s: %w", s.path, damaged(err))
	}
	if queue {
		s.queued(seqs, batches)
	}
	return nil
}

// queue writes the row of a batch.
func (s *Store) queue(tx *sql.Tx, b *Batch) (int64, error) {
	s.packed = pack(s.packed, b)
	done, err := tx.Exec("INSERT INTO batch (arrived, documents, octets, sum, body) VALUES (?, ?, ?, ?, ?)",
		time.Now().UnixNano(), b.documents, len(b.raw), checkSum(s.packed), s.packed)
	if err != nil {
		return 0, err
	}
	return done.LastInsertId()
}

// queued counts what stands in the queue now, and tells whoever waits for it.
func (s *Store) queued(seqs []int64, batches []*Batch) {
	for i, b := range batches {
		s.recent[seqs[i]%recentRows].keep(seqs[i], b)
		s.waiting.Add(int64(b.documents))
		s.octets.Add(int64(len(b.raw)))
	}
	s.wake()
}

// wake tells whoever waits for documents that there are some.
func (s *Store) wake() {
	select {
	case s.arrived <- struct{}{}:
	default: // it was told already
	}
}

// Arrived has a value when something was put since it was read last.
func (s *Store) Arrived() <-chan struct{} { return s.arrived }

// Waiting is how many documents stand in the queue.
func (s *Store) Waiting() int64 { return s.waiting.Load() }

// Carried is how many stood in it when it was opened.
func (s *Store) Carried() int64 { return s.carried }

// Full says whether no more is taken.
func (s *Store) Full() bool { return s.octets.Load() >= s.limit }

// AwaitRoom returns when the queue is not full, and false when EndWaiting was called before that.
func (s *Store) AwaitRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.Full() && !s.ended {
		s.room.Wait()
	}
	return !s.Full()
}

// EndWaiting makes AwaitRoom return, now and later.
func (s *Store) EndWaiting() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.room.Broadcast()
}

// Row is one batch as read. Its documents are valid until the same Row is read into again.
type Row struct {
	Seq       int64
	Documents []Document
	Damaged   int // how many documents it held, where they cannot be read

	raw    []byte
	octets int64
}

// Read gives the first row after seq that an output has not had, and false where there is none.
func (s *Store) Read(after int64, into *Row) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next := &s.recent[(after+1)%recentRows]; next.seq == after+1 {
		next.give(into)
		return true, nil
	}
	var body sql.RawBytes
	var n, sum int64
	rows, err := s.conn.QueryContext(context.Background(), "SELECT seq, documents, octets, sum, body FROM batch WHERE seq > ? ORDER BY seq LIMIT 1", after)
	if err != nil {
		return false, fmt.Errorf("read the queue %s: %w", s.path, damaged(err))
	}
	defer rows.Close() // after an error of Err nothing is left to say
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(&into.Seq, &n, &into.octets, &sum, &body); err != nil {
		return false, fmt.Errorf("read the queue %s: %w", s.path, damaged(err))
	}
	into.fill(int(n), uint32(sum), body)
	return true, nil
}

// recentRows is how many of the last rows are remembered as they came: an output that keeps up needs not unpack them. They take 9 MiB at most.
const recentRows = 8

// recentRow is a row as it came; seq 0 is none.
type recentRow struct {
	seq       int64
	documents int
	raw       []byte
}

func (r *recentRow) keep(seq int64, b *Batch) {
	r.seq, r.documents, r.raw = seq, b.documents, append(r.raw[:0], b.raw...)
}

// give copies the row: its place is taken by a later one.
func (r *recentRow) give(into *Row) {
	into.Seq, into.octets = r.seq, int64(len(r.raw))
	into.raw = append(into.raw[:0], r.raw...)
	into.take(r.documents)
}

// fill unpacks a row. One that is not what was written has no documents, and says how many it held.
func (r *Row) fill(n int, sum uint32, body []byte) {
	raw, err := unpack(r.raw, body, sum)
	if err != nil {
		r.Documents, r.Damaged = r.Documents[:0], n
		return
	}
	r.raw = raw
	r.take(n)
}

// take divides what was unpacked into its n documents.
func (r *Row) take(n int) {
	r.Documents, r.Damaged = r.Documents[:0], 0
	for d, err := range documents(r.raw) {
		if err != nil {
			break
		}
		r.Documents = append(r.Documents, d)
	}
	if len(r.Documents) != n {
		r.Documents, r.Damaged = r.Documents[:0], n
	}
}

// Cursor is up to which row an output has had all; an output that is not known yet has had nothing.
func (s *Store) Cursor(output string) (seq int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.row("SELECT delivered FROM output WHERE name = ?", output).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// Settle says that an output has had all rows up to seq but those documents that are dead, in one transaction: these become dead letters, and
// the rows that every output has had are deleted.
func (s *Store) Settle(output string, seq int64, dead []Dead) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var documents, octets, buried, delivered int64
	err := s.within(func(tx *sql.Tx) (err error) {
		if buried, err = bury(tx, output, dead); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO output VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET delivered = excluded.delivered", output, seq); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT MIN(delivered) FROM output").Scan(&delivered); err != nil {
			return err
		}
		row := tx.QueryRow("SELECT COALESCE(SUM(documents), 0), COALESCE(SUM(octets), 0) FROM batch WHERE seq <= ?", delivered)
		if err := row.Scan(&documents, &octets); err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM batch WHERE seq <= ?", delivered)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle in the queue %s: %w", s.path, damaged(err))
	}
	for i := range s.recent {
		if s.recent[i].seq <= delivered {
			s.recent[i].seq = 0 // it is gone
		}
	}
	s.waiting.Add(-documents)
	s.octets.Add(buried - octets)
	s.room.Broadcast()
	return nil
}

// KeepDamaged moves rows that cannot be read out of the way, for whoever wants to look at them, in the transaction that settles them later.
func (s *Store) KeepDamaged(seq int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.within(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT OR IGNORE INTO damaged SELECT seq, documents, body FROM batch WHERE seq = ?", seq)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a damaged row of %s: %w", s.path, damaged(err))
	}
	return nil
}
