package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Dead is a document that an output refused for good.
type Dead struct {
	Document
	At           time.Time // when, by the clock; set when it is stored
	Output       string    // who refused it; set when it is stored
	Status       int       // HTTP status of the item or of the request
	Type, Reason string    // in the output's words: text from the network

	id int64
}

// Mark is what of a dead letter it takes to forget it.
type Mark struct{ id, octets int64 }

// Mark gives the letter's mark.
func (d *Dead) Mark() Mark { return Mark{d.id, int64(len(d.JSON))} }

// bury stores dead letters and gives their octets.
func bury(tx *sql.Tx, output string, dead []Dead) (octets int64, err error) {
	for i := range dead {
		d := &dead[i]
		_, err := tx.Exec("INSERT INTO dead (at, output, stream, event, status, type, reason, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			time.Now().UnixNano(), output, d.Stream, d.ID, d.Status, d.Type, d.Reason, d.JSON)
		if err != nil {
			return 0, err
		}
		octets += int64(len(d.JSON))
	}
	return octets, nil
}

// DeadLetters calls for each dead letter in the order in which they came, until call fails. The letter is the callee's.
func (s *Store) DeadLetters(call func(*Dead) error) error {
	for after := int64(0); ; {
		page, err := s.deadPage(after)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := call(&page[i]); err != nil {
				return err
			}
			after = page[i].id
		}
	}
}

// deadPerPage is how many dead letters are read at once: others wait for the store meanwhile.
const deadPerPage = 256

func (s *Store) deadPage(after int64) ([]Dead, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(context.Background(),
		"SELECT id, at, output, stream, event, status, type, reason, document FROM dead WHERE id > ? ORDER BY id LIMIT ?", after, deadPerPage)
	if err != nil {
		return nil, fmt.Errorf("read the dead letters of %s: %w", s.path, damaged(err))
	}
	defer rows.Close() // Err has said it
	var page []Dead
	for rows.Next() {
		var d Dead
		var at int64
		if err := rows.Scan(&d.id, &at, &d.Output, &d.Stream, &d.ID, &d.Status, &d.Type, &d.Reason, &d.JSON); err != nil {
			return nil, fmt.Errorf("read the dead letters of %s: %w", s.path, damaged(err))
		}
		d.At = time.Unix(0, at).UTC()
		page = append(page, d)
	}
	return page, rows.Err()
}

// Revive puts all dead letters into the queue again, and gives their number. In a crash a letter may be in both; its id makes that harmless.
func (s *Store) Revive() (n int64, err error) {
	var b Batch
	for {
		page, err := s.deadPage(0)
		if err != nil || len(page) == 0 {
			return n, err
		}
		b.reset()
		for _, d := range page {
			b.Add(d.Stream, d.ID, d.JSON)
		}
		if err := s.Put(&b); err != nil {
			return n, err
		}
		marks := make([]Mark, len(page))
		for i := range page {
			marks[i] = page[i].Mark()
		}
		if err := s.Forget(marks); err != nil {
			return n, err
		}
		n += int64(len(page))
	}
}

// Forget deletes dead letters that DeadLetters gave.
func (s *Store) Forget(letters []Mark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var octets int64
	err := s.within(func(tx *sql.Tx) error {
		for i := range letters {
			if _, err := tx.Exec("DELETE FROM dead WHERE id = ?", letters[i].id); err != nil {
				return err
			}
			octets += letters[i].octets
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete dead letters of %s: %w", s.path, damaged(err))
	}
	s.octets.Add(-octets)
	return nil
}

// Stats says what a store holds.
type Stats struct {
	Documents, Octets, Batches int64 // that wait
	Oldest                     time.Time
	Dead, Damaged              int64 // dead letters, documents of damaged rows
	Limit                      int64
	Behind                     map[string]int64 // documents that each known output has not had
}

// Stats counts what the store holds.
func (s *Store) Stats() (Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Stats{Limit: s.limit, Behind: map[string]int64{}}
	var oldest sql.NullInt64
	err := s.row("SELECT COALESCE(SUM(documents), 0), COALESCE(SUM(octets), 0), COUNT(*), MIN(arrived) FROM batch").
		Scan(&out.Documents, &out.Octets, &out.Batches, &oldest)
	if err == nil {
		err = s.row("SELECT (SELECT COUNT(*) FROM dead), (SELECT COALESCE(SUM(documents), 0) FROM damaged)").Scan(&out.Dead, &out.Damaged)
	}
	if err != nil {
		return out, fmt.Errorf("count in %s: %w", s.path, damaged(err))
	}
	if oldest.Valid {
		out.Oldest = time.Unix(0, oldest.Int64).UTC()
	}
	return out, s.behind(out.Behind)
}

func (s *Store) behind(out map[string]int64) error {
	rows, err := s.conn.QueryContext(context.Background(),
		"SELECT name, (SELECT COALESCE(SUM(documents), 0) FROM batch WHERE seq > delivered) FROM output")
	if err != nil {
		return fmt.Errorf("count in %s: %w", s.path, damaged(err))
	}
	defer rows.Close() // Err has said it
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		out[name] = n
	}
	return rows.Err()
}
